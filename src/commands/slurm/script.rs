//! The text of a job script.

use std::fmt::Write as _;

use super::{JobTime, Layout, utf8};
use crate::{
    cli,
    error::{Error, count},
    launch::machine::Machine,
};

/// What all job scripts do.
const JOB: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/job.sh"));

/// Seconds before the end at which the script hears of it.
const WARNING: u64 = 120;

pub struct Script<'a> {
    pub options: &'a cli::Slurm,
    pub machine_file: &'a str,
    pub machine: &'a Machine,
    pub layout: &'a Layout,
    pub time: &'a JobTime,
}

impl Script<'_> {
    /// Why the script is as it is, a line for each of its numbers, with something before each.
    pub fn reasons(&self, before: &str) -> String {
        let Layout {
            nodes,
            ranks_per_node,
            threads,
            memory,
            nodes_are_given,
            ranks_from,
            threads_from,
        } = self.layout;
        let nodes_from = match (nodes_are_given, self.machine.memory) {
            (true, _) => "as --nodes says",
            (false, Some(_)) => "the fewest that have the memory",
            (false, None) => "the fewest",
        };
        let each = count(*ranks_per_node, "rank");
        let lines = [
            ("nodes", format!("{nodes}: {nodes_from}")),
            ("ranks", format!("{ranks_per_node} a node: {ranks_from}")),
            ("threads", format!("{threads} a rank: {threads_from}")),
            (
                "memory",
                format!(
                    "{memory} MiB a node: the fields of {each} and a quarter more, and the program"
                ),
            ),
            (
                "time",
                format!("{}: {}", self.time.in_slurm(), self.time.why),
            ),
        ];
        let mut text = String::new();
        for (name, value) in lines {
            writeln!(text, "{before}{name:<8} {value}").expect("a string takes all");
        }
        text
    }

    /// The script.
    ///
    /// # Errors
    /// If a path in it is not UTF-8.
    pub fn text(&self) -> Result<String, Error> {
        let config = &self.options.config;
        let path = utf8(&config.config, "the path of the config")?;
        let (machine, layout) = (self.machine, self.layout);
        let stem = config
            .config
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        let name: String = stem.chars().map(plain).collect();
        let warning = WARNING.min(self.time.time.as_secs() / 3);
        let mut options = vec![
            format!("job-name={name}"),
            format!("nodes={}", layout.nodes),
            format!("ntasks-per-node={}", layout.ranks_per_node),
            format!("cpus-per-task={}", layout.threads),
            "hint=nomultithread".to_owned(),
            format!("mem={}M", layout.memory),
            format!("time={}", self.time.in_slurm()),
            "requeue".to_owned(),
            "open-mode=append".to_owned(),
            "output=%x-%j.log".to_owned(),
            format!("signal=B:USR1@{warning}"),
        ];
        let of_machine = [
            ("partition", &machine.partition),
            ("account", &machine.account),
            ("qos", &machine.qos),
        ];
        let of_machine = of_machine
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        options.extend(of_machine.map(|(name, value)| format!("{name}={value}")));
        let options = options.iter().fold(String::new(), |text, option| {
            text + "#SBATCH --" + option + "\n"
        });
        let sets =
            (config.set.iter()).fold(String::new(), |text, set| text + " --set " + &quoted(set));
        let job = JOB.split_once('\n').map_or(JOB, |(_, rest)| rest);
        Ok(format!(
            "#!/bin/bash\n\
             # A run of {path}, written by `isotherm slurm` for {file}. Submit it from the folder that paths in\n\
             # it start from. It stops with a checkpoint before its time is up, is queued again, and goes on.\n\
             #\n\
             {reasons}#\n\
             {options}set -euo pipefail\n\
             cd \"${{SLURM_SUBMIT_DIR:-.}}\"\n\n\
             ISOTHERM_MACHINE=\n\
             modules={modules}\n\
             launcher={launcher}\n\
             program={program}\n\n\
             {job}\n\
             prepare\n\
             start \"$ranks\" \"$threads\" run --resume {config}{sets}\n\
             status=0\n\
             supervise \"${{command[@]}}\" || status=$?\n\
             go_on \"$status\"\n",
            file = self.machine_file,
            reasons = self.reasons("# "),
            modules = quoted(&machine.modules),
            launcher = quoted(&machine.launcher),
            program = quoted(&machine.program),
            config = quoted(path),
        ))
    }
}

/// A word that the shell takes as it is.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $1"), r"'it'\''s $1'");
    }
}
