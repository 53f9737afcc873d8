//! Collects everything that is wrong with a request, so that its caller can mend it in one go.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use baize_domain::Fen;
use jiff::Timestamp;
use tonic_types::FieldViolation;
use uuid::Uuid;

/// What is wrong with a request. Each reader returns the value, or a placeholder after noting a violation;
/// [`Fields::finish`] tells whether the placeholders are to be thrown away.
#[derive(Debug, Default)]
pub struct Fields {
    path: Vec<Segment>,
    violations: Vec<FieldViolation>,
}

#[derive(Debug)]
enum Segment {
    Name(&'static str),
    Item(&'static str, usize),
}

impl Fields {
    /// `value`, or every violation that was noted.
    ///
    /// # Errors
    /// If any was noted.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<FieldViolation>> {
        if self.violations.is_empty() {
            Ok(value)
        } else {
            Err(self.violations)
        }
    }

    /// Notes a violation. `problem` is read after the field's name.
    pub fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        let mut path = String::new();
        for segment in &self.path {
            // Writing to a String cannot fail.
            let _ = match segment {
                Segment::Name(name) => write!(path, "{name}."),
                Segment::Item(name, index) => write!(path, "{name}[{index}]."),
            };
        }
        path.push_str(field);
        self.violations.push(FieldViolation::new(path, problem));
    }

    /// Reads the fields of the message in field `name`.
    pub fn within<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Segment::Name(name));
        let value = read(self);
        self.path.pop();
        value
    }

    /// Reads the fields of the `index`-th message in the repeated field `name`.
    pub fn item<T>(&mut self, name: &'static str, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Segment::Item(name, index));
        let value = read(self);
        self.path.pop();
        value
    }

    /// A UUID that names something.
    pub fn id<T: From<Uuid>>(&mut self, field: &str, text: &str) -> T {
        let id = Uuid::try_parse(text).unwrap_or_default();
        if id.is_nil() {
            let problem = if text.is_empty() {
                "is required: a UUID"
            } else {
                "is not a UUID"
            };
            self.refuse(field, problem);
        }
        T::from(id)
    }

    /// A UUID that names something new; one of ours if the caller leaves the choice.
    pub fn new_id<T: From<Uuid>>(&mut self, field: &str, text: &str) -> T {
        if text.is_empty() {
            return T::from(Uuid::now_v7());
        }
        self.id(field, text)
    }

    /// A text of 1 to `max` characters, not blank, without control characters.
    pub fn text(&mut self, field: &str, text: String, max: usize) -> String {
        if text.trim().is_empty() {
            self.refuse(field, "is required");
        } else if text.chars().count() > max {
            self.refuse(field, format!("has more than {max} characters"));
        } else if text.chars().any(char::is_control) {
            self.refuse(field, "has control characters");
        }
        text
    }

    /// A number within `range`.
    pub fn uint<T: TryFrom<u32> + Default>(&mut self, field: &str, value: u32, range: RangeInclusive<u32>) -> T {
        let number = T::try_from(value).ok().filter(|_| range.contains(&value));
        number.unwrap_or_else(|| {
            self.refuse(field, format!("is {value}, not {} to {}", range.start(), range.end()));
            T::default()
        })
    }

    /// An amount within `range`, in fen.
    pub fn fen(&mut self, field: &str, value: i64, range: RangeInclusive<i64>) -> Fen {
        if !range.contains(&value) {
            self.refuse(
                field,
                format!("is {value} fen, not {} to {}", range.start(), range.end()),
            );
        }
        Fen(value)
    }

    /// An instant, if there is one.
    pub fn instant(&mut self, field: &str, value: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        let value = value?;
        let instant = Timestamp::new(value.seconds, value.nanos).ok();
        // The protocol's own range: years 1 to 9999, nanoseconds counted forward.
        let instant = instant.filter(|_| value.nanos >= 0 && value.seconds >= PROTO_TIMESTAMP_SECONDS_MIN);
        if instant.is_none() {
            self.refuse(field, "is not an instant of the years 1 to 9999");
        }
        instant
    }

    /// An instant that must be there.
    pub fn required_instant(&mut self, field: &str, value: Option<prost_types::Timestamp>) -> Timestamp {
        if value.is_none() {
            self.refuse(field, "is required");
        }
        self.instant(field, value).unwrap_or_default()
    }

    /// A value of an enum; `known` is `None` if it is unspecified or newer than this program.
    pub fn choice<T>(&mut self, field: &str, known: Option<T>, placeholder: T) -> T {
        known.unwrap_or_else(|| {
            self.refuse(field, "is required: one of its named values");
            placeholder
        })
    }

    /// An IANA time zone that this program knows.
    pub fn time_zone(&mut self, field: &str, name: String) -> String {
        if name.is_empty() {
            self.refuse(field, "is required: an IANA time zone");
        } else if baize_domain::hall::time_zone(&name).is_none() {
            self.refuse(field, "is not a known IANA time zone");
        }
        name
    }
}

