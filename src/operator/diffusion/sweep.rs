//! One pass over tiles, several steps in each.

use std::ops::Range;

use super::{
    super::{
        coefficients::{CellValues, OnRows, Weights},
        formula::{Euler, Formula, Stages},
        queue::Queue,
        sources::{Present, SourcesOnRows},
        tile::{Batch, Left, Tile, Workspace, join, join_earlier, join_later},
        walls::WallFaces,
    },
    Diffusion,
};
use crate::{
    field::{Field, Real, Span, Team},
    kernel::{Arch, NoSource, Uniform},
};

/// The tiles of a pass, and who computes them.
pub struct Share<'a, T> {
    /// Of each thread, which begins with them.
    pub tiles: &'a [Vec<Span>],
    /// Of each thread.
    pub work: &'a mut [Workspace<T>],
    /// Those of the pass after it.
    pub later: &'a [Vec<Span>],
    /// What the pass before has left to these tiles; afterwards, what they leave to the later ones.
    pub left: &'a mut Vec<Left<T>>,
    /// What the main thread calls every so often.
    pub meanwhile: &'a mut dyn FnMut(),
}

/// Where what steps make goes.
pub enum Results<'a, T> {
    /// What the last step makes.
    Last(&'a mut Field<T>),
    /// That, and what the one before it made.
    Both([&'a mut Field<T>; 2]),
    /// What the last step makes is added to what is there.
    Added(&'a mut Field<T>),
}

impl<T: Real> Diffusion<T> {
    /// Advances tiles by the steps that were begun, forward Euler of `dt` seconds, from `u` to `out`, and
    /// counts the heat that comes in.
    pub fn advance(&mut self, (u, out): (&Field<T>, &mut Field<T>), dt: f64, share: Share<'_, T>) {
        let dt = T::from_f64(dt);
        self.sweep(u, &Euler { dt }, Results::Last(out), share);
    }

    /// As [`Self::advance`], by stages.
    pub fn advance_stages(
        &mut self,
        stages: Stages<'_, T>,
        results: Results<'_, T>,
        share: Share<'_, T>,
    ) {
        self.sweep(stages.before[0], &stages, results, share);
    }

    fn sweep<F: Formula<T>>(
        &mut self,
        u: &Field<T>,
        formula: &F,
        results: Results<'_, T>,
        share: Share<'_, T>,
    ) {
        let Share {
            tiles,
            work,
            later,
            left,
            meanwhile,
        } = share;
        let spans = tiles.concat();
        if spans.is_empty() {
            return;
        }
        let later = later.concat();
        let all_spans = [&spans[..], &later].concat();
        let (walls, mut wall_heat) = self.walls.deal(self.cells, &all_spans);
        let later_heat = wall_heat.split_off(spans.len());
        let (sources, source_heat) = match &mut self.sources {
            Some(sources) if sources.are_present() => {
                let (present, heat) = sources.deal(&spans);
                (Some(present), heat)
            }
            _ => (None, nothing_for(&spans)),
        };
        let adds = matches!(results, Results::Added(_));
        let (out, before) = match results {
            Results::Last(out) | Results::Added(out) => (out, nothing_for(&spans)),
            Results::Both([out, before]) => (out, before.cut(&spans)),
        };
        let mut all = spans
            .iter()
            .zip(out.cut(&spans).into_iter().zip(before))
            .zip(wall_heat.into_iter().zip(source_heat))
            .map(
                |((span, (out, out_before)), (wall_heat, source_heat))| Tile {
                    span: span.clone(),
                    out,
                    out_before,
                    wall_heat,
                    source_heat,
                    above: None,
                    below: None,
                    begun: None,
                    later: None,
                },
            );
        let mut tiles: Vec<Vec<Tile<'_, T>>> = tiles
            .iter()
            .map(|tiles| all.by_ref().take(tiles.len()).collect())
            .collect();
        let steps = self.counted.len();
        join(&mut tiles, steps, work);
        join_earlier(&mut tiles, left);
        // Where steps look back by two, those that have passed are not kept.
        if !F::LOOKS_BACK {
            *left = join_later(&mut tiles, &later, &later_heat, steps, work);
        }
        let sweep = Sweep {
            team: &self.team,
            arch: self.arch,
            u,
            walls,
            known: &self.known,
            formula,
            counted: &self.counted,
            adds,
            tiles,
            work,
            meanwhile,
        };
        match &self.weights {
            Weights::Uniform([x, y]) => {
                let weights = [&Uniform(*x), &Uniform(*y)];
                sweep.with_weights(weights, &self.inverse_capacity, sources.as_ref());
            }
            Weights::PerFace { x, y } => {
                sweep.with_weights([x, y], &self.inverse_capacity, sources.as_ref());
            }
        }
    }
}

/// One pass over tiles, whose kinds of coefficients become known one by one.
struct Sweep<'a, T, F> {
    team: &'a Team,
    arch: Arch,
    u: &'a Field<T>,
    walls: &'a [Option<WallFaces<T>>; 4],
    known: &'a [Range<isize>; 2],
    formula: &'a F,
    counted: &'a [f64],
    adds: bool,
    /// Of each thread.
    tiles: Vec<Vec<Tile<'a, T>>>,
    work: &'a mut [Workspace<T>],
    meanwhile: &'a mut dyn FnMut(),
}

impl<T: Real, F: Formula<T>> Sweep<'_, T, F> {
    fn with_weights<K: OnRows<T>>(
        self,
        weights: [&K; 2],
        inverse_capacity: &CellValues<T>,
        sources: Option<&Present<'_, T>>,
    ) {
        match inverse_capacity {
            CellValues::Uniform(c) => self.with_capacity(weights, &Uniform(*c), sources),
            CellValues::PerCell(c) => self.with_capacity(weights, c, sources),
        }
    }

    fn with_capacity<K: OnRows<T>, C: OnRows<T>>(
        self,
        weights: [&K; 2],
        inverse_capacity: &C,
        sources: Option<&Present<'_, T>>,
    ) {
        match sources {
            None => self.run(weights, inverse_capacity, &NoSource),
            Some(Present::Fixed(fixed)) => self.run(weights, inverse_capacity, fixed),
            Some(Present::Moving(moving)) => self.run(weights, inverse_capacity, moving),
        }
    }

    fn run<K, C, Q>(self, weights: [&K; 2], inverse_capacity: &C, sources: &Q)
    where
        K: OnRows<T>,
        C: OnRows<T>,
        Q: SourcesOnRows<T>,
    {
        let batch = Batch {
            arch: self.arch,
            u: self.u,
            weights,
            inverse_capacity,
            sources,
            walls: self.walls,
            known: self.known,
            formula: self.formula,
            counted: self.counted,
            adds: self.adds,
        };
        let queue = Queue::new(self.tiles);
        let parts = self.work.iter_mut().take(self.team.size()).enumerate();
        self.team
            .for_parts(parts.collect(), self.meanwhile, |(k, work), meanwhile| {
                while let Some(mut tile) = queue.take(k) {
                    batch.advance(&mut tile, work, meanwhile);
                }
            });
    }
}

/// No rows for each span.
fn nothing_for<'a, T>(spans: &[Span]) -> Vec<Vec<&'a mut [T]>> {
    spans.iter().map(|_| Vec::new()).collect()
}
