//! The kernel alone, on blocks of cells that stay in the L1 or the L2 cache: `cargo bench`.
//!
//! Criterion compares with the run before; `isotherm bench` compares with memory and whole steps.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use isotherm::{
    field::Real,
    study::bench::{Block, Coefficients},
};

/// Working sets in bytes, for caches of at least 48 KiB and 1 MiB.
const ROOMS: [(&str, usize); 2] = [("L1", 32 << 10), ("L2", 512 << 10)];

fn rows<T: Real, const R: usize>(criterion: &mut Criterion) {
    for (cache, room) in ROOMS {
        for (name, coefficients) in [
            ("constant", Coefficients::Constant),
            ("per cell", Coefficients::PerCell),
        ] {
            let mut block = Block::<T>::new(coefficients, room);
            let mut group = criterion.benchmark_group(format!("{} {name}", T::NAME));
            group.throughput(Throughput::Elements(block.cells() as u64));
            group.bench_function(format!("{cache}, rows at once: {R}"), |bencher| {
                bencher.iter_custom(|steps| {
                    let start = Instant::now();
                    block.advance::<R>(u32::try_from(steps).expect("a short measurement"));
                    start.elapsed()
                });
            });
        }
    }
}

criterion_group! {
    name = kernels;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = rows::<f64, 3>, rows::<f64, 1>, rows::<f32, 3>, rows::<f32, 1>
}
criterion_main!(kernels);
