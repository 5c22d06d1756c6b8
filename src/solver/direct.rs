//! A direct solver for constant coefficients: Fourier modes along one axis, elimination along the
//! other.

mod deal;
mod ladder;
mod transform;

use self::{
    deal::Deal,
    ladder::Ladder,
    transform::{Ends, Transform},
};
use super::{Method, Reason, System};
use crate::{
    comm::{Communicator, Reduce},
    domain::Domain,
    field::{Field, Real, Span, Team},
    grid::Side,
    operator::{CellValues, Faces, Helmholtz, Revision},
};

/// Fourier analysis (Hockney, "A Fast Direct Solution of Poisson's Equation Using Fourier Analysis", 1965;
/// Buzbee, Golub & Nielson, "On Direct Methods for Solving Poisson's Equations", 1970; Swarztrauber, "The
/// Methods of Cyclic Reduction, Fourier Analysis and the FACR Algorithm", 1977).
///
/// With constant coefficients, a fast transform of each line along one axis leaves a tridiagonal system
/// for each of its modes along the other. That is the solution to round-off, in `O(n log n)`. The walls at
/// the ends of the transformed lines hold a temperature, prescribe a flux or join; those along them
/// may be any; none varies along its side.
///
/// All is done in double precision. Each line and each mode is one rank's and one thread's: the
/// bits do not depend on the layout. Dealing out lines, and then modes, takes messages from all ranks to all.
pub struct Direct<T> {
    domain: Domain,
    scheme: Option<Scheme>,
    /// Of the operator that the scheme is for.
    revision: Option<Revision<T>>,
}

impl<T: Real> Direct<T> {
    /// A solver for operators on this subdomain.
    #[must_use]
    pub fn new(domain: &Domain) -> Self {
        Self {
            domain: domain.clone(),
            scheme: None,
            revision: None,
        }
    }

    /// Makes what depends on the operator, unless it is there. Collective.
    fn prepare(&mut self, a: &Helmholtz<T>) -> Result<(), Reason> {
        if self.revision == Some(a.revision()) {
            return Ok(());
        }
        let coefficients = Coefficients::of(a, &self.domain)
            .ok_or(Reason::Breakdown("the coefficients are not constant"))?;
        let axes = [0, 1].map(|axis| (axis, coefficients.ends(axis)));
        let transformable = axes
            .into_iter()
            .find_map(|(axis, ends)| Some((axis, ends?)));
        let kind =
            transformable.ok_or(Reason::Breakdown("both axes have walls with convection"))?;
        if self
            .scheme
            .as_ref()
            .is_none_or(|scheme| scheme.kind != kind)
        {
            // The old one goes first: there may not be memory for both.
            self.scheme = None;
            self.scheme = Some(Scheme::new(a.comm().as_ref(), a.team(), &self.domain, kind));
        }
        if let Some(scheme) = &mut self.scheme {
            scheme.factor(a.team(), &coefficients);
        }
        self.revision = Some(a.revision());
        Ok(())
    }
}

impl<T: Real> Method<T> for Direct<T> {
    fn name(&self) -> String {
        "direct".to_owned()
    }

    fn start(&mut self, system: &mut System<'_, T>, _norm: f64) -> Result<(), Reason> {
        self.prepare(system.a)
    }

    /// Solves for a correction, and believes that it leaves no residual.
    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        let scheme = self.scheme.as_mut().expect("the method is started");
        scheme.correct(
            system.a.comm().as_ref(),
            system.a.team(),
            system.r,
            system.x,
        );
        Ok(Some(0.0))
    }
}

/// The numbers that make up an operator with constant coefficients.
struct Coefficients {
    capacity: f64,
    /// Of faces across x and across y, between cells and at walls; no walls along periodic axes.
    between: [f64; 2],
    walls: [Option<[f64; 2]>; 2],
}

impl Coefficients {
    /// Collective; `None` if something is not constant.
    fn of<T: Real>(a: &Helmholtz<T>, domain: &Domain) -> Option<Self> {
        let (CellValues::Uniform(capacity), Faces::Uniform { between, walls }) =
            (a.capacity(), a.faces())
        else {
            return None;
        };
        let [alpha, beta] = a.factors().map(Real::to_f64);
        // The largest and the smallest weight of each side, the latter with its sign turned.
        let mut extremes = [f64::NEG_INFINITY; 2 * Side::ALL.len()];
        for side in Side::ALL.into_iter().filter(|side| domain.has_wall(*side)) {
            for weight in walls[side as usize].iter().flatten() {
                let weight = weight.to_f64();
                let at = 2 * side as usize;
                extremes[at] = extremes[at].max(weight);
                extremes[at + 1] = extremes[at + 1].max(-weight);
            }
        }
        a.comm().all_reduce(&mut extremes, Reduce::Max);
        let of_wall = |side: usize| {
            let [largest, smallest] = [extremes[2 * side], -extremes[2 * side + 1]];
            (largest == smallest).then_some(beta * largest)
        };
        let mut of_walls = [None; 2];
        for axis in (0..2).filter(|axis| !domain.periodic[*axis]) {
            of_walls[axis] = Some([of_wall(2 * axis)?, of_wall(2 * axis + 1)?]);
        }
        Some(Self {
            capacity: alpha * capacity.to_f64(),
            between: between.map(|weight| beta * weight.to_f64()),
            walls: of_walls,
        })
    }

    /// What lines along an axis meet, if there is a fast transform for it.
    fn ends(&self, axis: usize) -> Option<Ends> {
        Ends::new(self.between[axis], self.walls[axis])
    }
}

