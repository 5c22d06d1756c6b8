//! A medium on the cells of a grid: its properties at cell centres.

use std::ops::Range;

use super::{Initial, Medium, MovingSource, Region, Value};
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

/// A property over a window.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// The same everywhere on the grid.
    Uniform(f64),
    /// Row-major over the window, y outermost.
    PerCell(Vec<f64>),
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

    fn patches(&self, of: impl Fn(&'a Region) -> Option<&'a Value>) -> Vec<Patch<'a>> {
        let patch = |region| Some((region, of(region)?));
        let patches = self.medium.regions.iter().filter_map(patch);
        patches
            .map(|(region, value)| Patch { region, value })
            .collect()
    }

    /// The cell of the grid that a cell of a window shows.
    fn shown(&self, axis: usize, index: isize) -> isize {
        let count = self.grid.cells[axis].cast_signed();
        if self.periodic[axis] {
            index.rem_euclid(count)
        } else {
            index.clamp(0, count - 1)
        }
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
        let columns = self.window.row(row);
        for ((place, (cell, top)), into) in columns.zip(self.row(row)).zip(into) {
            let value = match (top, self.base) {
                (Some(patch), _) => self.value(patch.value, cell),
                (None, Base::Value(value)) => self.value(value, cell),
                (None, Base::Cells(values)) => values[place],
            };
            if !self.accepts(value) {
                let [i, j] = cell.index;
                let [x, y] = cell.center;
                let place = format!("at cell ({i}, {j}), x = {x} m, y = {y} m");
                return Err(self.fault(top, value, &place));
            }
            *into = value;
        }
        Ok(())
    }

    /// Paints the whole window.
    ///
    /// # Errors
    /// As [`Self::paint_row`].
    pub fn layer(&self) -> Result<Layer, Error> {
        if let Some(value) = self.uniform()? {
            return Ok(Layer::Uniform(value));
        }
        let mut cells = vec![0.0; self.window.cell_count()];
        for row in 0..self.window.cells[1] {
            self.paint_row(row, &mut cells[self.window.row(row)])?;
        }
        Ok(Layer::PerCell(cells))
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
        let painter = self.painter;
        let [first, j] = self.window.start;
        let j = painter.shown(1, j + row.cast_signed());
        // From the top down, and only those whose bounds the row crosses.
        let y = painter.grid.center(0, j)[1];
        let patches: Vec<_> = self
            .patches
            .iter()
            .rev()
            .map(|patch| (*patch, patch.region.shape.bounds()))
            .filter(|(_, bounds)| bounds.is_none_or(|[min, max]| min[1] <= y && y <= max[1]))
            .collect();
        (0..self.window.cells[0]).map(move |column| {
            let i = painter.shown(0, first + column.cast_signed());
            let center = painter.grid.center(i, j);
            let covers = |(patch, bounds): &&(Patch<'_>, Option<[[f64; 2]; 2]>)| {
                bounds.is_none_or(|[min, max]| min[0] <= center[0] && center[0] <= max[0])
                    && patch.region.shape.contains(center)
            };
            let top = patches.iter().find(covers).map(|(patch, _)| *patch);
            let index = [i, j];
            (Cell { index, center }, top)
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

    fn value(&self, value: &Value, cell: Cell) -> f64 {
        if self.leaves_out(value) {
            0.0
        } else {
            value.at(cell.center, 0.0)
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
mod tests;
