//! An image to draw on: rectangles and text.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster};

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
        noto_sans_mono_bitmap::get_raster_width(self.weight, self.height) * text.chars().count()
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
        let mut left = at[0];
        for character in text.chars() {
            let glyph = get_raster(character, style.weight, style.height)
                .or_else(|| get_raster('?', style.weight, style.height))
                .expect("the font has a question mark");
            for (y, row) in (at[1]..).zip(glyph.rows()) {
                for (x, &ink) in (left..).zip(row) {
                    if ink > 0 {
                        self.set(x, y, color.map(|paint| blend(paint, ink)));
                    }
                }
            }
            left += glyph.width();
        }
    }
}

/// Paint over white, as strong as the ink.
fn blend(paint: u8, ink: u8) -> u8 {
    let [paint, ink] = [paint, ink].map(u32::from);
    u8::try_from((paint * ink + 255 * (255 - ink)) / 255).expect("a mean of two bytes")
}
