//! Curves and points in panels side by side with one legend.

mod axis;

use std::path::Path;

use self::axis::{Axis, pixels};
use super::{
    canvas::{Canvas, INK, LINE, Rgb, Style, encode},
    run_directory::write_whole,
};
use crate::error::Error;

pub use axis::Scale;

const GREY: Rgb = [225, 225, 228];

/// Pixels of a panel's plot, around each of them (left, top, right, bottom), and of the legend.
const PLOT: [usize; 2] = [620, 620];
const MARGIN: [usize; 4] = [100, 112, 20, 84];
const LEGEND: usize = 390;
const LEGEND_LINE: usize = 30;
/// As many as find room beside a plot.
const LEGEND_LINES: usize = PLOT[1] / LEGEND_LINE;
const TICK: usize = 8;
const GAP: usize = 8;
/// Of curves, of dashes and of marks.
const WIDTH: f64 = 3.0;
const DASH: f64 = 12.0;
const MARK: f64 = 15.0;
/// Width of a bar, over the distance between two.
const BAR: f64 = 0.6;

/// What is drawn.
pub struct Chart {
    pub title: String,
    /// What stands along x and along y, with units.
    pub axes: [String; 2],
    /// Along x and along y.
    pub scales: [Scale; 2],
    /// Of which the first gives the legend: all have the same series over other numbers.
    pub panels: Vec<Panel>,
}

/// One plot of several, all over the same ranges.
pub struct Panel {
    pub title: String,
    pub series: Vec<Series>,
}

/// What belongs together and has one entry in the legend.
pub struct Series {
    /// Empty where it has no entry of its own.
    pub label: String,
    pub color: [u8; 3],
    pub mark: Mark,
    /// x and y; positive on logarithmic axes.
    pub points: Vec<[f64; 2]>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Line,
    Dashes,
    Square,
    Disc,
    /// From the lower end of y, beside named places of x; of series that stand on each other, the
    /// highest comes first.
    Bar,
}

impl Chart {
    /// Writes the chart as a PNG file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let [x, y] = &self.axes;
        let words = format!("{y} over {x}");
        let bytes = encode([Ok(self.draw())], [&self.title, &words], None)?;
        write_whole(path, &bytes)
    }

    fn draw(&self) -> Canvas {
        let [left, top, right, bottom] = MARGIN;
        let pitch = left + PLOT[0] + right;
        let mut canvas = Canvas::new(pitch * self.panels.len() + LEGEND, top + PLOT[1] + bottom);
        canvas.text([left, 2 * GAP], &self.title, Style::TITLE, INK);
        let axes = [0, 1].map(|axis| self.axis(axis));
        for (k, panel) in self.panels.iter().enumerate() {
            let corner = [k * pitch + left, top];
            let above = top - GAP - Style::LABEL.height();
            canvas.text([corner[0], above], &panel.title, Style::LABEL, INK);
            self.draw_axes(&mut canvas, corner, &axes);
            for series in &panel.series {
                let points = series.points.iter().map(|point| {
                    let [x, y] = [0, 1].map(|axis| axes[axis].pixel(point[axis]));
                    [pixels(corner[0]) + x, pixels(top + PLOT[1] - 1) - y]
                });
                let points: Vec<_> = points.collect();
                if series.mark == Mark::Bar {
                    let width = BAR * (axes[0].pixel(1.0) - axes[0].pixel(0.0));
                    draw_bars(
                        &mut canvas,
                        series.color,
                        &points,
                        width,
                        corner[1] + PLOT[1],
                    );
                } else {
                    draw_series(&mut canvas, series, &points);
                }
            }
            canvas.frame(corner, PLOT);
        }
        self.draw_legend(&mut canvas, [pitch * self.panels.len() + 2 * GAP, top]);
        canvas
    }

    /// An axis around all numbers of all panels.
    fn axis(&self, axis: usize) -> Axis {
        let all = self.panels.iter().flat_map(|panel| &panel.series);
        let numbers = all.flat_map(|series| &series.points).map(|p| p[axis]);
        let none = [f64::INFINITY, f64::NEG_INFINITY];
        let range = numbers.fold(none, |[low, high], number| {
            [number.min(low), number.max(high)]
        });
        Axis::around(&self.scales[axis], range, PLOT[axis])
    }

    fn draw_axes(&self, canvas: &mut Canvas, [left, top]: [usize; 2], axes: &[Axis; 2]) {
        let [nx, ny] = PLOT;
        let style = Style::LABEL;
        let below = top + ny + LINE;
        for (pixel, label) in axes[0].ticks() {
            let x = left + pixel;
            canvas.fill([x, top], [1, ny], GREY);
            canvas.fill([x, below], [LINE, TICK], INK);
            let at = [x - style.width(&label) / 2, below + TICK + GAP / 2];
            canvas.text(at, &label, style, INK);
        }
        for (pixel, label) in axes[1].ticks() {
            let y = top + ny - 1 - pixel;
            canvas.fill([left, y], [nx, 1], GREY);
            canvas.fill([left - LINE - TICK, y], [TICK, LINE], INK);
            let right = left - LINE - TICK - GAP;
            let at = [right - style.width(&label), y - style.height() / 2];
            canvas.text(at, &label, style, INK);
        }
        let [x, y] = &self.axes;
        let line = below + TICK + 2 * GAP + style.height();
        let at = (left + nx / 2).saturating_sub(style.width(x) / 2);
        canvas.text([at, line], x, style, INK);
        let at = [
            left - MARGIN[0] + GAP / 2,
            top + ny / 2 + style.width(y) / 2,
        ];
        canvas.text_upwards(at, y, style, INK);
    }

    fn draw_legend(&self, canvas: &mut Canvas, [left, top]: [usize; 2]) {
        let style = Style::LABEL;
        let series = self.panels.first().map_or(&[][..], |panel| &panel.series);
        let labelled = series.iter().filter(|series| !series.label.is_empty());
        let series: Vec<_> = labelled.collect();
        let shown = if series.len() > LEGEND_LINES {
            let rest = format!("and {} more", series.len() - (LEGEND_LINES - 1));
            let y = top + (LEGEND_LINES - 1) * LEGEND_LINE;
            canvas.text([left, y], &rest, style, INK);
            &series[..LEGEND_LINES - 1]
        } else {
            &series[..]
        };
        for (k, series) in shown.iter().enumerate() {
            let y = top + k * LEGEND_LINE;
            let middle = pixels(y + style.height() / 2);
            let [start, end] = [pixels(left), pixels(left + 44)];
            let points = match series.mark {
                Mark::Line | Mark::Dashes => vec![[start, middle], [end, middle]],
                Mark::Square | Mark::Disc | Mark::Bar => vec![[0.5 * (start + end), middle]],
            };
            draw_series(canvas, series, &points);
            canvas.text([left + 44 + 2 * GAP, y], &series.label, style, INK);
        }
    }
}

