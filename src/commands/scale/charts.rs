//! The plots of a study.

use crate::{
    commands::COLORS,
    error::count,
    output::{Chart, Mark, Panel, Scale, Series},
    study::scaling::{Family, Fit, Kind, Layout, Point, Study},
};

const IDEAL: [u8; 3] = [120, 120, 126];
const MEMORY: [u8; 3] = [40, 40, 46];
const LAW: [u8; 3] = [136, 34, 85];

/// Places along a curve of a law.
const PLACES: u32 = 65;

/// Phases with a smaller part of the time of every layout are left out.
const LEAST_PART: f64 = 0.002;

/// The colours of phases.
const PHASES: [(&str, usize); 8] = [
    ("interior", 0),
    ("rim", 5),
    ("solver", 2),
    ("walls_and_sources", 7),
    ("pack", 4),
    ("unpack", 3),
    ("wait", 1),
    ("other", 6),
];

/// Speed-up, efficiency, rate of each core, and time by phase.
pub fn charts(study: &Study, bytes_per_update: Option<f64>) -> [Chart; 4] {
    [
        speedup(study),
        efficiency(study),
        rate(study, bytes_per_update),
        phases(study),
    ]
}

/// Points that are joined: ranks of the same number of threads, or threads of one rank.
struct Line<'a> {
    label: String,
    color: [u8; 3],
    mark: Mark,
    points: Vec<&'a Point>,
}

fn lines(study: &Study) -> Vec<Line<'_>> {
    let mut threads: Vec<_> = study
        .points
        .iter()
        .map(|point| point.layout.threads)
        .collect();
    threads.sort_unstable();
    threads.dedup();
    let points = |belongs: &dyn Fn(Layout) -> bool| -> Vec<&Point> {
        study
            .points
            .iter()
            .filter(|point| belongs(point.layout))
            .collect()
    };
    let of_ranks = threads.into_iter().map(|threads| {
        let label = format!("ranks of {}", count(threads, "thread"));
        (
            label,
            Mark::Disc,
            points(&|layout| layout.threads == threads),
        )
    });
    let ranks = study.base.ranks;
    let label = format!("threads of {}", count(ranks, "rank"));
    let of_threads = (label, Mark::Square, points(&|layout| layout.ranks == ranks));
    let all: Vec<_> = of_ranks.chain([of_threads]).collect();
    // One point makes no line, but where there is nothing else.
    let several = all.iter().any(|(.., points)| points.len() > 1);
    let shown = all
        .into_iter()
        .filter(|(.., points)| points.len() > 1 || !several);
    let colored = shown.zip(COLORS.into_iter().cycle());
    let line = |((label, mark, points), color)| Line {
        label,
        color,
        mark,
        points,
    };
    colored.map(line).collect()
}

/// The lines with their marks, and where `spread` says it the quartiles as strokes.
fn series(
    study: &Study,
    value: impl Fn(&Point) -> f64,
    spread: impl Fn(&Point) -> Option<[f64; 2]>,
) -> Vec<Series> {
    let mut all = Vec::new();
    for Line {
        label,
        color,
        mark,
        points,
    } in lines(study)
    {
        let at = |point: &Point, y: f64| [cores(point.layout), y];
        let unlabelled = |mark, points| Series {
            label: String::new(),
            color,
            mark,
            points,
        };
        let middle: Vec<_> = points.iter().map(|point| at(point, value(point))).collect();
        let strokes = points.iter().filter_map(|point| {
            let [low, high] = spread(point)?;
            Some(unlabelled(
                Mark::Line,
                vec![at(point, low), at(point, high)],
            ))
        });
        all.extend(strokes);
        all.push(unlabelled(Mark::Line, middle.clone()));
        all.push(Series {
            label,
            ..unlabelled(mark, middle)
        });
    }
    all
}

