//! Plans found on this machine, remembered from one run to the next.
//!
//! One JSON file, `isotherm/plans.json` in the user's cache directory. It only saves the time to
//! find a plan again: whatever is wrong with it, a run goes on without. A plan is settled when the run after the one
//! that found it found none that is faster by more than noise.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use crate::stepper::Choice;

/// The plan remembered for a situation.
#[must_use]
pub fn recall(situation: &str) -> Option<Choice> {
    let sound = |Choice { plan, .. }: &Choice| plan.halo_depth > 0 && plan.tile_columns > 0;
    all(&file()?).remove(situation).filter(sound)
}

/// Remembers a plan for a situation.
pub fn remember(situation: &str, choice: Choice) {
    let Some(file) = file() else { return };
    let mut plans = all(&file);
    plans.insert(situation.to_owned(), choice);
    let text = serde_json::to_string_pretty(&plans).expect("plans have a JSON form");
    let partial = file.with_extension(std::process::id().to_string());
    let written = fs::create_dir_all(file.parent().expect("the file is in a directory"))
        .and_then(|()| fs::write(&partial, text + "\n"))
        .and_then(|()| fs::rename(&partial, &file));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
}

/// The processor of this machine, as it names itself.
#[must_use]
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    model.unwrap_or_else(|| env::consts::ARCH.to_owned())
}

fn file() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("isotherm/plans.json"))
}

fn all(file: &PathBuf) -> BTreeMap<String, Choice> {
    let text = fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
