use std::{rc::Rc, time::Instant};
use isotherm::{comm::{Communicator, Solo}, domain::Domain, field::{Field, Real, Team, signed}, grid::Grid, operator::Diffusion, physics::*, stepper::*};
fn cpu() -> f64 { std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9 }
fn medium(var: bool) -> Medium {
    let f = |t: &str| Value::Expression(std::sync::Arc::new(Expression::parse(t, &[Variable::X, Variable::Y]).unwrap()));
    let one = || if var { f("1+0.1*x") } else { Value::Constant(1.0) };
    Medium { face_mean: FaceMean::Harmonic, conductivity: Conductivity([one(), one()]), heat_capacity: one(), source: None, regions: vec![] }
}
fn go<T: Real>(n: [usize; 2], threads: usize, var: bool, plans: &[(usize, usize)], rounds: usize) {
    let comm: Rc<dyn Communicator> = Rc::new(Solo);
    let team = Rc::new(Team::new(threads).unwrap());
    let grid = Grid { cells: n, size: [1.0, 1.0], origin: [0.0; 2] };
    let domain = Domain::new(grid, [1, 1], [false; 2], 0);
    let walls: [Wall; 4] = std::array::from_fn(|_| Wall::Temperature(Value::Constant(300.0)));
    let m = medium(var);
    let mut u = Field::<T>::new(&team, n, 1);
    team.for_rows(&mut u, -1..signed(n[1]) + 1, |_, r| r.fill(T::from_f64(300.0)));
    let dt = 0.2 / (n[0].max(n[1]) as f64).powi(2);
    let mut steppers: Vec<_> = plans.iter().map(|&(depth, width)| {
        let d = Diffusion::<T>::new(comm.clone(), team.clone(), &domain, 0, &m, &walls).unwrap();
        Explicit::new(comm.clone(), &team, &domain, d, 1.0, Plan { depth, width, overlap: true })
    }).collect();
    let cells = (n[0] * n[1]) as f64;
    let mut rates = vec![vec![]; plans.len()];
    for round in 0..=rounds {
        for (k, s) in steppers.iter_mut().enumerate() {
            let d = plans[k].0;
            let target = if d == 1 { 1.0e9 } else { 2.5e9 };
            let reps = ((target / cells / d as f64) as usize).max(1) * d;
            let (t, c) = (Instant::now(), cpu());
            s.advance(&mut u, Steps::new(0.0, dt, reps)).unwrap();
            if round > 0 { rates[k].push(reps as f64 * cells / (if threads == 1 { cpu() - c } else { t.elapsed().as_secs_f64() }) / 1e9); }
        }
    }
    for (k, r) in rates.iter_mut().enumerate() {
        r.sort_by(f64::total_cmp);
        println!("{}x{} {} thr {threads} var {var} depth {} width {}: median {:.2} max {:.2}", n[0], n[1], T::NAME, plans[k].0, plans[k].1, r[r.len() / 2], r[r.len() - 1]);
    }
}
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let (nx, ny, threads, var, f32_) = (a[0].parse().unwrap(), a[1].parse().unwrap(), a[2].parse().unwrap(), a[3] == "v", a[4] == "f32");
    let plans: Vec<(usize, usize)> = a[6..].iter().map(|p| { let (d, w) = p.split_once(':').unwrap(); (d.parse().unwrap(), w.parse().unwrap()) }).collect();
    let rounds = a[5].parse().unwrap();
    if f32_ { go::<f32>([nx, ny], threads, var, &plans, rounds) } else { go::<f64>([nx, ny], threads, var, &plans, rounds) }
}