#[expect(clippy::cast_precision_loss, reason = "cores are far fewer than 2^53")]
fn cores(layout: Layout) -> f64 {
    layout.cores() as f64
}

/// The best of what some layouts have, for each number of cores.
fn best(study: &Study, value: impl Fn(&Point) -> Option<f64>) -> Vec<[f64; 2]> {
    let mut found: Vec<[f64; 2]> = Vec::new();
    // In the order of cores.
    for point in &study.points {
        let Some(value) = value(point) else { continue };
        let cores = cores(point.layout);
        match found.last_mut() {
            Some(last) if last[0] == cores => last[1] = last[1].max(value),
            _ => found.push([cores, value]),
        }
    }
    found
}

/// Numbers of cores from the fewest to the most, and these over those of the base.
fn range(study: &Study) -> impl Iterator<Item = [f64; 2]> {
    let base = cores(study.base);
    let all = study.points.iter().map(|point| cores(point.layout));
    let most = all.fold(base, f64::max);
    (0..PLACES).map(move |place| {
        let scale = (most / base).powf(f64::from(place) / f64::from(PLACES - 1));
        [base * scale, scale]
    })
}

/// What is drawn beside the points of speed-ups and of efficiencies.
fn guides(study: &Study, value: impl Fn(f64, f64) -> f64) -> Vec<Series> {
    let ideal = Series {
        label: "ideal".into(),
        color: IDEAL,
        mark: Mark::Dashes,
        points: range(study)
            .map(|[cores, scale]| [cores, value(scale, scale)])
            .collect(),
    };
    let of_memory = |point: &Point| Some(value(point.bandwidth_speedup?, point.scale));
    let memory = Series {
        label: "memory bandwidth".into(),
        color: MEMORY,
        mark: Mark::Line,
        points: best(study, of_memory),
    };
    let memory = (!memory.points.is_empty()).then_some(memory);
    let fit = study
        .fits
        .iter()
        .find(|fit| fit.family == Family::All)
        .or(study.fits.first());
    let law = fit.map(|fit| Series {
        label: law(fit, study.kind),
        color: LAW,
        mark: Mark::Dashes,
        points: range(study)
            .map(|[cores, scale]| [cores, value(fit.speedup(scale), scale)])
            .collect(),
    });
    [Some(ideal), memory, law].into_iter().flatten().collect()
}

fn law(fit: &Fit, kind: Kind) -> String {
    let name = match kind {
        Kind::Strong => "Amdahl",
        Kind::Weak => "Gustafson",
    };
    format!("{name}, serial part {:.3}", fit.serial_fraction)
}

fn chart(study: &Study, what: &str, y: String, scales: [Scale; 2], series: Vec<Series>) -> Chart {
    let kind = match study.kind {
        Kind::Strong => "Strong",
        Kind::Weak => "Weak",
    };
    let [nx, ny] = study.points[0].cells;
    let cells = match study.kind {
        Kind::Strong => format!("{nx} x {ny} cells"),
        Kind::Weak => format!("{nx} x {ny} cells on {}", study.base),
    };
    Chart {
        title: format!("{kind} scaling, {cells}: {what}"),
        axes: ["cores (ranks times threads)".into(), y],
        scales,
        panels: vec![Panel {
            title: study.title.clone(),
            series,
        }],
    }
}

fn speedup(study: &Study) -> Chart {
    let mut series = series(
        study,
        |point| point.speedup.median,
        |point| Some([point.speedup.q1, point.speedup.q3]),
    );
    series.splice(0..0, guides(study, |speedup, _| speedup));
    let y = format!("speed-up over {} (ranks x threads)", study.base);
    chart(
        study,
        "speed-up",
        y,
        [Scale::Doubling, Scale::Doubling],
        series,
    )
}

