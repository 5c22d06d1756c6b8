//! A medium on the cells of a grid: its properties at cell centres.

use std::ops::{Range, RangeInclusive};

use super::{Initial, Medium, MovingSource, Region, Shape, Value};
use crate::{
    error::{Error, Kind},
    grid::Grid,
};

/// A block of cells by their global indices `[along x, along y]`, which may reach beyond the
/// grid on any side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub start: [isize; 2],
    pub cells: [usize; 2],
}

impl Window {
    /// Where a row lies in an array over the window, which is row-major with y outermost.
    #[must_use]
    pub fn row(&self, row: usize) -> Range<usize> {
        row * self.cells[0]..(row + 1) * self.cells[0]
    }

    fn cell_count(&self) -> usize {
        self.cells[0] * self.cells[1]
    }
}

/// Paints the properties of a medium on windows of a grid, whose regions cover what is
/// below them.
///
/// A cell has the value at its centre. Beyond the grid, a periodic axis goes on at its other
/// end, and any other repeats its outermost cell, so that a wall has the properties of the
/// cell at it.
#[derive(Debug, Clone, Copy)]
pub struct Painter<'a> {
    pub medium: &'a Medium,
    pub grid: Grid,
    /// Along x, along y.
    pub periodic: [bool; 2],
}

impl<'a> Painter<'a> {
    /// Conductivity in W/(m K) along x (`axis` 0) or y (`axis` 1).
    #[must_use]
    pub fn conductivity(&self, axis: usize, window: Window) -> Coat<'a> {
        Coat {
            property: ["conductivity along x", "conductivity along y"][axis],
            must_be: MustBe::Positive,
            base: Base::Value(&self.medium.conductivity.0[axis]),
            patches: self.patches(|region| Some(&region.conductivity.as_ref()?.0[axis])),
            painter: *self,
            window,
        }
    }

    /// Volumetric heat capacity in J/(m^3 K).
    #[must_use]
    pub fn heat_capacity(&self, window: Window) -> Coat<'a> {
        Coat {
            property: "heat capacity",
            must_be: MustBe::Positive,
            base: Base::Value(&self.medium.heat_capacity),
            patches: self.patches(|region| region.heat_capacity.as_ref()),
            painter: *self,
            window,
        }
    }

    /// Heat source in W/m^3 as far as it is constant in time; zero where it is not.
    #[must_use]
    pub fn fixed_source(&self, window: Window) -> Coat<'a> {
        static NONE: Value = Value::Constant(0.0);
        Coat {
            property: "source",
            must_be: MustBe::FiniteAndFixed,
            base: Base::Value(self.medium.source.as_ref().unwrap_or(&NONE)),
            patches: self.patches(|region| region.source.as_ref()),
            painter: *self,
            window,
        }
    }

    /// The part of the heat source that changes with time; `None` for a medium without one,
    /// whatever the window.
    #[must_use]
    pub fn moving_source(&self, window: Window) -> Option<MovingSource> {
        let source = self.fixed_source(window);
        source
            .values()
            .any(Value::uses_time)
            .then(|| MovingSource::new(&source))
    }

    /// Initial temperature in K. For [`Initial::File`], `read` holds what the file says for
    /// the window, row-major with y outermost.
    ///
    /// # Errors
    /// An internal error if `read` is missing for a file or does not fit the window.
    pub fn initial_temperature(
        &self,
        initial: &'a Initial,
        read: Option<&'a [f64]>,
        window: Window,
    ) -> Result<Coat<'a>, Error> {
        let base = match (initial, read) {
            (Initial::Value(value), _) => Base::Value(value),
            (Initial::File { .. }, Some(read)) if read.len() == window.cell_count() => {
                Base::Cells(read)
            }
            (Initial::File { file, .. }, _) => {
                let message = format!("the initial state of {} was not read", file.display());
                return Err(Error::new(Kind::Internal, message));
            }
        };
        Ok(Coat {
            property: "initial temperature",
            must_be: MustBe::Finite,
            base,
            patches: self.patches(|region| region.temperature.as_ref()),
            painter: *self,
            window,
        })
    }

    /// Whether a region, by its place in the medium, covers the centre of any cell in a row of
    /// the window. Regions over it do not matter.
    #[must_use]
    pub fn covers(&self, region: usize, window: Window, row: usize) -> bool {
        let (y, mut cells) = self.row(window, row);
        Slice::at(y, &self.medium.regions[region].shape)
            .is_some_and(|slice| cells.any(|cell| slice.contains(cell.center)))
    }

    /// Centre of the cell of the grid that a cell, which may lie beyond the grid, shows.
    #[must_use]
    pub fn center(&self, cell: [isize; 2]) -> [f64; 2] {
        self.grid
            .center(self.shown(0, cell[0]), self.shown(1, cell[1]))
    }

    fn patches(&self, of: impl Fn(&'a Region) -> Option<&'a Value>) -> Vec<Patch<'a>> {
        let patch = |region| Some((region, of(region)?));
        let patches = self.medium.regions.iter().filter_map(patch);
        patches
            .map(|(region, value)| Patch { region, value })
            .collect()
    }

    /// Where along y a row of a window lies, and the cells of the grid that it shows.
    fn row(self, window: Window, row: usize) -> (f64, impl Iterator<Item = Cell>) {
        let [first, j] = window.start;
        let j = self.shown(1, j + row.cast_signed());
        let cells = (0..window.cells[0]).map(move |column| {
            let i = self.shown(0, first + column.cast_signed());
            Cell {
                index: [i, j],
                center: self.grid.center(i, j),
            }
        });
        (self.grid.center(0, j)[1], cells)
    }

    /// The cell of the grid that a cell of a window shows.
    fn shown(&self, axis: usize, index: isize) -> isize {
        self.grid.shown(axis, index, self.periodic[axis])
    }
}

