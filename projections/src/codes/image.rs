//! A QR code (ISO/IEC 18004) as SVG and as PNG.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around a code; the standard asks for four.
const QUIET: usize = 4;
/// A PNG is at least so many pixels wide: sharp on a sign of 10 cm.
const PIXELS_MIN: usize = 1_000;

/// A code, module by module.
#[derive(Debug, Clone)]
pub struct CodeImage {
    dark: Vec<bool>,
    width: usize,
}

/// No code holds so long a text.
#[derive(Debug, thiserror::Error)]
#[error("the text is too long for a code")]
pub struct TooLong;

impl CodeImage {
    /// The code of a text. A quarter of it may be scratched and it still reads (level Q): signs live on tables.
    ///
    /// # Errors
    /// The text has more than 1,663 bytes.
    pub fn of(text: &str) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(text, EcLevel::Q).map_err(|_| TooLong)?;
        let width = code.width();
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { dark, width })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = QUIET..QUIET + self.width;
        inside.contains(&x) && inside.contains(&y) && self.dark[(y - QUIET) * self.width + x - QUIET]
    }

    /// Modules of one side, with the quiet zone.
    fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// As a drawing without a size of its own, black on white.
    pub fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let run = (x..side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    // Writing to a text cannot fail.
                    let _infallible = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += run + 1;
            }
        }
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>"##
        )
    }

    /// As an image of at least 1,000 pixels a side, one bit each.
    ///
    /// # Errors
    /// None that a code can cause.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let scale = PIXELS_MIN.div_ceil(self.side());
        let pixels = self.side() * scale;
        let mut rows = Vec::with_capacity(pixels * pixels.div_ceil(8));
        for y in 0..pixels {
            let mut row = vec![0_u8; pixels.div_ceil(8)];
            for x in (0..pixels).filter(|x| !self.is_dark(x / scale, y / scale)) {
                row[x / 8] |= 0x80 >> (x % 8);
            }
            rows.extend(row);
        }
        let side = u32::try_from(pixels).unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://play.example.com/t/3fzk7q2m9xw4c8v1b6n5t0r2ya";

    /// Reads a code with a decoder that shares nothing with the encoder.
    fn read(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        let brightness = |x, y| if is_dark(x, y) { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, width, brightness);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one code");
        grids[0].decode().unwrap().1
    }

    fn read_png(bytes: &[u8]) -> String {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        read(info.width as usize, |x, y| pixels[y * info.line_size + x] < 128)
    }

    /// Draws the runs of the path, as a browser would.
    fn read_svg(svg: &str) -> String {
        let side: usize = svg
            .split("viewBox=\"0 0 ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let path = svg.rsplit(" d=\"").next().unwrap().split('"').next().unwrap();
        let mut dark = vec![false; side * side];
        for run in path.split('M').skip(1) {
            let numbers: Vec<usize> = run.split([' ', 'h', 'v']).take(3).map(|n| n.parse().unwrap()).collect();
            let [x, y, length] = numbers[..] else { panic!("{run}") };
            dark[y * side + x..y * side + x + length].fill(true);
        }
        read(side * 8, |x, y| dark[y / 8 * side + x / 8])
    }

    #[test]
    fn another_decoder_reads_the_address_from_either_image() {
        let code = CodeImage::of(ADDRESS).unwrap();
        assert_eq!(read_png(&code.png().unwrap()), ADDRESS);
        assert_eq!(read_svg(&code.svg()), ADDRESS);
    }

    #[test]
    fn the_longest_address_that_can_be_set_fits() {
        let longest = super::super::address(&"a".repeat(super::super::BASE_CHARS_MAX), &"b".repeat(128));
        let code = CodeImage::of(&longest).unwrap();
        assert_eq!(read_png(&code.png().unwrap()), longest);
        assert!(CodeImage::of(&"a".repeat(1_664)).is_err());
    }
}
