//! No driver can be brought down by what is sent to it: frames as devices send them, broken in every way, and plain
//! noise. What once was a counterexample becomes a line of `corpus.txt`: topic, space, payload.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Grants, Operation, PAYLOAD_BYTES_MAX, Signal, all};

const CHANNELS: std::ops::RangeInclusive<u8> = 1..=32;

fn corpus() -> Vec<(&'static str, &'static [u8])> {
    include_str!("corpus.txt")
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(topic, payload)| (topic, payload.as_bytes()))
        .collect()
}

/// One way to break a frame.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index),
    Repeat,
}

impl Damage {
    fn to(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        if length == 0 {
            return;
        }
        match self {
            Self::Flip(at, bits) => bytes[at.index(length)] ^= bits,
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Insert(at, noise) => {
                let at = at.index(length);
                bytes.splice(at..at, noise.iter().copied());
            }
            Self::Remove(at) => {
                bytes.remove(at.index(length));
            }
            Self::Repeat => bytes.extend_from_within(..),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), vec(any::<u8>(), 1..24)).prop_map(|(at, noise)| Damage::Insert(at, noise)),
        any::<Index>().prop_map(Damage::Remove),
        Just(Damage::Repeat),
    ]
}

/// Decodes with every driver and checks that what comes out can be worked with.
fn everybody_survives(topic: &str, payload: &[u8]) {
    for driver in all() {
        let kind = driver.kind();
        let signals = driver.decode(topic, payload);
        for signal in &signals {
            if let Signal::Reported { channel, .. } | Signal::DeadMan { channel, .. } = signal {
                assert!(CHANNELS.contains(channel), "{kind:?} {topic}: {signal:?}");
            }
        }
        let is_mine = driver.device_topic(topic).is_some();
        if !is_mine || payload.len() > PAYLOAD_BYTES_MAX {
            assert_eq!(signals, [Signal::Garbage], "{kind:?} {topic}");
        }
    }
}

#[test]
fn every_driver_has_frames_in_the_corpus_and_reads_only_its_own() {
    let mut read = vec![0; all().len()];
    for (topic, payload) in corpus() {
        everybody_survives(topic, payload);
        for (count, driver) in read.iter_mut().zip(all()) {
            *count += u32::from(driver.device_topic(topic) == Some("t"));
        }
    }
    assert!(read.iter().all(|count| *count >= 4), "{read:?}");
    assert_eq!(read.iter().sum::<u32>() as usize, corpus().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_driver_is_brought_down_by_a_broken_frame(
        (topic, payload) in select(corpus()),
        on_topic in vec(damage(), 0..2),
        on_payload in vec(damage(), 0..5),
    ) {
        let (mut topic, mut payload) = (topic.as_bytes().to_vec(), payload.to_vec());
        on_topic.iter().for_each(|damage| damage.to(&mut topic));
        on_payload.iter().for_each(|damage| damage.to(&mut payload));
        everybody_survives(&String::from_utf8_lossy(&topic), &payload);
    }

    #[test]
    fn no_driver_is_brought_down_by_noise(topic in any::<String>(), payload in vec(any::<u8>(), 0..PAYLOAD_BYTES_MAX + 64)) {
        everybody_survives(&topic, &payload);
        for (topic, _) in corpus() {
            everybody_survives(topic, &payload);
        }
    }
}

/// Whether a topic is under a filter.
fn is_under(topic: &str, filter: &str) -> bool {
    let (mut topic, mut filter) = (topic.split('/'), filter.split('/'));
    loop {
        match (topic.next(), filter.next()) {
            (_, Some("#")) | (None, None) => return true,
            (Some(_), Some("+")) => {}
            (Some(level), Some(wanted)) if level == wanted => {}
            _ => return false,
        }
    }
}

fn granted(filters: &[&str], device: &str, topic: &str) -> bool {
    filters
        .iter()
        .any(|filter| is_under(topic, &filter.replace("{}", device)))
}

#[test]
fn a_device_may_hear_every_command_to_it_and_none_to_another() {
    for driver in all() {
        let switch = |on| Operation::Switch {
            channel: 2,
            on,
            dead_man: Some(std::time::Duration::from_secs(60)),
        };
        let frames = [switch(true), switch(false)]
            .map(|operation| driver.encode("a1", operation, 7))
            .concat();
        for frame in frames.iter().chain(&driver.query("a1", 2, 7)) {
            let topic = &frame.topic;
            assert!(granted(driver.grants().listens, "a1", topic), "{driver:?} {topic}");
            assert!(is_under(topic, driver.command_filter()), "{driver:?} {topic}");
            for other in all() {
                let Grants { speaks, listens } = other.grants();
                assert!(!granted(listens, "a2", topic), "a2, a {other:?}, hears {topic}");
                assert!(
                    !granted(speaks, "a1", topic),
                    "a1, a {other:?}, commands itself on {topic}"
                );
            }
        }
    }
}

#[test]
fn what_a_device_may_say_the_bridge_takes_for_its_own_word_and_for_no_others() {
    for (topic, _) in corpus() {
        let Some(driver) = all().iter().find(|driver| driver.device_topic(topic).is_some()) else {
            continue;
        };
        let device = driver.device_topic(topic).unwrap();
        for other in all() {
            assert!(!granted(other.grants().speaks, "another", topic), "{other:?} {topic}");
        }
        let heard = driver.subscriptions().iter().any(|filter| is_under(topic, filter));
        assert!(
            !heard || granted(driver.grants().speaks, device, topic),
            "{device}, a {driver:?}, may not say what it says on {topic}"
        );
    }
}
