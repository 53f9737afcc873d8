//! A page for the printer: the codes of a hall, six on an A4 sheet, each with its table's number, to be cut out.

use askama::Template;

/// One table's sign.
#[derive(Debug, Clone)]
pub struct Sign {
    /// What is written on the table.
    pub label: String,
    /// Its code, as [`super::CodeImage::svg`] draws it.
    pub svg: String,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct Sheet<'s> {
    hall_name: &'s str,
    signs: &'s [Sign],
}

/// The page, in Chinese and in English at once: it hangs where both are read.
///
/// # Errors
/// None that names or labels can cause.
pub fn sheet(hall_name: &str, signs: &[Sign]) -> Result<String, askama::Error> {
    Sheet { hall_name, signs }.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_sign_in_both_languages_and_names_are_no_markup() {
        let sign = |label: &str| Sign {
            label: label.to_owned(),
            svg: "<svg/>".to_owned(),
        };
        let page = sheet("白泽 <东门>", &[sign("A1"), sign("<b>")]).unwrap();
        assert_eq!(page.matches("<svg/>").count(), 2);
        for text in [
            "A1 号台",
            "Table A1",
            "扫码开台",
            "Scan to play",
            "白泽 &#60;东门&#62;",
            "A4",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("<b>"), "{page}");
    }
}
