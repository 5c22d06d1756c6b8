//! Parts of the rectangle.

use std::sync::Arc;

use super::{Expression, Mask};

/// A part of the plane; lengths in metres.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Low sides included, high sides not.
    Rectangle { min: [f64; 2], max: [f64; 2] },
    /// Its rim included.
    Circle { center: [f64; 2], radius: f64 },
    /// Closed by an edge from the last point to the first; even-odd rule.
    Polygon { points: Vec<[f64; 2]> },
    /// The inside pixels of a picture stretched over a rectangle, its top at high y;
    /// of each pixel, low sides included, high sides not.
    Image {
        mask: Arc<Mask>,
        min: [f64; 2],
        max: [f64; 2],
    },
    /// Where the expression of `x` and `y` is positive; NaN is not.
    Expression(Arc<Expression>),
}

impl Shape {
    /// Whether the point lies in the shape.
    ///
    /// Of two rectangles or polygons that share an edge, exactly one contains a point on it.
    #[must_use]
    pub fn contains(&self, point: [f64; 2]) -> bool {
        match self {
            Self::Rectangle { min, max } => in_rectangle(point, *min, *max),
            Self::Circle { center, radius } => {
                let [dx, dy] = [point[0] - center[0], point[1] - center[1]];
                dx * dx + dy * dy <= radius * radius
            }
            Self::Polygon { points } => in_polygon(point, points),
            Self::Image { mask, min, max } => {
                in_rectangle(point, *min, *max) && on_pixel(point, mask, *min, *max)
            }
            Self::Expression(expression) => expression.eval(point[0], point[1], 0.0) > 0.0,
        }
    }

    /// The smallest rectangle `[min, max]` around the shape, where it has one; of a polygon
    /// without points, an empty one (`min` above `max`).
    #[must_use]
    pub fn bounds(&self) -> Option<[[f64; 2]; 2]> {
        match self {
            Self::Rectangle { min, max } | Self::Image { min, max, .. } => Some([*min, *max]),
            Self::Circle { center, radius } => Some([
                center.map(|middle| middle - radius),
                center.map(|middle| middle + radius),
            ]),
            Self::Polygon { points } => {
                let empty = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
                Some(points.iter().fold(empty, |[low, high], [x, y]| {
                    [
                        [low[0].min(*x), low[1].min(*y)],
                        [high[0].max(*x), high[1].max(*y)],
                    ]
                }))
            }
            Self::Expression(_) => None,
        }
    }
}

fn in_rectangle(point: [f64; 2], min: [f64; 2], max: [f64; 2]) -> bool {
    (0..2).all(|axis| min[axis] <= point[axis] && point[axis] < max[axis])
}

/// Counts the edges to the right of the point.
fn in_polygon([x, y]: [f64; 2], points: &[[f64; 2]]) -> bool {
    let ends = points.iter().cycle().skip(1);
    let crossed = points.iter().zip(ends).filter(|(start, end)| {
        // From the lower end to the upper one, so that the two polygons on either side of
        // an edge, which run along it in opposite directions, find the same crossing.
        let (low, high) = if start[1] <= end[1] {
            (start, end)
        } else {
            (end, start)
        };
        // Half open, so that a vertex belongs to one of the edges that meet in it.
        low[1] <= y
            && y < high[1]
            && x < low[0] + (y - low[1]) / (high[1] - low[1]) * (high[0] - low[0])
    });
    crossed.count() % 2 == 1
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the point lies in the rectangle, and pixel counts are far below 2^53"
)]
fn on_pixel(point: [f64; 2], mask: &Mask, min: [f64; 2], max: [f64; 2]) -> bool {
    let pixels = mask.pixels();
    let [column, row_from_below] = [0, 1].map(|axis| {
        let fraction = (point[axis] - min[axis]) / (max[axis] - min[axis]);
        ((fraction * pixels[axis] as f64) as usize).min(pixels[axis] - 1)
    });
    mask.is_inside(column, pixels[1] - 1 - row_from_below)
}

#[cfg(test)]
mod tests;