/// What lies below all regions.
#[derive(Debug, Clone, Copy)]
enum Base<'a> {
    Value(&'a Value),
    /// One number for each cell of the window.
    Cells(&'a [f64]),
}

/// A region that sets the property.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patch<'a> {
    region: &'a Region,
    pub(super) value: &'a Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MustBe {
    Positive,
    Finite,
    /// Finite, and zero where the value depends on time.
    FiniteAndFixed,
}

/// A shape along a row of cells.
#[derive(Debug, Clone)]
struct Slice<'a> {
    shape: &'a Shape,
    /// No point beyond lies in the shape.
    x: RangeInclusive<f64>,
}

impl<'a> Slice<'a> {
    /// The shape at a height, unless it lies above or below.
    fn at(y: f64, shape: &'a Shape) -> Option<Self> {
        const PLANE: [[f64; 2]; 2] = [[f64::NEG_INFINITY; 2], [f64::INFINITY; 2]];
        let [min, max] = shape.bounds().unwrap_or(PLANE);
        (min[1] <= y && y <= max[1]).then(|| Self {
            shape,
            x: min[0]..=max[0],
        })
    }

    fn contains(&self, point: [f64; 2]) -> bool {
        self.x.contains(&point[0]) && self.shape.contains(point)
    }
}

/// A cell of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    /// Of the grid, not of the window.
    index: [isize; 2],
    pub(super) center: [f64; 2],
}

/// One property of a medium over a window, ready to be painted row by row from any number
/// of threads.
#[derive(Debug, Clone)]
pub struct Coat<'a> {
    property: &'static str,
    must_be: MustBe,
    base: Base<'a>,
    /// Later ones win.
    patches: Vec<Patch<'a>>,
    painter: Painter<'a>,
    window: Window,
}

impl<'a> Coat<'a> {
    /// The value, where the medium says that it is the same everywhere. The window has no
    /// say in it, so that every rank decides alike.
    ///
    /// # Errors
    /// As [`Self::paint_row`].
    pub fn uniform(&self) -> Result<Option<f64>, Error> {
        let Base::Value(base) = self.base else {
            return Ok(None);
        };
        let Some(value) = self.constant(base) else {
            return Ok(None);
        };
        let same = |other: &Value| self.constant(other).map(f64::to_bits) == Some(value.to_bits());
        if !self.values().all(same) {
            return Ok(None);
        }
        if self.accepts(value) {
            Ok(Some(value))
        } else {
            Err(self.fault(None, value, "everywhere"))
        }
    }

