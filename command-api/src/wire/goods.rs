//! Goods: the hall's list, and what of it is on a bill.

use baize_domain::hall::Goods;
use baize_domain::session::GoodsLine;
use baize_domain::session::goods::QUANTITY_MAX;
use baize_domain::{Command, Fen};
use baize_proto::hall::table::v1::{
    self, AddGoodsRequest, AddGoodsResponse, OrderGoodsRequest, OrderGoodsResponse, RemoveGoodsRequest,
    RemoveGoodsResponse,
};
use baize_proto::hall::venue::v1::{DefineGoodsRequest, DefineGoodsResponse};

use super::{Fields, Mutation};
use crate::dispatch::Reply;

const CODE_CHARS_MAX: usize = 32;
const NAME_CHARS_MAX: usize = 50;
const REASON_CHARS_MAX: usize = 200;

impl Mutation for DefineGoodsRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/DefineGoods";
    type Response = DefineGoodsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let goods = self.goods.into_iter().enumerate().map(|(n, sent)| {
            fields.item("goods", n, |fields| Goods {
                code: fields.text("code", sent.code, CODE_CHARS_MAX),
                name_zh: fields.text("name_zh", sent.name_zh, NAME_CHARS_MAX),
                name_en: fields.text("name_en", sent.name_en, NAME_CHARS_MAX),
                price: fields.fen("price_fen", sent.price_fen, 0..=Fen::MAX_INPUT.0),
                retired: sent.retired,
            })
        });
        let goods = goods.collect();
        Command::ListGoods {
            hall_id: fields.id("hall_id", &self.hall_id),
            goods,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::GoodsListed { version } = reply else {
            return None;
        };
        Some(DefineGoodsResponse { version, position })
    }
}

impl Mutation for AddGoodsRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/AddGoods";
    type Response = AddGoodsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::AddGoods {
            session_id: fields.id("session_id", &self.session_id),
            code: fields.text("code", self.code, CODE_CHARS_MAX),
            quantity: fields.uint("quantity", self.quantity, 1..=QUANTITY_MAX),
            by_customer: false,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let (goods, total_fen) = on_bill(reply)?;
        Some(AddGoodsResponse {
            goods,
            total_fen,
            position,
        })
    }
}

impl Mutation for OrderGoodsRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/OrderGoods";
    type Response = OrderGoodsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::AddGoods {
            session_id: fields.id("session_id", &self.session_id),
            code: fields.text("code", self.code, CODE_CHARS_MAX),
            quantity: fields.uint("quantity", self.quantity, 1..=QUANTITY_MAX),
            by_customer: true,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let (goods, total_fen) = on_bill(reply)?;
        Some(OrderGoodsResponse {
            goods,
            total_fen,
            position,
        })
    }
}

impl Mutation for RemoveGoodsRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/RemoveGoods";
    type Response = RemoveGoodsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RemoveGoods {
            session_id: fields.id("session_id", &self.session_id),
            code: fields.text("code", self.code, CODE_CHARS_MAX),
            quantity: fields.uint("quantity", self.quantity, 1..=QUANTITY_MAX),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let (goods, total_fen) = on_bill(reply)?;
        Some(RemoveGoodsResponse {
            goods,
            total_fen,
            position,
        })
    }
}

fn on_bill(reply: Reply) -> Option<(Vec<v1::Goods>, i64)> {
    let Reply::Goods { goods, total } = reply else {
        return None;
    };
    let line = |line: GoodsLine| v1::Goods {
        code: line.code,
        name_zh: line.name_zh,
        name_en: line.name_en,
        quantity: line.quantity,
        price_fen: line.price.0,
    };
    Some((goods.into_iter().map(line).collect(), total.0))
}
