//! Following a view: first what is there, then what changes.
//!
//! A watcher holds nothing but its place in the announcements. One that is too slow for them, or whose view moved by
//! other hands, gets what is there again instead of the changes it missed: memory does not grow with its slowness.

use std::sync::Arc;
use std::time::Duration;

use baize_eventlog::Clock;
use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use uuid::Uuid;

use super::deadline::Deadline;
use super::error::Error;
use super::indicators::{DayFigures, Of};
use super::notices::Told;
use super::reader::{Found, Reader};
use crate::engine::Announcement;
use crate::views::board::TableRow;
use crate::views::complaints::ComplaintRow;

const READ_MAX: Duration = Duration::from_secs(5);
/// Figures change with every event: so often they are told at most.
const FIGURES_PAUSE: Duration = Duration::from_millis(250);

/// A board, or what changed on it.
#[derive(Debug, Clone)]
pub(crate) struct BoardUpdate {
    pub(crate) tables: Vec<TableRow>,
    /// `tables` is the whole board.
    pub(crate) snapshot: bool,
    pub(crate) position: u64,
}

/// The complaints of a hall that are not closed, or those that changed.
#[derive(Debug, Clone)]
pub(crate) struct QueueUpdate {
    pub(crate) complaints: Vec<ComplaintRow>,
    /// `complaints` is the whole queue.
    pub(crate) snapshot: bool,
    pub(crate) position: u64,
}

/// A row that is watched by its id until it changes no more.
pub(crate) trait Watched: Clone + Send + Sync + 'static {
    /// Where its changes are announced.
    fn announced(reader: &Reader) -> Receiver<Announcement<Arc<[Self]>>>;

    /// Its id.
    fn id(&self) -> Uuid;

    /// The row as it is, and the position that it reflects.
    fn watched_row(
        reader: &Reader,
        id: Uuid,
        deadline: Deadline,
    ) -> impl Future<Output = Result<(Self, u64), Error>> + Send;

    /// Whether it changes no more.
    fn is_final(&self) -> bool;
}

/// What a person is told, and how much of it is not read.
#[derive(Debug, Clone)]
pub(crate) struct NoticesUpdate {
    /// Newest first.
    pub(crate) told: Told,
    /// They replace all that was sent before.
    pub(crate) snapshot: bool,
}

/// The board of a hall. Ends with an error if it cannot be read.
///
/// # Errors
/// Too many watchers.
pub(crate) fn watch_board(
    reader: Arc<Reader>,
    hall_id: Uuid,
) -> Result<impl Stream<Item = Result<BoardUpdate, Error>> + Send, Error> {
    let watcher = Watcher::begin(&reader, reader.board.watch())?;
    Ok(stream::unfold(watcher, move |mut watcher| async move {
        if watcher.ended {
            return None;
        }
        let update = watcher.next_board(hall_id).await;
        watcher.ended = update.is_err();
        Some((update, watcher))
    }))
}

/// The complaints of a hall. Ends with an error if they cannot be read.
///
/// # Errors
/// Too many watchers.
pub(crate) fn watch_complaints(
    reader: Arc<Reader>,
    hall_id: Uuid,
) -> Result<impl Stream<Item = Result<QueueUpdate, Error>> + Send, Error> {
    let watcher = Watcher::begin(&reader, reader.complaints.watch())?;
    Ok(stream::unfold(watcher, move |mut watcher| async move {
        if watcher.ended {
            return None;
        }
        let update = watcher.next_queue(hall_id).await;
        watcher.ended = update.is_err();
        Some((update, watcher))
    }))
}

/// A row, with the position that it reflects, until it changes no more: a bill until it is paid, outstanding or cancelled, a payment until its outcome
/// is known, a split until all that was paid is where it belongs.
///
/// # Errors
/// Too many watchers.
pub(crate) fn watch_row<R: Watched>(
    reader: &Arc<Reader>,
    id: Uuid,
) -> Result<impl Stream<Item = Result<(R, u64), Error>> + Send + use<R>, Error> {
    let watcher = Watcher::begin(reader, R::announced(reader))?;
    Ok(stream::unfold(watcher, move |mut watcher| async move {
        if watcher.ended {
            return None;
        }
        let update = watcher.next_row(id).await;
        watcher.ended = update.as_ref().map_or(true, |(row, _)| row.is_final());
        Some((update, watcher))
    }))
}

/// The notices of a person: the newest, then what is new, and whenever some were read.
///
/// # Errors
/// Too many watchers.
pub(crate) fn watch_notices(
    reader: Arc<Reader>,
    member_id: Uuid,
) -> Result<impl Stream<Item = Result<NoticesUpdate, Error>> + Send, Error> {
    let watcher = Watcher::begin(&reader, reader.notices.watch())?;
    // The position of the last notice that was told.
    let start = (watcher, None);
    Ok(stream::unfold(start, move |(mut watcher, told)| async move {
        if watcher.ended {
            return None;
        }
        let update = watcher.next_notices(member_id, told).await;
        watcher.ended = update.is_err();
        let newest = update.as_ref().ok().and_then(|update| update.told.notices.first());
        let told = newest.map(|notice| notice.position).or(told);
        Some((update, (watcher, told)))
    }))
}

/// The figures of the business day of now, and whenever they change.
///
/// # Errors
/// Too many watchers.
pub(crate) fn watch_indicators(
    reader: Arc<Reader>,
    of: Of,
    clock: Clock,
) -> Result<impl Stream<Item = Result<DayFigures, Error>> + Send, Error> {
    let watcher = Watcher::begin(&reader, reader.indicators.watch())?;
    let start = (watcher, Vec::new());
    Ok(stream::unfold(start, move |(mut watcher, halls)| {
        let clock = clock.clone();
        async move {
            if watcher.ended {
                return None;
            }
            let update = watcher.next_figures(of, &halls, &clock).await;
            watcher.ended = update.is_err();
            let halls = update.as_ref().map(|day| day.halls.clone()).unwrap_or_default();
            Some((update, (watcher, halls)))
        }
    }))
}

