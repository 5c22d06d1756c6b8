//! How many steps a deck takes.

/// `TeaLeaf` ends when the time plus this is above the end.
const SMALL: f64 = 1e-16;

/// A run of more steps is taken for one that never ends.
pub const MOST: i64 = 100_000_000;

/// How many steps of length `dt` it takes to the end, if they are not too many. At least one is taken
/// and none is cut short; the run ends with the step that reaches `end_time` or is number
/// `end_step`.
///
/// Time is added up step by step and compared as `TeaLeaf` does it: where the sum is not above the end,
/// but for [`SMALL`], as with 100 steps of 0.1 to 10, there is one step more.
pub fn count(dt: f64, end_time: f64, end_step: Option<i64>) -> Option<i64> {
    let most = end_step.unwrap_or(MOST);
    let mut time = 0.0;
    for step in 1..=most.min(MOST) {
        time += dt;
        if time + SMALL > end_time {
            return Some(step);
        }
    }
    end_step.filter(|step| *step <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_both_ends_counts_and_steps_stay_whole() {
        assert_eq!(count(0.004, 10.0, Some(10)), Some(10));
        assert_eq!(count(0.004, 0.04, None), Some(10));
        assert_eq!(count(0.004, 0.04, Some(7)), Some(7));
        assert_eq!(count(0.3, 1.0, None), Some(4));
        assert_eq!(count(3.0, 1.0, Some(5)), Some(1));
    }

    #[test]
    fn round_off_may_ask_for_one_step_more() {
        // 0.1 a hundred times is 9.99999999999998.
        assert_eq!(count(0.1, 10.0, None), Some(101));
        // 0.125 eighty times is 10, of which `SMALL` is a part too small to count.
        assert_eq!(count(0.125, 10.0, None), Some(81));
    }

    #[test]
    fn a_run_that_never_ends_is_none() {
        assert_eq!(count(1e-20, 1.0, None), None);
        assert_eq!(count(1e-20, 1.0, Some(MOST + 1)), None);
        assert_eq!(count(1e-20, 1.0, Some(3)), Some(3));
    }
}
