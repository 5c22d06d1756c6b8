//! What a state of a deck fills, as a shape of a config.

use super::state::Shape;

/// The part of a cell by which a state's box is made smaller on each side, so that one that ends
/// on a face does not touch the cell beyond.
const SHRINKAGE: f64 = 1.0 / 100.0;

/// The cells of a deck.
#[derive(Debug, Clone, Copy)]
pub struct Mesh {
    pub cells: [i64; 2],
    pub min: [f64; 2],
    pub max: [f64; 2],
}

/// What a state fills; of cells whose centres lie in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filled {
    Rectangle { min: [f64; 2], max: [f64; 2] },
    Circle { center: [f64; 2], radius: f64 },
}

/// What a state fills, if it is anything.
///
/// A rectangle fills every cell that its box, smaller by a hundredth of a cell, touches, even with one
/// face. Of a circle the corner of low x and y of such a box is the centre; it fills the cells whose centres
/// are at most the radius away. A point, moved likewise, fills the cell it lies in.
pub fn fill(mesh: &Mesh, shape: &Shape) -> Option<Filled> {
    let shift = [0, 1].map(|axis| SHRINKAGE * mesh.width(axis));
    let inward = |corner: [f64; 2], sign: f64| [0, 1].map(|k| corner[k] + sign * shift[k]);
    match *shape {
        Shape::Rectangle { min, max } => {
            let (low, high) = (inward(min, 1.0), inward(max, -1.0));
            mesh.rectangle(|axis| mesh.touched(axis, low[axis], high[axis]))
        }
        Shape::Circle { center, radius } => Some(Filled::Circle {
            center: inward(center, 1.0),
            radius,
        }),
        Shape::Point { at } => {
            let at = inward(at, 1.0);
            mesh.rectangle(|axis| mesh.around(axis, at[axis]))
        }
    }
}

impl Mesh {
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    fn width(&self, axis: usize) -> f64 {
        (self.max[axis] - self.min[axis]) / self.cells[axis] as f64
    }

    /// Where face `index` is, from 0 to the number of cells.
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    fn face(&self, axis: usize, index: i64) -> f64 {
        self.min[axis] + index as f64 * self.width(axis)
    }

    /// The first of the cells that an interval touches, and the one after the last.
    fn touched(&self, axis: usize, low: f64, high: f64) -> [i64; 2] {
        [
            self.count(axis, |cell| self.face(axis, cell + 1) < low),
            self.count(axis, |cell| self.face(axis, cell) < high),
        ]
    }

    /// The cell that a point lies in, and the one after it.
    fn around(&self, axis: usize, at: f64) -> [i64; 2] {
        let cell = self.count(axis, |cell| self.face(axis, cell + 1) <= at);
        let is_inside = cell < self.cells[axis] && self.face(axis, cell) <= at;
        [cell, cell + i64::from(is_inside)]
    }

    /// How many cells, from the first on, are below something.
    fn count(&self, axis: usize, is_below: impl Fn(i64) -> bool) -> i64 {
        let (mut below, mut above) = (0, self.cells[axis]);
        while below < above {
            let middle = below + (above - below) / 2;
            if is_below(middle) {
                below = middle + 1;
            } else {
                above = middle;
            }
        }
        below
    }

