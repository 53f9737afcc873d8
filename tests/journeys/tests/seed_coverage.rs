//! `docs/seed-coverage.md` stays true: every arrow of the diagrams it claims is there, and every test it names exists.

#![allow(clippy::unwrap_used, reason = "all of this is tests, helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ARROWS: [&str; 2] = ["-->", "->>"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().into()
}

/// The number that a heading of the flow document begins with, such as `3.1`; whole chapters have `1.` there.
fn number(heading: &str) -> Option<String> {
    let start = heading.find(|letter: char| letter.is_ascii_digit())?;
    let digits: String = heading[start..]
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || *letter == '.')
        .collect();
    Some(digits.trim_end_matches('.').to_owned())
}

/// Every arrow of every diagram of the customer's document, by the number of its section.
fn diagrams() -> BTreeMap<String, Vec<String>> {
    let document = std::fs::read_to_string(root().join("docs/seed/业务流程图设计.md")).unwrap();
    let mut diagrams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut section, mut drawing) = (None, false);
    for line in document.lines().map(str::trim) {
        match line {
            "```mermaid" => drawing = true,
            "```" => drawing = false,
            _ if line.starts_with("##") => section = number(line),
            _ if drawing && ARROWS.iter().any(|arrow| line.contains(arrow)) => {
                let section = section.clone().unwrap();
                diagrams.entry(section).or_default().push(line.to_owned());
            }
            _ => {}
        }
    }
    diagrams
}

/// What the page says about an arrow.
struct Row {
    diagram: String,
    arrow: String,
    tests: Vec<String>,
}

struct Page {
    rows: Vec<Row>,
    /// Diagrams it says are not covered yet.
    open: BTreeSet<String>,
}

fn page() -> Page {
    let text = std::fs::read_to_string(root().join("docs/seed-coverage.md")).unwrap();
    let (mut rows, mut open, mut section) = (Vec::new(), BTreeSet::new(), None);
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = number(heading);
        } else if let Some(numbers) = line.strip_prefix("Not covered yet: ") {
            open.extend(numbers.trim_end_matches('.').split(", ").map(str::to_owned));
        } else if let Some(row) = line.strip_prefix("| `") {
            let (arrow, tests) = row.split_once("` | ").unwrap();
            let quoted = tests.split('`').skip(1).step_by(2);
            rows.push(Row {
                diagram: section.clone().unwrap(),
                // A bar would end the cell, so the page writes it as Markdown wants it.
                arrow: arrow.replace("\\|", "|"),
                tests: quoted.map(str::to_owned).collect(),
            });
        }
    }
    Page { rows, open }
}

/// Names of all functions in the tree's tests, Rust and Python.
fn functions(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                functions(&path, names);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let after = text.split("fn ").skip(1);
            names.extend(after.filter_map(|rest| Some(rest.split_once(['(', '<'])?.0.to_owned())));
        }
    }
}

#[test]
fn every_diagram_is_covered_or_said_to_be_open() {
    let page = page();
    let covered: BTreeSet<String> = page.rows.iter().map(|row| row.diagram.clone()).collect();
    let both: Vec<_> = covered.intersection(&page.open).collect();
    assert!(both.is_empty(), "covered and open at once: {both:?}");
    let claimed: BTreeSet<String> = covered.union(&page.open).cloned().collect();
    assert_eq!(claimed, diagrams().into_keys().collect());
}

#[test]
fn every_arrow_of_a_covered_diagram_has_a_row_and_no_row_is_made_up() {
    let page = page();
    for (diagram, arrows) in diagrams() {
        if page.open.contains(&diagram) {
            continue;
        }
        let rows = page.rows.iter().filter(|row| row.diagram == diagram);
        let listed: Vec<_> = rows.map(|row| row.arrow.clone()).collect();
        assert_eq!(listed, arrows, "diagram {diagram}");
    }
}

#[test]
fn every_arrow_has_a_test_and_every_test_named_exists() {
    let mut names = BTreeSet::new();
    functions(&root(), &mut names);
    assert!(names.len() > 500, "the tests were not found");
    for row in page().rows {
        let Row { diagram, arrow, tests } = row;
        assert!(!tests.is_empty(), "{diagram} {arrow}: no test");
        for test in tests {
            assert!(names.contains(&test), "{diagram} {arrow}: no test is called {test}");
        }
    }
}
