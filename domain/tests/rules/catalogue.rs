//! The event catalogue: every event type and version has a golden sample that must load, and be written the same, for ever.
//!
//! A sample is never edited. What an event needs more becomes a new version beside the old one, and an upcaster.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use baize_domain::Event;
use baize_domain::event::{CATALOGUE, VERSION};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/events")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("a name in UTF-8")
        })
        .collect()
}

#[test]
fn every_event_type_has_a_sample_and_every_sample_an_event_type() {
    let aggregates: BTreeSet<String> = CATALOGUE.iter().map(|(aggregate, _)| (*aggregate).to_owned()).collect();
    assert_eq!(names_in(&root()), aggregates);
    for (aggregate, types) in CATALOGUE {
        let types: BTreeSet<String> = types.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names_in(&root().join(aggregate)), types, "{aggregate}");
        for event_type in types {
            let samples = names_in(&root().join(aggregate).join(&event_type));
            assert!(
                samples.contains(&format!("{VERSION}.json")),
                "{event_type} has no sample of its version {VERSION}"
            );
        }
    }
}

#[test]
fn every_sample_is_read_and_written_the_same() {
    for (aggregate, types) in CATALOGUE {
        for event_type in *types {
            let path = root().join(aggregate).join(event_type).join(format!("{VERSION}.json"));
            let sample = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let event = Event::decode(aggregate, &sample).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(event.event_type(), *event_type);
            assert_eq!(event.aggregate_type(), *aggregate);
            let sample: Value = serde_json::from_str(&sample).expect("JSON");
            let written = serde_json::to_value(&event).expect("JSON");
            assert_eq!(written, sample, "{}", path.display());
        }
    }
}

#[test]
fn an_unknown_aggregate_or_event_is_an_error() {
    assert!(Event::decode("Cue", "{}").is_err());
    assert!(Event::decode("Hall", r#"{"HallSold":{}}"#).is_err());
}
