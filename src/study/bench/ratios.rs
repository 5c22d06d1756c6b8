//! Ratios of rates of time steps.

use serde::Serialize;

use super::{
    Coefficients, Method, Precision,
    rounds::{Id, Rounds},
    steps::Step,
};

/// Rates over each other, within a round.
#[derive(Debug, Clone, Serialize)]
pub struct Ratios {
    /// Fused steps over plain ones.
    pub fused_over_plain: Vec<Ratio>,
    /// f32 over f64.
    pub f32_over_f64: Vec<Ratio>,
    /// All threads of each rank over one of each; none where that is the same.
    pub all_threads_over_one: Vec<Ratio>,
}

/// One of them, and what is the same on both sides.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Ratio {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    pub coefficients: Coefficients,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Of each rank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    pub ratio: f64,
}

pub(super) fn ratios(steps: &[Step], threads: &[usize], measured: &Rounds) -> Ratios {
    let id = |precision: Precision, coefficients: Coefficients, method: Method, threads: usize| {
        let same = |step: &&Step| {
            (step.precision, step.coefficients) == (precision, coefficients)
                && (step.method, step.threads) == (method, threads)
        };
        let step: &Step = steps.iter().find(same).expect("everything was measured");
        step.id
    };
    let ratio = |above: Id, below: Id| measured.ratio(above, below);
    let mut ratios = Ratios {
        fused_over_plain: Vec::new(),
        f32_over_f64: Vec::new(),
        all_threads_over_one: Vec::new(),
    };
    let most = threads[threads.len() - 1];
    for coefficients in Coefficients::ALL {
        for precision in Precision::ALL {
            for &threads in threads {
                let of = |method| id(precision, coefficients, method, threads);
                ratios.fused_over_plain.push(Ratio {
                    precision: Some(precision),
                    coefficients,
                    method: None,
                    threads: Some(threads),
                    ratio: ratio(of(Method::Fused), of(Method::Plain)),
                });
            }
            for method in Method::ALL.into_iter().filter(|_| most > 1) {
                let of = |threads| id(precision, coefficients, method, threads);
                ratios.all_threads_over_one.push(Ratio {
                    precision: Some(precision),
                    coefficients,
                    method: Some(method),
                    threads: None,
                    ratio: ratio(of(most), of(1)),
                });
            }
        }
        for method in Method::ALL {
            for &threads in threads {
                let of = |precision| id(precision, coefficients, method, threads);
                ratios.f32_over_f64.push(Ratio {
                    precision: None,
                    coefficients,
                    method: Some(method),
                    threads: Some(threads),
                    ratio: ratio(of(Precision::F32), of(Precision::F64)),
                });
            }
        }
    }
    ratios
}
