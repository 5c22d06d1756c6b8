//! The range of a field.

use crate::{comm::Reduce, field::Real, simulation::View};

/// Least and largest value of the whole field in K, NaN left out: the same bits from every
/// layout. Collective.
pub fn extremes<T: Real>(view: &View<'_, T>) -> [f64; 2] {
    // The minimum travels negated, so that one reduction does.
    let [low, high] = view.team.fold_rows(
        view.domain.cells[1],
        || [f64::NEG_INFINITY; 2],
        |[low, high], j| {
            for value in view.u.own_row(j) {
                *low = low.max(-value.to_f64());
                *high = high.max(value.to_f64());
            }
        },
        |a, b| [a[0].max(b[0]), a[1].max(b[1])],
    );
    let mut extremes = [low, high];
    view.comm.all_reduce(&mut extremes, Reduce::Max);
    // Which of two zeros is met first depends on the order; only the positive one is let out.
    [0.0 - extremes[0], 0.0 + extremes[1]]
}
