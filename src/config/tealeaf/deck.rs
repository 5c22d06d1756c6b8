//! The settings of a deck, defaults filled in.

use std::collections::BTreeMap;

use super::{
    keys::{self, Role},
    setting::{At, Setting},
    state::State,
    words::{self, Word},
};
use crate::config::problems::{Origin, Problem};

/// What a deck says; where it is silent, its beginning is the place to blame.
#[derive(Debug, Clone)]
pub struct Deck {
    /// Along x, along y.
    pub cells: [At<i64>; 2],
    pub min: [At<f64>; 2],
    pub max: [At<f64>; 2],
    pub step: At<f64>,
    pub end_time: At<f64>,
    pub end_step: Option<At<i64>>,
    /// Steps between two summaries; 0 for none.
    pub summary_frequency: At<i64>,
    /// Steps between two snapshots; 0 for none.
    pub visit_frequency: At<i64>,
    /// As a config names it.
    pub method: At<&'static str>,
    /// As a config names it.
    pub preconditioner: At<&'static str>,
    pub inner_steps: Option<At<i64>>,
    pub tolerance: At<f64>,
    pub max_iterations: At<i64>,
    /// Whether the conductivity is the density, and not one over it.
    pub conducts_by_density: At<bool>,
    /// In the order of their numbers, from 1 on without a gap.
    pub states: Vec<State>,
}

/// The methods by the keys that choose them.
const METHODS: [(&str, &str); 4] = [
    ("use_jacobi", JACOBI),
    ("use_cg", "cg"),
    ("use_chebyshev", "chebyshev"),
    ("use_ppcg", PPCG),
];

/// The method that takes no preconditioner.
pub const JACOBI: &str = "jacobi";

/// The method that has inner steps.
pub const PPCG: &str = "ppcg";

/// The diagonal, as a preconditioner.
const DIAGONAL: &str = "jacobi";

const PRECONDITIONERS: [(&str, &str); 2] = [("none", "none"), ("jac_diag", DIAGONAL)];

/// Whether the conductivity is the density, by the keys that say so: the names read backwards.
const COEFFICIENTS: [(&str, bool); 2] = [
    ("coefficient_density", false),
    ("coefficient_inverse_density", true),
];

impl Deck {
    /// Reads the first deck in a text, or says everything that is wrong with it in itself.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        let (begin, lines) = words::lines(text).map_err(|problem| vec![problem])?;
        let mut reader = Reader {
            begin,
            settings: BTreeMap::new(),
            switches: BTreeMap::new(),
            states: Vec::new(),
            has_lost_states: false,
            problems: Vec::new(),
        };
        for line in lines {
            reader.line(line);
        }
        let deck = reader.deck();
        if reader.problems.is_empty() {
            Ok(deck)
        } else {
            Err(reader.problems)
        }
    }
}

/// A deck in the making.
struct Reader {
    /// What is not in the deck is put down to it.
    begin: Word,
    settings: BTreeMap<&'static str, Setting>,
    switches: BTreeMap<&'static str, Word>,
    states: Vec<State>,
    /// Whether a line of a state could not be read: none is missed then.
    has_lost_states: bool,
    problems: Vec<Problem>,
}

impl Reader {
    fn line(&mut self, words: Vec<Word>) {
        let mut words = words.into_iter().peekable();
        while let Some(key) = words.next() {
            let (name, role) = match keys::find(&key) {
                Ok(found) => found,
                Err(problem) => {
                    self.problems.push(problem);
                    // Its value, in all likelihood.
                    words.next_if(|word| keys::find(word).is_err());
                    continue;
                }
            };
            match role {
                Role::State => return self.state(&key, &mut words),
                Role::Value | Role::IgnoredValue => match Setting::take(&key, &mut words) {
                    Ok(_) if role == Role::IgnoredValue => {}
                    Ok(setting) => {
                        let earlier = self.settings.insert(name, setting);
                        self.once(&key, earlier.is_some());
                    }
                    Err(problem) => self.problems.push(problem),
                },
                Role::Switch => {
                    let earlier = self.switches.insert(name, key.clone());
                    self.once(&key, earlier.is_some());
                }
                Role::IgnoredSwitch => {}
                Role::Refused(why) => {
                    self.problems.push(key.problem(why, "remove it"));
                    words.next_if(|word| keys::find(word).is_err());
                }
            }
        }
    }

    /// A state takes the rest of its line.
    fn state(&mut self, key: &Word, words: &mut impl Iterator<Item = Word>) {
        match State::read(key, words) {
            Ok(state) => self.states.push(state),
            Err(problems) => {
                self.problems.extend(problems);
                self.has_lost_states = true;
            }
        }
    }

    fn once(&mut self, key: &Word, is_again: bool) {
        if is_again {
            let problem = key.problem("stands here twice", "remove one of the two");
            self.problems.push(problem);
        }
    }

