//! `hall.table.v1`.

use baize_domain::Command;
use baize_domain::command::OpenMode;
use baize_domain::level::LevelCode;
use baize_domain::session::decide::REASON_CHARS_MAX;
use baize_domain::session::{CloseCause, LapseReason, ResumeCause};
use baize_domain::table::{FreeTable, TableClass};
use baize_proto::hall::table::v1::{
    self, CancelOpeningRequest, CancelOpeningResponse, CloseSessionByStaffRequest, CloseSessionByStaffResponse,
    CloseSessionRequest, CloseSessionResponse, ExtendSessionRequest, ExtendSessionResponse, OpenTableRequest,
    OpenTableResponse, PauseSessionRequest, PauseSessionResponse, QuoteSessionRequest, QuoteSessionResponse,
    ResumeSessionRequest, ResumeSessionResponse, TransferSessionRequest, TransferSessionResponse,
    open_table_request::Mode,
};
use baize_proto::hall::venue;

use super::{Fields, Mutation, bill, timestamp};
use crate::dispatch::{Asked, PackageOffer, Play, Quoted, Reply, Whose};

/// A day.
const PLAY_MINUTES_MAX: u32 = 1_440;
/// As in tariffs.
const PACKAGE_CODE_CHARS_MAX: usize = 32;

/// What a quote is asked for.
pub fn quote_request(request: QuoteSessionRequest, fields: &mut Fields) -> Asked {
    let play = match (request.minutes, request.package_code) {
        (0, code) if code.is_empty() => None,
        (0, code) => Some(Play::Package(code)),
        (minutes, code) => {
            if !code.is_empty() {
                fields.refuse("package_code", "is given beside minutes: quote one of them");
            }
            Some(Play::Minutes(fields.uint("minutes", minutes, 1..=PLAY_MINUTES_MAX)))
        }
    };
    let member_id = (!request.member_id.is_empty()).then(|| fields.id("member_id", &request.member_id));
    let level = (!request.level.is_empty()).then(|| LevelCode::try_new(&request.level, "level"));
    let level = level.and_then(|level| level.map_err(|invalid| fields.refuse("level", invalid.problem)).ok());
    if member_id.is_some() && level.is_some() {
        fields.refuse("level", "is given beside member_id: whoever that is has a level");
    }
    Asked {
        table_id: fields.id("table_id", &request.table_id),
        play,
        whose: member_id.map(Whose::Member).or(level.map(Whose::Level)),
    }
}

/// A quote.
pub fn quoted(quoted: Quoted) -> QuoteSessionResponse {
    let (price, until) = quoted.play.unzip();
    let package = |offer: PackageOffer| v1::PackageOffer {
        code: offer.code,
        name: offer.name,
        price_fen: offer.price.0,
        until: Some(timestamp(offer.until)),
    };
    QuoteSessionResponse {
        bill: price.map(bill),
        tariff_plan_id: quoted.plan_id.to_string(),
        tariff_version: quoted.version,
        hold_fen: quoted.hold.0,
        until: until.map(timestamp),
        packages: quoted.packages.into_iter().map(package).collect(),
    }
}

/// Free tables as a detail of a refusal.
pub fn free_tables(tables: Vec<FreeTable>) -> v1::FreeTables {
    let tables = tables.into_iter().map(|table| v1::FreeTable {
        table_id: table.table_id.to_string(),
        label: table.label,
        table_class: match table.class {
            TableClass::ChineseEightBall => venue::v1::TableClass::ChineseEightBall,
            TableClass::Snooker => venue::v1::TableClass::Snooker,
            TableClass::NineBall => venue::v1::TableClass::NineBall,
        }
        .into(),
    });
    v1::FreeTables {
        tables: tables.collect(),
    }
}

