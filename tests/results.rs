//! What looks at results, from the outside: `isotherm compare`, `info` and `plot`.

#[path = "common/process.rs"]
mod process;

use std::{fs, io, path::PathBuf};

use hdf5_metno::File;
use process::{Case, Outcome};

const CONFIG: &str = r#"
title = "Warm corner"

[domain]
size = [1.0, 0.5]
cells = [12, 8]
origin = [-0.5, 2.0]

[material]
conductivity = 1.0
heat_capacity = 1.0

[initial]
temperature = "300 + 10*x*y"

[boundary]
left = { temperature = 300.0 }

[time]
end = 0.02

[output]
snapshots = { every_time = 0.005 }
probes = [{ name = "spot", at = [0.0, 2.25] }, { name = "whole", mean = { min = [-0.5, 2], max = [0.5, 3] } }]
probing = { every_steps = 5 }
"#;

/// A case that was run, to `output/case`.
fn run() -> Case {
    let case = Case::new(CONFIG);
    case.run(&["--quiet"]).succeeds();
    case
}

fn isotherm(case: &Case, arguments: &[&str]) -> Outcome {
    Outcome::of(&mut case.isotherm(arguments))
}

/// What the command prints when it succeeds.
#[track_caller]
fn told(case: &Case, arguments: &[&str]) -> String {
    let outcome = isotherm(case, arguments);
    outcome.succeeds();
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

/// A copy of the case's results, some of whose temperatures, all frames one after the other, are changed.
fn changed(case: &Case, name: &str, change: impl Fn(&mut [f64])) -> PathBuf {
    let path = case.path(name);
    fs::copy(case.path("output/case/fields.vtkhdf"), &path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let dataset = file.dataset("temperature").unwrap();
    let mut values = dataset.read_raw::<f64>().unwrap();
    change(&mut values);
    dataset.write_raw(&values).unwrap();
    path
}

#[test]
fn results_are_identical_to_themselves_and_to_a_run_like_theirs() {
    let case = run();
    case.run(&["--quiet", "--output", "again", "--threads", "1"])
        .succeeds();
    for other in ["output/case", "again", "again/fields.vtkhdf"] {
        let text = told(&case, &["compare", "output/case", other]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 6, "{text}");
        assert_eq!(
            (lines[1], lines[5]),
            ("t = 0.005 s  identical", "identical")
        );
    }
}

#[test]
fn one_flipped_bit_is_found_and_where_it_is() {
    let case = run();
    // Frame 3, row 5, column 7.
    let at = (3 * 8 + 5) * 12 + 7;
    changed(&case, "flipped.vtkhdf", |values| {
        values[at] = f64::from_bits(values[at].to_bits() ^ 1);
    });
    let arguments = ["compare", "output/case", "flipped.vtkhdf"];
    let outcome = isotherm(&case, &arguments);
    outcome.fails(
        1,
        &["differ by up to 5.684342e-14 K, of which 0 K are allowed"],
    );
    let lines: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{}", outcome.stdout);
    for part in [
        "t = 0.015 s  max 5.684e-14 K",
        "in cell (7, 5) at x = 0.125 m, y = 2.34375 m",
        "; 1 of 96 cells",
    ] {
        assert!(lines[3].contains(part), "{part} is not in {}", lines[3]);
    }
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(k, line)| (k == 3) != line.ends_with("identical"))
    );
    let within = told(&case, &[&arguments[..], &["--tolerance", "1e-13"]].concat());
    assert!(
        within.ends_with("equal within 5.684342e-14 K\n"),
        "{within}"
    );
    let before = told(&case, &[&arguments[..], &["--frame", "2"]].concat());
    assert_eq!(before, "t = 0.01 s  identical\nidentical\n");
    isotherm(&case, &[&arguments[..], &["--time", "0.015"]].concat()).fails(1, &["differ by"]);
}

