//! From a deck to the tree of the equivalent config.

use std::ops::Range;

use toml::Value;

use super::{
    deck::{Deck, JACOBI, PPCG},
    paint::{Filled, Mesh, fill},
    setting::At,
    state::State,
    steps,
};
use crate::config::{
    document::{Content, Node},
    problems::{Origin, Problem},
};

/// The tree of the config, each value where the deck says it.
pub fn tree(deck: &Deck) -> Result<Node, Vec<Problem>> {
    let (background, others) = deck.states.split_first().expect("a deck has a state 1");
    let mut problems = Vec::new();
    let regions = regions(deck, others, &mut problems);
    match time(deck) {
        Ok(time) if problems.is_empty() => Ok(table(
            &background.at,
            [
                ("domain", Some(domain(deck))),
                ("material", Some(material(deck, background))),
                ("region", regions),
                ("initial", Some(initial(background))),
                ("time", Some(time)),
                ("solver", Some(solver(deck))),
                ("output", output(deck)),
                ("tealeaf", Some(tealeaf(deck))),
            ],
        )),
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.push(problem);
            Err(problems)
        }
    }
}

fn domain(deck: &Deck) -> Node {
    let pair = |of: &dyn Fn(usize) -> Node| array([0, 1].map(of));
    let size = |axis: usize| {
        let (min, max) = (&deck.min[axis], &deck.max[axis]);
        leaf(&max.at, max.value - min.value)
    };
    let given = |numbers: &[At<f64>; 2], axis: usize| leaf(&numbers[axis].at, numbers[axis].value);
    let cells = |axis: usize| leaf(&deck.cells[axis].at, deck.cells[axis].value);
    table(
        &deck.cells[0].at,
        [
            ("size", Some(pair(&size))),
            ("cells", Some(pair(&cells))),
            ("origin", Some(pair(&|axis| given(&deck.min, axis)))),
        ],
    )
}

fn material(deck: &Deck, background: &State) -> Node {
    let at = &background.at;
    table(
        at,
        [
            ("conductivity", Some(conductivity(deck, background))),
            ("heat_capacity", Some(leaf(at, 1.0))),
            ("face_mean", Some(leaf(at, "arithmetic"))),
        ],
    )
}

fn conductivity(deck: &Deck, state: &State) -> Node {
    let At { value: density, at } = &state.density;
    let conductivity = if deck.conducts_by_density.value {
        *density
    } else {
        1.0 / density
    };
    leaf(at, conductivity)
}

/// The energy of a unit of volume, which is the temperature where the heat capacity is 1.
fn temperature(state: &State) -> Node {
    leaf(&state.energy.at, state.density.value * state.energy.value)
}

fn regions(deck: &Deck, states: &[State], problems: &mut Vec<Problem>) -> Option<Node> {
    let mesh = Mesh {
        cells: deck.cells.each_ref().map(|cells| cells.value),
        min: deck.min.each_ref().map(|min| min.value),
        max: deck.max.each_ref().map(|max| max.value),
    };
    let mut regions = Vec::new();
    for state in states {
        let Some(At { value: shape, at }) = &state.shape else {
            continue;
        };
        let name = format!("state {}", state.number);
        match fill(&mesh, shape) {
            Some(filled) => regions.push(table(
                &state.at,
                [
                    ("name", Some(leaf(&state.at, name))),
                    ("shape", Some(self::shape(at, filled))),
                    ("conductivity", Some(conductivity(deck, state))),
                    ("temperature", Some(temperature(state))),
                ],
            )),
            None => problems.push(Problem {
                origin: Origin::File(at.clone()),
                path: name,
                message: "touches no cell".to_owned(),
                help: Some("give it a place in the rectangle, min below max".to_owned()),
            }),
        }
    }
    (!regions.is_empty()).then(|| array(regions))
}

