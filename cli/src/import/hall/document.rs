//! A TOML document read field by field: everything that is wrong with it is collected, each with its line.

use std::fmt;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Counts from 1.
    pub line: usize,
    /// Its path, such as `tables.label`; empty if the document cannot be read at all.
    pub field: String,
    /// To be read after the field's name.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, problem } = self;
        if field.is_empty() {
            write!(f, "line {line}: {problem}")
        } else {
            write!(f, "line {line}: {field} {problem}")
        }
    }
}

/// The faults of one document.
#[derive(Debug)]
pub struct Faults<'t> {
    text: &'t str,
    found: Vec<Fault>,
}

impl<'t> Faults<'t> {
    /// Of a document in which none was found so far.
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// The line of a place in the document.
    pub fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Notes a fault at a line.
    pub fn add(&mut self, line: usize, field: impl Into<String>, problem: impl Into<String>) {
        self.found.push(Fault {
            line,
            field: field.into(),
            problem: problem.into(),
        });
    }

    /// All of them, by line.
    pub fn sorted(mut self) -> Vec<Fault> {
        self.found.sort();
        self.found
    }
}

/// The tables of a document. What has no sense as TOML is noted.
pub fn parse<'t>(text: &'t str, faults: &mut Faults<'_>) -> Spanned<DeTable<'t>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(1, |span| faults.line(span.start));
        faults.add(line, "", error.message());
    }
    root
}

/// A table of the document while its fields are read. What is left at the end is unknown, and noted.
pub struct Fields<'d, 't> {
    table: &'d DeTable<'t>,
    /// The line where the table begins.
    pub line: usize,
    path: String,
    read: Vec<&'static str>,
}

impl<'d, 't> Fields<'d, 't> {
    /// The fields of the whole document.
    pub fn of_document(root: &'d Spanned<DeTable<'t>>) -> Self {
        Self {
            table: root.get_ref(),
            line: 1,
            path: String::new(),
            read: Vec::new(),
        }
    }

    /// The path of a field.
    pub fn path(&self, field: &str) -> String {
        match self.path.as_str() {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }

    /// The line of a field; that of its table if it is not there.
    pub fn line_of(&self, faults: &Faults<'_>, field: &str) -> usize {
        self.table
            .get(field)
            .map_or(self.line, |value| faults.line(value.span().start))
    }

    /// Notes what is wrong with a field.
    pub fn refuse(&self, faults: &mut Faults<'_>, field: &str, problem: impl Into<String>) {
        faults.add(self.line_of(faults, field), self.path(field), problem);
    }

    /// Whether a field is there, whatever it holds.
    pub fn has(&self, field: &str) -> bool {
        self.table.contains_key(field)
    }

    fn get(&mut self, field: &'static str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.read.push(field);
        self.table.get(field)
    }

    fn missing(&self, faults: &mut Faults<'_>, field: &str) {
        faults.add(self.line, self.path(field), "is missing");
    }

    /// A text that is not blank, if the field is there.
    pub fn optional_text(&mut self, faults: &mut Faults<'_>, field: &'static str) -> Option<String> {
        let value = self.get(field)?;
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            Some(_) => {
                self.refuse(faults, field, "is blank");
                None
            }
            None => {
                self.refuse(faults, field, "is not a text in quotation marks");
                None
            }
        }
    }

    /// A text that must be there; empty if it is not.
    pub fn text(&mut self, faults: &mut Faults<'_>, field: &'static str) -> String {
        if !self.table.contains_key(field) {
            self.missing(faults, field);
        }
        self.optional_text(faults, field).unwrap_or_default()
    }

    /// `true` or `false`, if the field is there.
    pub fn optional_flag(&mut self, faults: &mut Faults<'_>, field: &'static str) -> Option<bool> {
        let flag = self.get(field)?.get_ref().as_bool();
        if flag.is_none() {
            self.refuse(faults, field, "is neither true nor false");
        }
        flag
    }

    /// A whole number within `range`, if the field is there.
    pub fn optional_number(
        &mut self,
        faults: &mut Faults<'_>,
        field: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let value = self.get(field)?;
        let number = number(value.get_ref()).filter(|number| range.contains(number));
        if number.is_none() {
            let problem = format!("is not a whole number from {} to {}", range.start(), range.end());
            self.refuse(faults, field, problem);
        }
        number
    }

    /// A whole number that must be there; the range's begin if it is not.
    pub fn number(&mut self, faults: &mut Faults<'_>, field: &'static str, range: RangeInclusive<i64>) -> i64 {
        let begin = *range.start();
        if !self.table.contains_key(field) {
            self.missing(faults, field);
        }
        self.optional_number(faults, field, range).unwrap_or(begin)
    }