    /// The rectangle of some cells along each axis, if there are any.
    fn rectangle(&self, cells: impl Fn(usize) -> [i64; 2]) -> Option<Filled> {
        let cells = [cells(0), cells(1)];
        let corner = |end: usize| [0, 1].map(|axis| self.face(axis, cells[axis][end]));
        let is_empty = cells.iter().any(|[first, end]| first >= end);
        (!is_empty).then(|| Filled::Rectangle {
            min: corner(0),
            max: corner(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MESH: Mesh = Mesh {
        cells: [10, 4],
        min: [0.0, -1.0],
        max: [10.0, 1.0],
    };

    fn rectangle(min: [f64; 2], max: [f64; 2]) -> Option<Filled> {
        fill(&MESH, &Shape::Rectangle { min, max })
    }

    #[test]
    fn a_box_on_faces_fills_what_is_between_them() {
        let [min, max] = [[1.0, -0.5], [6.0, 1.0]];
        assert_eq!(rectangle(min, max), Some(Filled::Rectangle { min, max }));
    }

    #[test]
    fn a_cell_that_is_touched_is_filled_whole() {
        // By more than a hundredth of a cell, and by less.
        let filled = rectangle([0.98, -0.8], [6.02, -0.7]);
        let (min, max) = ([0.0, -1.0], [7.0, -0.5]);
        assert_eq!(filled, Some(Filled::Rectangle { min, max }));
        let filled = rectangle([0.995, -0.8], [6.005, -0.7]);
        let (min, max) = ([1.0, -1.0], [6.0, -0.5]);
        assert_eq!(filled, Some(Filled::Rectangle { min, max }));
    }

    #[test]
    fn what_is_beyond_the_mesh_is_left_out() {
        let filled = rectangle([-3.0, -9.0], [2.0, 9.0]);
        let (min, max) = ([0.0, -1.0], [2.0, 1.0]);
        assert_eq!(filled, Some(Filled::Rectangle { min, max }));
        assert_eq!(rectangle([11.0, 0.0], [12.0, 1.0]), None);
        assert_eq!(rectangle([2.0, -3.0], [3.0, -2.0]), None);
        assert_eq!(rectangle([5.0, 0.0], [3.0, 1.0]), None);
    }

    #[test]
    fn a_point_fills_the_cell_above_it() {
        let filled = fill(&MESH, &Shape::Point { at: [3.0, 0.5] });
        let (min, max) = ([3.0, 0.5], [4.0, 1.0]);
        assert_eq!(filled, Some(Filled::Rectangle { min, max }));
        assert_eq!(fill(&MESH, &Shape::Point { at: [10.0, 0.5] }), None);
        assert_eq!(fill(&MESH, &Shape::Point { at: [3.0, -1.1] }), None);
    }

    #[test]
    fn a_circle_is_round_the_corner_of_its_box() {
        let shape = Shape::Circle {
            center: [2.0, 0.0],
            radius: 0.7,
        };
        let center = [2.0 + 0.01 * 1.0, 0.0 + 0.01 * 0.5];
        assert_eq!(
            fill(&MESH, &shape),
            Some(Filled::Circle {
                center,
                radius: 0.7
            })
        );
    }

    proptest! {
        /// The rule of `TeaLeaf`'s meshes, cell by cell.
        #[test]
        fn a_rectangle_fills_the_cells_of_the_rule(
            cells in 1..60_i64,
            origin in -3.0..3.0_f64,
            size in 0.1..20.0_f64,
            low in -0.2..1.2_f64,
            length in 0.0..1.3_f64,
            on_faces: bool,
        ) {
            let mesh = Mesh { cells: [cells, 1], min: [origin, 0.0], max: [origin + size, 1.0] };
            let width = mesh.width(0);
            let snap = |x: f64| if on_faces { (x / width).round() * width } else { x };
            let (low, high) = (origin + snap(low * size), origin + snap((low + length) * size));
            let shape = Shape::Rectangle { min: [low, 0.0], max: [high, 1.0] };
            let filled = fill(&mesh, &shape);
            for cell in 0..cells {
                let [left, right] = [cell, cell + 1].map(|face| mesh.face(0, face));
                let expected = right >= low + width / 100.0 && left < high - width / 100.0;
                let center = 0.5 * (left + right);
                let is_filled = match filled {
                    Some(Filled::Rectangle { min, max }) => min[0] <= center && center < max[0],
                    _ => false,
                };
                // Rounding decides where the shrunk box ends on a face.
                let margin = (right - low - width / 100.0).abs().min((left - high + width / 100.0).abs());
                prop_assert!(is_filled == expected || margin < 1e-9 * width, "cell {}", cell);
            }
        }
    }
}
