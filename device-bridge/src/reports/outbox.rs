//! Reports waiting to be sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Report, Subject};

/// Reports waiting to be sent, per subject in order. Bounded: an output has at most one report of each kind, about
/// its newest desired state, and a device one of each kind about its health.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Notify,
    /// What waits differs from what was last seen by [`Outbox::differs`].
    differs: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    reports: HashMap<Subject, VecDeque<Report>>,
    /// Subjects whose turn it is, in order.
    turns: VecDeque<Subject>,
    /// The same, to be found at once.
    queued: HashSet<Subject>,
    /// Reports that are being sent.
    sending: HashMap<Subject, Report>,
}

impl Waiting {
    fn queue(&mut self, subject: Subject) {
        if self.queued.insert(subject) {
            self.turns.push_back(subject);
        }
    }
}

impl Outbox {
    /// Leaves a report; what waits about an older state of its subject is dropped.
    pub fn push(&self, report: Report) {
        {
            let mut waiting = self.lock();
            let reports = waiting.reports.entry(report.subject()).or_default();
            reports.retain(|older| older.order() >= report.order());
            let is_old = reports
                .iter()
                .any(|known| known.order() > report.order() || known.request_id() == report.request_id());
            if is_old {
                return;
            }
            reports.push_back(report);
            if !waiting.sending.contains_key(&report.subject()) {
                waiting.queue(report.subject());
            }
        }
        self.shared.changed.notify_one();
        self.shared.differs.notify_one();
    }

    /// The next report to send; none about its subject before [`Outbox::done`] or [`Outbox::put_back`].
    pub fn take(&self) -> Option<Report> {
        let mut waiting = self.lock();
        while let Some(subject) = waiting.turns.pop_front() {
            waiting.queued.remove(&subject);
            let Some(reports) = waiting.reports.get_mut(&subject) else {
                continue;
            };
            let Some(report) = reports.pop_front() else { continue };
            waiting.sending.insert(subject, report);
            return Some(report);
        }
        None
    }

    /// The report was accepted or refused.
    pub fn done(&self, report: &Report) {
        self.turn(report.subject());
        self.shared.differs.notify_one();
    }

    /// The report could not be delivered. It comes first again, unless a newer state is reported on.
    pub fn put_back(&self, report: Report) {
        {
            let mut waiting = self.lock();
            let reports = waiting.reports.entry(report.subject()).or_default();
            if reports.iter().all(|newer| newer.order() <= report.order()) {
                reports.push_front(report);
            }
        }
        self.turn(report.subject());
    }

    /// Waits until there may be something to take.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Waits until what waits is not what it was.
    pub async fn differs(&self) {
        self.shared.differs.notified().await;
    }

    /// All that wait or are being sent, each subject's in order.
    pub fn all(&self) -> Vec<Report> {
        let waiting = self.lock();
        let mut all: Vec<_> = waiting.sending.values().copied().collect();
        let in_turn = waiting.turns.iter().filter_map(|subject| waiting.reports.get(subject));
        all.extend(in_turn.flatten());
        let not_in_turn = waiting
            .reports
            .iter()
            .filter(|(subject, _)| !waiting.queued.contains(*subject));
        all.extend(not_in_turn.flat_map(|(_, reports)| reports));
        all
    }

    /// How many wait or are being sent.
    pub fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.sending.len() + waiting.reports.values().map(VecDeque::len).sum::<usize>()
    }

    fn turn(&self, subject: Subject) {
        {
            let mut waiting = self.lock();
            waiting.sending.remove(&subject);
            match waiting.reports.get(&subject) {
                Some(reports) if !reports.is_empty() => waiting.queue(subject),
                _ => {
                    waiting.reports.remove(&subject);
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
    use baize_domain::device::{FailureKind, LightChannel};
    use baize_domain::ids::DeviceId;
    use jiff::Timestamp;

    use crate::health::Finding;
    use crate::reconcile::Outcome;
    use crate::reports::LightReport;

    use super::*;

    const LATE: Outcome = Outcome::Failed(FailureKind::Late);
    const ON: Outcome = Outcome::Confirmed { on: true, attempts: 1 };

    fn report(channel: u8, rev: u64, outcome: Outcome) -> Report {
        let light = LightChannel {
            channel,
            ..LightChannel::default()
        };
        Report::Light(LightReport {
            light,
            rev,
            outcome,
            recoveries: 0,
            at: Timestamp::UNIX_EPOCH,
        })
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
    fn what_is_being_sent_waits_too_and_each_output_keeps_its_order_over_a_restart() {
        let outbox = Outbox::default();
        for report in [
            report(1, 1, LATE),
            report(2, 1, ON),
            report(1, 1, ON),
            report(1, 1, Outcome::Expired),
        ] {
            outbox.push(report);
        }
        let sending = outbox.take().unwrap();
        assert_eq!(outbox.all().len(), 4);
        let restarted = Outbox::default();
        outbox.all().into_iter().for_each(|report| restarted.push(report));
        let mut about_one = Vec::new();
        while let Some(next) = restarted.take() {
            if next.subject() == sending.subject() {
                about_one.push(next);
            }
            restarted.done(&next);
        }
        assert_eq!(
            about_one,
            [report(1, 1, LATE), report(1, 1, ON), report(1, 1, Outcome::Expired)]
        );
        outbox.done(&sending);
        assert_eq!(outbox.all().len(), 3);
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

    #[test]
    fn of_a_devices_health_only_the_newest_is_told_and_that_it_flaps_beside_it() {
        let health = |finding| Report::Health {
            device_id: DeviceId::default(),
            finding,
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let offline = health(Finding::Offline {
            last_heard_at: at(0),
            incident_id: None,
            at: at(40),
        });
        let flapping = health(Finding::Flapping {
            drops: 4,
            hold_until: at(100),
            at: at(40),
        });
        let back = health(Finding::Back { at: at(90) });
        let outbox = Outbox::default();
        for report in [offline, flapping, back, offline] {
            outbox.push(report);
        }
        assert_eq!(outbox.len(), 2);
        let told: HashSet<_> = std::iter::from_fn(|| outbox.take())
            .map(|report| report.request_id())
            .collect();
        assert_eq!(told, HashSet::from([flapping.request_id(), back.request_id()]));
    }
}
