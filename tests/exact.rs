//! Solutions that the scheme must meet to round-off, and orders of convergence.

mod common;

use common::{
    Problem, SOLO, formula, imbalance, insulated, largest_difference,
    modes::{self, ALPHA, CAPACITY},
    number, region, run, sample, uniform, unit_grid,
};
use isotherm::physics::{Conductivity, Medium, Shape, Wall};

/// Runs 1000 steps from a mode and compares with its exact decay, relative to the mode's size.
#[test]
fn modes_decay_as_they_must() {
    for mode in modes::all() {
        let limit = 1.0 / (2.0 * (ALPHA[0] * 36.0 * 36.0 + ALPHA[1] * 25.0 * 25.0)) * CAPACITY;
        let (dt, steps) = (0.9 * limit, 1000);
        let outcome = run::<f64>(&mode.problem(dt, steps), SOLO);
        let factor = 1.0 - dt * mode.rate();
        let error = largest_difference(&outcome.u, &mode.after(factor, steps));
        let name = mode.name;
        assert!(error < 1e-12, "{name}: error {error:e} after {steps} steps");
        assert!(imbalance(&outcome) < 1e-11, "{name}");
    }
}

#[test]
fn a_slab_of_two_materials_with_the_interface_on_a_face() {
    let mut medium = uniform([4.0, 4.0], 1.0);
    let mut right = region(Shape::Rectangle {
        min: [0.25, 0.0],
        max: [1.0, 1.0],
    });
    right.conductivity = Some(Conductivity([number(0.5), number(0.5)]));
    medium.regions.push(right);
    // Flux (T1 - T2) / (L1/k1 + L2/k2), the temperature linear in each material.
    let flux = (350.0 - 300.0) / (0.25 / 4.0 + 0.75 / 0.5);
    let interface = 350.0 - flux * 0.25 / 4.0;
    let exact = format!(
        "(x < 0.25)*(350 - {flux:e}*x/4) + (x >= 0.25)*({interface:e} - {flux:e}*(x - 0.25)/0.5)"
    );
    let grid = unit_grid([16, 4]);
    let mut walls = insulated();
    walls[0] = Wall::Temperature(number(350.0));
    walls[1] = Wall::Temperature(number(300.0));
    let problem = Problem {
        grid,
        medium,
        initial: number(320.0),
        walls,
        dt: 4e-4,
        steps: 60_000,
    };
    let outcome = run::<f64>(&problem, SOLO);
    let error = largest_difference(&outcome.u, &sample(&formula(&exact), &grid));
    assert!(error / 350.0 < 1e-12, "relative error {:e}", error / 350.0);
}

#[test]
fn heat_is_conserved_in_an_insulated_box() {
    let mut medium = uniform([1.0, 2.0], 3.0);
    let mut disc = region(Shape::Circle {
        center: [0.3, 0.6],
        radius: 0.2,
    });
    disc.conductivity = Some(Conductivity([number(50.0), number(0.1)]));
    disc.heat_capacity = Some(number(7.0));
    medium.regions.push(disc);
    for medium in [medium, uniform([1.0, 2.0], 3.0)] {
        let problem = Problem {
            grid: unit_grid([61, 47]),
            medium,
            initial: formula("300 + 50*exp(-((x-0.2)^2 + (y-0.7)^2)/0.02)"),
            walls: insulated(),
            dt: 1e-6,
            steps: 5000,
        };
        let outcome = run::<f64>(&problem, SOLO);
        let drift = (outcome.end.content / outcome.start.content - 1.0).abs();
        assert!(drift < 1e-13, "drift {drift:e}");
        assert_eq!(outcome.end.through_sides, [0.0; 4]);
    }
}

#[test]
fn the_balance_closes_with_walls_and_sources() {
    let mut medium = uniform([1.0, 2.0], 3.0);
    let mut heater = region(Shape::Circle {
        center: [0.3, 0.6],
        radius: 0.2,
    });
    heater.source = Some(formula("2e3*(1 + sin(900*t))"));
    let mut plate = region(Shape::Rectangle {
        min: [0.5, 0.1],
        max: [0.9, 0.4],
    });
    plate.conductivity = Some(Conductivity([number(20.0), formula("1 + x")]));
    plate.source = Some(formula("500*x"));
    medium.regions = vec![heater, plate];
    let problem = Problem {
        grid: unit_grid([61, 47]),
        medium,
        initial: formula("300 + 50*x*y"),
        walls: [
            Wall::Temperature(formula("300 + 20*sin(300*t)")),
            Wall::Flux(formula("1000*y")),
            Wall::Convection {
                coefficient: number(8.0),
                ambient: number(250.0),
            },
            Wall::Temperature(number(280.0)),
        ],
        dt: 4e-6,
        steps: 3000,
    };
    let outcome = run::<f64>(&problem, SOLO);
    assert!(outcome.end.from_sources > 0.0);
    let imbalance = imbalance(&outcome);
    assert!(imbalance < 1e-11, "imbalance {imbalance:e}");
}

