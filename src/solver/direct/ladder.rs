//! Tridiagonal systems, one for each column of a field.

use crate::field::{Field, LINE, Span, Team};

/// For each column a ladder of links from row to row, each row with a link to ground: the matrix with
/// `link + link + ground` on the diagonal and `-link` beside it; factored.
///
/// Rows are eliminated in their order as knots of a network of conductors are, with sums, products
/// and quotients of numbers that are not negative: no digit is lost to cancellation, however small what
/// goes to ground is (Grassmann, Taksar & Heyman, "Regenerative Analysis and Steady State Distributions for
/// Markov Chains", 1985). With nothing to ground at all, the last row is the ground.
pub struct Ladder {
    link: f64,
    /// One over the sum of what a row still has links to when it is eliminated.
    inverse: Field<f64>,
    /// Between each row and the last one then, in ladders that are closed to rings.
    to_last: Option<Field<f64>>,
}

impl Ladder {
    /// Room for ladders of `cells[1]` rows in `cells[0]` columns.
    pub fn new(team: &Team, cells: [usize; 2], is_ring: bool) -> Self {
        Self {
            link: 0.0,
            inverse: Field::new(team, cells, 0),
            to_last: is_ring.then(|| Field::new(team, cells, 0)),
        }
    }

    /// Factors the matrices, given what links the rows, what links each row of a column to ground, and
    /// what does so besides at both ends.
    pub fn factor(&mut self, team: &Team, link: f64, ground: &[f64], ends: [f64; 2]) {
        self.link = link;
        let columns = shares(team, self.inverse.cells());
        let starts = columns.iter().map(|span| span.columns.start);
        let mut rings = self
            .to_last
            .as_mut()
            .map(|field| field.cut(&columns).into_iter());
        let parts = starts
            .zip(self.inverse.cut(&columns))
            .map(|(start, inverse)| Part {
                start,
                inverse,
                to_last: rings.as_mut().and_then(Iterator::next),
            })
            .collect();
        team.for_parts(parts, &mut || {}, |mut part, _| {
            part.factor(link, ground, ends);
        });
    }

    /// Solves for each column of `x` in its place.
    pub fn solve(&self, team: &Team, x: &mut Field<f64>) {
        let columns = shares(team, x.cells());
        let starts = columns.iter().map(|span| span.columns.start);
        let parts = starts.zip(x.cut(&columns)).collect();
        team.for_parts(parts, &mut || {}, |(start, mut rows), _| {
            self.solve_part(start, &mut rows);
        });
    }

    /// The columns from `start` on that the rows are those of.
    fn solve_part(&self, start: usize, rows: &mut [&mut [f64]]) {
        let Some((last, before)) = rows.split_last_mut() else {
            return;
        };
        let (link, columns) = (self.link, start..start + last.len());
        let inverse = |j: usize| &self.inverse.own_row(j)[columns.clone()];
        let to_last = self.to_last.as_ref();
        let to_last = |j: usize| to_last.map(|field| &field.own_row(j)[columns.clone()]);
        let count = before.len();
        for j in 0..count {
            let (row, next) = before[j..].split_first_mut().expect("j is one of them");
            let next: &mut [f64] = match next.first_mut() {
                Some(next) => next,
                None => last,
            };
            for ((next, row), inverse) in next.iter_mut().zip(&**row).zip(inverse(j)) {
                *next += link * (row * inverse);
            }
            if let Some(to_last) = to_last(j) {
                let row = row.iter().zip(inverse(j));
                for ((last, (row, inverse)), to_last) in last.iter_mut().zip(row).zip(to_last) {
                    *last += to_last * (row * inverse);
                }
            }
        }
        for (last, inverse) in last.iter_mut().zip(inverse(count)) {
            *last *= inverse;
        }
        for j in (0..count).rev() {
            let (row, next) = before[j..].split_first_mut().expect("j is one of them");
            if let Some(to_last) = to_last(j) {
                for ((row, last), to_last) in row.iter_mut().zip(&**last).zip(to_last) {
                    *row += to_last * last;
                }
            }
            let next = next.first().map_or(&**last, |next| &**next);
            for ((row, next), inverse) in row.iter_mut().zip(next).zip(inverse(j)) {
                *row = (*row + link * next) * inverse;
            }
        }
    }
}

/// The columns of one thread.
struct Part<'a> {
    start: usize,
    inverse: Vec<&'a mut [f64]>,
    to_last: Option<Vec<&'a mut [f64]>>,
}