/// A field whose cells are dealt out to the ranks in another way than those of the one before.
struct Dealt {
    deal: Deal,
    field: Field<f64>,
}

/// Works on the cells as they are dealt out anew, if they are. Collective.
fn dealt(
    comm: &dyn Communicator,
    before: &mut Field<f64>,
    after: &mut Option<Dealt>,
    work: impl FnOnce(&mut Field<f64>),
) {
    match after {
        None => work(before),
        Some(Dealt { deal, field }) => {
            deal.forth(comm, before, field);
            work(field);
            deal.back(comm, field, before);
        }
    }
}

/// Which lines are transformed, and the fields for that. In all of them lines are rows.
struct Scheme {
    /// The axis along the lines, and what these meet at their ends.
    kind: (usize, Ends),
    eigenvalues: Vec<f64>,
    transform: Transform,
    /// This rank's modes.
    modes: std::ops::Range<usize>,
    ladder: Ladder,
    /// This rank's cells.
    block: Field<f64>,
    /// Whole lines, where these are dealt out to several ranks.
    lines: Option<Dealt>,
    /// Modes of all lines, where there are several ranks.
    columns: Option<Dealt>,
}

impl Scheme {
    fn new(comm: &dyn Communicator, team: &Team, domain: &Domain, kind: (usize, Ends)) -> Self {
        let (axis, ends) = kind;
        let across = 1 - axis;
        let [cells, lines] = [axis, across].map(|axis| domain.grid.cells[axis]);
        let (rank, ranks) = (comm.rank(), comm.size());
        let of_ranks = |span: &dyn Fn(usize, Domain) -> Span| -> Vec<Span> {
            (0..ranks)
                .map(|rank| span(rank, domain.of_rank(rank)))
                .collect()
        };
        let own =
            |part: &Domain, axis: usize| part.start[axis]..part.start[axis] + part.cells[axis];
        let blocks = of_ranks(&|_, part| Span {
            columns: own(&part, axis),
            rows: own(&part, across),
        });
        let whole = of_ranks(&|_, part| {
            let cut = |place| part.start[across] + part.cells[across] * place / part.ranks[axis];
            let place = part.place[axis];
            Span {
                columns: 0..cells,
                rows: cut(place)..cut(place + 1),
            }
        });
        let modes = of_ranks(&|rank, _| Span {
            columns: cells * rank / ranks..cells * (rank + 1) / ranks,
            rows: 0..lines,
        });
        let field = |span: &Span| Field::new(team, [span.columns.len(), span.rows.len()], 0);
        let dealt = |before: &[Span], after: &[Span]| {
            (before != after).then(|| Dealt {
                deal: Deal::new(rank, before, after),
                field: field(&after[rank]),
            })
        };
        let columns = modes[rank].columns.clone();
        Self {
            kind,
            eigenvalues: ends.eigenvalues(cells),
            transform: Transform::new(ends, cells),
            ladder: Ladder::new(team, [columns.len(), lines], domain.periodic[across]),
            block: field(&blocks[rank]),
            lines: dealt(&blocks, &whole),
            columns: dealt(&whole, &modes),
            modes: columns,
        }
    }

    fn factor(&mut self, team: &Team, coefficients: &Coefficients) {
        let (axis, _) = self.kind;
        let Coefficients {
            capacity,
            between,
            walls,
        } = coefficients;
        let eigenvalues = &self.eigenvalues[self.modes.clone()];
        let ground: Vec<_> = (eigenvalues.iter())
            .map(|eigenvalue| capacity + between[axis] * eigenvalue)
            .collect();
        let ends = walls[1 - axis].unwrap_or([0.0; 2]);
        self.ladder.factor(team, between[1 - axis], &ground, ends);
    }

    /// Adds to `x` what `r` asks for. Collective.
    fn correct<T: Real>(
        &mut self,
        comm: &dyn Communicator,
        team: &Team,
        r: &Field<T>,
        x: &mut Field<T>,
    ) {
        let (axis, _) = self.kind;
        let (transform, ladder, columns) = (&self.transform, &self.ladder, &mut self.columns);
        let scale = transform.scale();
        team.update([&mut self.block], |j, [row]| match axis {
            0 => {
                for (value, r) in row.iter_mut().zip(r.own_row(j)) {
                    *value = scale * r.to_f64();
                }
            }
            _ => {
                for (i, value) in row.iter_mut().enumerate() {
                    *value = scale * r.own_row(i)[j].to_f64();
                }
            }
        });
        dealt(comm, &mut self.block, &mut self.lines, |lines| {
            each_line(team, transform, lines, Transform::forth);
            dealt(comm, lines, columns, |modes| ladder.solve(team, modes));
            each_line(team, transform, lines, Transform::back);
        });
        let block = &self.block;
        team.update([x], |j, [row]| match axis {
            0 => {
                for (x, correction) in row.iter_mut().zip(block.own_row(j)) {
                    *x += T::from_f64(*correction);
                }
            }
            _ => {
                for (i, x) in row.iter_mut().enumerate() {
                    *x += T::from_f64(block.own_row(i)[j]);
                }
            }
        });
    }
}

fn each_line(
    team: &Team,
    transform: &Transform,
    lines: &mut Field<f64>,
    work: impl Fn(&Transform, &mut [f64], &mut transform::Scratch) + Sync,
) {
    let rows = 0..lines.cells()[1];
    let scratch = || transform.scratch();
    let each = |scratch: &mut _, _: usize, [line]: [&mut [f64]; 1]| work(transform, line, scratch);
    team.sweep([lines], rows, scratch, each, |first, _| first, &mut || {});
}
