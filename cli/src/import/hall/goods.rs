//! What the document says that a hall sells beside play.

use baize_proto::hall::venue::v1::{DefineGoodsRequest, Goods};

use super::document::{Faults, Fields};
use super::read::{AMOUNT_FEN_MAX, limited};
use super::step::{Request, Step};

const GOODS_MAX: usize = 500;

/// The list of `[[hall.goods]]`; nothing if there is none, which leaves the hall's list as it is.
pub fn goods(hall: &mut Fields<'_, '_>, faults: &mut Faults<'_>, hall_id: &str) -> Option<Step> {
    let line = hall.line_of(faults, "goods");
    let mut goods: Vec<Goods> = Vec::new();
    for fields in hall.tables(faults, "goods") {
        let one = one(fields, faults, &goods);
        goods.push(one);
    }
    if goods.len() > GOODS_MAX {
        hall.refuse(faults, "goods", format!("has more than {GOODS_MAX} entries"));
    }
    if goods.is_empty() {
        return None;
    }
    let define = DefineGoodsRequest {
        hall_id: hall_id.to_owned(),
        goods,
        ..DefineGoodsRequest::default()
    };
    Some(Step::new(line, "goods".to_owned(), Request::Goods(define)))
}

fn one(mut fields: Fields<'_, '_>, faults: &mut Faults<'_>, before: &[Goods]) -> Goods {
    let code = fields.text(faults, "code");
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if code.len() > 32 || !code.bytes().all(plain) {
        fields.refuse(faults, "code", "is not 1 to 32 of a-z, 0-9 and _");
    }
    if !code.is_empty() && before.iter().any(|other| other.code == code) {
        fields.refuse(faults, "code", format!("is {code:?} again"));
    }
    let goods = Goods {
        code,
        name_zh: limited(&mut fields, faults, "name_zh", 50),
        name_en: limited(&mut fields, faults, "name_en", 50),
        price_fen: fields.number(faults, "price_fen", 0..=AMOUNT_FEN_MAX),
        retired: fields.optional_flag(faults, "retired").unwrap_or(false),
    };
    fields.end(faults);
    goods
}
