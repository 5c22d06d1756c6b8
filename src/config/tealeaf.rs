//! Decks of the benchmark `TeaLeaf`, its files `tea.in`, as configs (UK-MAC/TeaLeaf_ref; Martineau,
//! McIntosh-Smith & Gaudin, "Assessing the Performance Portability of Modern Parallel Programming Models
//! using `TeaLeaf`", 2017).
//!
//! A deck becomes the tree of the equivalent config (`to_config`), whose values know where in
//! the deck they come from; overrides, checks and runs are those of any config. What is said of a
//! deck is all said here:
//!
//! It stands between lines `*tea` and `*endtea`: keys and values, with blanks, `=` or `,` between
//! them, one setting or several a line, in upper or lower case; a comment begins with `!` or `;`.
//! Keys marked with an asterisk are known with `tl_` before them and without.
//!
//! | key | default | here |
//! | --- | --- | --- |
//! | `x_cells`, `y_cells` | 10 | `domain.cells` |
//! | `xmin`, `ymin`, `xmax`, `ymax` | 0, 0, 100, 100 | `domain.origin`, `domain.size` |
//! | `initial_timestep` | 0.1 | `time.step`; no step is cut short |
//! | `end_time` | 10 | `time.end`, the time after the step that reaches it (see `steps`) |
//! | `end_step` | none | the run ends after so many steps, if it has not by then |
//! | `summary_frequency` | 10 | `tealeaf.summary_frequency`; at the start and the end besides |
//! | `visit_frequency` | 0: never | `output.snapshots` |
//! | `use_jacobi`*, `use_cg`*, `use_chebyshev`*, `use_ppcg`* | Jacobi | `solver.method` |
//! | `preconditioner_type`* `none`, `jac_diag` | `none` | `solver.preconditioner`: `none`, `jacobi`. The method Jacobi has none. There is no `jac_block` |
//! | `preconditioner_on`* | | as `preconditioner_type jac_diag` |
//! | `eps`* | 1e-10 | `solver.relative_tolerance` |
//! | `max_iters`* | 1000 | `solver.max_iterations`; a solve that does not get there is an error |
//! | `ppcg_inner_steps`* | the solver's | `solver.inner_steps`, with `use_ppcg` only |
//! | `coefficient_density`* | this one | `material.conductivity = 1/density` |
//! | `coefficient_inverse_density`* | | `material.conductivity = density` |
//! | `state N density energy` | | the background (`N` = 1), or a region; initial temperature `density*energy` |
//! | ... `geometry rectangle xmin xmax ymin ymax` | | a rectangle of whole cells (see `paint`) |
//! | ... `geometry circle xmin ymin radius` | | a circle around that point; also spelled `circular`; `xmax` and `ymax`, which one of the programs asks for, mean nothing |
//! | ... `geometry point xmin ymin` | | the cell that the point lies in; `xmax` and `ymax` as above |
//!
//! Face coefficients are arithmetic means, the heat capacity is 1 and all walls are insulated.
//!
//! Keys that change nothing but how `TeaLeaf` works or what it says of itself are read and have no effect:
//! `profiler_on`, `verbose_on`, `check_result`*, `test_problem`, `halo_depth`, `tiles_per_task`,
//! `tiles_per_problem`, `tiles_per_chunk`, `sub_tiles_per_tile`, `num_chunks_per_rank`,
//! `use_fortran_kernels`*, `use_c_kernels`*, `reflective_boundary` (heat does not pass a wall either way),
//! and what the bounds of the spectrum are found with: `ch_cg_presteps`*, `ch_cg_epslim`*,
//! `ch_cg_errswitch`*, also spelled `presteps`, `epslim`, `errswitch`. Every other key is an error.

mod deck;
mod keys;
mod paint;
mod setting;
mod state;
mod steps;
mod to_config;
mod words;

use self::deck::Deck;
use super::{document::Node, problems::Problem};

/// Whether a text is a deck.
pub fn is_deck(text: &str) -> bool {
    words::begins(text).is_some()
}

/// Reads a deck as the tree of the equivalent config, or says everything that is wrong with it.
pub fn read(text: &str) -> Result<Node, Vec<Problem>> {
    Deck::read(text).and_then(|deck| to_config::tree(&deck))
}
