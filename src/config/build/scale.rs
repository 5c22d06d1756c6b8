//! Scaling studies.

use super::Check;
use crate::config::{case::Scale, quantity::Auto, schema};

/// What a launcher's command line may have in braces.
const PLACES: [&str; 2] = ["{ranks}", "{threads}"];

impl Check<'_> {
    pub(super) fn scale(&mut self, scale: schema::Scale) -> Scale {
        let ranks = self.numbers("scale.ranks", scale.ranks);
        let threads = self.numbers("scale.threads", scale.threads);
        if let Some(cores) = scale.cores {
            self.at_least_one("scale.cores", cores);
        }
        self.at_least_one("scale.repetitions", scale.repetitions);
        if let Some(launcher) = &scale.launcher {
            self.launcher(launcher);
        }
        Scale {
            kind: scale.kind,
            ranks,
            threads,
            cores: scale.cores,
            repetitions: scale.repetitions,
            bandwidth: scale.bandwidth,
            launcher: scale.launcher,
        }
    }

    fn numbers(&mut self, path: &str, numbers: Auto<Vec<usize>>) -> Option<Vec<usize>> {
        let Auto::Given(numbers) = numbers else {
            return None;
        };
        if numbers.is_empty() {
            let help = "name at least one, or write \"auto\"";
            self.problem(path, "is empty", Some(help));
        }
        for (index, &number) in numbers.iter().enumerate() {
            self.at_least_one(&format!("{path}[{index}]"), number);
        }
        Some(numbers)
    }

    fn launcher(&mut self, launcher: &str) {
        let path = "scale.launcher";
        let rest = PLACES
            .iter()
            .fold(launcher.to_owned(), |text, place| text.replace(place, ""));
        if rest.contains(['{', '}']) {
            let help = "only {ranks} and {threads} stand in braces";
            self.problem(path, "has braces around something else", Some(help));
        } else if !launcher.contains(PLACES[0]) {
            let help = "write it as in \"mpirun -n {ranks}\"";
            self.problem(path, "does not say how many ranks to start", Some(help));
        } else if launcher.trim_start().starts_with('{') {
            let help = "write it as in \"mpirun -n {ranks}\"";
            self.problem(path, "names no program", Some(help));
        }
    }
}