fn efficiency(study: &Study) -> Chart {
    let mut series = series(
        study,
        |point| point.efficiency.median,
        |point| Some([point.efficiency.q1, point.efficiency.q3]),
    );
    series.splice(0..0, guides(study, |speedup, scale| speedup / scale));
    let y = "efficiency (speed-up over cores)".into();
    chart(
        study,
        "efficiency",
        y,
        [Scale::Doubling, Scale::FromZero],
        series,
    )
}

fn rate(study: &Study, bytes_per_update: Option<f64>) -> Chart {
    let mut series = series(
        study,
        |point| point.rate_per_core() / 1e9,
        |point| {
            let [fast, slow] = [point.time.q1, point.time.q3].map(|time| point.time.median / time);
            Some([slow, fast].map(|part| part * point.rate_per_core() / 1e9))
        },
    );
    let roof =
        |point: &Point| Some(point.bandwidth? / bytes_per_update? / cores(point.layout) / 1e9);
    let roof = best(study, roof);
    if !roof.is_empty() {
        let memory = Series {
            label: "memory, a sweep a step".into(),
            color: MEMORY,
            mark: Mark::Line,
            points: roof,
        };
        series.insert(0, memory);
    }
    let y = "10^9 cell updates per second and core".into();
    chart(
        study,
        "rate of each core",
        y,
        [Scale::Doubling, Scale::FromZero],
        series,
    )
}

/// Stacked bars of the time of all cores for a cell update, which ideal scaling leaves as it is.
fn phases(study: &Study) -> Chart {
    let costs: Vec<_> = study.points.iter().map(costs).collect();
    let part = |costs: &[(&str, f64)], name: &str| {
        let found = costs.iter().find(|(other, _)| *other == name);
        found.map_or(0.0, |(_, seconds)| seconds.max(0.0))
    };
    let total = |costs: &[(&str, f64)]| {
        PHASES
            .iter()
            .map(|(name, _)| part(costs, name))
            .sum::<f64>()
    };
    let is_shown = |name: &str| {
        let mut all = costs.iter();
        all.any(|costs| part(costs, name) > LEAST_PART * total(costs))
    };
    let longest = costs.iter().map(|costs| total(costs)).fold(0.0, f64::max);
    let units = [("µs", 1e-6), ("ns", 1e-9), ("ps", 1e-12)];
    let unit = units.into_iter().find(|(_, unit)| longest >= *unit);
    let (unit, seconds) = unit.unwrap_or(units[2]);
    let mut tops = vec![0.0; costs.len()];
    let mut series = Vec::new();
    for (name, color) in PHASES.into_iter().filter(|(name, _)| is_shown(name)) {
        for (top, costs) in tops.iter_mut().zip(&costs) {
            *top += part(costs, name) / seconds;
        }
        let places = (0_u32..).map(f64::from);
        series.push(Series {
            label: name.replace('_', " "),
            color: COLORS[color],
            mark: Mark::Bar,
            points: places
                .zip(&tops)
                .map(|(place, top)| [place, *top])
                .collect(),
        });
    }
    // What stands highest is drawn first.
    series.reverse();
    let layouts = study.points.iter().map(|point| point.layout.to_string());
    let names = layouts.map(|layout| layout.replace(' ', "")).collect();
    let y = format!("{unit} of core time per cell update");
    let scales = [Scale::Named(names), Scale::FromZero];
    let mut chart = chart(study, "time by phase", y, scales, series);
    chart.axes[0] = "ranks x threads".into();
    chart
}

/// Seconds of core time per cell update in each phase, means over ranks and repetitions.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn costs(point: &Point) -> Vec<(&str, f64)> {
    let [nx, ny] = point.cells.map(|cells| cells as f64);
    let updates = nx * ny * point.steps as f64 * point.seconds.len() as f64;
    let cost = |seconds: &[f64]| seconds.iter().sum::<f64>() * cores(point.layout) / updates;
    let phases = point.phases.iter();
    phases
        .map(|(name, seconds)| (name.as_str(), cost(seconds)))
        .collect()
}
