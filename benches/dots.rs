//! Reproducible dot products beside plain ones, in memory and in cache: `cargo bench --bench dots`.

#![allow(
    clippy::inline_always,
    reason = "its loop must end up inside one with wide vectors"
)]

use std::{hint::black_box, rc::Rc, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use isotherm::{
    comm::{Communicator, Solo},
    field::{Dots, Field, Real, Team},
    kernel::Arch,
};
use pulp::{Simd, WithSimd};

/// Sides of the square of cells: vectors in memory, and in the L2 cache.
const SIZES: [usize; 2] = [4096, 128];

/// A sum in as many lanes as the processor takes, in no order that anybody could rely on.
struct Plain<'a, T> {
    x: &'a [T],
    y: &'a [T],
}

impl<T: Real> WithSimd for Plain<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let mut lanes = [0.0; 32];
        let (x, y) = (self.x.chunks_exact(32), self.y.chunks_exact(32));
        for (x, y) in x.zip(y) {
            for lane in 0..32 {
                lanes[lane] += x[lane].to_f64() * y[lane].to_f64();
            }
        }
        lanes.iter().sum()
    }
}

fn dots<T: Real>(criterion: &mut Criterion) {
    let comm: Rc<dyn Communicator> = Rc::new(Solo);
    let team = Team::new(1).expect("one thread");
    for n in SIZES {
        let filled = |phase: f64| {
            let mut field = Field::<T>::new(&team, [n, n], 0);
            for j in 0..n {
                for (i, value) in field.own_row_mut(j).iter_mut().enumerate() {
                    #[expect(clippy::cast_precision_loss, reason = "small counts")]
                    let place = (i + 7 * j) as f64;
                    *value = T::from_f64((place + phase).sin());
                }
            }
            field
        };
        let (x, y) = (filled(0.0), filled(0.4));
        let mut group = criterion.benchmark_group(format!("dot of {n} x {n} {}", T::NAME));
        group.throughput(Throughput::Elements((n * n) as u64));
        group.bench_function("plain", |bencher| {
            let arch = Arch::new();
            bencher.iter(|| {
                let add = |sum: &mut f64, j| {
                    let (x, y) = (x.own_row(j), y.own_row(j));
                    *sum += arch.dispatch(Plain { x, y });
                };
                black_box(team.fold_rows(n, || 0.0, add, |a, b| a + b))
            });
        });
        group.bench_function("reproducible", |bencher| {
            let mut dots = Dots::new();
            bencher.iter(|| black_box(dots.of(comm.as_ref(), &team, [(&x, &y)])));
        });
    }
}

criterion_group! {
    name = all;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(1500));
    targets = dots::<f64>, dots::<f32>
}
criterion_main!(all);
