//! Fast transforms of lines of cells, by what the lines meet at their ends.

use std::{f64::consts::PI, sync::Arc};

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use rustdct::{DctPlanner, TransformType2And3, TransformType4};

/// What lines of cells meet at their low and at their high end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Walls at a temperature.
    Held,
    /// Walls that let no heat through of their own.
    Insulated,
    HeldThenInsulated,
    InsulatedThenHeld,
    /// Each other.
    Joined,
}

impl Ends {
    /// By the weights of the faces between cells and at both walls, if these are there; `None` for
    /// walls that no fast transform knows.
    pub fn new(between: f64, walls: Option<[f64; 2]>) -> Option<Self> {
        let Some(walls) = walls else {
            return Some(Self::Joined);
        };
        // A wall half a cell away takes twice the heat that a cell does.
        let is_held = walls.map(|weight| weight == 2.0 * between);
        let is_insulated = walls.map(|weight| weight == 0.0);
        match (is_held, is_insulated) {
            ([true, true], _) => Some(Self::Held),
            (_, [true, true]) => Some(Self::Insulated),
            ([true, _], [_, true]) => Some(Self::HeldThenInsulated),
            ([_, true], [true, _]) => Some(Self::InsulatedThenHeld),
            _ => None,
        }
    }

    /// The eigenvalues of `u_i -> 2 u_i - u_{i-1} - u_{i+1}` on a line of so many cells, in the order
    /// of the transform's coefficients.
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    pub fn eigenvalues(self, cells: usize) -> Vec<f64> {
        let quarter = match self {
            Self::Joined => |index: usize| 4.0 * index.div_ceil(2) as f64,
            Self::Insulated => |index: usize| 2.0 * index as f64,
            Self::Held => |index: usize| 2.0 * (index + 1) as f64,
            Self::HeldThenInsulated | Self::InsulatedThenHeld => {
                |index: usize| 2.0 * index as f64 + 1.0
            }
        };
        let eigenvalue = |index| 4.0 * (PI * quarter(index) / (4 * cells) as f64).sin().powi(2);
        (0..cells).map(eigenvalue).collect()
    }
}

/// The transform whose modes are the eigenvectors of a line.
///
/// Between walls, which lie half a cell beyond the first and the last centre: the discrete sine and
/// cosine transforms of type II, and IV where the walls differ (Strang, "The Discrete Cosine Transform",
/// 1999).
pub struct Transform {
    cells: usize,
    plan: Plan,
}

enum Plan {
    Sine(Arc<dyn TransformType2And3<f64>>),
    Cosine(Arc<dyn TransformType2And3<f64>>),
    MixedSine(Arc<dyn TransformType4<f64>>),
    MixedCosine(Arc<dyn TransformType4<f64>>),
    Fourier {
        forth: Arc<dyn RealToComplex<f64>>,
        back: Arc<dyn ComplexToReal<f64>>,
    },
}

/// What a thread needs for its lines.
pub struct Scratch {
    numbers: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    complex: Vec<Complex<f64>>,
}

impl Transform {
    /// Of lines of so many cells.
    pub fn new(ends: Ends, cells: usize) -> Self {
        let mut planner = DctPlanner::new();
        let plan = match ends {
            Ends::Held => Plan::Sine(planner.plan_dst2(cells)),
            Ends::Insulated => Plan::Cosine(planner.plan_dct2(cells)),
            Ends::HeldThenInsulated => Plan::MixedSine(planner.plan_dst4(cells)),
            Ends::InsulatedThenHeld => Plan::MixedCosine(planner.plan_dct4(cells)),
            Ends::Joined => {
                let mut planner = RealFftPlanner::new();
                Plan::Fourier {
                    forth: planner.plan_fft_forward(cells),
                    back: planner.plan_fft_inverse(cells),
                }
            }
        };
        Self { cells, plan }
    }

    /// By what there and back multiplies a line, inverted.
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    pub fn scale(&self) -> f64 {
        match self.plan {
            Plan::Fourier { .. } => 1.0 / self.cells as f64,
            _ => 2.0 / self.cells as f64,
        }
    }

    pub fn scratch(&self) -> Scratch {
        let (numbers, spectrum, complex) = match &self.plan {
            Plan::Sine(plan) | Plan::Cosine(plan) => (plan.get_scratch_len(), 0, 0),
            Plan::MixedSine(plan) | Plan::MixedCosine(plan) => (plan.get_scratch_len(), 0, 0),
            Plan::Fourier { forth, back } => {
                let complex = forth.get_scratch_len().max(back.get_scratch_len());
                (self.cells, forth.complex_len(), complex)
            }
        };
        Scratch {
            numbers: vec![0.0; numbers],
            spectrum: vec![Complex::default(); spectrum],
            complex: vec![Complex::default(); complex],
        }
    }

