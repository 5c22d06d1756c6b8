//! A cluster as a machine file describes it: what differs from one to the next for jobs of Slurm.
//!
//! The file is one of the shell's, so that job scripts read it as it is; here it is read without a shell. Each line
//! is empty, a comment or `name=value`, with a value that the shell would take word for word.

use std::time::Duration;

use crate::error::{Error, nearest};

/// What jobs on a cluster are made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Machine {
    /// Words of `module load`.
    pub modules: String,
    pub partition: String,
    pub account: String,
    pub qos: String,
    /// The command that starts ranks, with `{ranks}` and `{threads}` to be filled in.
    pub launcher: String,
    /// The path of isotherm there.
    pub program: String,
    /// Physical cores of a node.
    pub cores: usize,
    /// NUMA domains of a node, of equally many cores.
    pub numa_domains: usize,
    /// MiB of a node that jobs may take, where it is told.
    pub memory: Option<u64>,
    /// The longest job, where there is one.
    pub time_limit: Option<Duration>,
    /// Cell updates a second on one core, where they were measured.
    pub rate: Option<f64>,
}

const NAMES: [&str; 11] = [
    "modules",
    "partition",
    "account",
    "qos",
    "launcher",
    "program",
    "cores",
    "numa_domains",
    "memory",
    "time_limit",
    "rate",
];

impl Machine {
    /// Reads the text of a machine file that messages call `name`.
    ///
    /// # Errors
    /// The first line that is not as it must be, or what is missing.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut machine = Self {
            program: "isotherm".to_owned(),
            numa_domains: 1,
            ..Self::default()
        };
        for (number, line) in text.lines().enumerate() {
            machine
                .take(line)
                .map_err(|error| error.within(&format!("{name}:{}", number + 1)))?;
        }
        let lacks = |what: &str, help: &str| {
            Err(Error::input(format!("{name} has no `{what}`")).with_help(help))
        };
        let Self {
            cores,
            numa_domains,
            ..
        } = machine;
        if cores == 0 {
            return lacks("cores", "say how many physical cores a node has: cores=64");
        }
        if machine.launcher.is_empty() {
            return lacks(
                "launcher",
                "say what starts ranks: launcher='mpirun -n {ranks}'",
            );
        }
        if cores % numa_domains != 0 {
            let message =
                format!("{name}: {cores} cores are not {numa_domains} equal NUMA domains");
            return Err(Error::input(message).with_help("correct `cores` or `numa_domains`"));
        }
        Ok(machine)
    }

    fn take(&mut self, line: &str) -> Result<(), Error> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let Some((name, value)) = line.split_once('=') else {
            let message = format!("expected name=value, found `{line}`");
            return Err(Error::input(message).with_help("such as cores=64"));
        };
        if !NAMES.contains(&name) {
            let error = Error::input(format!("unknown name `{name}`"));
            return Err(match nearest(name, NAMES) {
                Some(known) => error.with_help(format!("did you mean `{known}`?")),
                None => error.with_help(format!("known are {}", NAMES.join(", "))),
            });
        }
        let value = literal(value)?;
        let wrong = |expected: &str| {
            let message = format!("`{name}` must be {expected}, is `{value}`");
            Error::input(message).with_help("correct it, or leave it out")
        };
        let positive = || value.parse().ok().filter(|number| *number > 0);
        let count = || positive().ok_or_else(|| wrong("a whole number above 0"));
        match name {
            "modules" => self.modules = value,
            "partition" => self.partition = value,
            "account" => self.account = value,
            "qos" => self.qos = value,
            "launcher" => self.launcher = value,
            // An empty value is as good as none.
            _ if value.is_empty() => {}
            "program" => self.program = value,
            "cores" => self.cores = count()?,
            "numa_domains" => self.numa_domains = count()?,
            "memory" => self.memory = Some(count()? as u64),
            "time_limit" => {
                let limit = job_time(&value);
                self.time_limit = Some(limit.ok_or_else(|| wrong("a time such as 1-12:00:00"))?);
            }
            _ => {
                let rate = value
                    .parse()
                    .ok()
                    .filter(|rate: &f64| *rate > 0.0 && rate.is_finite());
                self.rate = Some(rate.ok_or_else(|| wrong("a number above 0"))?);
            }
        }
        Ok(())
    }
}

