//! Measurements of the machine and of the program on it, and verdicts on what it computes.

pub mod bench;
mod difference;
mod network;
mod ping_pong;
pub mod prediction;
pub mod scaling;
pub mod validation;

pub use difference::Difference;
pub use network::{Line, Network};
pub use ping_pong::{OneWay, ping_pong};
