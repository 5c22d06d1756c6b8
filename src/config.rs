//! The only reader of TOML: a config file becomes a validated [`Case`].

mod case;

pub use case::{Case, Colormap, Output, Parallel, Plot, Precision, Step, Time};
