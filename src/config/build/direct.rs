//! What the direct solver asks of a case.

use super::Check;
use crate::{
    config::{case::Method, schema::Config},
    grid::Side,
    physics::{Conductivity, Medium, Value, Wall},
};

impl Check<'_> {
    /// Refuses `method = "direct"` for a case that it cannot solve.
    pub(super) fn direct(&mut self, config: &Config, medium: &Medium, walls: &[Wall; 4]) {
        let method = config.solver.as_ref().map(|solver| solver.method);
        if method != Some(Method::Direct) {
            return;
        }
        if let Some(obstacle) = of_medium(medium).or_else(|| of_walls(walls)) {
            let message = format!("\"direct\" cannot solve this: {obstacle}");
            let help = "take method = \"cg\" with preconditioner = \"multigrid\"";
            self.problem("solver.method", message, Some(help));
        }
    }
}

fn of_medium(medium: &Medium) -> Option<String> {
    let Conductivity([kx, ky]) = &medium.conductivity;
    for (key, value) in [
        ("conductivity", kx),
        ("conductivity", ky),
        ("heat_capacity", &medium.heat_capacity),
    ] {
        if value.constant().is_none() {
            return Some(format!("material.{key} is not one number everywhere"));
        }
    }
    let is_other = |value: &Value, of: &Value| value.constant() != of.constant();
    for region in &medium.regions {
        let conductivity = region.conductivity.as_ref();
        let conducts =
            conductivity.is_some_and(|Conductivity([x, y])| is_other(x, kx) || is_other(y, ky));
        let capacity = region.heat_capacity.as_ref();
        let holds = capacity.is_some_and(|value| is_other(value, &medium.heat_capacity));
        for (key, is_other) in [("conductivity", conducts), ("heat_capacity", holds)] {
            if is_other {
                let name = &region.name;
                return Some(format!(
                    "the {key} of region `{name}` is not the material's"
                ));
            }
        }
    }
    None
}

fn of_walls(walls: &[Wall; 4]) -> Option<String> {
    let mut with_convection = [None; 2];
    for (side, wall) in Side::ALL.into_iter().zip(walls) {
        let Wall::Convection { coefficient, .. } = wall else {
            continue;
        };
        let name = side.name();
        if coefficient.uses_place() {
            return Some(format!(
                "boundary.{name}.convection.coefficient varies along the side"
            ));
        }
        with_convection[side.axis()] = Some(name);
    }
    let [Some(across_x), Some(across_y)] = with_convection else {
        return None;
    };
    Some(format!(
        "boundary.{across_x} and boundary.{across_y} have convection, which only one axis may have"
    ))
}
