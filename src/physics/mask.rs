//! Black-and-white pictures.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

/// Largest decoded picture in pixels; 8192 by 8192.
const MAX_PIXELS: usize = 1 << 26;

/// A black-and-white picture: which pixels belong to a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    pixels: [usize; 2],
    /// Row-major from the top of the picture.
    inside: Vec<bool>,
}

impl Mask {
    /// Reads a PNG; a pixel is inside where it is opaque and darker than middle grey.
    ///
    /// # Errors
    /// A message if the bytes are no PNG, are cut off or damaged, or hold more than
    /// 67 million pixels.
    pub fn from_png(bytes: &[u8]) -> Result<Self, String> {
        let fault = |error: png::DecodingError| format!("not a readable PNG: {error}");
        let limits = Limits {
            bytes: 8 * MAX_PIXELS,
        };
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info().map_err(fault)?;
        let (width, height) = reader.info().size();
        let pixels = [width, height].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let count = pixels[0].saturating_mul(pixels[1]);
        let size = reader.output_buffer_size();
        let (Some(size), true) = (size, count <= MAX_PIXELS) else {
            return Err(format!(
                "the picture has {width} x {height} pixels; at most {MAX_PIXELS} in all can be read"
            ));
        };
        let mut samples = vec![0; size];
        let color = reader.next_frame(&mut samples).map_err(fault)?.color_type;
        let inside = samples
            .chunks_exact(color.samples())
            .map(|pixel| is_inside(color, pixel))
            .collect();
        Ok(Self { pixels, inside })
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn pixels(&self) -> [usize; 2] {
        self.pixels
    }

    /// Whether the pixel is inside, counted from the left and from the top of the picture;
    /// false for a pixel beyond the picture.
    #[must_use]
    pub fn is_inside(&self, column: usize, row: usize) -> bool {
        let [width, height] = self.pixels;
        column < width && row < height && self.inside[row * width + column]
    }
}

fn is_inside(color: ColorType, pixel: &[u8]) -> bool {
    // The palette is expanded: an indexed pixel cannot occur.
    let (grey, alpha) = match (color, pixel) {
        (ColorType::Rgb | ColorType::Rgba, &[red, green, blue, ref alpha @ ..]) => {
            let [red, green, blue] = [red, green, blue].map(u32::from);
            ((299 * red + 587 * green + 114 * blue) / 1000, alpha)
        }
        (_, [grey, alpha @ ..]) => (u32::from(*grey), alpha),
        (_, []) => return false,
    };
    grey < 128 && alpha.first().is_none_or(|alpha| *alpha >= 128)
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType, Encoder};

    use super::*;

    fn encode(size: [u32; 2], color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, size[0], size[1]);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == ColorType::Indexed {
            encoder.set_palette(vec![255, 255, 255, 0, 0, 0, 10, 10, 10]);
            encoder.set_trns(vec![255, 255, 0]);
        }
        let mut writer = encoder.write_header().expect("header");
        writer.write_image_data(data).expect("data");
        writer.finish().expect("end");
        bytes
    }

    fn read(color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<bool> {
        let bytes = encode([3, 1], color, depth, data);
        let mask = Mask::from_png(&bytes).expect("a PNG");
        assert_eq!(mask.pixels(), [3, 1]);
        (0..3).map(|column| mask.is_inside(column, 0)).collect()
    }

    #[test]
    fn dark_opaque_pixels_are_inside_in_every_format() {
        use BitDepth::{Eight, Four, One, Sixteen, Two};
        use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
        assert_eq!(read(Grayscale, One, &[0b0100_0000]), [true, false, true]);
        assert_eq!(read(Grayscale, Two, &[0b0001_1000]), [true, true, false]);
        assert_eq!(read(Grayscale, Four, &[0x07, 0x80]), [true, true, false]);
        assert_eq!(read(Grayscale, Eight, &[0, 127, 128]), [true, true, false]);
        assert_eq!(
            read(Grayscale, Sixteen, &[0x7f, 0xff, 0x80, 0, 0, 0]),
            [true, false, true]
        );
        assert_eq!(
            read(GrayscaleAlpha, Eight, &[0, 255, 0, 127, 255, 255]),
            [true, false, false]
        );
        // Pure green is bright to the eye, pure blue is dark.
        assert_eq!(
            read(Rgb, Eight, &[0, 255, 0, 0, 0, 255, 255, 255, 255]),
            [false, true, false]
        );
        assert_eq!(
            read(Rgba, Eight, &[0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 128]),
            [false, true, true]
        );
        assert_eq!(read(Indexed, Eight, &[0, 1, 2]), [false, true, false]);
        assert_eq!(read(Indexed, Two, &[0b0001_1000]), [false, true, false]);
    }

    #[test]
    fn rows_run_from_the_top() {
        let bytes = encode([1, 2], ColorType::Grayscale, BitDepth::Eight, &[0, 255]);
        let mask = Mask::from_png(&bytes).expect("a PNG");
        assert!(mask.is_inside(0, 0));
        assert!(!mask.is_inside(0, 1));
        assert!(!mask.is_inside(0, 2));
        assert!(!mask.is_inside(1, 0));
    }

    #[test]
    fn damaged_files_are_messages() {
        assert!(Mask::from_png(b"").is_err());
        assert!(Mask::from_png(b"GIF89a").is_err());
        let whole = encode([3, 1], ColorType::Grayscale, BitDepth::Eight, &[0, 1, 2]);
        for length in 0..whole.len() - 13 {
            assert!(Mask::from_png(&whole[..length]).is_err(), "{length}");
        }
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            // Only that it returns: some damage is harmless.
            drop(Mask::from_png(&damaged));
        }
    }

    #[test]
    fn a_decompression_bomb_is_refused_before_it_is_decoded() {
        let mut bomb = Vec::new();
        let encoder = Encoder::new(&mut bomb, 100_000, 100_000);
        let mut writer = encoder.write_header().expect("header");
        writer.write_chunk(png::chunk::IDAT, &[0]).expect("data");
        drop(writer);
        let message = Mask::from_png(&bomb).expect_err("too large");
        assert!(message.contains("100000 x 100000"), "{message}");
    }
}
