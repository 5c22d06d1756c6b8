//! The keys of a deck.

use super::words::Word;
use crate::{config::problems::Problem, error::nearest};

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A setting with a value.
    Value,
    /// A setting by its mere presence.
    Switch,
    /// The rest of the line describes a state.
    State,
    /// Of no effect here.
    IgnoredValue,
    IgnoredSwitch,
    /// Not to be had here, and why.
    Refused(&'static str),
}

use Role::{IgnoredSwitch, IgnoredValue, Refused, State, Switch, Value};

const FLAT: Role = Refused("is for three dimensions; a rectangle has two");

/// Keys of one spelling.
const PLAIN: &[(&str, Role)] = &[
    ("x_cells", Value),
    ("y_cells", Value),
    ("xmin", Value),
    ("xmax", Value),
    ("ymin", Value),
    ("ymax", Value),
    ("initial_timestep", Value),
    ("end_time", Value),
    ("end_step", Value),
    ("summary_frequency", Value),
    ("visit_frequency", Value),
    ("state", State),
    ("profiler_on", IgnoredSwitch),
    ("verbose_on", IgnoredSwitch),
    ("reflective_boundary", IgnoredSwitch),
    ("test_problem", IgnoredValue),
    ("halo_depth", IgnoredValue),
    ("tiles_per_task", IgnoredValue),
    ("tiles_per_problem", IgnoredValue),
    ("tiles_per_chunk", IgnoredValue),
    ("sub_tiles_per_tile", IgnoredValue),
    ("num_chunks_per_rank", IgnoredValue),
    ("z_cells", FLAT),
    ("zmin", FLAT),
    ("zmax", FLAT),
];

/// Keys known with [`PREFIX`] and without.
const OF_THE_SOLVER: &[(&str, Role)] = &[
    ("use_jacobi", Switch),
    ("use_cg", Switch),
    ("use_chebyshev", Switch),
    ("use_ppcg", Switch),
    (
        "use_dpcg",
        Refused("is for deflated conjugate gradients, which are not there"),
    ),
    ("preconditioner_type", Value),
    ("preconditioner_on", Switch),
    ("eps", Value),
    ("max_iters", Value),
    ("ppcg_inner_steps", Value),
    ("coefficient_density", Switch),
    ("coefficient_inverse_density", Switch),
    ("check_result", IgnoredSwitch),
    ("ch_cg_presteps", IgnoredValue),
    ("ch_cg_epslim", IgnoredValue),
    ("ch_cg_errswitch", IgnoredSwitch),
    ("presteps", IgnoredValue),
    ("epslim", IgnoredValue),
    ("errswitch", IgnoredSwitch),
    ("use_fortran_kernels", IgnoredSwitch),
    ("use_c_kernels", IgnoredSwitch),
];

const PREFIX: &str = "tl_";

/// The spelling of a key without its prefix, and its role.
///
/// # Errors
/// If there is no such key, with the nearest that there is.
pub fn find(word: &Word) -> Result<(&'static str, Role), Problem> {
    let text = word.text.as_str();
    let bare = text.strip_prefix(PREFIX).unwrap_or(text);
    let named = |keys: &'static [(&'static str, Role)], name: &str| {
        keys.iter().find(|(key, _)| *key == name).copied()
    };
    named(PLAIN, text)
        .or_else(|| named(OF_THE_SOLVER, bare))
        .ok_or_else(|| word.problem("unknown key", meant(text, bare)))
}

fn meant(text: &str, bare: &str) -> String {
    let names = |keys: &'static [(&'static str, Role)]| keys.iter().map(|(key, _)| *key);
    match nearest(bare, names(PLAIN).chain(names(OF_THE_SOLVER))) {
        Some(key) if text != bare && names(OF_THE_SOLVER).any(|name| name == key) => {
            format!("did you mean `{PREFIX}{key}`?")
        }
        Some(key) => format!("did you mean `{key}`?"),
        None => {
            let is_setting = |(_, role): &&(_, Role)| matches!(role, Value | Switch | State);
            let settings = PLAIN.iter().chain(OF_THE_SOLVER).filter(is_setting);
            let settings: Vec<_> = settings.map(|(key, _)| *key).collect();
            format!(
                "known here: {}; a comment begins with `!`",
                settings.join(", ")
            )
        }
    }
}