    /// Values to coefficients.
    pub fn forth(&self, line: &mut [f64], scratch: &mut Scratch) {
        let Scratch {
            numbers,
            spectrum,
            complex,
        } = scratch;
        match &self.plan {
            Plan::Sine(plan) => plan.process_dst2_with_scratch(line, numbers),
            Plan::Cosine(plan) => plan.process_dct2_with_scratch(line, numbers),
            Plan::MixedSine(plan) => plan.process_dst4_with_scratch(line, numbers),
            Plan::MixedCosine(plan) => plan.process_dct4_with_scratch(line, numbers),
            Plan::Fourier { forth, .. } => {
                numbers.copy_from_slice(line);
                forth
                    .process_with_scratch(numbers, spectrum, complex)
                    .expect("the lengths are those of the plan");
                for (index, value) in line.iter_mut().enumerate() {
                    let coefficient = spectrum[index.div_ceil(2)];
                    *value = if is_imaginary(index) {
                        coefficient.im
                    } else {
                        coefficient.re
                    };
                }
            }
        }
    }

    /// Coefficients to values, times the inverse of [`Self::scale`].
    pub fn back(&self, line: &mut [f64], scratch: &mut Scratch) {
        let Scratch {
            numbers,
            spectrum,
            complex,
        } = scratch;
        match &self.plan {
            Plan::Sine(plan) => plan.process_dst3_with_scratch(line, numbers),
            Plan::Cosine(plan) => plan.process_dct3_with_scratch(line, numbers),
            Plan::MixedSine(plan) => plan.process_dst4_with_scratch(line, numbers),
            Plan::MixedCosine(plan) => plan.process_dct4_with_scratch(line, numbers),
            Plan::Fourier { back, .. } => {
                spectrum.fill(Complex::default());
                for (index, &value) in line.iter().enumerate() {
                    let coefficient = &mut spectrum[index.div_ceil(2)];
                    if is_imaginary(index) {
                        coefficient.im = value;
                    } else {
                        coefficient.re = value;
                    }
                }
                back.process_with_scratch(spectrum, line, complex)
                    .expect("the lengths are those of the plan");
            }
        }
    }
}

/// Whether a coefficient is the imaginary part of its frequency: after the constant, real and imaginary
/// parts take turns, and the highest frequency of an even number of cells has a real part alone.
fn is_imaginary(index: usize) -> bool {
    index > 0 && index.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Ends; 5] = [
        Ends::Held,
        Ends::Insulated,
        Ends::HeldThenInsulated,
        Ends::InsulatedThenHeld,
        Ends::Joined,
    ];

    /// `2 u_i - u_{i-1} - u_{i+1}` with ghosts as the ends say.
    fn second_difference(ends: Ends, u: &[f64]) -> Vec<f64> {
        let last = u.len() - 1;
        let [low, high] = match ends {
            Ends::Held => [-u[0], -u[last]],
            Ends::Insulated => [u[0], u[last]],
            Ends::HeldThenInsulated => [-u[0], u[last]],
            Ends::InsulatedThenHeld => [u[0], -u[last]],
            Ends::Joined => [u[last], u[0]],
        };
        let at = |i: usize| {
            let before = if i == 0 { low } else { u[i - 1] };
            let after = if i == last { high } else { u[i + 1] };
            2.0 * u[i] - before - after
        };
        (0..u.len()).map(at).collect()
    }

    #[test]
    fn coefficients_are_those_of_eigenvectors_and_come_back() {
        for ends in ALL {
            for cells in [1, 2, 3, 4, 5, 16, 17, 30, 64, 97, 120] {
                let transform = Transform::new(ends, cells);
                let mut scratch = transform.scratch();
                let mut noise = 1_u32;
                let mut u = vec![0.0; cells];
                for u in &mut u {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *u = f64::from(noise) / f64::from(u32::MAX) - 0.5;
                }
                let mut line = second_difference(ends, &u);
                transform.forth(&mut line, &mut scratch);
                let mut coefficients = u.clone();
                transform.forth(&mut coefficients, &mut scratch);
                for (index, eigenvalue) in ends.eigenvalues(cells).into_iter().enumerate() {
                    let error = line[index] - eigenvalue * coefficients[index];
                    assert!(
                        error.abs() < 1e-13 * 100.0,
                        "{ends:?} {cells} {index} {error:e}"
                    );
                }
                transform.back(&mut coefficients, &mut scratch);
                for (back, u) in coefficients.iter().zip(&u) {
                    assert!(
                        (transform.scale() * back - u).abs() < 1e-14,
                        "{ends:?} {cells}"
                    );
                }
            }
        }
    }
}
