//! `docs/kpis.md` says what the catalogue says.

use super::{Definition, Direction, Kpi, Unit};

const PAGE: &str = include_str!("../../../docs/kpis.md");

fn target(definition: &Definition) -> String {
    let Some(target) = definition.target else {
        return "–".to_owned();
    };
    let sign = match definition.direction {
        Direction::AtLeast => "≥",
        Direction::AtMost => "≤",
    };
    let value = match definition.unit {
        Unit::BasisPoints => format!("{}.{} %", target / 100, target % 100 / 10),
        Unit::Milliseconds => format!("{} s", target / 1_000),
        Unit::Tables | Unit::Sessions | Unit::Fen => target.to_string(),
    };
    format!("{sign} {value}")
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Tables => "tables",
        Unit::Fen => "fen",
        Unit::Sessions => "sessions",
        Unit::BasisPoints => "1/100 %",
        Unit::Milliseconds => "ms",
    }
}

#[test]
fn the_page_of_indicators_says_what_the_catalogue_says() {
    let mut expected = String::from(
        "| Code | 名称 | Name | What is counted | Of what | Grain | Unit | Target |\n|---|---|---|---|---|---|---|---|\n",
    );
    for definition in Kpi::ALL.map(Kpi::definition) {
        let of = if definition.denominator.is_empty() {
            "–"
        } else {
            definition.denominator
        };
        expected.push_str(&format!(
            "| `{}` | {} | {} | {} | {of} | {} | {} | {} |\n",
            definition.code,
            definition.name_zh,
            definition.name_en,
            definition.numerator,
            definition.grain,
            unit(definition.unit),
            target(&definition),
        ));
    }
    let shown = PAGE
        .split("<!-- catalogue -->\n")
        .nth(1)
        .and_then(|rest| rest.split("<!-- end").next());
    assert_eq!(shown, Some(&*expected), "put this into docs/kpis.md:\n{expected}");
}

#[test]
fn no_two_indicators_have_one_code() {
    let codes: std::collections::BTreeSet<_> = Kpi::ALL.iter().map(|kpi| kpi.definition().code).collect();
    assert_eq!(codes.len(), Kpi::ALL.len());
}
