//! A field with axes, a title and a colour bar.

use colorgrad::Gradient;

use super::{
    super::canvas::{Canvas, INK, LINE, Rgb, Style},
    Look,
    ticks::{Ticks, length_unit, ticks},
};
use crate::{error::Error, field::Real, grid::Grid};

/// For cells that are no numbers.
const GREY: Rgb = [160, 160, 160];

/// Pixels around the plot: left, top, right, bottom.
const MARGIN: [usize; 4] = [120, 84, 176, 76];
const TICK: usize = 8;
const GAP: usize = 8;
/// Between the plot and the colour bar, and the bar's width.
const BAR_GAP: usize = 36;
const BAR_WIDTH: usize = 28;
/// Pixels between two ticks, about.
const TICK_SPACING: [usize; 2] = [160, 90];

/// What is drawn.
pub struct Figure<'a, T: Real> {
    pub look: &'a Look,
    pub grid: &'a Grid,
    /// In s.
    pub time: f64,
    /// In K, at the ends of the colour bar.
    pub range: [f64; 2],
    /// Of the plot, in pixels.
    pub size: [usize; 2],
    /// In K, for each pixel, the lowest row first.
    pub values: &'a [T],
}

/// Colours in a table: evaluating a gradient for every pixel takes its time.
const SHADES: usize = 1024;

/// Where the plot begins in the image.
pub fn plot_corner() -> [usize; 2] {
    [MARGIN[0], MARGIN[1]]
}

#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Colormap {
    #[default]
    Inferno,
    Magma,
    Plasma,
    Viridis,
    Cividis,
    Turbo,
}

/// The colour of each temperature over a range.
pub fn palette(colormap: Colormap, range: [f64; 2]) -> impl Fn(f64) -> Rgb {
    let gradient: Box<dyn Gradient> = match colormap {
        Colormap::Inferno => Box::new(colorgrad::preset::inferno()),
        Colormap::Magma => Box::new(colorgrad::preset::magma()),
        Colormap::Plasma => Box::new(colorgrad::preset::plasma()),
        Colormap::Viridis => Box::new(colorgrad::preset::viridis()),
        Colormap::Cividis => Box::new(colorgrad::preset::cividis()),
        Colormap::Turbo => Box::new(colorgrad::preset::turbo()),
    };
    #[expect(clippy::cast_precision_loss, reason = "a small table")]
    let table: Vec<Rgb> = (0..SHADES)
        .map(|k| gradient.at(k as f32 / (SHADES - 1) as f32).to_rgba8())
        .map(|[red, green, blue, _]| [red, green, blue])
        .collect();
    let [low, high] = range;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a small table; the cast saturates"
    )]
    move |value| {
        if value.is_nan() {
            return GREY;
        }
        let shade = (value - low) / (high - low) * (SHADES - 1) as f64;
        table[(shade.round() as usize).min(SHADES - 1)]
    }
}

