//! `isotherm validate`.

mod orders;
mod results;

use std::{
    io::{self, Write as _},
    path::Path,
    time::Instant,
};

use self::{
    orders::{Curve, chart},
    results::Results,
};
use super::write_json;
use crate::{
    cli,
    config::{self, At, Expectation, Measured, ValidationCase, validation_cases},
    error::{Error, Kind, count, nearest},
    launch::Launcher,
    output::note,
    study::validation::{Verdict, Verdicts, markdown, order},
};

/// Runs the cases and prints what they gave beside what they must give.
///
/// # Errors
/// [`Kind::Missed`] if one gave something else; whatever else keeps them from being run or told of.
pub fn validate(options: &cli::Validate, launcher: Option<Launcher>) -> Result<(), Error> {
    if let Some(launcher) = launcher.filter(|launcher| launcher.size > 1) {
        let message = format!(
            "`isotherm validate` runs on one rank, but {} started {}",
            launcher.name, launcher.size
        );
        return Err(Error::input(message).with_help("start it alone; it uses all cores"));
    }
    let cases = chosen(options)?;
    if options.plot.is_some() && cases.iter().all(|case| case.refine.is_empty()) {
        let help = "leave --plot out, or choose a case that has `refine`";
        return Err(Error::input("--plot: there is no order to draw").with_help(help));
    }
    let mut validation = Validation {
        threads: options.threads,
        verdicts: Verdicts::default(),
        curves: Vec::new(),
    };
    for case in &cases {
        validation.run(case)?;
    }
    let verdicts = &validation.verdicts;
    let text = if options.markdown {
        format!("{}\n{}", in_words(&cases), verdicts.markdown())
    } else {
        verdicts.to_string()
    };
    // A reader that has gone away is no failure.
    let _ = write!(io::stdout(), "{text}");
    if let Some(path) = &options.json {
        write_json(path, verdicts)?;
    }
    if let Some(path) = &options.plot {
        chart(validation.curves).write(path)?;
    }
    conclude(verdicts)
}

/// The cases that the command line asks for.
fn chosen(options: &cli::Validate) -> Result<Vec<ValidationCase>, Error> {
    let path = &options.cases;
    if !path.is_file() {
        let message = format!("there is no file {} with validation cases", path.display());
        let help = "start isotherm where its sources are, or name the file with --cases";
        return Err(Error::input(message).with_help(help));
    }
    let base = path.parent().unwrap_or(Path::new(""));
    let mut cases = validation_cases(&config::load(path)?, base)?;
    for name in &options.names {
        if cases.iter().all(|case| case.name != *name) {
            let known: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
            let help = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            let message = format!("there is no validation case `{name}`");
            return Err(Error::input(message).with_help(help));
        }
    }
    cases.retain(|case| match options.names.as_slice() {
        [] => options.long || !case.long,
        names => names.contains(&case.name),
    });
    Ok(cases)
}

/// The cases as a table of Markdown.
fn in_words(cases: &[ValidationCase]) -> String {
    let rows = cases.iter().map(|case| {
        let [name, what, source] = [&case.name, &case.what, &case.source].map(String::clone);
        vec![name, what, source]
    });
    markdown(&["case", "what", "source"], rows)
}

fn conclude(verdicts: &Verdicts) -> Result<(), Error> {
    let mut missed: Vec<_> = (verdicts.missed())
        .map(|verdict| format!("{} ({})", verdict.case, verdict.quantity))
        .collect();
    missed.dedup();
    if missed.is_empty() {
        return Ok(());
    }
    let all = count(verdicts.verdicts.len(), "expectation");
    let message = format!(
        "{} of {all} missed: {}",
        verdicts.missed().count(),
        missed.join("; ")
    );
    Err(Error::new(Kind::Missed, message))
}

/// What the cases have given so far.
struct Validation {
    threads: Option<usize>,
    verdicts: Verdicts,
    curves: Vec<Curve>,
}

impl Validation {
    /// Runs a case, once for each of its variants.
    fn run(&mut self, case: &ValidationCase) -> Result<(), Error> {
        if case.variants.is_empty() {
            return self.run_variant(case, &case.name, &[]);
        }
        for (variant, set) in &case.variants {
            self.run_variant(case, &format!("{}, {variant}", case.name), set)?;
        }
        Ok(())
    }

    fn run_variant(
        &mut self,
        case: &ValidationCase,
        name: &str,
        set: &[String],
    ) -> Result<(), Error> {
        let start = Instant::now();
        let set = [&case.set, set].concat();
        let before = self.verdicts.verdicts.len();
        let added = match self.measure(case, name, &set) {
            Ok(added) => added,
            Err(error) if matches!(error.kind, Kind::NotConverged | Kind::NotFinite) => {
                note(&format!("{name}: {error}"));
                let nothing = |expectation: &Expectation| {
                    let quantity = in_full(&expectation.measured);
                    Verdict::of_nothing(name, quantity, expectation.value, expectation.tolerance)
                };
                case.expect.iter().map(nothing).collect()
            }
            Err(error) => return Err(error.within(name)),
        };
        self.verdicts.verdicts.extend(added);
        let added = &self.verdicts.verdicts[before..];
        let passed = added.iter().filter(|verdict| verdict.passed).count();
        let seconds = start.elapsed().as_secs_f64();
        note(&format!(
            "{name}: {passed} of {} met, {seconds:.1} s",
            added.len()
        ));
        Ok(())
    }

    fn measure(
        &mut self,
        case: &ValidationCase,
        name: &str,
        set: &[String],
    ) -> Result<Vec<Verdict>, Error> {
        if case.refine.is_empty() {
            let results = Results::of_run(&case.config, set, self.threads)?;
            let verdict = |expectation: &Expectation| {
                let measured = results.measure(&expectation.measured, case.exact.as_ref())?;
                let quantity = in_full(&expectation.measured);
                let numbers = [expectation.value, measured];
                Ok(Verdict::new(name, quantity, numbers, expectation.tolerance))
            };
            return case.expect.iter().map(verdict).collect();
        }
        let mut points = Vec::new();
        for refinement in &case.refine {
            let set = [set, &refinement.set].concat();
            let results = Results::of_run(&case.config, &set, self.threads)?;
            let error = results.measure(&Measured::Error, case.exact.as_ref())?;
            points.push([refinement.h, error]);
        }
        let verdicts = case.expect.iter().flat_map(|expectation| {
            points.windows(2).map(|pair| {
                let quantity = format!("order from {} to {}", pair[0][0], pair[1][0]);
                let numbers = [expectation.value, order([pair[0], pair[1]])];
                Verdict::new(name, quantity, numbers, expectation.tolerance)
            })
        });
        let verdicts = verdicts.collect();
        self.curves.push(Curve {
            name: name.to_owned(),
            order: case.expect[0].value,
            points,
        });
        Ok(verdicts)
    }
}

/// What is measured, as a table says it.
fn in_full(measured: &Measured) -> String {
    match measured {
        Measured::Diagnostic { column, at } => match at {
            At::Start => format!("{column} at the start"),
            At::End => column.clone(),
            At::Rate => format!("{column} per second"),
        },
        Measured::Report(path) => path.clone(),
        Measured::Error => "largest error".to_owned(),
        Measured::Order => "order".to_owned(),
    }
}