/// What the shell makes of a value, if that is the value itself.
fn literal(value: &str) -> Result<String, Error> {
    let refuse = |message: String| {
        Err(Error::input(message)
            .with_help("write it 'in single quotes', a comment on its own line"))
    };
    for (quote, special) in [('\'', ""), ('"', "$`\\")] {
        if let Some(rest) = value.strip_prefix(quote) {
            return match rest.strip_suffix(quote) {
                Some(inner)
                    if !inner.contains(quote) && !inner.contains(|c| special.contains(c)) =>
                {
                    Ok(inner.to_owned())
                }
                _ => refuse(format!("the shell would read {value} in its own way")),
            };
        }
    }
    let is_plain = |c: char| c.is_alphanumeric() || "_-.:/+,@%".contains(c);
    if value.chars().all(is_plain) {
        Ok(value.to_owned())
    } else {
        refuse(format!("the shell would read `{value}` in its own way"))
    }
}

/// A length of time as Slurm reads it: minutes, minutes:seconds, hours:minutes:seconds, days-hours,
/// days-hours:minutes or days-hours:minutes:seconds.
fn job_time(text: &str) -> Option<Duration> {
    let numbers = |text: &str| {
        let parts = text
            .split(':')
            .map(|part| part.parse::<u32>().map(u64::from));
        parts.collect::<Result<Vec<_>, _>>().ok()
    };
    let seconds = match text.split_once('-') {
        Some((days, rest)) => {
            let of_day = match numbers(rest)?[..] {
                [hours] => 3600 * hours,
                [hours, minutes] => 3600 * hours + 60 * minutes,
                [hours, minutes, seconds] => 3600 * hours + 60 * minutes + seconds,
                _ => return None,
            };
            86_400 * u64::from(days.parse::<u32>().ok()?) + of_day
        }
        None => match numbers(text)?[..] {
            [minutes] => 60 * minutes,
            [minutes, seconds] => 60 * minutes + seconds,
            [hours, minutes, seconds] => 3600 * hours + 60 * minutes + seconds,
            _ => return None,
        },
    };
    Some(Duration::from_secs(seconds)).filter(|time| !time.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\
# shellcheck shell=bash
modules='gcc/12 openmpi'

partition=
launcher=\"srun --ntasks={ranks}\"
cores=48
numa_domains=4
time_limit=1-02:03:04
rate=2.5e8
";

    #[test]
    fn a_machine_file_is_read_as_the_shell_would() {
        let machine = Machine::parse("m.sh", SOUND).unwrap();
        assert_eq!(machine.modules, "gcc/12 openmpi");
        assert_eq!(machine.partition, "");
        assert_eq!(machine.launcher, "srun --ntasks={ranks}");
        assert_eq!((machine.cores, machine.numa_domains), (48, 4));
        assert_eq!(machine.memory, None);
        assert_eq!(machine.time_limit, Some(Duration::from_secs(93_784)));
        assert_eq!(machine.rate, Some(2.5e8));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (line, part) in [
            ("core=48", "m.sh:11: unknown name `core`"),
            (
                "cores=many",
                "m.sh:11: `cores` must be a whole number above 0",
            ),
            ("cores=0", "above 0, is `0`"),
            ("rate=-1", "`rate` must be a number above 0"),
            ("time_limit=soon", "`time_limit` must be a time"),
            (
                "account=$USER",
                "the shell would read `$USER` in its own way",
            ),
            ("account=a b", "in its own way"),
            ("account='a' b'", "in its own way"),
            ("account=\"$USER\"", "in its own way"),
            ("account=a # mine", "in its own way"),
            (
                "module load gcc",
                "expected name=value, found `module load gcc`",
            ),
            (
                "numa_domains=5",
                "m.sh: 48 cores are not 5 equal NUMA domains",
            ),
            ("launcher=", "m.sh has no `launcher`"),
        ] {
            let error = Machine::parse("m.sh", &format!("{SOUND}\n{line}\n")).unwrap_err();
            assert!(error.message.contains(part), "{error}");
            assert!(error.help.is_some(), "{error}");
        }
        let error = Machine::parse("m.sh", "launcher=srun").unwrap_err();
        assert_eq!(error.message, "m.sh has no `cores`");
    }

    #[test]
    fn times_are_those_of_slurm() {
        let seconds = |text| job_time(text).map(|time| time.as_secs());
        assert_eq!(seconds("90"), Some(5400));
        assert_eq!(seconds("90:30"), Some(5430));
        assert_eq!(seconds("1:30:30"), Some(5430));
        assert_eq!(seconds("2-1"), Some(176_400));
        assert_eq!(seconds("2-1:30"), Some(178_200));
        for text in ["", "0", "1:2:3:4", "1h", "-1", "2-"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