    /// Writes the values of a row of the window, one for each of its cells.
    ///
    /// # Errors
    /// An input error naming the property, the region, the value and the place of the first
    /// cell whose value is not finite or, for conductivity and heat capacity, not positive.
    pub fn paint_row(&self, row: usize, into: &mut [f64]) -> Result<(), Error> {
        debug_assert_eq!(into.len(), self.window.cells[0], "one value for each cell");
        if let Base::Cells(values) = self.base {
            into.copy_from_slice(&values[self.window.row(row)]);
        }
        let cells: Vec<(Cell, Option<Patch<'a>>)> = self.row(row).collect();
        let formula = |top: Option<Patch<'a>>| match top {
            Some(patch) => Some(patch.value),
            None => self.background(),
        };
        let address = |top: Option<Patch<'a>>| formula(top).map(std::ptr::from_ref);
        let mut first = 0;
        // Neighbours that show the same formula take their values from it together.
        for run in cells.chunk_by(|(_, a), (_, b)| address(*a) == address(*b)) {
            let into = &mut into[first..][..run.len()];
            match formula(run[0].1) {
                Some(formula) if self.leaves_out(formula) => into.fill(0.0),
                Some(formula) => {
                    let places = run.iter().map(|(cell, _)| cell.center);
                    formula.at_each(places, 0.0, |k, value| into[k] = value);
                }
                None => {}
            }
            first += run.len();
        }
        for ((cell, top), value) in cells.into_iter().zip(into) {
            if !self.accepts(*value) {
                let [i, j] = cell.index;
                let [x, y] = cell.center;
                let place = format!("at cell ({i}, {j}), x = {x} m, y = {y} m");
                return Err(self.fault(top, *value, &place));
            }
        }
        Ok(())
    }

    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// The value below the regions, if it is the same for all cells or has a formula.
    pub(super) fn background(&self) -> Option<&'a Value> {
        match self.base {
            Base::Value(value) => Some(value),
            Base::Cells(_) => None,
        }
    }

    /// The cells of a row of the window, each with the region on top of it.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (Cell, Option<Patch<'a>>)> {
        let (y, cells) = self.painter.row(self.window, row);
        let from_the_top = self.patches.iter().rev();
        let patches: Vec<_> = from_the_top
            .filter_map(|patch| Some((*patch, Slice::at(y, &patch.region.shape)?)))
            .collect();
        cells.map(move |cell| {
            let covers = |(_, slice): &&(_, Slice<'_>)| slice.contains(cell.center);
            let top = patches.iter().find(covers).map(|(patch, _)| *patch);
            (cell, top)
        })
    }

    fn values(&self) -> impl Iterator<Item = &'a Value> {
        let patches = self.patches.iter().map(|patch| patch.value);
        self.background().into_iter().chain(patches)
    }

    /// Whether the value has its place in another coat, and leaves a zero in this one.
    fn leaves_out(&self, value: &Value) -> bool {
        self.must_be == MustBe::FiniteAndFixed && value.uses_time()
    }

    fn constant(&self, value: &Value) -> Option<f64> {
        if self.leaves_out(value) {
            Some(0.0)
        } else {
            value.constant()
        }
    }

    fn accepts(&self, value: f64) -> bool {
        value.is_finite() && (self.must_be != MustBe::Positive || value > 0.0)
    }

    fn fault(&self, top: Option<Patch<'_>>, value: f64, place: &str) -> Error {
        let owner = top.map_or_else(
            || "the background".to_owned(),
            |patch| format!("region \"{}\"", patch.region.name),
        );
        let rule = match self.must_be {
            MustBe::Positive => "positive and finite",
            MustBe::Finite | MustBe::FiniteAndFixed => "finite",
        };
        Error::input(format!(
            "the {} of {owner} is {value} {place}; it must be {rule}",
            self.property
        ))
    }
}

#[cfg(test)]
pub(super) mod tests;
