//! Parts of the rectangle.

use std::sync::Arc;

use super::Expression;

/// A part of the plane; lengths in metres.
#[derive(Debug, Clone)]
pub enum Shape {
    Rectangle {
        min: [f64; 2],
        max: [f64; 2],
    },
    Circle {
        center: [f64; 2],
        radius: f64,
    },
    /// Closed by an edge from the last point to the first; even-odd rule.
    Polygon {
        points: Vec<[f64; 2]>,
    },
    /// The dark pixels of an image stretched over a rectangle.
    Image {
        mask: Arc<Mask>,
        min: [f64; 2],
        max: [f64; 2],
    },
    /// Where the expression is positive.
    Expression(Arc<Expression>),
}

impl Shape {
    /// Whether the point lies in the shape (low edges included, high edges not).
    #[must_use]
    pub fn contains(&self, point: [f64; 2]) -> bool {
        todo!("{point:?}")
    }

    /// The smallest rectangle `[min, max]` around the shape, where it has one.
    #[must_use]
    pub fn bounds(&self) -> Option<[[f64; 2]; 2]> {
        todo!()
    }
}

/// A black-and-white picture: which pixels belong to a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    pixels: [usize; 2],
    inside: Vec<bool>,
}

impl Mask {
    /// Reads a PNG; a pixel is inside where it is opaque and darker than middle grey.
    ///
    /// # Errors
    /// A message if the bytes are no PNG.
    pub fn from_png(bytes: &[u8]) -> Result<Self, String> {
        todo!("{}", bytes.len())
    }
}