impl Part<'_> {
    fn factor(&mut self, link: f64, ground: &[f64], [first, last]: [f64; 2]) {
        let Some(count) = self.inverse.len().checked_sub(1) else {
            return;
        };
        let ground = &ground[self.start..][..self.inverse[0].len()];
        // What links the present row to ground, and to the last row besides the ladder itself.
        let mut here: Vec<_> = ground.iter().map(|ground| ground + first).collect();
        let closing = if self.to_last.is_some() { link } else { 0.0 };
        let mut around = vec![closing; ground.len()];
        let mut of_last = vec![last; ground.len()];
        for j in 0..count {
            let rows = here.iter_mut().zip(&mut around).zip(&mut of_last);
            for (i, ((here, around), of_last)) in rows.enumerate() {
                let inverse = reciprocal(link + *around + *here);
                let part = *here * inverse;
                self.inverse[j][i] = inverse;
                if let Some(to_last) = &mut self.to_last {
                    to_last[j][i] = *around;
                    *of_last += *around * part;
                    *around *= link * inverse;
                }
                *here = ground[i] + link * part;
            }
        }
        for (inverse, (here, of_last)) in
            self.inverse[count].iter_mut().zip(here.iter().zip(of_last))
        {
            *inverse = reciprocal(here + of_last);
        }
    }
}

fn reciprocal(links: f64) -> f64 {
    if links > 0.0 { 1.0 / links } else { 0.0 }
}

/// The columns of each thread, whole cache lines.
fn shares(team: &Team, cells: [usize; 2]) -> Vec<Span> {
    let [nx, ny] = cells;
    let line = LINE / size_of::<f64>();
    let (lines, threads) = (nx.div_ceil(line), team.worth_waking(nx * ny));
    let cut = |thread: usize| (line * (lines * thread / threads)).min(nx);
    let columns = (0..threads).map(|thread| cut(thread)..cut(thread + 1));
    columns
        .map(|columns| Span {
            columns,
            rows: 0..ny,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `A x` for one column.
    fn applied(link: f64, ground: f64, ends: [f64; 2], is_ring: bool, x: &[f64]) -> Vec<f64> {
        let last = x.len() - 1;
        let mut ax: Vec<_> = x.iter().map(|x| ground * x).collect();
        ax[0] += ends[0] * x[0];
        ax[last] += ends[1] * x[last];
        let around = (is_ring && last > 0).then_some((last, 0));
        for (a, b) in (0..last).map(|j| (j, j + 1)).chain(around) {
            let flow = link * (x[a] - x[b]);
            ax[a] += flow;
            ax[b] -= flow;
        }
        ax
    }

    #[test]
    fn solutions_solve() {
        let link = 3.0;
        let grounds: Vec<_> = (0..19).map(|k| f64::from(k * k) * 0.1).collect();
        for (rows, threads) in [(1, 1), (2, 1), (3, 1), (4, 1), (50, 1), (1000, 3)] {
            for (ends, is_ring) in [
                ([6.0, 6.0], false),
                ([0.0, 1.5], false),
                ([0.0, 0.0], false),
                ([0.0, 0.0], true),
            ] {
                let team = Team::new(threads).unwrap();
                let cells = [grounds.len(), rows];
                let mut ladder = Ladder::new(&team, cells, is_ring);
                ladder.factor(&team, link, &grounds, ends);
                let mut b = Field::new(&team, cells, 0);
                // In the singular column, nothing but what adds up to zero has a solution.
                team.update([&mut b], |j, [row]| {
                    for (i, b) in row.iter_mut().enumerate() {
                        let sign = if j == rows - 1 {
                            1.0 - f64::from(u32::try_from(rows).unwrap())
                        } else {
                            1.0
                        };
                        let free = f64::from(u32::try_from((7 * i + 3 * j) % 11).unwrap()) - 4.0;
                        *b = if grounds[i] == 0.0 { sign } else { free };
                    }
                });
                let mut x = b.clone();
                ladder.solve(&team, &mut x);
                for (i, &ground) in grounds.iter().enumerate() {
                    let column = |field: &Field<f64>| -> Vec<f64> {
                        (0..rows).map(|j| field.own_row(j)[i]).collect()
                    };
                    let (x, b) = (column(&x), column(&b));
                    let size = x.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
                    for (ax, b) in applied(link, ground, ends, is_ring, &x).iter().zip(&b) {
                        assert!(
                            (ax - b).abs() < 1e-14 * size * (4.0 * link + ground),
                            "{rows} rows, {ends:?}, {is_ring}, {ground}"
                        );
                    }
                }
            }
        }
    }
}
