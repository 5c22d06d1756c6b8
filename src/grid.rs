//! The uniform grid of cells over the whole rectangle.

use std::ops::Range;

/// A uniform grid: `cells[0] * cells[1]` equal cells over a rectangle, lengths in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    pub cells: [usize; 2],
    pub size: [f64; 2],
    pub origin: [f64; 2],
}

impl Grid {
    /// Cell widths `[dx, dy]` in metres.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    pub fn spacing(&self) -> [f64; 2] {
        [
            self.size[0] / self.cells[0] as f64,
            self.size[1] / self.cells[1] as f64,
        ]
    }

    /// Area of a cell in square metres: its volume per metre of depth.
    #[must_use]
    pub fn cell_area(&self) -> f64 {
        let [dx, dy] = self.spacing();
        dx * dy
    }

    /// Centre of cell `(i, j)`, which may lie outside the rectangle (a ghost cell).
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "cell indices are far below 2^53"
    )]
    pub fn center(&self, i: isize, j: isize) -> [f64; 2] {
        let [dx, dy] = self.spacing();
        [
            self.origin[0] + (i as f64 + 0.5) * dx,
            self.origin[1] + (j as f64 + 0.5) * dy,
        ]
    }

    /// The cell along an axis that stands for one that may lie beyond the grid: the one a period
    /// away, or without a period the last one.
    #[must_use]
    pub fn shown(&self, axis: usize, index: isize, periodic: bool) -> isize {
        let count = self.cells[axis].cast_signed();
        if periodic {
            index.rem_euclid(count)
        } else {
            index.clamp(0, count - 1)
        }
    }

    /// The cells along x and along y whose centres lie in a rectangle in metres, low sides included,
    /// high sides not.
    #[must_use]
    pub fn cells_within(&self, min: [f64; 2], max: [f64; 2]) -> [Range<usize>; 2] {
        [0, 1].map(|axis| self.first_from(axis, min[axis])..self.first_from(axis, max[axis]))
    }

    /// The first cell along an axis whose centre is not below `low`, by bisection; their number if
    /// there is none.
    fn first_from(&self, axis: usize, low: f64) -> usize {
        let (mut start, mut end) = (0, self.cells[axis]);
        while start < end {
            let middle = usize::midpoint(start, end);
            let index = middle.cast_signed();
            if self.center(index, index)[axis] < low {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        start
    }

    /// Number of cells of the whole grid.
    #[must_use]
    pub fn cell_count(&self) -> usize {
        self.cells[0] * self.cells[1]
    }
}

/// A side of the rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Low x.
    Left,
    /// High x.
    Right,
    /// Low y.
    Bottom,
    /// High y.
    Top,
}

impl Side {
    /// All sides, in the order in which arrays over sides are laid out.
    pub const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Bottom, Self::Top];

    /// The axis normal to the side: 0 for x, 1 for y.
    #[must_use]
    pub fn axis(self) -> usize {
        match self {
            Self::Left | Self::Right => 0,
            Self::Bottom | Self::Top => 1,
        }
    }

    /// Whether the side lies at the high end of its axis.
    #[must_use]
    pub fn is_high(self) -> bool {
        matches!(self, Self::Right | Self::Top)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Bottom => "bottom",
            Self::Top => "top",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cells_within_a_rectangle_are_those_whose_centres_are(
            cells in [1..40usize, 1..40usize],
            [x, y] in [-1.5..1.5f64, -1.5..1.5f64],
            [width, height] in [0.0..2.0f64, 0.0..2.0f64],
        ) {
            let grid = Grid { cells, size: [1.0, 2.0], origin: [-0.3, -1.0] };
            let (min, max) = ([x, y], [x + width, y + height]);
            let within = grid.cells_within(min, max);
            for axis in 0..2 {
                for index in 0..cells[axis] {
                    let place = grid.center(index.cast_signed(), index.cast_signed())[axis];
                    let inside = min[axis] <= place && place < max[axis];
                    prop_assert_eq!(within[axis].contains(&index), inside);
                }
            }
        }
    }

    #[test]
    fn a_centre_on_a_low_side_is_within_and_one_on_a_high_side_is_not() {
        let grid = Grid {
            cells: [8, 4],
            size: [0.3, 0.7],
            origin: [0.1, 0.2],
        };
        let within = grid.cells_within(grid.center(2, 1), grid.center(5, 1));
        assert_eq!(within, [2..5, 1..1]);
        assert_eq!(grid.cells_within([0.0; 2], [1.0; 2]), [0..8, 0..4]);
    }
}
