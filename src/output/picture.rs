//! `final.png`: the last state as an image, the same bytes from every layout.

mod figure;
mod ticks;

use std::path::{Path, PathBuf};

use super::{
    blocks::{Block, gather_blocks},
    extremes::extremes,
    run_directory::write_whole,
};
use crate::{
    comm::agree,
    domain::Domain,
    error::Error,
    field::Real,
    grid::Grid,
    simulation::{Flow, Moment, Observer, Schedule, View},
};
pub use figure::Colormap;
use figure::Figure;

/// The longer side of the plotted field, in pixels: at most and, for small grids, at least.
const LONGEST: f64 = 1600.0;
const SHORTEST: f64 = 800.0;

/// The shorter side is at least this fraction of the longer one, even where the rectangle is not.
const SLIMMEST: f64 = 0.1;

/// How the picture looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    pub title: String,
    pub colormap: Colormap,
    /// Temperatures in K at the ends of the colour bar; the field's own extremes where absent.
    pub range: Option<[f64; 2]>,
}

/// Draws the field at the end of the run.
pub struct Picture {
    schedule: Schedule,
    path: PathBuf,
    look: Look,
}

impl Picture {
    /// Will write the image `path`.
    #[must_use]
    pub fn new(path: &Path, look: Look) -> Self {
        Self {
            schedule: Schedule::with_ends(None),
            path: path.to_path_buf(),
            look,
        }
    }
}

impl<T: Real> Observer<T> for Picture {
    fn name(&self) -> &'static str {
        "picture"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        if view.moment != Moment::End {
            return Ok(Flow::Continue);
        }
        let range = self.look.range.unwrap_or_else(|| extremes(view));
        let written = match sample(view) {
            Some((size, values)) => {
                let figure = Figure {
                    look: &self.look,
                    grid: &view.domain.grid,
                    time: view.clock.time(),
                    range,
                    size,
                    values: &values,
                };
                figure
                    .png()
                    .and_then(|bytes| write_whole(&self.path, &bytes))
            }
            None => Ok(()),
        };
        agree(view.comm, written)?;
        Ok(Flow::Continue)
    }
}

/// The size of the plotted field in pixels: true to the rectangle unless that is very slim, and
/// with whole pixels per cell where the grid is small.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of images are small positive numbers"
)]
fn size_in_pixels(grid: &Grid) -> [usize; 2] {
    let spacing = grid.spacing();
    let finest = spacing[0].min(spacing[1]);
    let natural = grid.size.map(|size| size / finest);
    let longest = natural[0].max(natural[1]);
    let scale = if longest > LONGEST {
        LONGEST / longest
    } else {
        (SHORTEST / longest).ceil().max(1.0)
    };
    natural.map(|pixels| (pixels.max(SLIMMEST * longest) * scale).round() as usize)
}

/// The value of every pixel, the lowest row first, on rank 0. Collective.
fn sample<T: Real>(view: &View<'_, T>) -> Option<([usize; 2], Vec<T>)> {
    let domain = view.domain;
    let size = size_in_pixels(&domain.grid);
    let cell =
        |axis: usize, pixel: usize| (2 * pixel + 1) * domain.grid.cells[axis] / (2 * size[axis]);
    // The pixels whose cells belong to a rank.
    let part = |domain: &Domain| {
        let pixels = [0, 1].map(|axis| {
            let first = |cells: usize| {
                let mut pixels = 0..size[axis];
                pixels
                    .position(|pixel| cell(axis, pixel) >= cells)
                    .unwrap_or(size[axis])
            };
            let start = first(domain.start[axis]);
            start..first(domain.start[axis] + domain.cells[axis])
        });
        Block {
            start: [pixels[0].start, pixels[1].start],
            cells: [pixels[0].len(), pixels[1].len()],
        }
    };
    let Block { start, cells } = part(domain);
    let own: Vec<T> = (start[1]..start[1] + cells[1])
        .flat_map(|q| {
            let row = view.u.own_row(cell(1, q) - domain.start[1]);
            (start[0]..start[0] + cells[0]).map(move |p| row[cell(0, p) - domain.start[0]])
        })
        .collect();
    let part_of = |rank| part(&domain.of_rank(rank));
    Some((size, gather_blocks(view.comm, size, part_of, &own)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{LAYOUTS, Run, grid, temperature};

    fn picture(ranks: [usize; 2], grid: Grid) -> Vec<u8> {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("final.png");
        let look = Look {
            title: "A title".to_string(),
            colormap: Colormap::Inferno,
            range: None,
        };
        Run::new(grid, ranks).each(|rank| {
            let picture = Picture::new(&path, look.clone());
            rank.simulate(vec![Box::new(picture)]).unwrap();
        });
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn the_bytes_are_the_same_from_every_layout() {
        let large = Grid {
            cells: [2000, 7],
            ..grid()
        };
        for grid in [grid(), large] {
            let expected = picture([1, 1], grid);
            for ranks in LAYOUTS {
                assert!(picture(ranks, grid) == expected, "{ranks:?} differ");
            }
        }
    }

    #[test]
    fn pixels_show_the_nearest_cell_with_y_up() {
        let bytes = picture([2, 2], grid());
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let mut reader = decoder.read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        let width = usize::try_from(info.width).unwrap();
        let ([left, top], size) = (figure::plot_corner(), size_in_pixels(&grid()));
        let at = |i: usize, j: usize| {
            let x = left + (2 * i + 1) * size[0] / 26;
            let y = top + size[1] - 1 - (2 * j + 1) * size[1] / 22;
            let at = 3 * (y * width + x);
            [rgb[at], rgb[at + 1], rgb[at + 2]]
        };
        let values: Vec<f64> = (0..143).map(|k| temperature(k % 13, k / 13, 10)).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let palette = figure::palette(Colormap::Inferno, [low, high]);
        for (k, &value) in values.iter().enumerate() {
            assert_eq!(at(k % 13, k / 13), palette(value), "cell {k}");
        }
    }

    #[test]
    fn sizes_follow_the_rectangle() {
        let size = |cells, size| {
            size_in_pixels(&Grid {
                cells,
                size,
                origin: [0.0, 0.0],
            })
        };
        assert_eq!(size([100, 50], [1.0, 0.5]), [800, 400]);
        assert_eq!(size([3200, 1600], [1.0, 0.5]), [1600, 800]);
        assert_eq!(size([1000, 1000], [1.0, 1.0]), [1000, 1000]);
        assert_eq!(size([100, 100], [1.0, 0.5]), [800, 400]);
        assert_eq!(size([4000, 1], [1.0, 0.001]), [1600, 160]);
        assert_eq!(size([1, 1], [1.0, 1.0]), [800, 800]);
    }
}
