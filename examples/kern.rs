use std::time::Instant;
use isotherm::kernel::*;
fn go<const R: usize>(w: usize, h: usize) {
    let arch = Arch::new();
    let stride = 17 * 8 + (w + 16).next_multiple_of(512);
    let off = 7;
    let mk = || { let v = vec![300.0f64; stride * (h + 2) + 16]; let a = v.as_ptr().align_offset(64); (v, a) };
    let (mut a, mut ao) = mk(); let (mut b, mut bo) = mk();
    let mut best = f64::INFINITY;
    for _ in 0..9 {
        let reps = 20_000_000 / (w * h) + 1;
        let t = Instant::now();
        for _ in 0..reps {
            let src = &a[ao..];
            let row = |j: usize| &src[j * stride + off..][..w + 2];
            let mut rest = &mut b[bo + stride..];
            for g in 0..h / R {
                let (grp, r2) = std::mem::take(&mut rest).split_at_mut(R * stride); rest = r2;
                let mut it = grp.chunks_exact_mut(stride);
                let out: [&mut [f64]; R] = std::array::from_fn(|_| &mut it.next().unwrap()[off + 1..][..w]);
                let j = g * R + 1;
                EulerRows { out, u: Surrounded { south: row(j - 1), rows: std::array::from_fn(|r| row(j + r)), north: row(j + R) },
                    coefficients: Coefficients { x: Uniform(0.1), south: Uniform(0.1), north: Uniform(0.1), inverse_capacity: Uniform(0.9), sources: NoSource }, dt: 0.9 }.run(arch);
            }
            std::mem::swap(&mut a, &mut b); std::mem::swap(&mut ao, &mut bo);
        }
        best = best.min(t.elapsed().as_secs_f64() / reps as f64);
    }
    println!("R={R} {w}x{h}: {:.2}", (w * (h / R * R)) as f64 / best / 1e9);
}
fn var<const R: usize>(w: usize, h: usize, o: [usize; 4], sl: usize) -> f64 {
    let arch = Arch::new();
    let stride = (w + 16).next_multiple_of(8) / 8 * 8 + sl * 8;
    let off = 7;
    let mk = |o: usize| { let v = vec![300.0f64; stride * (h + 3) + 16 + 1024]; let mut a = v.as_ptr().align_offset(4096); a += o * 8; (v, a) };
    let (mut a, mut ao) = mk(0); let (mut b, mut bo) = mk(o[0]); let (x, xo) = mk(o[1]); let (y, yo) = mk(o[2]); let (c, co) = mk(o[3]);
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let reps = 20_000_000 / (w * h) + 1;
        let t = Instant::now();
        for _ in 0..reps {
            let row = |j: usize| &a[ao..][j * stride + off..][..w + 2];
            let cr = |j: usize| &c[co..][j * stride + off + 1..][..w];
            let yr = |j: usize| &y[yo..][j * stride + off + 1..][..w];
            let xr = |j: usize| &x[xo..][j * stride + off + 1..][..w + 1];
            let mut rest = &mut b[bo + stride..];
            for g in 0..h / R {
                let (grp, r2) = std::mem::take(&mut rest).split_at_mut(R * stride); rest = r2;
                let mut it = grp.chunks_exact_mut(stride);
                let out: [&mut [f64]; R] = std::array::from_fn(|_| &mut it.next().unwrap()[off + 1..][..w]);
                let j = g * R + 1;
                let xx: [&[f64]; R] = std::array::from_fn(|r| xr(j + r));
                let nn: [&[f64]; R] = std::array::from_fn(|r| yr(j + 1 + r));
                let cc: [&[f64]; R] = std::array::from_fn(|r| cr(j + r));
                EulerRows { out, u: Surrounded { south: row(j - 1), rows: std::array::from_fn(|r| row(j + r)), north: row(j + R) },
                    coefficients: Coefficients { x: xx, south: [yr(j)], north: nn, inverse_capacity: cc, sources: NoSource }, dt: 1e-9 }.run(arch);
            }
            std::mem::swap(&mut a, &mut b); std::mem::swap(&mut ao, &mut bo);
        }
        best = best.min(t.elapsed().as_secs_f64() / reps as f64);
    }
    (w * (h / R * R)) as f64 / best / 1e9
}
fn main() {
  for (w, h) in [(128, 3), (128, 6), (256, 3)] {
    for sl in [0, 1, 3, 5, 17] {
    print!("{w}x{h} {sl}:");
    for o in [[0,0,0,0],[16,32,48,8],[32,4,8,12],[32,48,50,52],[60,10,20,30],[4,20,36,52], [8,8,8,8], [56,0,0,0],[32,0,0,0],[32,16,48,56]] {
        print!(" {:.2}", var::<3>(w, h, o, sl));
    }
    println!();
    }
  }
}