    fn deck(&mut self) -> Deck {
        let mut states = std::mem::take(&mut self.states);
        states.sort_by_key(|state| state.number);
        if !self.has_lost_states {
            self.check_states(&states);
        }
        let deck = Deck {
            cells: ["x_cells", "y_cells"].map(|key| self.whole(key, 10, 1)),
            min: ["xmin", "ymin"].map(|key| self.get(key, 0.0, Setting::real)),
            max: ["xmax", "ymax"].map(|key| self.get(key, 100.0, Setting::real)),
            step: self.get("initial_timestep", 0.1, Setting::positive),
            end_time: self.get("end_time", 10.0, Setting::positive),
            end_step: self.given("end_step", |setting| setting.whole(1)),
            summary_frequency: self.whole("summary_frequency", 10, 0),
            visit_frequency: self.whole("visit_frequency", 0, 0),
            method: self.switched(&METHODS, JACOBI),
            preconditioner: self.preconditioner(),
            inner_steps: self.given("ppcg_inner_steps", |setting| setting.whole(1)),
            tolerance: self.get("eps", 1e-10, Setting::positive),
            max_iterations: self.whole("max_iters", 1000, 1),
            conducts_by_density: self.switched(&COEFFICIENTS, false),
            states,
        };
        self.check_extent(&deck);
        deck
    }

    /// The value of a key, if it is there and right.
    fn given<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Setting) -> Result<At<T>, Problem>,
    ) -> Option<At<T>> {
        let value = self.settings.get(key).map(read)?;
        value.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn get<T>(
        &mut self,
        key: &str,
        default: T,
        read: impl Fn(&Setting) -> Result<At<T>, Problem>,
    ) -> At<T> {
        self.given(key, read)
            .unwrap_or_else(|| self.absent(default))
    }

    fn whole(&mut self, key: &str, default: i64, least: i64) -> At<i64> {
        self.get(key, default, |setting| setting.whole(least))
    }

    fn absent<T>(&self, default: T) -> At<T> {
        At {
            value: default,
            at: self.begin.at.clone(),
        }
    }

    /// What the one of several switches that is there stands for.
    fn switched<T: Copy>(&mut self, choices: &[(&str, T)], default: T) -> At<T> {
        let chosen = choices.iter().filter_map(|(key, value)| {
            let switch = self.switches.get(*key)?;
            Some((switch, *value))
        });
        let mut chosen: Vec<_> = chosen.collect();
        chosen.sort_by_key(|(switch, _)| switch.at.start);
        for pair in chosen.windows(2) {
            let message = format!("{} is there already", pair[0].0.text);
            let problem = pair[1].0.problem(message, "keep one of them");
            self.problems.push(problem);
        }
        match chosen.first() {
            Some((switch, value)) => At {
                value: *value,
                at: switch.at.clone(),
            },
            None => self.absent(default),
        }
    }

    fn preconditioner(&mut self) -> At<&'static str> {
        let [(_, none), _] = PRECONDITIONERS;
        let switched = self.switched(&[("preconditioner_on", DIAGONAL)], none);
        if let (Some(setting), true) = (
            self.settings.get("preconditioner_type"),
            switched.value == DIAGONAL,
        ) {
            let message = "preconditioner_on is there already";
            let problem = setting.key.problem(message, "keep one of them");
            self.problems.push(problem);
        }
        self.given("preconditioner_type", |setting| {
            setting.choice(&PRECONDITIONERS)
        })
        .unwrap_or(switched)
    }

    fn check_extent(&mut self, deck: &Deck) {
        for (axis, name) in ["x", "y"].into_iter().enumerate() {
            let (min, max) = (&deck.min[axis], &deck.max[axis]);
            if min.value >= max.value {
                let message = format!("must be above {name}min ({}), is {}", min.value, max.value);
                self.problems.push(Problem {
                    origin: Origin::File(max.at.clone()),
                    path: format!("{name}max"),
                    message,
                    help: None,
                });
            }
        }
    }

    /// Every number from 1 on has one state; they are in order.
    fn check_states(&mut self, states: &[State]) {
        let again = states
            .windows(2)
            .filter(|pair| pair[0].number == pair[1].number);
        for pair in again {
            self.problems.push(Problem {
                origin: Origin::File(pair[1].at.clone()),
                path: format!("state {}", pair[1].number),
                message: "stands here twice".to_owned(),
                help: Some("give every state its own number".to_owned()),
            });
        }
        let mut numbers: Vec<_> = states.iter().map(|state| state.number).collect();
        numbers.dedup();
        let missing = (1..)
            .zip(&numbers)
            .find(|(expected, number)| expected != *number);
        let missing = match (missing, numbers.is_empty()) {
            (Some((number, _)), _) => number,
            (None, true) => 1,
            (None, false) => return,
        };
        let help = match missing {
            1 => "add the background, as in state 1 density=100.0 energy=0.0001",
            _ => "number the states without a gap",
        };
        let problem = self.begin.problem(format!("has no state {missing}"), help);
        self.problems.push(problem);
    }
}
