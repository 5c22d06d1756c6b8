//! Errors that fall as grids or steps are refined, beside the slopes that they should have.

use crate::{
    commands::COLORS,
    output::{Chart, Mark, Panel, Scale, Series},
};

/// The errors of one case.
pub struct Curve {
    pub name: String,
    /// The expected slope.
    pub order: f64,
    /// Widths of cells or lengths of steps, from the coarsest, each with its error.
    pub points: Vec<[f64; 2]>,
}

/// The chart of all curves. Each begins at 1 on its first axis, where a dashed line with the expected slope
/// sets out from its error.
pub fn chart(curves: Vec<Curve>) -> Chart {
    let series = curves.into_iter().zip(COLORS.into_iter().cycle());
    Chart {
        title: "Largest error of refined cases; dashed: the expected order".into(),
        axes: [
            "width of a cell or length of a step, over the coarsest".into(),
            "largest difference from the exact temperature".into(),
        ],
        scales: [Scale::Logarithmic, Scale::Logarithmic],
        panels: vec![Panel {
            title: String::new(),
            series: series
                .flat_map(|(curve, color)| both(curve, color))
                .collect(),
        }],
    }
}

/// The errors, and the line that they should lie on.
fn both(curve: Curve, color: [u8; 3]) -> [Series; 2] {
    let [coarsest, error] = curve.points[0];
    let points: Vec<_> = (curve.points.iter())
        .map(|[h, error]| [h / coarsest, *error])
        .collect();
    let slope = (points.iter())
        .map(|[h, _]| [*h, error * h.powf(curve.order)])
        .collect();
    [
        Series {
            label: curve.name,
            color,
            mark: Mark::Disc,
            points,
        },
        Series {
            label: format!("order {}", curve.order),
            color,
            mark: Mark::Dashes,
            points: slope,
        },
    ]
}
