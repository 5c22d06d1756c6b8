//! The discrete operator of heat conduction on one subdomain.

mod coefficients;
mod diffusion;
mod queue;
mod slab;
mod sources;
mod tile;
mod walls;

pub use coefficients::own_window;
pub use diffusion::Diffusion;
pub use tile::Workspace;