impl<T: Real> Figure<'_, T> {
    /// The image as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        self.draw().png(&self.look.title, &self.caption())
    }

    fn caption(&self) -> String {
        format!("temperature in K at t = {} s", seconds(self.time))
    }

    /// The range of the colour bar, which has a length even if the field is constant.
    fn bar_range(&self) -> [f64; 2] {
        let [low, high] = self.range;
        if low < high {
            return self.range;
        }
        let half = 0.5f64.max(1e-6 * low.abs());
        [low - half, low + half]
    }

    fn draw(&self) -> Canvas {
        let [left, top] = plot_corner();
        let [nx, ny] = self.size;
        let mut canvas = Canvas::new(left + nx + MARGIN[2], top + ny + MARGIN[3]);
        let range = self.bar_range();
        let color = palette(self.look.colormap, range);

        for (q, row) in self.values.chunks_exact(nx).enumerate() {
            for (p, value) in row.iter().enumerate() {
                canvas.set(left + p, top + ny - 1 - q, color(value.to_f64()));
            }
        }
        canvas.frame([left, top], [nx, ny]);
        self.title(&mut canvas);
        self.axes(&mut canvas);
        self.bar(&mut canvas, range, color);
        canvas
    }

    fn title(&self, canvas: &mut Canvas) {
        let [left, top] = plot_corner();
        let above = top - GAP - Style::LABEL.height();
        let caption = self.caption();
        canvas.text([left, above], &caption, Style::LABEL, INK);
        let title = fitted(&self.look.title, canvas.width - left - GAP);
        let above = above - Style::TITLE.height() - GAP / 2;
        canvas.text([left, above], &title, Style::TITLE, INK);
    }

    fn axes(&self, canvas: &mut Canvas) {
        let [left, top] = plot_corner();
        let [nx, ny] = self.size;
        let low = self.grid.origin;
        let high = [0, 1].map(|axis| low[axis] + self.grid.size[axis]);
        let largest = low
            .iter()
            .chain(&high)
            .fold(0.0, |a: f64, b| a.max(b.abs()));
        let (name, unit) = length_unit(largest);
        let style = Style::LABEL;

        let below = top + ny + LINE;
        for (pixel, label) in placed(low[0] / unit, high[0] / unit, nx, TICK_SPACING[0]) {
            canvas.fill([left + pixel, below], [LINE, TICK], INK);
            let at = (left + pixel).saturating_sub(style.width(&label) / 2);
            canvas.text([at, below + TICK + GAP / 2], &label, style, INK);
        }
        let label = format!("x ({name})");
        let at = left + nx / 2 - style.width(&label) / 2;
        let line = below + TICK + GAP + style.height();
        canvas.text([at, line], &label, style, INK);

        let right = left - LINE - TICK - GAP;
        let mut leftmost = right;
        for (pixel, label) in placed(low[1] / unit, high[1] / unit, ny, TICK_SPACING[1]) {
            let y = top + ny - 1 - pixel;
            canvas.fill([left - LINE - TICK, y], [TICK, LINE], INK);
            let at = right.saturating_sub(style.width(&label));
            leftmost = leftmost.min(at);
            canvas.text([at, y - style.height() / 2], &label, style, INK);
        }
        let label = format!("y ({name})");
        let at = top + ny / 2 + style.width(&label) / 2;
        let line = leftmost.saturating_sub(2 * GAP + style.height());
        canvas.text_upwards([line, at], &label, style, INK);
    }

    fn bar(&self, canvas: &mut Canvas, [low, high]: [f64; 2], color: impl Fn(f64) -> Rgb) {
        let [left, top] = plot_corner();
        let [nx, ny] = self.size;
        let left = left + nx + BAR_GAP;
        #[expect(clippy::cast_precision_loss, reason = "pixels are few")]
        for q in 0..ny {
            let value = low + (high - low) * (q as f64 + 0.5) / ny as f64;
            canvas.fill([left, top + ny - 1 - q], [BAR_WIDTH, 1], color(value));
        }
        canvas.frame([left, top], [BAR_WIDTH, ny]);
        let right = left + BAR_WIDTH + LINE;
        let style = Style::LABEL;
        for (pixel, label) in placed(low, high, ny, TICK_SPACING[1]) {
            let y = top + ny - 1 - pixel;
            canvas.fill([right, y], [TICK, LINE], INK);
            let at = [right + TICK + GAP, y - style.height() / 2];
            canvas.text(at, &label, style, INK);
        }
        canvas.text([left + GAP, top + ny + GAP], "K", style, INK);
    }
}

/// Ticks of an axis that is `length` pixels long: pixels from its low end, and labels.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels are few; the cast saturates at 0"
)]
fn placed(low: f64, high: f64, length: usize, spacing: usize) -> Vec<(usize, String)> {
    let Ticks { at, labels } = ticks(low, high, (length / spacing).max(2));
    let pixel = |value: f64| ((value - low) / (high - low) * (length - 1) as f64).round() as usize;
    at.into_iter().map(pixel).zip(labels).collect()
}

/// A title, shortened to a width in pixels.
fn fitted(title: &str, width: usize) -> String {
    let count = width / Style::TITLE.width("m");
    if title.chars().count() <= count {
        return title.to_string();
    }
    let start: String = title.chars().take(count.saturating_sub(3)).collect();
    start + "..."
}

/// A time with few digits.
fn seconds(time: f64) -> String {
    let plain = format!("{time}");
    let short = format!("{time:.4e}");
    if plain.len() <= short.len() {
        plain
    } else {
        short
    }
}