    /// A time of day, `HH:MM` from 00:00 to 24:00, in minutes after midnight.
    pub fn time(&mut self, faults: &mut Faults<'_>, field: &'static str) -> u32 {
        let text = self.text(faults, field);
        if text.is_empty() {
            return 0;
        }
        minutes(&text).unwrap_or_else(|| {
            self.refuse(faults, field, "is not a time of day, such as \"06:00\"");
            0
        })
    }

    /// A list of what `read` reads, if the field is there.
    pub fn list<T>(
        &mut self,
        faults: &mut Faults<'_>,
        field: &'static str,
        expected: &str,
        read: impl Fn(&DeValue<'t>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.get(field) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.refuse(faults, field, format!("is not a list of {expected}"));
            return Vec::new();
        };
        let mut list = Vec::new();
        for item in items.iter() {
            match read(item.get_ref()) {
                Some(item) => list.push(item),
                None => {
                    let line = faults.line(item.span().start);
                    faults.add(line, self.path(field), format!("holds what is not one of {expected}"));
                }
            }
        }
        list
    }

    /// The fields of a table in this one, if it is there.
    pub fn table(&mut self, faults: &mut Faults<'_>, field: &'static str) -> Option<Fields<'d, 't>> {
        let value = self.get(field)?;
        match value.get_ref().as_table() {
            Some(table) => Some(self.inner(faults, field, table, value.span().start)),
            None => {
                self.refuse(faults, field, format!("is not a table [{}]", self.path(field)));
                None
            }
        }
    }

    /// The fields of each table of a list of tables.
    pub fn tables(&mut self, faults: &mut Faults<'_>, field: &'static str) -> Vec<Fields<'d, 't>> {
        let Some(value) = self.get(field) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.refuse(
                faults,
                field,
                format!("is not a list of tables [[{}]]", self.path(field)),
            );
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(self.inner(faults, field, table, item.span().start)),
                None => {
                    let line = faults.line(item.span().start);
                    faults.add(
                        line,
                        self.path(field),
                        format!("holds what is not a table [[{}]]", self.path(field)),
                    );
                }
            }
        }
        tables
    }

    /// Notes the fields that nobody asked for.
    pub fn end(&self, faults: &mut Faults<'_>) {
        for key in self.table.keys() {
            if !self.read.contains(&key.get_ref().as_ref()) {
                let known = self.read.join(", ");
                let line = faults.line(key.span().start);
                faults.add(
                    line,
                    self.path(key.get_ref()),
                    format!("is not known here; there are {known}"),
                );
            }
        }
    }

    fn inner(&self, faults: &Faults<'_>, field: &str, table: &'d DeTable<'t>, at: usize) -> Fields<'d, 't> {
        Fields {
            table,
            line: faults.line(at),
            path: self.path(field),
            read: Vec::new(),
        }
    }
}

/// A whole number as TOML writes it.
pub fn number(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 1_440).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, read: impl Fn(&mut Fields<'_, '_>, &mut Faults<'_>)) -> Vec<String> {
        let mut faults = Faults::new(text);
        let root = parse(text, &mut faults);
        let mut fields = Fields::of_document(&root);
        read(&mut fields, &mut faults);
        fields.end(&mut faults);
        faults.sorted().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "name = 7\n\ncount = 70\nfrom = \"6:00\"\nwhat = true\n[[rows]]\nlabel = \"\"\n";
        let found = read(text, |fields, faults| {
            fields.text(faults, "name");
            fields.number(faults, "count", 1..=60);
            fields.time(faults, "from");
            fields.text(faults, "zone");
            for mut row in fields.tables(faults, "rows") {
                row.text(faults, "label");
                row.text(faults, "class");
                row.end(faults);
            }
        });
        assert_eq!(
            found,
            [
                "line 1: name is not a text in quotation marks",
                "line 1: zone is missing",
                "line 3: count is not a whole number from 1 to 60",
                "line 4: from is not a time of day, such as \"06:00\"",
                "line 5: what is not known here; there are name, count, from, zone, rows",
                "line 6: rows.class is missing",
                "line 7: rows.label is blank",
            ]
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line_too() {
        let found = read("a = 1\nb = = 2\n", |fields, faults| {
            fields.number(faults, "a", 0..=9);
            fields.optional_number(faults, "b", 0..=9);
        });
        assert!(found.iter().any(|fault| fault.starts_with("line 2: ")), "{found:?}");
    }

    #[test]
    fn times_of_day_go_from_midnight_to_midnight() {
        for (text, expected) in [
            ("00:00", Some(0)),
            ("06:30", Some(390)),
            ("24:00", Some(1_440)),
            ("24:01", None),
            ("12:60", None),
            ("6:00", None),
            ("noon", None),
            ("+1:00", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }
}