fn shape(at: &Range<usize>, filled: Filled) -> Node {
    let point = |point: [f64; 2]| Some(array(point.map(|number| leaf(at, number))));
    let (kind, members) = match filled {
        Filled::Rectangle { min, max } => ("rectangle", [("min", point(min)), ("max", point(max))]),
        Filled::Circle { center, radius } => (
            "circle",
            [
                ("center", point(center)),
                ("radius", Some(leaf(at, radius))),
            ],
        ),
    };
    table(at, [(kind, Some(table(at, members)))])
}

fn initial(background: &State) -> Node {
    let temperature = temperature(background);
    table(&background.at, [("temperature", Some(temperature))])
}

#[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
fn time(deck: &Deck) -> Result<Node, Problem> {
    let end_step = deck.end_step.as_ref();
    let steps = steps::count(
        deck.step.value,
        deck.end_time.value,
        end_step.map(|step| step.value),
    );
    let Some(steps) = steps else {
        return Err(Problem {
            origin: Origin::File(deck.end_time.at.clone()),
            path: "end_time".to_owned(),
            message: format!("is more than {} steps away", steps::MOST),
            help: Some("take longer steps, or an earlier end".to_owned()),
        });
    };
    let end = match end_step {
        Some(end_step) if end_step.value == steps => &end_step.at,
        _ => &deck.end_time.at,
    };
    let At { value: step, at } = &deck.step;
    Ok(table(
        at,
        [
            ("scheme", Some(leaf(at, "backward-euler"))),
            ("end", Some(leaf(end, steps as f64 * step))),
            ("step", Some(leaf(at, *step))),
        ],
    ))
}

fn solver(deck: &Deck) -> Node {
    let leaf_of = |at: &At<&'static str>| leaf(&at.at, at.value);
    let method = deck.method.value;
    let preconditioner = (method != JACOBI).then(|| leaf_of(&deck.preconditioner));
    let inner_steps = deck.inner_steps.as_ref().filter(|_| method == PPCG);
    table(
        &deck.method.at,
        [
            ("method", Some(leaf_of(&deck.method))),
            ("preconditioner", preconditioner),
            (
                "inner_steps",
                inner_steps.map(|steps| leaf(&steps.at, steps.value)),
            ),
            (
                "relative_tolerance",
                Some(leaf(&deck.tolerance.at, deck.tolerance.value)),
            ),
            (
                "max_iterations",
                Some(leaf(&deck.max_iterations.at, deck.max_iterations.value)),
            ),
        ],
    )
}

fn output(deck: &Deck) -> Option<Node> {
    let At { value: steps, at } = &deck.visit_frequency;
    let cadence = || table(at, [("every_steps", Some(leaf(at, *steps)))]);
    (*steps > 0).then(|| table(at, [("snapshots", Some(cadence()))]))
}

fn tealeaf(deck: &Deck) -> Node {
    let At { value, at } = &deck.conducts_by_density;
    let density = if *value {
        "conductivity"
    } else {
        "1/conductivity"
    };
    let frequency = &deck.summary_frequency;
    table(
        at,
        [
            ("density", Some(leaf(at, density))),
            (
                "summary_frequency",
                Some(leaf(&frequency.at, frequency.value)),
            ),
        ],
    )
}

fn node(at: &Range<usize>, content: Content) -> Node {
    let origin = Origin::File(at.clone());
    Node {
        key: origin.clone(),
        origin,
        content,
    }
}

fn leaf(at: &Range<usize>, value: impl Into<Value>) -> Node {
    node(at, Content::Leaf(value.into()))
}

/// Its members as far as they are there.
fn table<const N: usize>(at: &Range<usize>, members: [(&str, Option<Node>); N]) -> Node {
    let members = members.into_iter();
    let members = members.filter_map(|(key, node)| Some((key.to_owned(), node?)));
    node(at, Content::Table(members.collect()))
}

/// Of one item at least, whose place is its own.
fn array(items: impl Into<Vec<Node>>) -> Node {
    let items = items.into();
    Node {
        key: items[0].key.clone(),
        origin: items[0].origin.clone(),
        content: Content::Array(items),
    }
}
