//! Numbers as people read them.

/// Yuan with its thousands apart, and the fen only if there are any: `¥12,345`, `¥12,345.60`.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "−" } else { "" };
    let (whole, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    let whole = thousands(whole);
    match rest {
        0 => format!("{sign}¥{whole}"),
        rest => format!("{sign}¥{whole}.{rest:02}"),
    }
}

/// `12,345`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = digits.as_str();
    while rest.len() > 3 {
        let (head, tail) = rest.split_at(rest.len() - 3);
        parts.push(tail);
        rest = head;
    }
    parts.push(rest);
    parts.reverse();
    parts.join(",")
}

/// `820 ms`, `1.9 s`, `45 s`.
pub(crate) fn milliseconds(value: i64) -> (String, &'static str) {
    match value {
        ..1_000 => (value.to_string(), "ms"),
        1_000..10_000 => (format!("{}.{}", value / 1_000, value % 1_000 / 100), "s"),
        _ => (thousands(value.unsigned_abs() / 1_000), "s"),
    }
}

/// `99.5`, of hundredths of a per cent.
pub(crate) fn percent(basis_points: i64) -> String {
    match (basis_points / 100, basis_points % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_to_be_read_from_afar() {
        assert_eq!(yuan(0), "¥0");
        assert_eq!(yuan(123_456_700), "¥1,234,567");
        assert_eq!(yuan(100_005), "¥1,000.05");
        assert_eq!(yuan(-250), "−¥2.50");
        assert_eq!(milliseconds(820), ("820".to_owned(), "ms"));
        assert_eq!(milliseconds(1_999), ("1.9".to_owned(), "s"));
        assert_eq!(milliseconds(45_000), ("45".to_owned(), "s"));
        assert_eq!(percent(10_000), "100");
        assert_eq!(percent(9_950), "99.5");
        assert_eq!(percent(9_949), "99.49");
        assert_eq!(percent(9_905), "99.05");
    }
}
