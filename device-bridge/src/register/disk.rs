//! The register on the bridge's own disk: records as in `DESIRED`, one a line, and after each batch the mark up to which position of `EVENTS`
//! they hold everything. Of two records about the same the later counts. Written anew when most of it is old.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use baize_domain::ids::HallId;
use tokio_util::sync::CancellationToken;

use crate::disk;

use super::record::Key;
use super::store::{Journal, Loaded};
use super::{Record, Resume};

/// Gathers what comes close together.
const GATHER: Duration = Duration::from_millis(20);
/// Old lines that are kept however few records there are.
const OLD_LINES: usize = 4_096;

/// Reads what an earlier run kept; `None` if there is nothing that could be used.
pub(crate) fn load(file: &Path, halls: Option<&[HallId]>) -> Option<Loaded> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut loaded = Loaded::default();
    let mut mark: Option<Resume> = None;
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Record::Resume(found)) => mark = Some(found),
            Ok(record) => loaded.register.restore(record),
            // The last line, if the machine went down while it was written; its batch has no mark.
            Err(error) => tracing::warn!(%error, "unreadable record in the register on disk"),
        }
    }
    let mark = mark.filter(|mark| mark.halls.as_deref() == halls)?;
    loaded.position = mark.position;
    Some(loaded)
}

/// Keeps what a [`Journal`] gathers.
pub(crate) struct Keeper {
    file: PathBuf,
    halls: Option<Vec<HallId>>,
    journal: Journal,
    lines: HashMap<Key, String>,
    written: usize,
    position: u64,
    /// The file is not what was written.
    is_broken: bool,
}

impl Keeper {
    /// A keeper behind what was loaded.
    pub fn new(file: PathBuf, halls: Option<Vec<HallId>>, journal: Journal, loaded: &Loaded) -> Self {
        let mut keeper = Self {
            file,
            halls,
            journal,
            lines: HashMap::new(),
            written: 0,
            position: loaded.position,
            is_broken: true,
        };
        for record in loaded.register.records() {
            keeper.keep(&record);
        }
        keeper
    }

    /// Writes until cancelled, and then once more what is left.
    pub async fn run(mut self, cancel: CancellationToken) {
        self.write(String::new()).await;
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.journal.changed() => {}
            }
            tokio::time::sleep(GATHER).await;
            let batch = self.gather();
            self.write(batch).await;
        }
        let batch = self.gather();
        self.write(batch).await;
    }

    fn gather(&mut self) -> String {
        let (position, records) = self.journal.take();
        self.position = self.position.max(position);
        let lines = records.values().filter_map(|record| self.keep(record));
        let batch: String = lines.collect();
        batch + &self.mark()
    }

    fn keep(&mut self, record: &Record) -> Option<String> {
        let mut line = serde_json::to_string(record).ok()?;
        line.push('\n');
        self.lines.insert(record.key()?, line.clone());
        Some(line)
    }

    fn mark(&self) -> String {
        let mark = Record::Resume(Resume {
            position: self.position,
            halls: self.halls.clone(),
        });
        serde_json::to_string(&mark).unwrap_or_default() + "\n"
    }

    async fn write(&mut self, batch: String) {
        let lines = batch.lines().count();
        let is_old = self.written + lines > 2 * self.lines.len() + OLD_LINES;
        let is_anew = self.is_broken || is_old;
        let content = if is_anew {
            self.lines.values().map(String::as_str).collect::<String>() + &self.mark()
        } else {
            batch
        };
        self.written = if is_anew {
            self.lines.len()
        } else {
            self.written + lines
        };
        let file = self.file.clone();
        let write = if is_anew { disk::replace } else { disk::append };
        let writing = tokio::task::spawn_blocking(move || write(&file, content.as_bytes())).await;
        self.is_broken = !matches!(writing, Ok(Ok(())));
        if let Ok(Err(error)) = writing {
            tracing::error!(%error, file = %self.file.display(), "the register cannot be kept on disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use baize_domain::device::Driver;
    use baize_domain::ids::DeviceId;

    use crate::register::Registration;

    use super::*;

    fn record(number: u128, topic: &str, position: u64) -> Record {
        Record::Device {
            device_id: DeviceId(uuid::Uuid::from_u128(number)),
            registration: Registration {
                hall_id: HallId::default(),
                driver: Driver::Tasmota,
                topic: topic.to_owned(),
                channels: 1,
            },
            is_offline: false,
            is_retired: false,
            position,
        }
    }

    fn topics(loaded: &Loaded) -> Vec<String> {
        let registrations = loaded
            .register
            .devices()
            .filter_map(|(_, device)| device.registration.clone());
        let mut topics: Vec<_> = registrations.map(|(registration, _)| registration.topic).collect();
        topics.sort();
        topics
    }

    async fn kept(file: &Path, loaded: &Loaded, batches: impl IntoIterator<Item = (u64, Record)>) {
        let journal = Journal::default();
        let mut keeper = Keeper::new(file.to_owned(), None, journal.clone(), loaded);
        keeper.write(String::new()).await;
        for (position, record) in batches {
            journal.note(position, [record]);
            let batch = keeper.gather();
            keeper.write(batch).await;
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_read_again_and_a_torn_line_costs_nothing_but_itself() {
        let dir = baize_servers::testing::fresh_dir("disk").unwrap();
        let file = dir.join("all.register");
        assert!(load(&file, None).is_none());
        kept(
            &file,
            &Loaded::default(),
            [(1, record(1, "a", 1)), (2, record(2, "b", 2))],
        )
        .await;
        disk::append(&file, b"{\"record\":\"dev").unwrap();
        let loaded = load(&file, None).unwrap();
        assert_eq!(
            (loaded.position, topics(&loaded)),
            (2, vec!["a".to_owned(), "b".to_owned()])
        );
        // Whoever serves other halls has to read EVENTS.
        assert!(load(&file, Some(&[HallId::default()])).is_none());
        kept(&file, &loaded, [(3, record(2, "c", 3))]).await;
        let loaded = load(&file, None).unwrap();
        assert_eq!(
            (loaded.position, topics(&loaded)),
            (3, vec!["a".to_owned(), "c".to_owned()])
        );
    }

    #[tokio::test]
    async fn the_file_does_not_grow_for_ever() {
        let dir = baize_servers::testing::fresh_dir("disk").unwrap();
        let file = dir.join("all.register");
        let journal = Journal::default();
        let mut keeper = Keeper::new(file.clone(), None, journal.clone(), &Loaded::default());
        keeper.is_broken = false;
        for position in 1..=3 {
            journal.note(position, [record(1, "a", position)]);
            let mut batch = keeper.gather();
            batch = batch.repeat(OLD_LINES / 2);
            keeper.write(batch).await;
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= OLD_LINES + 4, "{lines}");
        }
        assert_eq!(load(&file, None).unwrap().position, 3);
    }
}
