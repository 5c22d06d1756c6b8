//! A field with axes, a title and a colour bar.

use colorgrad::Gradient;

use super::{Lattice, Look, Outlines, Shot, contours::contour};
use crate::{
    grid::Grid,
    output::{
        canvas::{Canvas, INK, LINE, Rgb, Style},
        short,
        ticks::{Ticks, length_unit, ticks},
    },
};

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

/// How strong outlines are, of 255.
const OUTLINE: u8 = 110;

/// Width of contour lines in pixels.
const CONTOUR: f64 = 1.5;

/// What is drawn besides the field.
pub struct Figure<'a> {
    look: &'a Look,
    grid: &'a Grid,
    lattice: Lattice,
    /// In K, at the ends of the colour bar.
    range: [f64; 2],
    /// Temperatures of the contour lines in K.
    levels: Vec<f64>,
    outlines: Option<&'a Outlines>,
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
    clap::ValueEnum,
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

impl<'a> Figure<'a> {
    pub fn new(
        look: &'a Look,
        grid: &'a Grid,
        range: [f64; 2],
        outlines: Option<&'a Outlines>,
    ) -> Self {
        let range = with_length(range);
        Self {
            look,
            grid,
            lattice: Lattice::new(grid),
            range,
            levels: look
                .contours
                .map_or_else(Vec::new, |count| levels(range, count)),
            outlines,
        }
    }

    /// The picture of a state.
    pub fn draw(&self, shot: &Shot) -> Canvas {
        let [left, top] = plot_corner();
        let [nx, ny] = self.lattice.pixels;
        let mut canvas = Canvas::new(left + nx + MARGIN[2], top + ny + MARGIN[3]);
        let color = palette(self.look.colormap, self.range);
        let columns: Vec<usize> = (0..nx).map(|p| self.lattice.shown(0, p)).collect();
        for q in 0..ny {
            let row = &shot.values[self.lattice.shown(1, q) * self.lattice.samples[0]..];
            for (p, column) in columns.iter().enumerate() {
                canvas.set(left + p, top + ny - 1 - q, color(row[*column]));
            }
        }
        self.outline(&mut canvas);
        self.contours(&mut canvas, &shot.values, &color);
        canvas.frame([left, top], [nx, ny]);
        self.title(&mut canvas, shot.time);
        self.axes(&mut canvas);
        self.bar(&mut canvas, color);
        canvas
    }

    fn outline(&self, canvas: &mut Canvas) {
        let Some(outlines) = self.outlines else {
            return;
        };
        let [left, top] = plot_corner();
        let [nx, ny] = self.lattice.pixels;
        let sample =
            |p, q| self.lattice.shown(1, q) * self.lattice.samples[0] + self.lattice.shown(0, p);
        for q in 0..ny {
            for p in 0..nx {
                let here = sample(p, q);
                // A pixel looks to the left and down, so that a line is one pixel wide.
                let meets = (p > 0 && outlines.between(here, sample(p - 1, q)))
                    || (q > 0 && outlines.between(here, sample(p, q - 1)));
                if meets {
                    let [x, y] = [left + p, top + ny - 1 - q];
                    canvas.ink(x, y, on_top_of(canvas.get(x, y)), OUTLINE);
                }
            }
        }
    }

    fn contours(&self, canvas: &mut Canvas, values: &[f64], color: impl Fn(f64) -> Rgb) {
        if self.levels.is_empty() {
            return;
        }
        let [left, top] = plot_corner().map(pixels);
        let height = pixels(self.lattice.pixels[1]);
        let nodes = [0, 1].map(|axis| self.lattice.centers(axis));
        let (nodes, values) = up_to_walls(nodes, values, self.lattice.pixels);
        for &level in &self.levels {
            let ink = on_top_of(color(level));
            for piece in contour([&nodes[0], &nodes[1]], &values, level) {
                // Centres of pixels are half a pixel off their numbers.
                let [from, to] = piece.map(|[x, y]| [left + x - 0.5, top + height - y - 0.5]);
                canvas.line(from, to, CONTOUR, ink);
            }
        }
    }

    fn title(&self, canvas: &mut Canvas, time: f64) {
        let [left, top] = plot_corner();
        let above = top - GAP - Style::LABEL.height();
        let caption = format!("temperature in K at t = {} s", short(time));
        canvas.text([left, above], &caption, Style::LABEL, INK);
        let title = fitted(&self.look.title, canvas.width - left - GAP);
        let above = above - Style::TITLE.height() - GAP / 2;
        canvas.text([left, above], &title, Style::TITLE, INK);
    }

    fn axes(&self, canvas: &mut Canvas) {
        let [left, top] = plot_corner();
        let [nx, ny] = self.lattice.pixels;
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

    fn bar(&self, canvas: &mut Canvas, color: impl Fn(f64) -> Rgb) {
        let [low, high] = self.range;
        let [left, top] = plot_corner();
        let [nx, ny] = self.lattice.pixels;
        let left = left + nx + BAR_GAP;
        for q in 0..ny {
            let value = low + (high - low) * (pixels(q) + 0.5) / pixels(ny);
            canvas.fill([left, top + ny - 1 - q], [BAR_WIDTH, 1], color(value));
        }
        for &level in &self.levels {
            let y = pixels(top) + pixels(ny) * (high - level) / (high - low) - 0.5;
            let [from, to] = [left, left + BAR_WIDTH - 1].map(|x| [pixels(x), y]);
            canvas.line(from, to, CONTOUR, on_top_of(color(level)));
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

/// A range that has a length even if the field is constant, or nowhere a number.
fn with_length([low, high]: [f64; 2]) -> [f64; 2] {
    if low < high {
        return [low, high];
    }
    let middle = if low.is_finite() { low } else { 0.0 };
    let half = 0.5f64.max(1e-6 * middle.abs());
    [middle - half, middle + half]
}

/// About `count` round numbers within a range.
fn levels([low, high]: [f64; 2], count: usize) -> Vec<f64> {
    let mut levels = ticks(low, high, count).at;
    levels.retain(|level| low < *level && *level < high);
    levels
}

/// Nodes and values with the outermost ones repeated at the walls, as probes see them.
fn up_to_walls(
    nodes: [Vec<f64>; 2],
    values: &[f64],
    size: [usize; 2],
) -> ([Vec<f64>; 2], Vec<f64>) {
    let nx = nodes[0].len();
    let last = nodes[1].len() - 1;
    let rows = std::iter::once(0).chain(0..=last).chain([last]);
    let values = rows
        .flat_map(|j| {
            let row = &values[j * nx..][..nx];
            let [first, last] = [row[0], row[nx - 1]];
            [first].into_iter().chain(row.iter().copied()).chain([last])
        })
        .collect();
    let [x, y] = nodes;
    let up_to = |nodes, end| [vec![0.0], nodes, vec![pixels(end)]].concat();
    ([up_to(x, size[0]), up_to(y, size[1])], values)
}

/// Black or white, whichever shows on a colour.
fn on_top_of([red, green, blue]: Rgb) -> Rgb {
    let luminance = 2 * u32::from(red) + 5 * u32::from(green) + u32::from(blue);
    if luminance > 8 * 128 {
        [0; 3]
    } else {
        [255; 3]
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixels are few")]
fn pixels(count: usize) -> f64 {
    count as f64
}
