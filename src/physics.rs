//! What is solved: materials, regions, sources, walls and the initial state,
//! as functions of position and time, before any of it meets a grid.

pub mod expression;
pub mod mask;
pub mod medium;
pub mod moving;
pub mod paint;
pub mod shape;

pub use expression::{Expression, Value, Variable};
pub use mask::Mask;
pub use medium::{Conductivity, FaceMean, Initial, Medium, Region, Wall};
pub use moving::MovingSource;
pub use paint::{Coat, Painter, Window};
pub use shape::Shape;
