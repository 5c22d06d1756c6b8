//! Materials, regions, initial state and walls.

use std::{fs, sync::Arc};

use super::{Check, domain_in_words, show};
use crate::{
    config::{
        quantity::{self, Quantity, Start},
        schema::{self, Config},
    },
    grid::{Grid, Side},
    physics::{Conductivity, Expression, Initial, Mask, Medium, Region, Shape, Value, Wall},
};

impl Check<'_> {
    pub(super) fn medium(&mut self, config: &mut Config, grid: &Grid) -> Medium {
        let material = &config.material;
        Medium {
            face_mean: material.face_mean,
            conductivity: self.conductivity("material.conductivity", &material.conductivity),
            heat_capacity: self.positive_value("material.heat_capacity", &material.heat_capacity),
            source: (material.source.as_ref()).map(|source| self.value("material.source", source)),
            regions: self.regions(&mut config.regions, grid),
        }
    }

    fn regions(&mut self, regions: &mut [schema::Region], grid: &Grid) -> Vec<Region> {
        let mut checked = Vec::new();
        for index in 0..regions.len() {
            let (before, rest) = regions.split_at_mut(index);
            let region = &mut rest[0];
            let key = |name| format!("region[{index}].{name}");
            if region.sets_nothing() {
                let message = format!("`{}` sets no property", region.name);
                let help = "give it a conductivity, heat_capacity, source or temperature";
                self.problem(&format!("region[{index}]"), message, Some(help));
            }
            if before.iter().any(|other| other.name == region.name) {
                let message = format!("another region is called `{}`", region.name);
                self.problem(
                    &key("name"),
                    message,
                    Some("give every region its own name"),
                );
            }
            let conductivity = (region.conductivity.as_ref())
                .map(|value| self.conductivity(&key("conductivity"), value));
            let heat_capacity = (region.heat_capacity.as_ref())
                .map(|value| self.positive_value(&key("heat_capacity"), value));
            let source = (region.source.as_ref()).map(|value| self.value(&key("source"), value));
            let temperature =
                (region.temperature.as_ref()).map(|value| self.value(&key("temperature"), value));
            let Some(shape) = self.shape(&key("shape"), &mut region.shape) else {
                continue;
            };
            self.overlap(&key("shape"), &shape, grid);
            checked.push(Region {
                name: region.name.clone(),
                shape,
                conductivity,
                heat_capacity,
                source,
                temperature,
            });
        }
        checked
    }

    /// The shape, unless it needs something that is not there.
    fn shape(&mut self, path: &str, shape: &mut schema::Shape) -> Option<Shape> {
        Some(match shape {
            schema::Shape::Rectangle { min, max } => {
                self.corners(&format!("{path}.rectangle"), *min, *max);
                Shape::Rectangle {
                    min: *min,
                    max: *max,
                }
            }
            schema::Shape::Circle { center, radius } => {
                self.positive(&format!("{path}.circle.radius"), *radius);
                Shape::Circle {
                    center: *center,
                    radius: *radius,
                }
            }
            schema::Shape::Polygon { points } => {
                if points.len() < 3 {
                    let path = format!("{path}.polygon.points");
                    let message = format!("must be at least 3 points, is {}", points.len());
                    self.problem(&path, message, None);
                }
                Shape::Polygon {
                    points: points.clone(),
                }
            }
            schema::Shape::Image { file, min, max } => {
                self.corners(&format!("{path}.image"), *min, *max);
                let path = format!("{path}.image.file");
                *file = self.file(&path, file);
                if !file.is_file() {
                    return None;
                }
                let mask = fs::read(&file)
                    .map_err(|error| format!("not readable: {error}"))
                    .and_then(|bytes| Mask::from_png(&bytes));
                match mask {
                    Ok(mask) => Shape::Image {
                        mask: Arc::new(mask),
                        min: *min,
                        max: *max,
                    },
                    Err(reason) => {
                        let message = format!("is {}", reason.trim_end_matches('.'));
                        self.problem(&path, message, Some("give a PNG file"));
                        return None;
                    }
                }
            }
            schema::Shape::Expression(text) => {
                Shape::Expression(self.expression::<false>(&format!("{path}.expression"), text)?)
            }
        })
    }

    pub(super) fn corners(&mut self, path: &str, min: [f64; 2], max: [f64; 2]) {
        if self.findings.touches(&format!("{path}.min")) {
            return;
        }
        for axis in 0..2 {
            if min[axis] >= max[axis] {
                let message = format!(
                    "must be above min ({}), is {}",
                    show(min[axis]),
                    show(max[axis])
                );
                self.problem(&format!("{path}.max[{axis}]"), message, None);
            }
        }
    }

    pub(super) fn overlap(&mut self, path: &str, shape: &Shape, grid: &Grid) {
        let Some([min, max]) = shape.bounds() else {
            return;
        };
        if self.findings.touches("domain") || self.findings.touches(path) {
            return;
        }
        let overlaps = (0..2).all(|axis| {
            let low = grid.origin[axis];
            min[axis] < low + grid.size[axis] && max[axis] > low
        });
        if !overlaps {
            let help = domain_in_words(grid);
            self.problem(path, "lies outside the domain", Some(&help));
        }
    }

    pub(super) fn initial(&mut self, initial: &mut schema::Initial) -> Initial {
        match &mut initial.temperature {
            Start::Value(value) => Initial::Value(self.value("initial.temperature", value)),
            Start::File(start) => {
                start.file = self.file("initial.temperature.file", &start.file);
                Initial::File {
                    file: start.file.clone(),
                    dataset: start.dataset.clone(),
                }
            }
        }
    }

    pub(super) fn walls(&mut self, boundary: &schema::Boundary) -> [Wall; 4] {
        let walls = Side::ALL.map(|side| (side, wall_at(boundary, side)));
        for pair in walls.chunks(2) {
            if let [(side, schema::Wall::Periodic), (opposite, other)]
            | [(opposite, other), (side, schema::Wall::Periodic)] = pair
                && !matches!(other, schema::Wall::Periodic)
            {
                self.one_sided(*side, *opposite);
            }
        }
        walls.map(|(side, wall)| {
            let path = format!("boundary.{}", side.name());
            match wall {
                schema::Wall::Temperature(value) => {
                    Wall::Temperature(self.value(&format!("{path}.temperature"), value))
                }
                schema::Wall::Flux(value) => Wall::Flux(self.value(&format!("{path}.flux"), value)),
                schema::Wall::Convection {
                    coefficient,
                    ambient,
                } => {
                    let path = format!("{path}.convection");
                    Wall::Convection {
                        coefficient: self.not_negative(&format!("{path}.coefficient"), coefficient),
                        ambient: self.value(&format!("{path}.ambient"), ambient),
                    }
                }
                schema::Wall::Periodic => Wall::Periodic,
            }
        })
    }

    fn one_sided(&mut self, side: Side, opposite: Side) {
        let opposite = opposite.name();
        if !self.findings.touches(&format!("boundary.{opposite}")) {
            let message = format!("is periodic, but {opposite} is not");
            let help = format!("set {opposite} = \"periodic\" as well, or neither");
            self.problem(&format!("boundary.{}", side.name()), message, Some(&help));
        }
    }

    fn conductivity(&mut self, path: &str, given: &quantity::Conductivity) -> Conductivity {
        Conductivity(match given {
            quantity::Conductivity::Isotropic(value) => {
                let value = self.positive_value(path, value);
                [value.clone(), value]
            }
            quantity::Conductivity::Orthotropic([kx, ky]) => [
                self.positive_value(&format!("{path}[0]"), kx),
                self.positive_value(&format!("{path}[1]"), ky),
            ],
        })
    }

    fn positive_value(&mut self, path: &str, given: &Quantity<false>) -> Value {
        if let Quantity::Number(number) = given {
            self.positive(path, *number);
        }
        self.value(path, given)
    }

    /// A heat transfer coefficient; 0 is an insulated wall.
    fn not_negative(&mut self, path: &str, given: &Quantity<true>) -> Value {
        if let Quantity::Number(number) = given
            && *number < 0.0
        {
            let message = format!("must not be negative, is {}", show(*number));
            self.problem(path, message, None);
        }
        self.value(path, given)
    }

    fn value<const TIME: bool>(&mut self, path: &str, given: &Quantity<TIME>) -> Value {
        match given {
            Quantity::Number(number) => Value::Constant(*number),
            Quantity::Expression(text) => self
                .expression::<TIME>(path, text)
                .map_or(Value::Constant(f64::NAN), Value::Expression),
        }
    }

    fn expression<const TIME: bool>(&mut self, path: &str, text: &str) -> Option<Arc<Expression>> {
        match Expression::parse(text, Quantity::<TIME>::VARIABLES) {
            Ok(expression) => Some(Arc::new(expression)),
            Err(error) => {
                self.problem(path, error.message, error.help.as_deref());
                None
            }
        }
    }
}

fn wall_at(boundary: &schema::Boundary, side: Side) -> &schema::Wall {
    match side {
        Side::Left => &boundary.left,
        Side::Right => &boundary.right,
        Side::Bottom => &boundary.bottom,
        Side::Top => &boundary.top,
    }
}
