//! Faults on purpose, for tests of what survives them.

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};

/// `POINT:RANK`, `POINT:RANK:TIME` or `POINT:RANK:TIME:hang`: where, on which rank, and at which time there (from 1 on).
const VARIABLE: &str = "ISOTHERM_FAULT";

/// Kills the process, as `kill -9` would, or leaves the thread hanging, if the environment asks for it at this point.
pub fn point(name: &str, rank: usize) {
    static TIMES: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = env::var(VARIABLE) else {
        return;
    };
    let mut parts = wanted.split(':');
    let is_here = parts.next() == Some(name) && parts.next() == Some(rank.to_string().as_str());
    if is_here {
        let time = TIMES.fetch_add(1, Ordering::Relaxed) + 1;
        if parts.next().unwrap_or("1") == time.to_string() {
            if parts.next() == Some("hang") {
                thread::sleep(Duration::MAX);
            }
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
