//! `SplitService`: how bills that are shared stand, and what a link to a share asks for.

use std::sync::Arc;

use baize_domain::split::{BillSplit, OPENER, Phase, Share, ShareState, SplitTerms};
use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    self, GetSplitRequest, GetSplitResponse, LookAtShareRequest, LookAtShareResponse, SplitShare, WatchSplitRequest,
    WatchSplitResponse, bill_split, split_service_server, split_share,
};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::sync::broadcast::Receiver;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode::timestamp;
use super::error::Error;
use super::fields::Fields;
use super::reader::Reader;
use super::rights::{Asker, Belongs};
use super::watch::{Watched, watch_row};
use crate::codes::{CodeImage, token_of};
use crate::engine::Announcement;
use crate::views::splits::SplitRow;

/// What a link begins with: the mini program's own scanner reads it.
const LINK: &str = "baize://split/";
/// A link's token begins with the split's id.
const SPLIT_ID_CHARS: usize = 32;

/// The service.
pub(crate) struct SplitService {
    reader: Arc<Reader>,
}

impl SplitService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }

    /// A split, if the asker splits the bill or has a share of it.
    async fn theirs(&self, asker: &Asker, split_id: Uuid, deadline: Deadline) -> Result<(SplitRow, u64), Error> {
        let reader = &self.reader;
        let found = reader.split(split_id, deadline).await;
        let found = found.map(|(row, position)| (Seen(asker.subject(), row), position));
        let (Seen(_, row), position) = asker.theirs(reader, found, deadline).await?;
        Ok((row, position))
    }
}

/// A split, and who looks at it.
struct Seen(Uuid, SplitRow);

impl Belongs for Seen {
    /// It is everybody's who takes part.
    fn belonging(&self) -> Belonging {
        let Self(subject, row) = self;
        let opener = row.split.terms.as_ref().map(|terms| terms.opener.0);
        let takes_part = row.split.share_of((*subject).into()).map(|_| *subject);
        takes_part
            .or(opener)
            .map_or_else(Belonging::default, Belonging::to_member)
    }
}

#[tonic::async_trait]
impl split_service_server::SplitService for SplitService {
    async fn get_split(&self, request: Request<GetSplitRequest>) -> Result<Response<GetSplitResponse>, Status> {
        let asker = Asker::of(&request, "SplitService/GetSplit")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let split_id = fields.id("split_id", &request.split_id);
        fields.finish()?;
        let reader = &self.reader;
        reader.wait(&reader.splits, request.min_position, deadline).await?;
        let (row, position) = self.theirs(&asker, split_id, deadline).await?;
        Ok(Response::new(GetSplitResponse {
            split: Some(encoded(&row, asker.subject())?),
            position,
        }))
    }

    async fn look_at_share(
        &self,
        request: Request<LookAtShareRequest>,
    ) -> Result<Response<LookAtShareResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let token = token_of(&request.token);
        let reader = &self.reader;
        reader.wait(&reader.splits, request.min_position, deadline).await?;
        let split_id = token.get(..SPLIT_ID_CHARS).and_then(|id| Uuid::try_parse(id).ok());
        let (row, position) = reader.split(split_id.unwrap_or_default(), deadline).await?;
        let mut others = row.split.standing().filter(|(ordinal, _)| *ordinal != OPENER);
        let found = others.find(|(_, share)| share.token == token);
        let (Some((ordinal, found)), Some(terms)) = (found, &row.split.terms) else {
            return Err(Error::NotFound {
                kind: "share",
                id: String::new(),
            }
            .into());
        };
        // Who has confirmed it is for those to know who take part.
        let shown = SplitShare {
            member_id: String::new(),
            ..share(ordinal, found)
        };
        Ok(Response::new(LookAtShareResponse {
            split_id: row.split_id.to_string(),
            hall_id: terms.hall_id.to_string(),
            bill_fen: terms.bill.0,
            people: u32::try_from(row.split.standing().count()).unwrap_or(u32::MAX),
            share: Some(shown),
            confirm_by: Some(timestamp(row.split.confirm_by)),
            position,
        }))
    }

    type WatchSplitStream = BoxStream<'static, Result<WatchSplitResponse, Status>>;

    async fn watch_split(
        &self,
        request: Request<WatchSplitRequest>,
    ) -> Result<Response<Self::WatchSplitStream>, Status> {
        let asker = Asker::of(&request, "SplitService/WatchSplit")?;
        let deadline = Deadline::of(request.metadata());
        let mut fields = Fields::default();
        let split_id = fields.id("split_id", &request.get_ref().split_id);
        fields.finish()?;
        self.theirs(&asker, split_id, deadline).await?;
        let subject = asker.subject();
        let updates = watch_row(&self.reader, split_id)?;
        let watched = move |update: Result<(SplitRow, u64), Error>| {
            let (split, position) = update?;
            Ok(WatchSplitResponse {
                split: Some(encoded(&split, subject)?),
                position,
            })
        };
        Ok(Response::new(updates.map(watched).boxed()))
    }
}

