//! The discrete operator of heat conduction on one subdomain: as explicit steps take it
//! ([`Diffusion`]), and as linear systems see it ([`Conduction`], [`Helmholtz`]).

mod accounts;
mod coefficients;
mod conduction;
mod diffusion;
mod faces;
mod formula;
mod helmholtz;
mod queue;
mod slab;
mod sources;
mod tile;
mod walls;

pub use accounts::Accounts;
pub use coefficients::{CellValues, own_window};
pub use conduction::Conduction;
pub use diffusion::{Diffusion, Results, Share};
pub use faces::Faces;
pub use formula::{Stage, Stages};
pub use helmholtz::{Helmholtz, HelmholtzRows, Piece, Revision, Times};
pub use tile::{Left, Workspace, needed, takes_from_above, takes_from_earlier};
