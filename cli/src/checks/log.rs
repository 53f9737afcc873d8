//! The log itself: positions, streams, tables and the lives of sessions.

use super::Check;
use super::book::Book;
use super::records::Topic;

pub(super) fn checks(book: &Book) -> Vec<Check> {
    let faults = |topic| book.faults.get(&topic).cloned().unwrap_or_default();
    let positions = Check {
        faults: faults(Topic::Positions),
        ..Check::equal("positions are dense, 1 to N", book.events, book.head)
    };
    let mut checks = vec![
        positions,
        Check::all("streams count 1, 2, 3, …", book.streams.len(), faults(Topic::Streams)),
        Check::all(
            "one session at a time has a table",
            book.sessions.len(),
            faults(Topic::Tables),
        ),
        Check::all(
            "sessions begin, bill and end once",
            book.sessions.len(),
            faults(Topic::Sessions),
        ),
    ];
    // The two figures may disagree without a gap being seen, were an event counted twice.
    if checks[0].expected != checks[0].actual && checks[0].ok() {
        checks[0].faults.push(format!(
            "{} events, but the last position is {}",
            book.events, book.head
        ));
    }
    checks
}
