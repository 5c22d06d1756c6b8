//! An image to draw on: rectangles, lines, discs, and text in Noto Sans Mono (SIL Open Font License),
//! which comes as pixels, so that it looks the same everywhere.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::error::{Error, Kind};

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// Of text and frames.
pub const INK: Rgb = [40, 40, 46];

/// Width of frames and ticks in pixels.
pub const LINE: usize = 2;

/// A white image, row by row from the top.
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

/// Height and weight of text.
#[derive(Clone, Copy)]
pub struct Style {
    height: RasterHeight,
    weight: FontWeight,
}

impl Style {
    pub const LABEL: Self = Self {
        height: RasterHeight::Size20,
        weight: FontWeight::Regular,
    };
    pub const TITLE: Self = Self {
        height: RasterHeight::Size24,
        weight: FontWeight::Bold,
    };

    /// Height of a line in pixels.
    pub fn height(self) -> usize {
        self.height.val()
    }

    /// Width of a text in pixels: every character is equally wide.
    pub fn width(self, text: &str) -> usize {
        get_raster_width(self.weight, self.height) * text.chars().count()
    }
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![u8::MAX; 3 * width * height],
        }
    }

    /// Sets a pixel; outside the image nothing happens.
    pub fn set(&mut self, x: usize, y: usize, color: Rgb) {
        if x < self.width && y < self.height {
            let at = 3 * (y * self.width + x);
            self.rgb[at..at + 3].copy_from_slice(&color);
        }
    }

    /// A pixel inside the image.
    pub fn get(&self, x: usize, y: usize) -> Rgb {
        let at = 3 * (y * self.width + x);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Fills a rectangle from its upper left corner `at`.
    pub fn fill(&mut self, at: [usize; 2], size: [usize; 2], color: Rgb) {
        for y in at[1]..at[1] + size[1] {
            for x in at[0]..at[0] + size[0] {
                self.set(x, y, color);
            }
        }
    }

    /// Draws a frame around a rectangle from its upper left corner.
    pub fn frame(&mut self, [left, top]: [usize; 2], [nx, ny]: [usize; 2]) {
        let (wide, high) = (nx + 2 * LINE, ny + 2 * LINE);
        self.fill([left - LINE, top - LINE], [wide, LINE], INK);
        self.fill([left - LINE, top + ny], [wide, LINE], INK);
        self.fill([left - LINE, top - LINE], [LINE, high], INK);
        self.fill([left + nx, top - LINE], [LINE, high], INK);
    }

    /// Draws a straight line with round ends, of a width in pixels; of no length, it is a disc.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "pixels are few; the cast saturates at 0"
    )]
    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], width: f64, color: Rgb) {
        let along = [to[0] - from[0], to[1] - from[1]];
        let square = along[0] * along[0] + along[1] * along[1];
        let range = |axis: usize| {
            let (low, high) = (from[axis].min(to[axis]), from[axis].max(to[axis]));
            (low - width) as usize..(high + width + 1.0) as usize
        };
        for y in range(1) {
            for x in range(0) {
                let [dx, dy] = [x as f64 - from[0], y as f64 - from[1]];
                let at = if square > 0.0 {
                    ((dx * along[0] + dy * along[1]) / square).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let distance = (dx - at * along[0]).hypot(dy - at * along[1]);
                let ink = (0.5 * width + 0.5 - distance).clamp(0.0, 1.0);
                self.ink(x, y, color, (255.0 * ink) as u8);
            }
        }
    }

    /// Paints over a pixel, as strong as the ink; outside the image nothing happens.
    pub fn ink(&mut self, x: usize, y: usize, color: Rgb, ink: u8) {
        if ink > 0 && x < self.width && y < self.height {
            let at = 3 * (y * self.width + x);
            for (old, new) in self.rgb[at..at + 3].iter_mut().zip(color) {
                *old = blend(new, *old, ink);
            }
        }
    }

    /// Writes a line of text from its upper left corner `at`.
    pub fn text(&mut self, at: [usize; 2], text: &str, style: Style, color: Rgb) {
        for (x, y, ink) in ink(text, style) {
            self.ink(at[0] + x, at[1] + y, color, ink);
        }
    }

    /// Writes a line of text that runs upwards from its lower left corner `at`.
    pub fn text_upwards(&mut self, at: [usize; 2], text: &str, style: Style, color: Rgb) {
        for (x, y, ink) in ink(text, style) {
            self.ink(at[0] + y, at[1].saturating_sub(x), color, ink);
        }
    }
}

/// How images follow each other, over and over again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Animation {
    pub images: usize,
    pub per_second: u16,
}

/// Images of one size as a PNG file that carries `texts`, a title and a description: one, or those
/// of an animation (APNG, of which the first image is seen where it is not known).
pub fn encode(
    images: impl IntoIterator<Item = Result<Canvas, Error>>,
    texts: [&str; 2],
    animation: Option<Animation>,
) -> Result<Vec<u8>, Error> {
    let failed = |error: png::EncodingError| {
        Error::new(Kind::Internal, format!("cannot encode an image: {error}"))
    };
    let mut images = images.into_iter();
    let first = images.next().expect("there is an image")?;
    let mut bytes = Vec::new();
    let mut writer = begin(&mut bytes, &first, texts, animation).map_err(failed)?;
    writer.write_image_data(&first.rgb).map_err(failed)?;
    for image in images {
        writer.write_image_data(&image?.rgb).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// All that comes before the first image.
fn begin<'a>(
    bytes: &'a mut Vec<u8>,
    first: &Canvas,
    [title, description]: [&str; 2],
    animation: Option<Animation>,
) -> Result<png::Writer<&'a mut Vec<u8>>, png::EncodingError> {
    let [width, height] = [first.width, first.height].map(whole);
    let mut encoder = png::Encoder::new(bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    if let Some(Animation { images, per_second }) = animation {
        encoder.set_animated(whole(images), 0)?;
        encoder.set_frame_delay(1, per_second)?;
    }
    encoder.add_itxt_chunk("Title".to_string(), title.to_string())?;
    encoder.add_itxt_chunk("Description".to_string(), description.to_string())?;
    encoder.add_itxt_chunk("Software".to_string(), "isotherm".to_string())?;
    encoder.write_header()
}

fn whole(number: usize) -> u32 {
    u32::try_from(number).expect("images of moderate size and number")
}

/// The pixels of a line of text, from its upper left corner, and how dark they are.
fn ink(text: &str, style: Style) -> impl Iterator<Item = (usize, usize, u8)> {
    let advance = style.width("m");
    text.chars().enumerate().flat_map(move |(k, character)| {
        let glyph = get_raster(character, style.weight, style.height)
            .or_else(|| get_raster('?', style.weight, style.height))
            .expect("the font has a question mark");
        glyph.rows().enumerate().flat_map(move |(y, row)| {
            let dark = row.iter().enumerate().filter(|(_, ink)| **ink > 0);
            dark.map(move |(x, &ink)| (k * advance + x, y, ink))
        })
    })
}

/// Paint over what was there, as strong as the ink.
fn blend(paint: u8, below: u8, ink: u8) -> u8 {
    let [paint, below, ink] = [paint, below, ink].map(u32::from);
    u8::try_from((paint * ink + below * (255 - ink)) / 255).expect("a mean of two bytes")
}