impl Watched for SplitRow {
    fn announced(reader: &Reader) -> Receiver<Announcement<Arc<[Self]>>> {
        reader.splits.watch()
    }

    fn id(&self) -> Uuid {
        self.split_id
    }

    async fn watched_row(reader: &Reader, id: Uuid, deadline: Deadline) -> Result<(Self, u64), Error> {
        reader.split(id, deadline).await
    }

    fn is_final(&self) -> bool {
        self.split.is_settled()
    }
}

impl Reader {
    pub(super) async fn split(&self, split_id: Uuid, deadline: Deadline) -> Result<(SplitRow, u64), Error> {
        self.one(&self.splits, "split", "split_id", split_id, deadline).await
    }
}

fn encoded(row: &SplitRow, subject: Uuid) -> Result<v1::BillSplit, Error> {
    let split = &*row.split;
    let Some(terms) = split.terms.as_deref() else {
        return Err(Error::Internal(format!("split {} has no terms", row.split_id)));
    };
    let shares = (0u8..).zip(&split.shares);
    let shares: Result<_, _> = shares
        .map(|(ordinal, share)| linked(split, terms, (ordinal, share), subject))
        .collect();
    Ok(v1::BillSplit {
        split_id: row.split_id.to_string(),
        session_id: terms.session_id.to_string(),
        hall_id: terms.hall_id.to_string(),
        opener_id: terms.opener.to_string(),
        round: terms.round,
        status: status(split).into(),
        bill_fen: terms.bill.0,
        shares: shares?,
        confirm_by: Some(timestamp(split.confirm_by)),
        ends_at: Some(timestamp(split.ends_at)),
    })
}

const fn status(split: &BillSplit) -> bill_split::Status {
    match split.phase {
        Phase::Unstarted => bill_split::Status::Unspecified,
        Phase::Confirming if split.stalled => bill_split::Status::Stalled,
        Phase::Confirming => bill_split::Status::Confirming,
        Phase::Charging => bill_split::Status::Charging,
        Phase::Completed => bill_split::Status::Completed,
        Phase::Cancelled => bill_split::Status::Cancelled,
    }
}

/// A share; with its link for whoever splits the bill, while somebody can confirm it.
fn linked(
    split: &BillSplit,
    terms: &SplitTerms,
    (ordinal, of): (u8, &Share),
    subject: Uuid,
) -> Result<SplitShare, Error> {
    let waits = matches!(of.state, ShareState::Open | ShareState::Declined) && split.phase == Phase::Confirming;
    if !waits || terms.opener.0 != subject {
        return Ok(share(ordinal, of));
    }
    let link = format!("{LINK}{}", of.token);
    let image = CodeImage::of(&link).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(SplitShare {
        svg: image.svg().into_bytes(),
        link,
        ..share(ordinal, of)
    })
}

fn share(ordinal: u8, share: &Share) -> SplitShare {
    let state = match share.state {
        ShareState::Open => split_share::State::Open,
        ShareState::Declined => split_share::State::Declined,
        ShareState::Confirmed => split_share::State::Confirmed,
        ShareState::Paid { .. } => split_share::State::Paid,
        ShareState::Delivered => split_share::State::Delivered,
        ShareState::Returned => split_share::State::Returned,
        ShareState::TakenOver => split_share::State::TakenOver,
        ShareState::Removed => split_share::State::Removed,
    };
    SplitShare {
        ordinal: ordinal.into(),
        amount_fen: share.amount.0,
        member_id: share.member_id.map(|id| id.to_string()).unwrap_or_default(),
        state: state.into(),
        failures: share.failures.into(),
        ..SplitShare::default()
    }
}
