//! Values on the cells of a subdomain, with ghost cells around them.

mod sum;
mod team;

pub use sum::{ReproducibleSum, reproducible_sum};
pub use team::Team;

/// A floating-point type that fields are made of.
pub trait Real:
    bytemuck::Pod
    + PartialOrd
    + Send
    + Sync
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::AddAssign
{
    const ZERO: Self;
    /// As users name it: `f64` or `f32`.
    const NAME: &'static str;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn is_finite(self) -> bool;
}

macro_rules! real {
    ($type:ty, $name:literal) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const NAME: &'static str = $name;

            #[inline]
            #[allow(
                clippy::unnecessary_cast,
                clippy::cast_possible_truncation,
                reason = "one text for both types; f32 is rounded to"
            )]
            fn from_f64(value: f64) -> Self {
                value as $type
            }

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
        }
    };
}

real!(f64, "f64");
real!(f32, "f32");

/// Values on `cells[0] x cells[1]` cells and `ghosts` rings around them, row by row (y outer).
///
/// Cell `(0, 0)` is the subdomain's first own cell; ghosts have negative indices or
/// indices from `cells` on.
#[derive(Debug, Clone)]
pub struct Field<T> {
    values: Vec<T>,
    cells: [usize; 2],
    ghosts: usize,
}

impl<T: Real> Field<T> {
    /// A field of zeros. Each of the team's threads touches its own rows first, so that on a
    /// machine with several memory nodes they lie next to the thread that will compute them.
    #[must_use]
    pub fn new(team: &Team, cells: [usize; 2], ghosts: usize) -> Self {
        let mut field = Self {
            values: bytemuck::zeroed_vec((cells[0] + 2 * ghosts) * (cells[1] + 2 * ghosts)),
            cells,
            ghosts,
        };
        let rows = -field.signed_ghosts()..signed(cells[1] + ghosts);
        team.for_rows(&mut field, rows, |_, row| row.fill(T::ZERO));
        field
    }

    #[must_use]
    pub fn cells(&self) -> [usize; 2] {
        self.cells
    }

    #[must_use]
    pub fn ghosts(&self) -> usize {
        self.ghosts
    }

    /// Length of a row with its ghosts.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.cells[0] + 2 * self.ghosts
    }

    fn signed_ghosts(&self) -> isize {
        signed(self.ghosts)
    }

    /// Where in a row with ghosts column `i` stands.
    #[must_use]
    pub fn column(&self, i: isize) -> usize {
        (i + self.signed_ghosts()).cast_unsigned()
    }

    fn start(&self, j: isize) -> usize {
        (j + self.signed_ghosts()).cast_unsigned() * self.stride()
    }

    /// Row `j` with its ghosts; column `i` stands at `self.column(i)`.
    #[must_use]
    pub fn row(&self, j: isize) -> &[T] {
        &self.values[self.start(j)..][..self.stride()]
    }

    pub fn row_mut(&mut self, j: isize) -> &mut [T] {
        let (start, stride) = (self.start(j), self.stride());
        &mut self.values[start..][..stride]
    }

    /// The own cells of row `j`.
    #[must_use]
    pub fn own_row(&self, j: usize) -> &[T] {
        &self.row(signed(j))[self.ghosts..][..self.cells[0]]
    }

    pub fn own_row_mut(&mut self, j: usize) -> &mut [T] {
        let (ghosts, nx) = (self.ghosts, self.cells[0]);
        &mut self.row_mut(signed(j))[ghosts..][..nx]
    }

    #[must_use]
    pub fn get(&self, i: isize, j: isize) -> T {
        self.values[self.start(j) + self.column(i)]
    }

    pub fn set(&mut self, i: isize, j: isize, value: T) {
        let at = self.start(j) + self.column(i);
        self.values[at] = value;
    }

    /// The own cells as one block without ghosts, row by row.
    #[must_use]
    pub fn own_values(&self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.cells[0] * self.cells[1]);
        for j in 0..self.cells[1] {
            values.extend_from_slice(self.own_row(j));
        }
        values
    }
}

/// An index or count as a signed number; memory holds fewer than `isize::MAX` elements.
#[must_use]
pub fn signed(index: usize) -> isize {
    index.cast_signed()
}