#[test]
fn the_stability_limit_is_where_the_checkerboard_stops_decaying() {
    let (alpha, cells) = ([0.8, 1.7], [16, 10]);
    let capacity = 1.5;
    let textbook = capacity / (2.0 * (alpha[0] * 16.0 * 16.0 + alpha[1] * 10.0 * 10.0));
    let largest = |fraction: f64| {
        let problem = Problem {
            grid: unit_grid(cells),
            medium: uniform(alpha, capacity),
            initial: formula("cos(16*pi*(x - 1/32))*cos(10*pi*(y - 1/20))"),
            walls: std::array::from_fn(|_| Wall::Periodic),
            dt: fraction * textbook,
            steps: 1000,
        };
        let outcome = run::<f64>(&problem, SOLO);
        assert!((outcome.stability_limit / textbook - 1.0).abs() < 1e-14);
        outcome.u.iter().fold(0.0, |most: f64, u| most.max(u.abs()))
    };
    let (below, above) = (largest(0.999), largest(1.001));
    // One step multiplies the mode by 1 - 2 dt/limit.
    assert!((below / 0.998_f64.powi(1000) - 1.0).abs() < 1e-9, "{below}");
    assert!((above / 1.002_f64.powi(1000) - 1.0).abs() < 1e-9, "{above}");
}

#[test]
fn the_stability_limit_is_that_of_the_worst_cell() {
    let mut medium = uniform([1.0, 1.0], 1.0);
    let mut speck = region(Shape::Rectangle {
        min: [0.5, 0.5],
        max: [0.6, 0.6],
    });
    speck.heat_capacity = Some(number(0.25));
    medium.regions.push(speck);
    let problem = Problem {
        grid: unit_grid([10, 10]),
        medium,
        initial: number(0.0),
        walls: insulated(),
        dt: 0.0,
        steps: 0,
    };
    let limit = run::<f64>(&problem, SOLO).stability_limit;
    assert!((limit / (0.25 / 400.0) - 1.0).abs() < 1e-14, "{limit}");
}

#[test]
fn walls_of_time_alone_are_what_they_are_as_walls_of_place_and_time() {
    let outcome = |more: &str| {
        let wall = |text: &str| formula(&format!("{text}{more}"));
        let problem = Problem {
            grid: unit_grid([9, 7]),
            medium: uniform([1.0, 2.0], 3.0),
            initial: number(300.0),
            walls: [
                Wall::Temperature(wall("300 + 20*sin(300*t)")),
                Wall::Flux(wall("500*cos(200*t)")),
                Wall::Convection {
                    coefficient: wall("5 + sin(100*t)"),
                    ambient: wall("280 + t"),
                },
                Wall::Temperature(number(310.0)),
            ],
            dt: 1e-3,
            steps: 50,
        };
        run::<f64>(&problem, SOLO).u
    };
    assert_eq!(outcome(""), outcome(" + 0*x*y"));
}

/// `u = exp(-t) sin(pi x) sin(pi y) + x` with `K = 1 + x y / 2`, `rho_c = 2`, and the source that
/// makes it a solution.
fn manufactured(n: usize) -> f64 {
    let source = "exp(-t)*(-2*sin(pi*x)*sin(pi*y) + 2*pi^2*(1 + x*y/2)*sin(pi*x)*sin(pi*y) \
                  - pi*(y/2)*cos(pi*x)*sin(pi*y) - pi*(x/2)*sin(pi*x)*cos(pi*y)) - y/2";
    let medium = Medium {
        conductivity: Conductivity([formula("1 + x*y/2"), formula("1 + x*y/2")]),
        source: Some(formula(source)),
        ..uniform([1.0, 1.0], 2.0)
    };
    let grid = unit_grid([n, n]);
    // The step falls with h^2, so the first order in time shows as second order in h.
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let dt = 0.16 / (n * n) as f64;
    let steps = n * n / 4;
    let problem = Problem {
        grid,
        medium,
        initial: formula("sin(pi*x)*sin(pi*y) + x"),
        walls: [
            Wall::Temperature(formula("0*y")),
            Wall::Temperature(number(1.0)),
            // K du/dn + 2 u with u = x and du/dy = pi exp(-t) sin(pi x) at y = 0, outward -y.
            Wall::Convection {
                coefficient: number(2.0),
                ambient: formula("x - 0.5*pi*exp(-t)*sin(pi*x)"),
            },
            Wall::Flux(formula("-pi*(1 + x/2)*exp(-t)*sin(pi*x)")),
        ],
        dt,
        steps,
    };
    let outcome = run::<f64>(&problem, SOLO);
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let end = steps as f64 * dt;
    let exact = sample(
        &formula(&format!("exp(-{end:e})*sin(pi*x)*sin(pi*y) + x")),
        &grid,
    );
    largest_difference(&outcome.u, &exact)
}

#[test]
fn second_order_in_space_with_variable_conductivity_and_every_kind_of_wall() {
    let errors = [16, 32, 64].map(manufactured);
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!(
            (order - 2.0).abs() < 0.1,
            "order {order} from errors {errors:?}"
        );
    }
}

#[test]
fn symmetric_states_stay_symmetric_to_the_bit() {
    let n = 33;
    let problem = Problem {
        grid: unit_grid([n, n]),
        medium: uniform([1.0, 1.0], 1.0),
        initial: formula("300 + 40*(x*x + y*y) + 10*x*y"),
        walls: std::array::from_fn(|_| Wall::Temperature(number(290.0))),
        dt: 2e-4,
        steps: 500,
    };
    let u = run::<f64>(&problem, SOLO).u;
    for j in 0..n {
        for i in 0..n {
            assert_eq!(u[j * n + i].to_bits(), u[i * n + j].to_bits());
        }
    }
}