struct Watcher<C> {
    reader: Arc<Reader>,
    /// Subscribed before anything is read, so that nothing falls in between.
    announcements: Receiver<Announcement<C>>,
    /// The position that the watcher has been told; `None` if it must be told what is there.
    seen: Option<u64>,
    ended: bool,
    _permit: OwnedSemaphorePermit,
}

impl<C: Clone> Watcher<C> {
    fn begin(reader: &Arc<Reader>, announcements: Receiver<Announcement<C>>) -> Result<Self, Error> {
        let permit = Arc::clone(&reader.watchers).try_acquire_owned();
        Ok(Self {
            reader: Arc::clone(reader),
            announcements,
            seen: None,
            ended: false,
            _permit: permit.map_err(|_| Error::TooMany("watchers"))?,
        })
    }

    /// The next change that has not been told. `None` if that is not known: read again.
    async fn next_change(&mut self) -> Result<Option<(u64, C)>, Error> {
        loop {
            let announcement = tokio::select! {
                announcement = self.announcements.recv() => announcement,
                () = self.reader.stopping.cancelled() => Err(RecvError::Closed),
            };
            match announcement {
                Ok(Announcement::Change { position, change }) if self.seen.is_some_and(|seen| position > seen) => {
                    return Ok(Some((position, change)));
                }
                Ok(Announcement::Change { .. }) => {}
                Ok(Announcement::Reload) | Err(RecvError::Lagged(_)) => {
                    self.seen = None;
                    return Ok(None);
                }
                Err(RecvError::Closed) => return Err(Error::Unavailable("the service is stopping".to_owned())),
            }
        }
    }
}

impl Watcher<Arc<[TableRow]>> {
    async fn next_board(&mut self, hall_id: Uuid) -> Result<BoardUpdate, Error> {
        while self.seen.is_some() {
            let Some((position, change)) = self.next_change().await? else {
                break;
            };
            self.seen = Some(position);
            let tables: Vec<_> = change
                .iter()
                .filter(|table| table.hall_id == hall_id)
                .cloned()
                .collect();
            if !tables.is_empty() {
                return Ok(BoardUpdate {
                    tables,
                    snapshot: false,
                    position,
                });
            }
        }
        let Found { rows: tables, position } = self.reader.tables(hall_id, Deadline::within(READ_MAX)).await?;
        self.seen = Some(position);
        Ok(BoardUpdate {
            tables,
            snapshot: true,
            position,
        })
    }
}

impl Watcher<Arc<[ComplaintRow]>> {
    async fn next_queue(&mut self, hall_id: Uuid) -> Result<QueueUpdate, Error> {
        while self.seen.is_some() {
            let Some((position, change)) = self.next_change().await? else {
                break;
            };
            self.seen = Some(position);
            let complaints: Vec<_> = change.iter().filter(|row| row.hall_id == hall_id).cloned().collect();
            if !complaints.is_empty() {
                return Ok(QueueUpdate {
                    complaints,
                    snapshot: false,
                    position,
                });
            }
        }
        let deadline = Deadline::within(READ_MAX);
        let Found { rows, position } = self.reader.complaint_queue(hall_id, deadline).await?;
        self.seen = Some(position);
        Ok(QueueUpdate {
            complaints: rows,
            snapshot: true,
            position,
        })
    }
}

impl<R: Watched> Watcher<Arc<[R]>> {
    async fn next_row(&mut self, id: Uuid) -> Result<(R, u64), Error> {
        while self.seen.is_some() {
            let Some((position, change)) = self.next_change().await? else {
                break;
            };
            self.seen = Some(position);
            if let Some(row) = change.iter().find(|row| row.id() == id) {
                return Ok((row.clone(), position));
            }
        }
        let (row, position) = R::watched_row(&self.reader, id, Deadline::within(READ_MAX)).await?;
        self.seen = Some(position);
        Ok((row, position))
    }
}

impl Watcher<Arc<[Uuid]>> {
    async fn next_notices(&mut self, member_id: Uuid, told: Option<i64>) -> Result<NoticesUpdate, Error> {
        let mut snapshot = true;
        while self.seen.is_some() {
            let Some((position, change)) = self.next_change().await? else {
                break;
            };
            self.seen = Some(position);
            if change.contains(&member_id) {
                snapshot = false;
                break;
            }
        }
        // More than a page at once is a snapshot again: what lies between is not told one by one.
        let after = told.filter(|_| !snapshot);
        let told = self.reader.told(member_id, after, Deadline::within(READ_MAX)).await?;
        self.seen = Some(told.position);
        Ok(NoticesUpdate { told, snapshot })
    }

    /// `halls`: those of the last answer. What joins a chain later is told with the next change of one of them.
    async fn next_figures(&mut self, of: Of, halls: &[Uuid], clock: &Clock) -> Result<DayFigures, Error> {
        while self.seen.is_some() {
            let Some((position, change)) = self.next_change().await? else {
                break;
            };
            self.seen = Some(position);
            if change.iter().any(|hall_id| halls.contains(hall_id)) {
                // What happens meanwhile is told with it.
                tokio::time::sleep(FIGURES_PAUSE).await;
                break;
            }
        }
        let deadline = Deadline::within(READ_MAX);
        let day = self.reader.indicators(of, None, clock.now(), deadline).await?;
        self.seen = Some(day.position);
        Ok(day)
    }
}
