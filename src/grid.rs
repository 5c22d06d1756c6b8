//! The uniform grid of cells over the whole rectangle.

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
