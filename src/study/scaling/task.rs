//! The runs of a study, one after the other.

use super::Layout;

/// One run of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    pub layout: Layout,
    /// From 1; 0 warms up and does not count.
    pub repetition: usize,
    pub what: What,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The steps of the case.
    Steps,
    /// The bandwidth of the memory.
    Bandwidth,
}

impl Task {
    /// As its files are called: `4x2-1` for the first repetition on 4 ranks of 2 threads.
    #[must_use]
    pub fn name(&self) -> String {
        let Layout { ranks, threads } = self.layout;
        let what = match self.what {
            What::Steps => "",
            What::Bandwidth => "-bandwidth",
        };
        format!("{ranks}x{threads}-{}{what}", self.repetition)
    }
}

/// Rounds in which every layout has its turn; in the counted ones, the bandwidth is measured next to it
/// where that is asked for. The first round warms up: what a run finds out about the machine, as its
/// plan of fused steps, is known to the counted ones.
#[must_use]
pub fn tasks(layouts: &[Layout], repetitions: usize, bandwidth: bool) -> Vec<Task> {
    let mut tasks = Vec::new();
    for repetition in 0..=repetitions {
        for &layout in layouts {
            let task = |what| Task {
                layout,
                repetition,
                what,
            };
            tasks.push(task(What::Steps));
            if bandwidth && repetition > 0 {
                tasks.push(task(What::Bandwidth));
            }
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::scaling::layouts;

    #[test]
    fn every_layout_has_its_turn_in_each_round() {
        let layouts = layouts(Some(&[1, 2]), Some(&[1]), 2);
        let names = |bandwidth| -> Vec<String> {
            let tasks = tasks(&layouts, 2, bandwidth);
            tasks.iter().map(Task::name).collect()
        };
        assert_eq!(
            names(false),
            ["1x1-0", "2x1-0", "1x1-1", "2x1-1", "1x1-2", "2x1-2"]
        );
        assert_eq!(
            names(true)[..4],
            ["1x1-0", "2x1-0", "1x1-1", "1x1-1-bandwidth"]
        );
        assert_eq!(names(true).len(), 10);
    }
}