/// Draws a series through or at points in pixels of the image.
fn draw_series(canvas: &mut Canvas, series: &Series, points: &[[f64; 2]]) {
    let color = series.color;
    match series.mark {
        Mark::Line => {
            for ends in points.windows(2) {
                canvas.line(ends[0], ends[1], WIDTH, color);
            }
        }
        Mark::Dashes => {
            for [from, to] in dashes(points) {
                canvas.line(from, to, WIDTH, color);
            }
        }
        Mark::Disc => {
            for &at in points {
                canvas.line(at, at, MARK, color);
            }
        }
        Mark::Square | Mark::Bar => {
            let half = MARK / 2.0 - 1.0;
            for &[x, y] in points {
                // Lines have round ends: a thin one after the other fills the corners.
                let mut line = -half;
                while line <= half {
                    let [from, to] = [[x - half, y + line], [x + half, y + line]];
                    canvas.line(from, to, 1.5, color);
                    line += 1.0;
                }
            }
        }
    }
}

/// Draws bars from points in pixels of the image down to a row.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels are few and inside the image"
)]
fn draw_bars(canvas: &mut Canvas, color: Rgb, points: &[[f64; 2]], width: f64, bottom: usize) {
    for [x, y] in points {
        let [left, top] = [x - 0.5 * width, *y].map(|pixel| pixel.round() as usize);
        let height = bottom.saturating_sub(top);
        canvas.fill([left, top], [width.round() as usize, height], color);
    }
}

/// A line through points cut into dashes, which go on around its corners.
fn dashes(points: &[[f64; 2]]) -> Vec<[[f64; 2]; 2]> {
    let mut dashes = Vec::new();
    // How far the line is into a dash and the gap behind it.
    let mut into = 0.0;
    for ends in points.windows(2) {
        let [from, to] = [ends[0], ends[1]];
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let at = |distance: f64| {
            let part = (distance / length).clamp(0.0, 1.0);
            [0, 1].map(|axis| from[axis] + part * (to[axis] - from[axis]))
        };
        let mut start = -into;
        while start < length {
            if start + DASH > 0.0 {
                dashes.push([at(start), at(start + DASH)]);
            }
            start += 2.0 * DASH;
        }
        into = length - (start - 2.0 * DASH);
    }
    dashes
}

#[cfg(test)]
mod tests;
