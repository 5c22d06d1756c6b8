//! The cells that a picture shows: all of a small grid, some of a large one.

use crate::grid::Grid;

/// The longer side of the plotted field, in pixels: at most and, for small grids, at least.
const LONGEST: f64 = 1600.0;
const SHORTEST: f64 = 800.0;

/// The shorter side is at least this fraction of the longer one, even where the rectangle is not.
const SLIMMEST: f64 = 0.1;

/// Samples of a field at cells evenly spread over the grid, and the pixels that show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lattice {
    /// Of the plotted field, along x and y.
    pub pixels: [usize; 2],
    /// At most as many as cells and as pixels.
    pub samples: [usize; 2],
    cells: [usize; 2],
}

impl Lattice {
    #[must_use]
    pub fn new(grid: &Grid) -> Self {
        let pixels = size_in_pixels(grid);
        Self {
            pixels,
            samples: [0, 1].map(|axis| pixels[axis].min(grid.cells[axis])),
            cells: grid.cells,
        }
    }

    /// The cell that a sample is.
    #[must_use]
    pub fn cell(&self, axis: usize, sample: usize) -> usize {
        (2 * sample + 1) * self.cells[axis] / (2 * self.samples[axis])
    }

    /// The sample that a pixel shows.
    #[must_use]
    pub fn shown(&self, axis: usize, pixel: usize) -> usize {
        (2 * pixel + 1) * self.samples[axis] / (2 * self.pixels[axis])
    }

    /// Where the centres of the sampled cells lie, in pixels from the low end.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    pub fn centers(&self, axis: usize) -> Vec<f64> {
        let width = self.pixels[axis] as f64 / self.cells[axis] as f64;
        let center = |sample| (self.cell(axis, sample) as f64 + 0.5) * width;
        (0..self.samples[axis]).map(center).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(cells: [usize; 2], size: [f64; 2]) -> Lattice {
        Lattice::new(&Grid {
            cells,
            size,
            origin: [0.0, 0.0],
        })
    }

    #[test]
    fn sizes_follow_the_rectangle() {
        let size = |cells, size| lattice(cells, size).pixels;
        assert_eq!(size([100, 50], [1.0, 0.5]), [800, 400]);
        assert_eq!(size([3200, 1600], [1.0, 0.5]), [1600, 800]);
        assert_eq!(size([1000, 1000], [1.0, 1.0]), [1000, 1000]);
        assert_eq!(size([100, 100], [1.0, 0.5]), [800, 400]);
        assert_eq!(size([4000, 1], [1.0, 0.001]), [1600, 160]);
        assert_eq!(size([1, 1], [1.0, 1.0]), [800, 800]);
    }

    #[test]
    fn small_grids_are_shown_whole_and_large_ones_evenly() {
        let small = lattice([3, 2], [3.0, 2.0]);
        assert_eq!(small.samples, [3, 2]);
        let shown: Vec<_> = (0..small.pixels[0]).map(|p| small.shown(0, p)).collect();
        let third = small.pixels[0] / 3;
        assert_eq!(
            shown,
            [vec![0; third], vec![1; third], vec![2; third]].concat()
        );
        assert_eq!([0, 1, 2].map(|s| small.cell(0, s)), [0, 1, 2]);
        let large = lattice([4800, 1], [4800.0, 1.0]);
        assert_eq!((large.pixels[0], large.samples), (1600, [1600, 1]));
        assert_eq!([0, 1, 1599].map(|s| large.cell(0, s)), [1, 4, 4798]);
        assert_eq!(large.centers(0)[1], 1.5);
        assert!((0..1600).all(|pixel| large.shown(0, pixel) == pixel));
    }
}