impl Mutation for OpenTableRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/OpenTable";
    type Response = OpenTableResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::OpenTable {
            session_id: fields.new_id("session_id", ""),
            table_id: fields.id("table_id", &self.table_id),
            member_id: fields.id("member_id", &self.member_id),
            wait_for_payment: self.wait_for_payment,
            mode: match self.mode {
                Some(Mode::Deposit(_)) => OpenMode::Deposit,
                Some(Mode::Postpaid(_)) => OpenMode::Postpaid,
                Some(Mode::Prepaid(prepaid)) => OpenMode::Prepaid {
                    minutes: fields.within("prepaid", |fields| {
                        fields.uint("minutes", prepaid.minutes, 1..=PLAY_MINUTES_MAX)
                    }),
                },
                Some(Mode::Package(package)) => OpenMode::Package {
                    code: fields.within("package", |fields| {
                        fields.text("code", package.code, PACKAGE_CODE_CHARS_MAX)
                    }),
                },
                None => {
                    fields.refuse("mode", "is required: postpaid, prepaid, deposit or package");
                    OpenMode::Postpaid
                }
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        match reply {
            Reply::Opened {
                session_id,
                opened_at,
                secured,
                secured_until,
            } => Some(OpenTableResponse {
                session_id: session_id.to_string(),
                opened_at: Some(timestamp(opened_at)),
                secured_fen: secured.0,
                secured_until: Some(timestamp(secured_until)),
                position,
                ..OpenTableResponse::default()
            }),
            Reply::Awaited {
                session_id,
                due,
                shortfall,
                pay_by,
            } => Some(OpenTableResponse {
                session_id: session_id.to_string(),
                pay_by: Some(timestamp(pay_by)),
                due_fen: due.0,
                shortfall_fen: shortfall.0,
                position,
                ..OpenTableResponse::default()
            }),
            _ => None,
        }
    }
}

impl Mutation for CancelOpeningRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/CancelOpening";
    type Response = CancelOpeningResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::LapseOpening {
            session_id: fields.id("session_id", &self.session_id),
            reason: LapseReason::Cancelled,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CancelOpeningResponse { position })
    }
}

impl Mutation for ExtendSessionRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/ExtendSession";
    type Response = ExtendSessionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ExtendSession {
            session_id: fields.id("session_id", &self.session_id),
            minutes: fields.uint("minutes", self.minutes, 1..=PLAY_MINUTES_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Extended { secured_until, amount } = reply else {
            return None;
        };
        Some(ExtendSessionResponse {
            secured_until: Some(timestamp(secured_until)),
            amount_fen: amount.0,
            position,
        })
    }
}

impl Mutation for CloseSessionRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/CloseSession";
    type Response = CloseSessionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CloseSession {
            session_id: fields.id("session_id", &self.session_id),
            cause: CloseCause::Customer,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Closed { closed_at, bill: owed } = reply else {
            return None;
        };
        Some(CloseSessionResponse {
            closed_at: Some(timestamp(closed_at)),
            bill: Some(bill(owed)),
            position,
        })
    }
}

impl Mutation for CloseSessionByStaffRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/CloseSessionByStaff";
    type Response = CloseSessionByStaffResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CloseSessionByStaff {
            session_id: fields.id("session_id", &self.session_id),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Closed { closed_at, bill: owed } = reply else {
            return None;
        };
        Some(CloseSessionByStaffResponse {
            closed_at: Some(timestamp(closed_at)),
            bill: Some(bill(owed)),
            position,
        })
    }
}

impl Mutation for TransferSessionRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/TransferSession";
    type Response = TransferSessionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::TransferSession {
            session_id: fields.id("session_id", &self.session_id),
            table_id: fields.id("table_id", &self.table_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Extended { secured_until, amount } = reply else {
            return None;
        };
        Some(TransferSessionResponse {
            secured_until: Some(timestamp(secured_until)),
            amount_fen: amount.0,
            position,
        })
    }
}

impl Mutation for PauseSessionRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/PauseSession";
    type Response = PauseSessionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::PauseSession {
            session_id: fields.id("session_id", &self.session_id),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Clock { paused_until, .. } = reply else {
            return None;
        };
        Some(PauseSessionResponse {
            paused_until: paused_until.map(timestamp),
            position,
        })
    }
}

impl Mutation for ResumeSessionRequest {
    const METHOD: &'static str = "hall.table.v1.TableService/ResumeSession";
    type Response = ResumeSessionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ResumeSession {
            session_id: fields.id("session_id", &self.session_id),
            cause: ResumeCause::Staff,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Clock { secured_until, .. } = reply else {
            return None;
        };
        Some(ResumeSessionResponse {
            secured_until: Some(timestamp(secured_until)),
            position,
        })
    }
}
