//! An image to draw on: rectangles, and text in Noto Sans Mono (SIL Open Font License), which comes
//! as pixels, so that it looks the same everywhere.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Red, green, blue.
pub type Rgb = [u8; 3];

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

    /// Fills a rectangle from its upper left corner `at`.
    pub fn fill(&mut self, at: [usize; 2], size: [usize; 2], color: Rgb) {
        for y in at[1]..at[1] + size[1] {
            for x in at[0]..at[0] + size[0] {
                self.set(x, y, color);
            }
        }
    }

    /// Writes a line of text from its upper left corner `at`.
    pub fn text(&mut self, at: [usize; 2], text: &str, style: Style, color: Rgb) {
        for (x, y, ink) in ink(text, style) {
            self.set(at[0] + x, at[1] + y, blend(color, ink));
        }
    }

    /// Writes a line of text that runs upwards from its lower left corner `at`.
    pub fn text_upwards(&mut self, at: [usize; 2], text: &str, style: Style, color: Rgb) {
        for (x, y, ink) in ink(text, style) {
            self.set(at[0] + y, at[1].saturating_sub(x), blend(color, ink));
        }
    }
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

/// Paint over white, as strong as the ink.
fn blend(color: Rgb, ink: u8) -> Rgb {
    color.map(|paint| {
        let [paint, ink] = [paint, ink].map(u32::from);
        u8::try_from((paint * ink + 255 * (255 - ink)) / 255).expect("a mean of two bytes")
    })
}
