//! The states of a deck: what the rectangle and parts of it are filled with.

use std::{collections::BTreeMap, ops::Range};

use super::{
    keys,
    setting::{At, Setting},
    words::Word,
};
use crate::{
    config::problems::{Origin, Problem},
    error::nearest,
};

/// A line `state ...`.
#[derive(Debug, Clone)]
pub struct State {
    /// From 1, which is the background; of states that overlap, that of the higher number wins.
    pub number: i64,
    /// Where the number stands.
    pub at: Range<usize>,
    pub density: At<f64>,
    /// Of a unit of mass.
    pub energy: At<f64>,
    /// `None` for the background.
    pub shape: Option<At<Shape>>,
}

/// Where a state is, before any of it meets a grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Rectangle { min: [f64; 2], max: [f64; 2] },
    Circle { center: [f64; 2], radius: f64 },
    Point { at: [f64; 2] },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Geometry {
    Rectangle,
    Circle,
    Point,
}

const GEOMETRIES: [(&str, Geometry); 4] = [
    ("rectangle", Geometry::Rectangle),
    ("circle", Geometry::Circle),
    ("circular", Geometry::Circle),
    ("point", Geometry::Point),
];

const KEYS: [&str; 8] = [
    "density", "energy", "geometry", "xmin", "xmax", "ymin", "ymax", "radius",
];

/// A state in the making: its settings, and what is wrong with them.
struct Reader {
    /// As in `state 2`.
    name: String,
    at: Range<usize>,
    settings: BTreeMap<&'static str, Setting>,
    problems: Vec<Problem>,
}

impl State {
    /// Reads what stands after the word `state` in a line.
    pub fn read(key: &Word, words: &mut impl Iterator<Item = Word>) -> Result<Self, Vec<Problem>> {
        let number = Setting::take(key, words).and_then(|setting| setting.whole(1));
        let At { value: number, at } = number.map_err(|problem| vec![problem])?;
        let mut reader = Reader {
            name: format!("state {number}"),
            at: at.clone(),
            settings: BTreeMap::new(),
            problems: Vec::new(),
        };
        reader.settings(words);
        let density = reader.needed("density", Setting::positive);
        let energy = reader.needed("energy", Setting::real);
        let shape = if number == 1 {
            reader.refuse(&KEYS[2..], "means nothing for state 1, which is everywhere");
            None
        } else {
            reader.shape()
        };
        match (density, energy) {
            (Some(density), Some(energy)) if reader.problems.is_empty() => Ok(Self {
                number,
                at,
                density,
                energy,
                shape,
            }),
            _ => Err(reader.problems),
        }
    }
}

impl Reader {
    fn settings(&mut self, words: &mut impl Iterator<Item = Word>) {
        let mut words = words.peekable();
        let known = |word: &Word| KEYS.into_iter().find(|key| *key == word.text);
        while let Some(key) = words.next() {
            let Some(name) = known(&key) else {
                let help = match nearest(&key.text, KEYS) {
                    _ if keys::find(&key).is_ok() => {
                        "a state takes the rest of its line: write it on another".to_owned()
                    }
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known here: {}", KEYS.join(", ")),
                };
                self.problems
                    .push(key.problem("unknown key of a state", help));
                // Its value, in all likelihood.
                words.next_if(|word| known(word).is_none());
                continue;
            };
            match Setting::take(&key, &mut words) {
                Ok(_) if self.settings.contains_key(name) => {
                    let problem = key.problem("stands here twice", "remove one of the two");
                    self.problems.push(problem);
                }
                Ok(setting) => {
                    self.settings.insert(name, setting);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    fn needed<T>(&mut self, key: &str, read: impl Fn(&Setting) -> Result<T, Problem>) -> Option<T> {
        match self.settings.get(key).map(read) {
            Some(Ok(value)) => return Some(value),
            Some(Err(problem)) => self.problems.push(problem),
            // A key without a value was reported.
            None if self.problems.iter().any(|problem| problem.path == key) => {}
            None => self.problems.push(Problem {
                origin: Origin::File(self.at.clone()),
                path: self.name.clone(),
                message: format!("has no {key}"),
                help: Some(format!("add {key}= and its value")),
            }),
        }
        None
    }

    fn refuse(&mut self, keys: &[&str], message: &str) {
        for key in keys {
            if let Some(setting) = self.settings.get(*key) {
                self.problems
                    .push(setting.key.problem(message, "remove it"));
            }
        }
    }

    fn shape(&mut self) -> Option<At<Shape>> {
        let At { value, at } = self.needed("geometry", |setting| setting.choice(&GEOMETRIES))?;
        if value != Geometry::Circle {
            self.refuse(&["radius"], "is for circles");
        }
        let mut corner = |keys: [&str; 2]| {
            let corner = keys.map(|key| self.needed(key, Setting::real));
            corner.map(|number| number.map_or(f64::NAN, |number| number.value))
        };
        let min = corner(["xmin", "ymin"]);
        let shape = match value {
            Geometry::Rectangle => Shape::Rectangle {
                min,
                max: corner(["xmax", "ymax"]),
            },
            Geometry::Circle => Shape::Circle {
                center: min,
                radius: self.needed("radius", Setting::positive)?.value,
            },
            Geometry::Point => Shape::Point { at: min },
        };
        Some(At { value: shape, at })
    }
}