#[test]
fn zeros_of_both_signs_are_equal_and_not_identical() {
    let case = run();
    changed(&case, "plus.vtkhdf", |values| values[40] = 0.0);
    changed(&case, "minus.vtkhdf", |values| values[40] = -0.0);
    let text = told(&case, &["compare", "plus.vtkhdf", "minus.vtkhdf"]);
    assert!(
        text.contains("t = 0 s  equal, but not in all bits"),
        "{text}"
    );
    assert!(text.ends_with("equal within 0 K\n"), "{text}");
    changed(&case, "nan.vtkhdf", |values| values[40] = f64::NAN);
    let parts = ["differ by up to inf K"];
    isotherm(
        &case,
        &[
            "compare",
            "plus.vtkhdf",
            "nan.vtkhdf",
            "--tolerance",
            "1e300",
        ],
    )
    .fails(1, &parts);
    let text = told(&case, &["compare", "nan.vtkhdf", "nan.vtkhdf"]);
    assert!(text.ends_with("\nidentical\n"), "{text}");
}

#[test]
fn other_grids_times_and_precisions_are_named() {
    let case = run();
    let run = |name: &str, set: &str| {
        case.run(&["--quiet", "--output", name, "--set", set])
            .succeeds();
        isotherm(&case, &["compare", "output/case", name, "--tolerance", "1"])
    };
    run("grid", "domain.cells=[12, 9]").fails(
        1,
        &["the grids differ: 12 x 8 cells over 1 m x 0.5 m from (-0.5, 2) m and 12 x 9 cells"],
    );
    let times = run("times", "output.snapshots.every_time=0.01");
    times.fails(
        1,
        &["the times differ: 2 frames only in the first, 0 frames only in the second"],
    );
    assert!(
        times.stdout.contains("t = 0.015 s  only in the first"),
        "{}",
        times.stdout
    );
    let one = told(
        &case,
        &[
            "compare",
            "output/case",
            "times",
            "--time",
            "0.01",
            "--tolerance",
            "1",
        ],
    );
    assert!(one.contains("t = 0.01 s  "), "{one}");
    isotherm(
        &case,
        &[
            "compare",
            "output/case",
            "times",
            "--frame",
            "1",
            "--tolerance",
            "1",
        ],
    )
    .fails(1, &["t = 0.005 s in the first, 0.01 s in the second"]);
    let single = run("single", "parallel.precision=f32");
    single.succeeds();
    assert!(
        single.stdout.starts_with("precision: f64 and f32\n"),
        "{}",
        single.stdout
    );
}

#[test]
fn what_cannot_be_read_is_bad_input() {
    let case = run();
    let fields = case.path("output/case/fields.vtkhdf");
    let whole = fs::read(&fields).unwrap();
    fs::write(case.path("cut.vtkhdf"), &whole[..whole.len() / 2]).unwrap();
    fs::create_dir(case.path("empty")).unwrap();
    drop(File::create(case.path("other.h5")).unwrap());
    for (name, part) in [
        ("none.vtkhdf", "No such file"),
        ("case.toml", "cannot open case.toml"),
        ("cut.vtkhdf", "cut.vtkhdf"),
        ("empty", "empty holds no fields.vtkhdf"),
        ("other.h5", "other.h5 holds no frames"),
    ] {
        isotherm(&case, &["info", name]).fails(2, &[part]);
        isotherm(&case, &["compare", "output/case", name]).fails(2, &[part]);
        isotherm(&case, &["plot", name]).fails(2, &[part]);
    }
    let compare = ["compare", "output/case", "output/case"];
    let with = |arguments: &[&str]| isotherm(&case, &[&compare[..], arguments].concat());
    with(&["--frame", "5"]).fails(2, &["has no frame 5", "its frames are 0 to 4"]);
    with(&["--time", "0.006"]).fails(
        2,
        &[
            "no frame at t = 0.006 s",
            "nearest is frame 1, at t = 0.005 s",
        ],
    );
    with(&["--tolerance", "-1"]).fails(2, &["--tolerance", "not below 0"]);
    with(&["--frame", "1", "--time", "0"]).fails(2, &["cannot be used with"]);
}

