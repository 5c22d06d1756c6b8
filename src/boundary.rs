//! Walls: what a ghost cell beyond a wall holds.

/// The ghost beyond a wall as a function of the cell before it: `gain * cell + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ghost {
    pub gain: f64,
    pub offset: f64,
    /// `1 - gain`, without the round-off of that difference.
    pub loss: f64,
}

/// A condition `a u + b K du/dn = c` at a wall face, with the outward normal `n`.
///
/// A prescribed temperature is `(1, 0, temperature)`, a prescribed inward heat flux
/// `(0, 1, flux)`, convection `(h, 1, h * ambient)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Robin {
    pub a: f64,
    pub b: f64,
    pub c: f64,
}

impl Robin {
    /// A prescribed temperature at the wall, in K.
    #[must_use]
    pub fn temperature(value: f64) -> Self {
        Self {
            a: 1.0,
            b: 0.0,
            c: value,
        }
    }

    /// A prescribed inward heat flux, in W/m^2.
    #[must_use]
    pub fn flux(value: f64) -> Self {
        Self {
            a: 0.0,
            b: 1.0,
            c: value,
        }
    }

    /// Convection with a coefficient in W/(m^2 K) to an ambient temperature in K.
    #[must_use]
    pub fn convection(coefficient: f64, ambient: f64) -> Self {
        Self {
            a: coefficient,
            b: 1.0,
            c: coefficient * ambient,
        }
    }

    /// The ghost that satisfies the condition at the face half way between it and its cell, of
    /// the given conductivity in W/(m K) and width in m: second order in the width.
    #[must_use]
    pub fn ghost(self, conductivity: f64, width: f64) -> Ghost {
        let value = 0.5 * self.a;
        let slope = self.b * conductivity / width;
        Ghost {
            gain: (slope - value) / (slope + value),
            offset: self.c / (slope + value),
            loss: self.a / (slope + value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_is_the_mean_of_cell_and_ghost() {
        let ghost = Robin::temperature(300.0).ghost(5.0, 0.1);
        assert_eq!(
            ghost,
            Ghost {
                gain: -1.0,
                offset: 600.0,
                loss: 2.0
            }
        );
    }

    #[test]
    fn a_flux_is_the_slope_between_cell_and_ghost() {
        let ghost = Robin::flux(20.0).ghost(5.0, 0.25);
        assert_eq!(
            ghost,
            Ghost {
                gain: 1.0,
                offset: 1.0,
                loss: 0.0
            }
        );
    }

    #[test]
    fn a_wall_that_hardly_loses_heat_loses_exactly_that() {
        let ghost = Robin::convection(1e-12, 300.0).ghost(1e3, 1e-3);
        assert_eq!(ghost.gain, 1.0);
        assert!((ghost.loss / 1e-18 - 1.0).abs() < 1e-15, "{}", ghost.loss);
    }

    #[test]
    fn convection_balances_conduction_to_the_wall() {
        let (h, ambient, conductivity, width, cell) = (7.0, 290.0, 3.0, 0.2, 310.0);
        let ghost = Robin::convection(h, ambient).ghost(conductivity, width);
        let beyond = ghost.gain * cell + ghost.offset;
        let at_wall = 0.5 * (cell + beyond);
        let inward = conductivity * (beyond - cell) / width;
        assert!((inward - h * (ambient - at_wall)).abs() < 1e-12 * inward.abs());
    }
}
