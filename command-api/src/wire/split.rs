//! `hall.split.v1`.

use baize_domain::ids::{MemberId, SessionId, SplitId};
use baize_domain::split::{Division, PEOPLE_MAX};
use baize_domain::{Command, Fen};
use baize_proto::hall::split::v1::{
    CancelSplitRequest, CancelSplitResponse, ConfirmShareRequest, ConfirmShareResponse, CutShare, DeclineShareRequest,
    DeclineShareResponse, PayShareRequest, PayShareResponse, RemoveShareRequest, RemoveShareResponse, ResplitRequest,
    ResplitResponse, StartSplitRequest, StartSplitResponse, TakeOverShareRequest, TakeOverShareResponse,
    resplit_request, start_split_request,
};
use uuid::Uuid;

use super::venue_changes::qr_token;
use super::{Fields, Mutation, timestamp};
use crate::dispatch::Reply;

/// A link's token is the split's id, which is no secret, and as many random bits as a table's code.
const SPLIT_ID_CHARS: usize = 32;
/// Characters of a token, at most.
const TOKEN_CHARS_MAX: usize = 128;
/// The place of the last share that there can be.
const ORDINAL_MAX: u32 = PEOPLE_MAX as u32 - 1;

impl Mutation for StartSplitRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/StartSplit";
    type Response = StartSplitResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        use start_split_request::Division as Sent;
        let ids = (
            fields.id("session_id", &self.session_id),
            fields.id("member_id", &self.member_id),
        );
        let sent = self.division.map(|sent| match sent {
            Sent::Equal(equal) => Division::Equal { people: equal.people },
            Sent::Amounts(amounts) => Division::Amounts(amounts.amounts_fen.into_iter().map(Fen).collect()),
            Sent::Weights(weights) => Division::Weights(weights.weights),
        });
        cut(fields, ids, sent, false)
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::SplitStarted {
            split_id,
            shares,
            confirm_by,
        } = reply
        else {
            return None;
        };
        let shares = (0u32..).zip(shares).map(|(ordinal, (amount, token))| CutShare {
            ordinal,
            amount_fen: amount.0,
            token,
        });
        Some(StartSplitResponse {
            split_id: split_id.to_string(),
            shares: shares.collect(),
            confirm_by: Some(timestamp(confirm_by)),
            position,
        })
    }
}

impl Mutation for ResplitRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/Resplit";
    type Response = ResplitResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        use resplit_request::Division as Sent;
        let ids = (
            fields.id("session_id", &self.session_id),
            fields.id("member_id", &self.member_id),
        );
        let sent = self.division.map(|sent| match sent {
            Sent::Equal(equal) => Division::Equal { people: equal.people },
            Sent::Amounts(amounts) => Division::Amounts(amounts.amounts_fen.into_iter().map(Fen).collect()),
            Sent::Weights(weights) => Division::Weights(weights.weights),
        });
        cut(fields, ids, sent, true)
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let started = StartSplitRequest::response(reply, position)?;
        Some(ResplitResponse {
            split_id: started.split_id,
            shares: started.shares,
            confirm_by: started.confirm_by,
            position,
        })
    }
}

impl Mutation for ConfirmShareRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/ConfirmShare";
    type Response = ConfirmShareResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let (split_id, token) = link(fields, self.token);
        Command::ConfirmShare {
            split_id,
            token,
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::ShareConfirmed {
            split_id,
            ordinal,
            amount,
            charging,
        } = reply
        else {
            return None;
        };
        Some(ConfirmShareResponse {
            split_id: split_id.to_string(),
            ordinal: ordinal.into(),
            amount_fen: amount.0,
            charging,
            position,
        })
    }
}

impl Mutation for DeclineShareRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/DeclineShare";
    type Response = DeclineShareResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let (split_id, token) = link(fields, self.token);
        Command::DeclineShare {
            split_id,
            token,
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(DeclineShareResponse { position })
    }
}

impl Mutation for PayShareRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/PayShare";
    type Response = PayShareResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::PayShare {
            split_id: fields.id("split_id", &self.split_id),
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(PayShareResponse { position })
    }
}

impl Mutation for CancelSplitRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/CancelSplit";
    type Response = CancelSplitResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CancelSplit {
            split_id: fields.id("split_id", &self.split_id),
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CancelSplitResponse { position })
    }
}

impl Mutation for RemoveShareRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/RemoveShare";
    type Response = RemoveShareResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RemoveShare {
            split_id: fields.id("split_id", &self.split_id),
            ordinal: fields.uint("ordinal", self.ordinal, 1..=ORDINAL_MAX),
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RemoveShareResponse { position })
    }
}

impl Mutation for TakeOverShareRequest {
    const METHOD: &'static str = "hall.split.v1.SplitService/TakeOverShare";
    type Response = TakeOverShareResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::TakeOverShare {
            split_id: fields.id("split_id", &self.split_id),
            ordinal: fields.uint("ordinal", self.ordinal, 1..=ORDINAL_MAX),
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(TakeOverShareResponse { position })
    }
}

/// What the sizes are may depend on the bill, and is for the domain to say; how many there are is bounded here.
fn cut(fields: &mut Fields, ids: (SessionId, MemberId), sent: Option<Division>, anew: bool) -> Command {
    let (session_id, member_id) = ids;
    let division = sent.unwrap_or_else(|| {
        fields.refuse("division", "is required: equal, amounts or weights");
        Division::Equal { people: 2 }
    });
    let people = division.people();
    if !(2..=PEOPLE_MAX).contains(&people) {
        fields.refuse("division", format!("is among {people} people, not 2 to {PEOPLE_MAX}"));
    }
    let split_id = baize_domain::ids::session_split(session_id);
    let token = |_| format!("{}{}", split_id.0.simple(), qr_token());
    Command::StartSplit {
        session_id,
        member_id,
        division,
        tokens: (1..people.min(PEOPLE_MAX)).map(token).collect(),
        anew,
    }
}

/// The split that a link leads to.
fn link(fields: &mut Fields, token: String) -> (SplitId, String) {
    let token = fields.text("token", token, TOKEN_CHARS_MAX);
    let split_id = token.get(..SPLIT_ID_CHARS).and_then(|id| Uuid::try_parse(id).ok());
    if split_id.is_none() && !token.trim().is_empty() {
        fields.refuse("token", "is not that of a link to a share");
    }
    (SplitId(split_id.unwrap_or_default()), token)
}
