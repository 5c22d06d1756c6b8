//! Modes: states that a scheme only multiplies, on a grid as in the continuum.

use std::f64::consts::PI;

use isotherm::physics::Wall;

use super::{Problem, formula, insulated, number, sample, uniform, unit_grid};

const CELLS: [usize; 2] = [36, 25];

/// Conductivities along x and along y, and the heat capacity.
pub const ALPHA: [f64; 2] = [0.8, 1.7];
pub const CAPACITY: f64 = 1.5;

/// `amplitude * shape + steady` between some walls.
pub struct Mode {
    pub name: &'static str,
    shape: String,
    steady: &'static str,
    /// Angles per cell along x and along y.
    angles: [f64; 2],
    walls: [Wall; 4],
}

impl Mode {
    /// `lambda / rho_c`: the operator makes `-rate * mode` of a mode.
    pub fn rate(&self) -> f64 {
        let lambda = |axis: usize| ALPHA[axis] * eigenvalue(self.angles[axis], CELLS[axis]);
        (lambda(0) + lambda(1)) / CAPACITY
    }

    pub fn problem(&self, dt: f64, steps: usize) -> Problem {
        Problem {
            grid: unit_grid(CELLS),
            medium: uniform(ALPHA, CAPACITY),
            initial: formula(&format!("{} + {}", self.shape, self.steady)),
            walls: self.walls.clone(),
            dt,
            steps,
        }
    }

    /// The state after steps that multiply the mode by a factor.
    pub fn after(&self, factor: f64, steps: usize) -> Vec<f64> {
        let amplitude = factor.powi(i32::try_from(steps).unwrap());
        let name = self.name;
        assert!(
            amplitude.abs() > 1e-3,
            "{name}: a mode that has died proves nothing: {amplitude}"
        );
        let state = format!("{amplitude:e}*({}) + {}", self.shape, self.steady);
        sample(&formula(&state), &unit_grid(CELLS))
    }
}

/// Modes between every kind of wall.
pub fn all() -> Vec<Mode> {
    let [nx, ny] = CELLS;
    let mode = |name, shape: &str, steady, angles, walls| Mode {
        name,
        shape: shape.to_owned(),
        steady,
        angles,
        walls,
    };
    let cold = || std::array::from_fn(|_| Wall::Temperature(number(0.0)));
    let torus = || std::array::from_fn(|_| Wall::Periodic);
    // Steady: u = 2 + 3 x; at x = 1 the inward flux is K du/dx = 0.8 * 3.
    let warm_and_flux = [
        Wall::Temperature(number(2.0)),
        Wall::Flux(number(2.4)),
        Wall::Periodic,
        Wall::Periodic,
    ];
    let convection = Wall::Convection {
        coefficient: number(3.0),
        ambient: number(5.0),
    };
    let theta = convective_angle(3.0);
    vec![
        mode(
            "cold walls",
            "sin(pi*x)*sin(pi*y)",
            "0",
            [angle(1, nx), angle(1, ny)],
            cold(),
        ),
        mode(
            "insulated x",
            "cos(pi*x)",
            "1",
            [angle(1, nx), 0.0],
            insulated(),
        ),
        mode(
            "insulated y",
            "cos(pi*y)",
            "1",
            [0.0, angle(1, ny)],
            insulated(),
        ),
        mode("torus", "sin(2*pi*x)", "1", [angle(2, nx), 0.0], torus()),
        mode(
            "temperature and flux",
            "sin(pi*x/2)",
            "2 + 3*x",
            [angle(1, nx) / 2.0, 0.0],
            warm_and_flux,
        ),
        mode(
            "convection",
            &format!("cos({:e}*(y - 0.5))", theta * 25.0),
            "5",
            [0.0, theta],
            [
                Wall::Periodic,
                Wall::Periodic,
                convection.clone(),
                convection,
            ],
        ),
    ]
}

/// `4/h^2 sin^2(theta/2)`: the eigenvalue of the discrete second difference.
fn eigenvalue(theta: f64, cells: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let n = cells as f64;
    4.0 * n * n * (theta / 2.0).sin().powi(2)
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn angle(half_waves: u32, cells: usize) -> f64 {
    PI * f64::from(half_waves) / cells as f64
}

/// The angle of `cos(theta (i - (n-1)/2))` along y between walls of convection: it solves
/// `cos(theta (n+1)/2) = gain cos(theta (n-1)/2)` for the ghost's gain.
fn convective_angle(h: f64) -> f64 {
    let (conductivity, cells) = (ALPHA[1], 25.0);
    let gain = (conductivity * cells - h / 2.0) / (conductivity * cells + h / 2.0);
    let excess = |theta: f64| {
        (theta * (cells + 1.0) / 2.0).cos() - gain * (theta * (cells - 1.0) / 2.0).cos()
    };
    let (mut low, mut high) = (1e-6, PI / cells);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if excess(low) * excess(middle) <= 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}
