//! Charts as pictures, for mail programs that show no SVG: the same charts as on the console's pages, with a font of their own.

use anyhow::Context as _;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Digits, Latin letters and ¥ of DejaVu Sans; its licence stands beside it.
const FONT: &[u8] = include_bytes!("font/DejaVuSans-Latin.ttf");
const STYLE: &str = "<style>.grid{stroke:#d9dee3}.bar{fill:#1f6f54}.scale,.under{font-family:'DejaVu Sans';font-size:12px;fill:#4a5560}</style>";
/// Sharp on screens with two pixels to a point.
const SCALE: f32 = 2.0;

/// A chart of [`crate::web::chart`] as PNG.
///
/// # Errors
/// It is no SVG, or has no size.
pub(super) fn png(chart: &str) -> anyhow::Result<Vec<u8>> {
    let svg = chart.replacen("<svg ", r#"<svg xmlns="http://www.w3.org/2000/svg" "#, 1);
    let svg = svg.replacen('>', &format!(">{STYLE}"), 1);
    let mut options = Options::default();
    options.fontdb_mut().load_font_data(FONT.to_vec());
    let tree = Tree::from_str(&svg, &options).context("a chart")?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(SCALE)
        .context("a chart of no size")?;
    let mut picture = Pixmap::new(size.width(), size.height()).context("a chart of no size")?;
    picture.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
    picture.encode_png().context("a picture")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chart::{Bar, bars};

    #[test]
    fn bars_and_their_labels_are_seen() {
        let bar = |label: &str| Bar {
            label: label.to_owned(),
            value: 5.0,
            told: "¥5".to_owned(),
        };
        let colours = |chart: &str| {
            let png = png(chart).unwrap();
            let decoder = png::Decoder::new(std::io::Cursor::new(png));
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            let count = |is_it: &dyn Fn(&[u8]) -> bool| pixels.chunks(4).filter(|pixel| is_it(pixel)).count();
            let green = count(&|pixel| pixel[..3] == [0x1f, 0x6f, 0x54]);
            let dark = count(&|pixel| pixel.iter().take(3).all(|part| *part < 0x70));
            (green, dark)
        };
        let (green, written) = colours(&bars(&[bar("11-22"), bar("11-23")], "revenue"));
        assert!(green > 10_000, "{green}");
        let (_, unwritten) = colours(&bars(&[bar(""), bar("")], "revenue"));
        assert!(written > unwritten + 100, "{written} {unwritten}");
    }
}
