//! Heat sources that change with time.

use std::{ops::Range, sync::Arc};

use super::{Coat, Expression, Value, Variable};

/// The cells of a window whose heat source changes with time, and by which formula.
#[derive(Debug, Clone)]
pub struct MovingSource {
    /// Cell centres along x in metres, one for each column.
    x: Vec<f64>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    /// Cell centre along y in metres.
    y: f64,
    runs: Vec<Run>,
}

/// Neighbouring cells of a row with one formula.
#[derive(Debug, Clone)]
struct Run {
    columns: Range<usize>,
    source: Arc<Expression>,
}

impl MovingSource {
    pub(super) fn new(source: &Coat<'_>) -> Self {
        let window = source.window();
        let mut x = vec![0.0; window.cells[0]];
        let mut rows = Vec::with_capacity(window.cells[1]);
        for row in 0..window.cells[1] {
            let mut runs: Vec<Run> = Vec::new();
            let mut y = 0.0;
            for (column, (cell, top)) in source.row(row).enumerate() {
                [x[column], y] = cell.center;
                let value = top.map_or_else(|| source.background(), |patch| Some(patch.value));
                let Some(Value::Expression(source)) = value.filter(|value| value.uses_time())
                else {
                    continue;
                };
                match runs.last_mut() {
                    Some(run) if run.columns.end == column && Arc::ptr_eq(&run.source, source) => {
                        run.columns.end += 1;
                    }
                    _ => runs.push(Run {
                        columns: column..column + 1,
                        source: Arc::clone(source),
                    }),
                }
            }
            rows.push(Row { y, runs });
        }
        Self { x, rows }
    }

    /// Calls `set(column, source)` with the source in W/m^3 at time `t` in seconds for every cell
    /// among `columns` of a row of the window whose source changes; with NaN where a formula says
    /// so.
    pub fn evaluate_row(
        &self,
        row: usize,
        columns: Range<usize>,
        t: f64,
        mut set: impl FnMut(usize, f64),
    ) {
        let Row { y, runs } = &self.rows[row];
        for run in runs {
            let (source, columns) = (&run.source, common(&run.columns, &columns));
            if columns.is_empty() {
                continue;
            }
            // A formula of time alone, or of time and y, is worth evaluating once.
            if !source.uses(Variable::X) {
                let everywhere = source.eval(0.0, *y, t);
                columns.for_each(|column| set(column, everywhere));
                continue;
            }
            let places = self.x[columns.clone()].iter().map(|x| [*x, *y]);
            source.eval_each(places, t, |k, value| set(columns.start + k, value));
        }
    }

    /// Those among `columns` of a row of the window whose source changes.
    pub fn columns(&self, row: usize, columns: Range<usize>) -> impl Iterator<Item = usize> {
        let runs = self.rows[row].runs.iter();
        runs.flat_map(move |run| common(&run.columns, &columns))
    }
}

fn common(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        grid::Grid,
        physics::{
            Conductivity, FaceMean, Medium, Painter, Region, Shape, Variable, Window,
            paint::tests::paint,
        },
    };

    const ALL: Window = Window {
        start: [0, 0],
        cells: [4, 2],
    };
    /// Cells of width 1, whose centres lie at 0.5, 1.5, ...
    const GRID: Grid = Grid {
        cells: [4, 2],
        size: [4.0, 2.0],
        origin: [0.0, 0.0],
    };

    fn formula(text: &str) -> Value {
        let allowed = [Variable::X, Variable::Y, Variable::T];
        Value::Expression(Arc::new(Expression::parse(text, &allowed).expect("valid")))
    }

    fn region(columns: Range<f64>, source: Value) -> Region {
        Region {
            name: "heater".into(),
            shape: Shape::Rectangle {
                min: [columns.start, 0.0],
                max: [columns.end, 1.0],
            },
            conductivity: None,
            heat_capacity: None,
            source: Some(source),
            temperature: None,
        }
    }

    fn medium(source: Option<Value>, regions: Vec<Region>) -> Medium {
        Medium {
            face_mean: FaceMean::Harmonic,
            conductivity: Conductivity([Value::Constant(1.0), Value::Constant(1.0)]),
            heat_capacity: Value::Constant(1.0),
            source,
            regions,
        }
    }

    fn painter(medium: &Medium) -> Painter<'_> {
        Painter {
            medium,
            grid: GRID,
            periodic: [false; 2],
        }
    }

    /// The whole source at a time: the fixed part, and the moving one over it.
    fn source(medium: &Medium, window: Window, t: f64) -> Vec<f64> {
        let painter = painter(medium);
        let mut cells = paint(&painter.fixed_source(window)).expect("finite");
        if let Some(moving) = painter.moving_source(window) {
            for row in 0..window.cells[1] {
                let columns = window.row(row);
                moving.evaluate_row(row, 0..window.cells[0], t, |column, value| {
                    cells[columns.start + column] = value;
                });
            }
        }
        cells
    }

    #[test]
    fn later_regions_hide_a_moving_source_and_it_hides_earlier_ones() {
        let medium = medium(
            Some(Value::Constant(7.0)),
            vec![
                region(0.0..2.0, Value::Constant(5.0)),
                region(1.0..4.0, formula("100*t + x")),
                region(2.0..3.0, Value::Constant(-1.0)),
            ],
        );
        let expected = [5.0, 201.5, -1.0, 203.5, 7.0, 7.0, 7.0, 7.0];
        assert_eq!(source(&medium, ALL, 2.0), expected);
        let fixed = paint(&painter(&medium).fixed_source(ALL)).expect("finite");
        assert_eq!(fixed, [5.0, 0.0, -1.0, 0.0, 7.0, 7.0, 7.0, 7.0]);
    }

    #[test]
    fn a_moving_background_shows_between_regions() {
        let medium = medium(
            Some(formula("t + 10*y")),
            vec![region(1.0..2.0, formula("x*t"))],
        );
        let expected = [8.0, 4.5, 8.0, 8.0, 18.0, 18.0, 18.0, 18.0];
        assert_eq!(source(&medium, ALL, 3.0), expected);
        let fixed = painter(&medium).fixed_source(ALL).uniform();
        assert_eq!(fixed, Ok(Some(0.0)));
    }

    #[test]
    fn a_ghost_repeats_its_cell() {
        let medium = medium(None, vec![region(0.0..4.0, formula("x + 10*y + t"))]);
        let window = Window {
            start: [-1, -1],
            cells: [2, 2],
        };
        assert_eq!(source(&medium, window, 1.0), [6.5; 4]);
    }

    #[test]
    fn whether_there_is_a_moving_source_does_not_depend_on_the_window() {
        let beside = Window {
            start: [3, 1],
            cells: [1, 1],
        };
        let moving = medium(None, vec![region(0.0..1.0, formula("t"))]);
        assert!(painter(&moving).moving_source(beside).is_some());
        assert_eq!(source(&moving, beside, 1.0), [0.0]);
        let fixed = medium(None, vec![region(0.0..1.0, formula("x"))]);
        assert!(painter(&fixed).moving_source(ALL).is_none());
    }

    #[test]
    fn nan_is_left_to_the_run() {
        let medium = medium(Some(formula("sqrt(-t)")), Vec::new());
        assert!(source(&medium, ALL, 1.0)[0].is_nan());
    }
}
