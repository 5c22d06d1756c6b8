//! The discrete operator of heat conduction on one subdomain.

mod coefficients;
mod diffusion;
mod sources;
mod walls;

pub use coefficients::own_window;
pub use diffusion::{Diffusion, Span};