/// 0001-01-01T00:00:00Z.
const PROTO_TIMESTAMP_SECONDS_MIN: i64 = -62_135_596_800;

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(fields: Fields) -> Vec<(String, String)> {
        let violations = fields.finish(()).unwrap_err();
        violations
            .into_iter()
            .map(|violation| (violation.field, violation.description))
            .collect()
    }

    #[test]
    fn nothing_wrong_gives_the_value() {
        let mut fields = Fields::default();
        let id: Uuid = fields.id("id", "0198c0de-0000-7000-8000-000000000001");
        let minutes: u16 = fields.uint("minutes", 1_440, 1..=1_440);
        let zone = fields.time_zone("time_zone", "Asia/Shanghai".to_owned());
        assert_eq!(fields.finish(minutes).unwrap(), 1_440);
        assert_eq!(zone, "Asia/Shanghai");
        assert!(!id.is_nil());
    }

    #[test]
    fn every_violation_is_kept_with_its_path() {
        let mut fields = Fields::default();
        fields.id::<Uuid>("id", "");
        fields.id::<Uuid>("id", "00000000-0000-0000-0000-000000000000");
        fields.within("tariff", |fields| {
            fields.item("bands", 2, |fields| fields.uint::<u16>("from_minute", 1_440, 0..=1_439));
            fields.fen("minimum_fen", -1, 0..=100);
        });
        fields.text("name", " ".to_owned(), 10);
        fields.text("name", "x".repeat(11), 10);
        fields.text("name", "a\u{7}b".to_owned(), 10);
        let found = violations(fields);
        let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "id",
                "id",
                "tariff.bands[2].from_minute",
                "tariff.minimum_fen",
                "name",
                "name",
                "name"
            ]
        );
        assert_eq!(found[2].1, "is 1440, not 0 to 1439");
    }

    #[test]
    fn a_time_zone_is_a_name_and_known() {
        for bad in ["", "Asia/Atlantis", "../../etc/passwd", "/etc/localtime"] {
            let mut fields = Fields::default();
            fields.time_zone("time_zone", bad.to_owned());
            assert_eq!(violations(fields).len(), 1, "{bad}");
        }
    }

    #[test]
    fn an_instant_is_within_the_protocols_years() {
        let instant = |seconds, nanos| {
            let mut fields = Fields::default();
            let value = fields.instant("at", Some(prost_types::Timestamp { seconds, nanos }));
            fields.finish(value).ok().flatten()
        };
        assert_eq!(
            instant(1, 500).map(|at| at.to_string()),
            Some("1970-01-01T00:00:01.0000005Z".to_owned())
        );
        assert_eq!(instant(0, -1), None);
        assert_eq!(instant(i64::MAX, 0), None);
        assert_eq!(instant(PROTO_TIMESTAMP_SECONDS_MIN - 1, 0), None);
    }
}
