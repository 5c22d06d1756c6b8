use super::*;
use crate::{
    comm::{Local, Pulse, Solo, Watched},
    field::Team,
    grid::Grid,
};
use proptest::prelude::*;

/// A value that tells every global cell apart.
fn value(i: isize, j: isize) -> f64 {
    f64::from(i32::try_from(1000 * j + i).unwrap())
}

#[test]
fn a_rank_without_messages_is_seen_at_work() {
    let grid = Grid {
        cells: [5, 4],
        size: [1.0; 2],
        origin: [0.0; 2],
    };
    let pulse = Pulse::default();
    let comm = Rc::new(Watched::new(Rc::new(Solo), &pulse));
    let domain = Domain::new(grid, [1, 1], [false; 2], 0);
    let mut u = Field::<f64>::new(&Team::new(1).unwrap(), domain.cells, 1);
    let mut halo = Halo::new(comm, &domain, Reach::Box);
    let before = pulse.look().beats;
    halo.fill_while(&mut u, 1, |_, _| assert!(!pulse.look().waits));
    assert!(pulse.look().beats > before);
}

/// Checks every ghost after an exchange: the wrapped global cell, or untouched beyond a wall.
fn check(grid: Grid, ranks: [usize; 2], periodic: [bool; 2], depth: usize, reach: Reach) {
    Local::run(ranks[0] * ranks[1], |comm| {
        let domain = Domain::new(grid, ranks, periodic, comm.rank());
        let team = Team::new(1).unwrap();
        let mut u = Field::new(&team, domain.cells, depth);
        let [nx, ny] = domain.cells.map(signed);
        let [x0, y0] = domain.origin();
        for j in 0..ny {
            for i in 0..nx {
                u.set(i, j, value(x0 + i, y0 + j));
            }
        }
        let mut halo = Halo::new(comm, &domain, reach);
        assert!(depth <= domain.deepest_halo());
        let mut worked = false;
        halo.fill_while(&mut u, depth, |u, progress| {
            progress();
            worked = u.get(0, 0) == value(x0, y0);
        });
        assert!(worked);
        let d = signed(depth);
        for j in -d..ny + d {
            for i in -d..nx + d {
                let corner = !(0..nx).contains(&i) && !(0..ny).contains(&j);
                let global = [x0 + i, y0 + j];
                let cells = grid.cells.map(signed);
                let walled =
                    (0..2).any(|axis| !periodic[axis] && !(0..cells[axis]).contains(&global[axis]));
                let expected = if walled || corner && reach == Reach::Star {
                    0.0
                } else {
                    value(
                        global[0].rem_euclid(cells[0]),
                        global[1].rem_euclid(cells[1]),
                    )
                };
                assert_eq!(u.get(i, j), expected, "ghost ({i}, {j}) of {domain:?}");
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_ghost_holds_its_neighbors_cell(
        px in 1..4usize, py in 1..4usize, nx in 1..20usize, ny in 1..20usize,
        wrap_x: bool, wrap_y: bool, depth in 1..4usize, corners: bool,
    ) {
        let grid = Grid { cells: [nx + 3 * px, ny + 3 * py], size: [1.0; 2], origin: [0.0; 2] };
        let reach = if corners { Reach::Box } else { Reach::Star };
        check(grid, [px, py], [wrap_x, wrap_y], depth, reach);
    }
}
