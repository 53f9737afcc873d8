//! Reports waiting to be sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baize_domain::device::LightChannel;
use tokio::sync::Notify;

use super::Report;

/// Reports waiting to be sent, per output in order. Bounded: an output has at most one report of each kind, about
/// its newest desired state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    reports: HashMap<LightChannel, VecDeque<Report>>,
    /// Outputs whose turn it is, in order.
    turns: VecDeque<LightChannel>,
    /// Outputs of which a report is being sent.
    sending: HashSet<LightChannel>,
}

impl Outbox {
    /// Leaves a report; what waits about an older desired state of the output is dropped.
    pub fn push(&self, report: Report) {
        {
            let mut waiting = self.lock();
            let reports = waiting.reports.entry(report.light).or_default();
            reports.retain(|older| older.rev >= report.rev);
            let is_old = reports
                .iter()
                .any(|known| known.rev > report.rev || known.request_id() == report.request_id());
            if is_old {
                return;
            }
            reports.push_back(report);
            let is_first = reports.len() == 1;
            if is_first && !waiting.sending.contains(&report.light) && !waiting.turns.contains(&report.light) {
                waiting.turns.push_back(report.light);
            }
        }
        self.shared.changed.notify_one();
    }

    /// The next report to send; none about its output before [`Outbox::done`] or [`Outbox::put_back`].
    pub fn take(&self) -> Option<Report> {
        let mut waiting = self.lock();
        while let Some(light) = waiting.turns.pop_front() {
            let Some(reports) = waiting.reports.get_mut(&light) else {
                continue;
            };
            let Some(report) = reports.pop_front() else { continue };
            waiting.sending.insert(light);
            return Some(report);
        }
        None
    }

    /// The report was accepted or refused.
    pub fn done(&self, report: &Report) {
        self.turn(report.light);
    }

    /// The report could not be delivered. It comes first again, unless a newer desired state is reported on.
    pub fn put_back(&self, report: Report) {
        {
            let mut waiting = self.lock();
            let reports = waiting.reports.entry(report.light).or_default();
            if reports.iter().all(|newer| newer.rev <= report.rev) {
                reports.push_front(report);
            }
        }
        self.turn(report.light);
    }

    /// Waits until there may be something to take.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// How many wait or are being sent.
    pub fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.sending.len() + waiting.reports.values().map(VecDeque::len).sum::<usize>()
    }

    fn turn(&self, light: LightChannel) {
        {
            let mut waiting = self.lock();
            waiting.sending.remove(&light);
            match waiting.reports.get(&light) {
                Some(reports) if !reports.is_empty() => waiting.turns.push_back(light),
                _ => {
                    waiting.reports.remove(&light);
                }
            }
        }
        self.shared.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use baize_domain::device::FailureKind;
    use jiff::Timestamp;

    use crate::reconcile::Outcome;

    use super::*;

    const LATE: Outcome = Outcome::Failed(FailureKind::Late);
    const ON: Outcome = Outcome::Confirmed { on: true, attempts: 1 };

    fn report(channel: u8, rev: u64, outcome: Outcome) -> Report {
        let light = LightChannel {
            channel,
            ..LightChannel::default()
        };
        Report {
            light,
            rev,
            outcome,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn one_output_is_reported_on_in_order_and_one_at_a_time() {
        let outbox = Outbox::default();
        let (late, on, other) = (report(1, 1, LATE), report(1, 1, ON), report(2, 1, ON));
        for report in [late, on, other] {
            outbox.push(report);
        }
        assert_eq!(
            (outbox.take(), outbox.take(), outbox.take()),
            (Some(late), Some(other), None)
        );
        outbox.done(&late);
        assert_eq!((outbox.take(), outbox.take()), (Some(on), None));
        outbox.done(&on);
        outbox.done(&other);
        assert_eq!((outbox.take(), outbox.len()), (None, 0));
    }

    #[test]
    fn a_newer_desired_state_replaces_what_waits_about_an_older_one() {
        let outbox = Outbox::default();
        outbox.push(report(1, 1, LATE));
        outbox.push(report(1, 1, ON));
        outbox.push(report(1, 2, ON));
        outbox.push(report(1, 1, ON));
        assert_eq!(outbox.take(), Some(report(1, 2, ON)));
        outbox.done(&report(1, 2, ON));
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn what_could_not_be_delivered_comes_first_again_unless_it_is_old_by_then() {
        let outbox = Outbox::default();
        outbox.push(report(1, 1, LATE));
        let late = outbox.take().unwrap();
        outbox.push(report(1, 1, ON));
        outbox.put_back(late);
        assert_eq!(outbox.take(), Some(late));
        outbox.push(report(1, 2, ON));
        outbox.put_back(late);
        assert_eq!(outbox.take(), Some(report(1, 2, ON)));
    }

    #[test]
    fn a_repeat_is_left_once() {
        let outbox = Outbox::default();
        outbox.push(report(1, 1, ON));
        outbox.push(report(1, 1, Outcome::Confirmed { on: true, attempts: 2 }));
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn the_id_of_a_report_follows_from_what_it_says() {
        let id = |report: Report| report.request_id();
        assert_eq!(
            id(report(1, 1, ON)),
            id(report(1, 1, Outcome::Confirmed { on: true, attempts: 9 }))
        );
        let different = [
            report(1, 1, ON),
            report(2, 1, ON),
            report(1, 2, ON),
            report(1, 1, Outcome::Confirmed { on: false, attempts: 1 }),
            report(1, 1, Outcome::Expired),
            report(1, 1, LATE),
        ];
        let ids: HashSet<_> = different.into_iter().map(id).collect();
        assert_eq!(ids.len(), 6);
        assert_eq!(id(report(1, 1, ON)).get_version_num(), 5);
    }
}