#[test]
fn info_tells_what_a_run_has_left() {
    let case = run();
    let text = told(&case, &["info", "output/case"]);
    for part in [
        "results      output/case/fields.vtkhdf, ",
        "title        Warm corner\n",
        "written by   isotherm ",
        "grid         12 x 8 cells of 0.08333333 m x 0.0625 m\n",
        "extent       x -0.5 m to 0.5 m, y 2 m to 2.5 m\n",
        "field        temperature in K, f64, at cell centres\n",
        "frames       5 frames\n",
        "\n  3          t = 0.015 s\n",
        "last frame   min ",
        "diagnostics  ",
        "rows of step, time, spot, whole\n",
        "run          finished: ",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let file = told(&case, &["info", "output/case/fields.vtkhdf"]);
    assert!(text.starts_with(&file), "{file}");
    let results = case.results("output/case");
    let last = |name| *results.column(name).last().unwrap();
    let told_of = |name: &str| -> f64 {
        let line = file
            .lines()
            .find(|line| line.starts_with("last frame"))
            .unwrap();
        let (_, rest) = line.split_once(&format!("{name} ")).unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    for name in ["min", "mean", "max"] {
        assert!(
            (told_of(name) - last(name)).abs() < 1e-4,
            "{name} in {file}"
        );
    }
    fs::remove_file(case.path("output/case/report.json")).unwrap();
    let text = told(&case, &["info", "output/case"]);
    assert!(
        text.contains("run          not finished: there is no report.json"),
        "{text}"
    );
}

#[test]
fn info_tells_what_a_checkpoint_is_of() {
    let case = run();
    let text = told(&case, &["info", "output/case"]);
    let steps = text
        .lines()
        .find(|line| line.starts_with("checkpoints  of step "))
        .unwrap();
    let step: usize = steps.rsplit(' ').next().unwrap().parse().unwrap();
    let path = format!("output/case/checkpoints/{step:09}");
    let text = told(&case, &["info", &path]);
    for part in [
        &format!("checkpoint   {path}, "),
        "in 1 shard\n",
        "written by   isotherm ",
        "grid         12 x 8 cells, f64, on 1 x 1 ranks\n",
        &format!("state        step {step}, t = 0.02 s of 0.02 s\n"),
        "files        5 frames of fields.vtkhdf at that step\n",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    fs::write(case.path(&path).join("manifest.json"), "{}").unwrap();
    isotherm(&case, &["info", &path]).fails(2, &["manifest.json is damaged"]);
}

#[test]
fn an_extract_is_looked_at_as_all_is() {
    let case = run();
    let set = "output.fields={ stride = 2, medium = true, region = { min = [-0.25, 2], max = [0.5, 2.5] } }";
    case.run(&["--quiet", "--output", "part", "--set", set])
        .succeeds();
    let text = told(&case, &["info", "part"]);
    for part in [
        "grid         5 x 4 cells of 0.1666667 m x 0.125 m\n",
        "frames       5 frames\n",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let [all, part] = ["output/case", "part"].map(|name| case.results(name).temperature::<f64>());
    for frame in 0..5 {
        for (j, i) in (0..4).flat_map(|j| (0..5).map(move |i| (j, i))) {
            let value = all[(frame * 8 + 2 * j) * 12 + 3 + 2 * i];
            assert_eq!(part[(frame * 4 + j) * 5 + i], value, "({i}, {j})");
        }
    }
    told(&case, &["plot", "part", "--contours", "4"]);
    let same = told(&case, &["compare", "part", "part/fields.vtkhdf"]);
    assert!(same.ends_with("\nidentical\n"), "{same}");
    isotherm(&case, &["compare", "output/case", "part"]).fails(1, &["the grids differ"]);
    // A file goes on as it was begun.
    let other = [
        "resume",
        "part",
        "--set",
        "output.fields.stride=3",
        "--set",
        "time.end=0.03",
    ];
    isotherm(&case, &other).fails(2, &["output.fields.stride (3, was 2)"]);
}

/// An image and what comes before it: the pixels and the delay in seconds of each frame.
fn frames_of(bytes: Vec<u8>) -> (png::Info<'static>, Vec<(Vec<u8>, f64)>) {
    let mut reader = png::Decoder::new(io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let info = reader.info().clone();
    let count = info
        .animation_control
        .map_or(1, |control| control.num_frames);
    let frames = (0..count).map(|_| {
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let delay = reader.info().frame_control.map_or(0.0, |control| {
            f64::from(control.delay_num) / f64::from(control.delay_den)
        });
        (pixels, delay)
    });
    let frames = frames.collect();
    (info, frames)
}

#[test]
fn a_plot_is_the_picture_of_the_run() {
    let case = run();
    let text = told(&case, &["plot", "output/case", "--range", "auto"]);
    assert!(
        text.starts_with("plot.png: frame 4, t = 0.02 s, "),
        "{text}"
    );
    let results = case.results("output/case");
    let picture = fs::read(case.path("plot.png")).unwrap();
    assert!(
        picture == results.bytes("final.png"),
        "another picture than final.png"
    );
    let set = "output.plot={ colormap = 'viridis', range = [290, 310], contours = 6 }";
    case.run(&["--quiet", "--overwrite", "--set", set])
        .succeeds();
    let fields = "output/case/fields.vtkhdf";
    let look = |more: &[&str]| {
        let range = [
            "plot",
            fields,
            "--colormap",
            "viridis",
            "--range",
            "290:310",
        ];
        let rest = ["--contours", "6", "--output", "look.png"];
        told(&case, &[&range[..], &rest, more].concat());
        fs::read(case.path("look.png")).unwrap()
    };
    let last = look(&[]);
    assert!(last != picture && last == results.bytes("final.png"));
    assert!(look(&["--time", "0.01"]) != last);
}

#[test]
fn an_animation_has_a_picture_a_frame() {
    let case = run();
    let arguments = ["--animate", "--fps", "4", "--output", "all.png"];
    let text = told(&case, &[&["plot", "output/case"], &arguments[..]].concat());
    assert!(text.starts_with("all.png: 5 frames, "), "{text}");
    let (info, frames) = frames_of(fs::read(case.path("all.png")).unwrap());
    assert_eq!(info.animation_control.unwrap().num_plays, 0);
    assert_eq!(frames.len(), 5);
    assert!(frames.iter().all(|(_, delay)| *delay == 0.25));
    // One range for all of them, told in few digits.
    let (_, range) = text.trim_end().split_once("frames, ").unwrap();
    let range = range.replace(" K", "").replace(" to ", ":");
    for (number, (pixels, _)) in frames.iter().enumerate() {
        let number = number.to_string();
        let arguments = ["--frame", &number, "--range", &range, "--output", "one.png"];
        told(&case, &[&["plot", "output/case"], &arguments[..]].concat());
        let (_, one) = frames_of(fs::read(case.path("one.png")).unwrap());
        let both = pixels.iter().zip(&one[0].0);
        let differing = both.filter(|(a, b)| a.abs_diff(**b) > 2).count();
        assert!(
            differing < pixels.len() / 1000,
            "frame {number}: {differing}"
        );
    }
    assert!(frames[0].0 != frames[4].0);
}

#[test]
fn probes_and_diagnostics_become_curves() {
    let case = run();
    let arguments = ["plot", "output/case/probes.csv", "--output", "probes.png"];
    let text = told(&case, &arguments);
    assert!(text.starts_with("probes.png: 2 curves of "), "{text}");
    let text = told(&case, &["plot", "output/case/diagnostics.csv"]);
    assert!(text.starts_with("plot.png: 3 curves of "), "{text}");
    let (info, _) = frames_of(fs::read(case.path("probes.png")).unwrap());
    let title = info.utf8_text[0].get_text().unwrap();
    assert_eq!(title, "output/case/probes.csv");
}

#[test]
fn plots_that_make_no_sense_are_refused() {
    let case = run();
    let before = case.files();
    let plot = |arguments: &[&str], parts: &[&str]| {
        isotherm(&case, &[&["plot"], arguments].concat()).fails(2, parts);
    };
    let (curves, fields) = ("output/case/probes.csv", "output/case");
    plot(
        &[curves, "--animate"],
        &["--animate does nothing with", "leave it out"],
    );
    plot(
        &[curves, "--contours", "3"],
        &["--contours does nothing with"],
    );
    plot(&["none.csv"], &["cannot read none.csv: No such file"]);
    plot(
        &[fields, "--animate", "--frame", "1"],
        &["cannot be used with"],
    );
    plot(&[fields, "--fps", "5"], &["--animate"]);
    plot(&[fields, "--range", "5:5"], &["two ascending numbers"]);
    plot(&[fields, "--colormap", "jet"], &["jet", "inferno, magma"]);
    plot(
        &[fields, "--contours", "0"],
        &["--contours", "from 1 to 50"],
    );
    plot(&[fields, "--frame", "9"], &["its frames are 0 to 4"]);
    plot(
        &[fields, "--output", "case.toml"],
        &["case.toml: pictures are PNG files"],
    );
    isotherm(&case, &["plot", fields, "--output", "none/plot.png"])
        .fails(74, &["cannot write none/plot.png"]);
    assert_eq!(case.files(), before);
}

#[test]
fn the_medium_is_kept_where_asked_and_outlined() {
    let region = "[[region]]\nname = \"block\"\nconductivity = [3, 1]\nsource = \"5 + t\"\n\
                  shape = { rectangle = { min = [-0.25, 2], max = [0.25, 2.25] } }\n\n[initial]";
    let case = Case::new(&CONFIG.replace("[initial]", region));
    let run = |name: &str, fields: &str| {
        let set = format!("output.fields={{ {fields} }}");
        case.run(&["--quiet", "--output", name, "--set", &set])
            .succeeds();
    };
    run("plain", "compression = 1");
    run("single", "precision = 'f32'");
    run("output/case", "compression = 6, medium = true");
    let text = told(&case, &["info", "output/case"]);
    let medium = "medium       conductivity_x, conductivity_y, heat_capacity, source\n";
    assert!(text.contains(medium), "no `{medium}` in\n{text}");
    let text = told(&case, &["compare", "plain", "output/case"]);
    assert!(text.ends_with("\nidentical\n"), "{text}");
    let close = ["compare", "plain", "single", "--tolerance", "2e-5"];
    assert!(told(&case, &close).contains("precision: f64 and f32\n"));
    isotherm(&case, &close[..3]).fails(1, &["differ by up to"]);
    let file = File::open(case.path("output/case/fields.vtkhdf")).unwrap();
    let of_block = |name: &str| {
        let values = file.dataset(name).unwrap().read_raw::<f64>().unwrap();
        assert_eq!(values.len(), 12 * 8);
        // The centre of the block, and a corner of the domain.
        [values[2 * 12 + 6], values[0]]
    };
    assert_eq!(of_block("conductivity_x"), [3.0, 1.0]);
    assert_eq!(of_block("conductivity_y"), [1.0, 1.0]);
    assert_eq!(of_block("source"), [5.0, 0.0]);
    let provenance = file.group("provenance").unwrap();
    let config: hdf5_metno::types::VarLenUnicode =
        provenance.attr("config").unwrap().read_scalar().unwrap();
    assert_eq!(
        config.as_bytes(),
        case.results("output/case").bytes("config.toml")
    );
    drop((file, provenance));

    let picture = |results: &str| {
        told(&case, &["plot", results]);
        let bytes = fs::read(case.path("plot.png")).unwrap();
        assert!(bytes == case.results(results).bytes("final.png"));
        frames_of(bytes).1.remove(0).0
    };
    let (plain, outlined) = (picture("plain"), picture("output/case"));
    let pixels = plain.chunks(3).zip(outlined.chunks(3));
    // Half the width and, twice, half the height of 800 x 400 pixels.
    let differing = pixels.filter(|(a, b)| a != b).count();
    assert_eq!(differing, 400 + 2 * 200);
}
