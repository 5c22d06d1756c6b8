use super::*;

#[test]
fn lines_squares_and_discs_are_where_they_belong() {
    let color = [200, 0, 0];
    let chart = |mark, points| Chart {
        title: "Title".into(),
        axes: ["x".into(), "y".into()],
        scales: [Scale::Logarithmic, Scale::Logarithmic],
        panels: vec![Panel {
            title: "Panel".into(),
            series: vec![
                Series {
                    label: "range".into(),
                    color: GREY,
                    mark: Mark::Line,
                    points: vec![[1.0, 1.0], [100.0, 100.0]],
                },
                Series {
                    label: "series".into(),
                    color,
                    mark,
                    points,
                },
            ],
        }],
    };
    let middle = [MARGIN[0] + PLOT[0] / 2, MARGIN[1] + PLOT[1] / 2];
    let at = |canvas: &Canvas, [x, y]: [usize; 2]| canvas.get(x, y);
    for mark in [Mark::Square, Mark::Disc] {
        let canvas = chart(mark, vec![[10.0, 10.0]]).draw();
        assert_eq!(at(&canvas, middle), color);
        let corner = at(&canvas, middle.map(|pixel| pixel + 6));
        assert_eq!(corner == color, mark == Mark::Square);
    }
    let across = vec![[1.0, 10.0], [100.0, 10.0]];
    let painted = |mark| {
        let canvas = chart(mark, across.clone()).draw();
        let row = (MARGIN[0]..MARGIN[0] + PLOT[0]).map(|x| at(&canvas, [x, middle[1]]));
        row.filter(|pixel| *pixel == color).count()
    };
    let (line, dashes) = (painted(Mark::Line), painted(Mark::Dashes));
    assert!(line > PLOT[0] / 2 && dashes < line * 3 / 4 && dashes > line / 3);
    // Points between the ends change nothing.
    let through = |count: u32| -> Vec<[f64; 2]> {
        let at = |k: u32| [600.0 * f64::from(k) / f64::from(count), 0.0];
        (0..=count).map(at).collect()
    };
    let length = |dashes: Vec<[[f64; 2]; 2]>| dashes.iter().map(|[a, b]| b[0] - a[0]).sum::<f64>();
    let [two, many] = [1, 150].map(|count| length(super::dashes(&through(count))));
    assert!(
        (two - 300.0).abs() < 1e-9 && (many - two).abs() < 1e-9,
        "{two} {many}"
    );
}

#[test]
fn bars_stand_on_the_axis_and_on_each_other() {
    let [high, low] = [[200, 0, 0], [0, 0, 200]];
    let bars = |color, tops: [f64; 2]| Series {
        label: "part".into(),
        color,
        mark: Mark::Bar,
        points: vec![[0.0, tops[0]], [1.0, tops[1]]],
    };
    let canvas = Chart {
        title: "Title".into(),
        axes: ["x".into(), "y".into()],
        scales: [
            Scale::Named(vec!["one".into(), "two".into()]),
            Scale::FromZero,
        ],
        panels: vec![Panel {
            title: "Panel".into(),
            series: vec![bars(high, [4.0, 2.0]), bars(low, [1.0, 1.0])],
        }],
    }
    .draw();
    // The bars stand at a quarter and three quarters of the width.
    let painted = |quarter: usize, color: Rgb| {
        let x = MARGIN[0] + quarter * PLOT[0] / 4;
        let rows = MARGIN[1]..MARGIN[1] + PLOT[1];
        rows.filter(|y| canvas.get(x, *y) == color).count()
    };
    let unit = painted(1, low);
    assert!(painted(1, high).abs_diff(3 * unit) <= 3, "{unit}");
    assert!(painted(3, high).abs_diff(unit) <= 3);
    assert_eq!(painted(3, low), unit);
    assert_eq!(painted(2, low) + painted(2, high), 0);
    assert_eq!(
        canvas.get(MARGIN[0] + PLOT[0] / 4, MARGIN[1] + PLOT[1] - 1),
        low
    );
}

#[test]
fn a_legend_ends_where_the_plot_does() {
    let color = [200, 0, 0];
    for count in [LEGEND_LINES, LEGEND_LINES + 1, 10 * LEGEND_LINES] {
        let series = |number: usize| Series {
            label: format!("series {number}"),
            color,
            mark: Mark::Line,
            points: vec![[0.0, 1.0], [1.0, 2.0]],
        };
        let canvas = Chart {
            title: String::new(),
            axes: ["x".into(), "y".into()],
            scales: [Scale::Linear, Scale::Linear],
            panels: vec![Panel {
                title: String::new(),
                series: (0..count).map(series).collect(),
            }],
        }
        .draw();
        let left = MARGIN[0] + PLOT[0] + MARGIN[2];
        let inked = |rows: std::ops::Range<usize>| {
            rows.flat_map(|y| (left..canvas.width).map(move |x| [x, y]))
                .filter(|[x, y]| canvas.get(*x, *y) == color)
                .count()
        };
        let last = MARGIN[1] + (LEGEND_LINES - 1) * LEGEND_LINE;
        assert_eq!(inked(last..canvas.height) > 0, count == LEGEND_LINES);
        assert!(inked(last - LEGEND_LINE..last) > 0);
    }
}

#[test]
fn a_chart_becomes_a_file() {
    let scratch = tempfile::tempdir().unwrap();
    let chart = Chart {
        title: "Title".into(),
        axes: ["x".into(), "y".into()],
        scales: [Scale::Logarithmic, Scale::Logarithmic],
        panels: vec![Panel {
            title: "One point".into(),
            series: vec![Series {
                label: "point".into(),
                color: INK,
                mark: Mark::Disc,
                points: vec![[1e-3, 1e3]],
            }],
        }],
    };
    let path = scratch.path().join("chart.png");
    chart.write(&path).unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(std::fs::read(&path).unwrap()));
    let info = decoder.read_info().unwrap().info().clone();
    assert_eq!(info.utf8_text[0].get_text().unwrap(), "Title");
    let error = chart.write(&scratch.path().join("none/chart.png"));
    assert_eq!(error.unwrap_err().kind.exit_status(), 74);
}
