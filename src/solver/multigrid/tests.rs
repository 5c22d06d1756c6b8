use std::rc::Rc;

use proptest::prelude::*;

use super::{
    galerkin::coarsen,
    hierarchy::Hierarchy,
    layout::Layout,
    relaxation::{Shape, Smoother},
    stencil::Stencil,
};
use crate::{
    comm::{Communicator, Local},
    domain::Domain,
    field::{Field, Team, reproducible_sum, signed},
    grid::Grid,
    kernel::Value,
    operator::{CellValues, Faces, Helmholtz},
};

/// A number from 0 to 1 for every cell, the same on any layout.
fn random(seed: u64, i: usize, j: usize) -> f64 {
    let mut bits = seed ^ ((i as u64) << 32) ^ (j as u64);
    for _ in 0..3 {
        bits = (bits ^ (bits >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    f64::from(u32::try_from(bits >> 32).unwrap()) / f64::from(u32::MAX)
}

/// An operator with weights given by their global place; those of walls too.
fn operator(
    comm: &Rc<dyn Communicator>,
    domain: &Domain,
    weight: impl Fn(usize, usize, usize) -> f64,
    capacity: f64,
) -> Helmholtz<f64> {
    let team = Rc::new(Team::new(1).unwrap());
    let [nx, ny] = domain.cells;
    let [x0, y0] = domain.start;
    let all = domain.grid.cells;
    let faces = |axis: usize| {
        let cells = if axis == 0 {
            [nx + 1, ny]
        } else {
            [nx, ny + 1]
        };
        let mut field = Field::new(&team, cells, 0);
        for j in 0..cells[1] {
            for i in 0..cells[0] {
                let mut at = [x0 + i, y0 + j];
                if domain.periodic[axis] {
                    at[axis] %= all[axis];
                }
                field.set(signed(i), signed(j), weight(axis, at[0], at[1]));
            }
        }
        field
    };
    let faces = Faces::PerFace {
        x: faces(0),
        y: faces(1),
    };
    let capacity = CellValues::Uniform(capacity);
    let mut a = Helmholtz::new(Rc::clone(comm), team, domain, faces, capacity, true);
    a.set(1.0, 1.0);
    a
}

fn domain(cells: [usize; 2], ranks: [usize; 2], periodic: [bool; 2], rank: usize) -> Domain {
    let grid = Grid {
        cells,
        size: [1.0; 2],
        origin: [0.0; 2],
    };
    Domain::new(grid, ranks, periodic, rank)
}

fn random_field(team: &Team, layout: &Layout, seed: u64) -> Field<f64> {
    let mut field = Field::new(team, layout.cells(), 1);
    let [x0, y0] = layout.start();
    for j in 0..layout.cells()[1] {
        for (i, value) in field.own_row_mut(j).iter_mut().enumerate() {
            *value = random(seed, x0 + i, y0 + j) - 0.5;
        }
    }
    field
}

fn dot(a: &Stencil<f64>, x: &Field<f64>, y: &Field<f64>) -> f64 {
    let term = |i: usize, j: usize| x.own_row(j)[i] * y.own_row(j)[i];
    reproducible_sum(a.comm.as_ref(), &a.team, x.cells(), term)
}

fn apply(a: &mut Stencil<f64>, x: &mut Field<f64>) -> Field<f64> {
    let mut y = Field::new(&a.team, x.cells(), 1);
    a.apply_finished(x, &mut y, |_| Value);
    y
}

/// The operator and all below it, as long as every rank has two cells along each axis.
fn check(cells: [usize; 2], ranks: [usize; 2], periodic: [bool; 2], seed: u64, axes: [usize; 4]) {
    Local::run(ranks[0] * ranks[1], |comm| {
        let domain = domain(cells, ranks, periodic, comm.rank());
        let weight = |axis: usize, i, j| 10.0_f64.powf(4.0 * random(seed + axis as u64, i, j));
        let a = operator(&comm, &domain, weight, 0.1);
        let (mut fine, mut excess) = Stencil::<f64>::of(&a, &Layout::of(&domain));
        for axis in axes {
            if fine.layout.thinnest() < 2 || fine.layout.all_cells()[axis] < 2 {
                break;
            }
            let (mut transfer, mut coarse, coarse_excess) = coarsen(&fine, &mut excess, axis);
            let team = Rc::clone(&fine.team);
            let mut u = random_field(&team, &coarse.layout, seed);
            let mut v = random_field(&team, &coarse.layout, seed + 1);
            let mut r = random_field(&team, &fine.layout, seed + 2);
            let [mut pu, mut pv] = [(); 2].map(|()| Field::new(&team, fine.layout.cells(), 1));
            transfer.interpolate::<false>(&mut u, &mut pu);
            transfer.interpolate::<true>(&mut v, &mut pv);
            let mut restricted = Field::new(&team, coarse.layout.cells(), 1);
            transfer.restrict(&mut r, &mut restricted);
            let (above, below) = (dot(&fine, &pu, &r), dot(&coarse, &u, &restricted));
            assert!((above - below).abs() < 1e-12 * (1.0 + above.abs()));
            let [apv, av] = [apply(&mut fine, &mut pv), apply(&mut coarse, &mut v)];
            let apu = apply(&mut fine, &mut pu);
            let (energy, coarse_energy) = (dot(&fine, &pu, &apv), dot(&coarse, &u, &av));
            let own = dot(&fine, &pu, &apu);
            assert!(
                (energy - coarse_energy).abs() < 1e-11 * own.max(energy.abs()),
                "{energy} on {:?}, {coarse_energy} on {:?}",
                fine.layout,
                coarse.layout
            );
            (fine, excess) = (coarse, coarse_excess);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn restriction_is_transposed_interpolation_and_coarse_operators_are_galerkins(
        px in 1..4usize, py in 1..3usize, nx in 0..12usize, ny in 0..12usize,
        wrap_x: bool, wrap_y: bool, seed in 0..1000u64, axes in prop::array::uniform4(0..2usize),
    ) {
        let least = |ranks| if ranks > 1 { 2 * ranks } else { 1 };
        check([nx + least(px), ny + least(py)], [px, py], [wrap_x, wrap_y], seed, axes);
    }
}

/// Poisson's equation with a temperature at the walls along these axes, and insulated at the others.
fn poisson(cells: [usize; 2], has_temperature: [bool; 2]) -> (Stencil<f64>, Field<f64>) {
    let comm: Rc<dyn Communicator> = Rc::new(crate::comm::Solo);
    let domain = domain(cells, [1, 1], [false; 2], 0);
    let at_wall = |axis: usize, at: usize| at == 0 || at == cells[axis];
    let weight = |axis: usize, i: usize, j: usize| match (
        at_wall(axis, [i, j][axis]),
        has_temperature[axis],
    ) {
        (false, _) => 1.0,
        (true, true) => 2.0,
        (true, false) => 0.0,
    };
    let a = operator(&comm, &domain, weight, 0.0);
    Stencil::of(&a, &Layout::of(&domain))
}

#[test]
fn interpolation_is_exact_for_linear_functions() {
    for cells in [[8, 7], [7, 8], [9, 12]] {
        for axis in 0..2 {
            let (fine, mut excess) = poisson(cells, [axis == 0, axis == 1]);
            let (mut transfer, coarse, _) = coarsen(&fine, &mut excess, axis);
            // Distances from the high wall, where the value is 0.
            let distance =
                |along: usize| f64::from(u32::try_from(2 * (cells[axis] - along) - 1).unwrap());
            let mut u = Field::new(&fine.team, coarse.layout.cells(), 1);
            let mut p = Field::new(&fine.team, cells, 1);
            for j in 0..u.cells()[1] {
                for i in 0..u.cells()[0] {
                    let along = 2 * [i, j][axis];
                    u.set(signed(i), signed(j), distance(along));
                }
            }
            transfer.interpolate::<false>(&mut u, &mut p);
            for j in 0..cells[1] {
                for i in 0..cells[0] {
                    let expected = distance([i, j][axis]);
                    assert!((p.own_row(j)[i] - expected).abs() < 1e-13 * expected);
                }
            }
        }
    }
}

/// `P^T A P` of the five-point operator and bilinear interpolation, by hand.
#[test]
fn the_coarse_operator_of_constant_coefficients_is_the_known_one() {
    let (fine, mut excess) = poisson([21, 18], [true; 2]);
    let (_, half, mut excess) = coarsen(&fine, &mut excess, 0);
    let (_, coarse, excess) = coarsen(&half, &mut excess, 1);
    assert_eq!(coarse.layout.all_cells(), [11, 9]);
    for j in 2..7 {
        for i in 2..8 {
            let links = coarse.links.around(i, j);
            assert_eq!(links, [[0.5; 2], [0.5; 2], [0.25; 2], [0.25; 2]]);
            assert_eq!(excess.get(i, j), 0.0);
            assert_eq!(coarse.diagonal.get(i, j), 3.0);
        }
    }
}

#[test]
fn insulated_and_periodic_levels_map_constants_exactly_to_zero() {
    for periodic in [[false; 2], [true, false], [true; 2]] {
        let comm: Rc<dyn Communicator> = Rc::new(crate::comm::Solo);
        let cells = [26, 13];
        let domain = domain(cells, [1, 1], periodic, 0);
        let weight = |axis: usize, i: usize, j: usize| {
            let at = [i, j][axis];
            if !periodic[axis] && (at == 0 || at == cells[axis]) {
                0.0
            } else {
                10.0_f64.powf(6.0 * random(3, i, j))
            }
        };
        let a = operator(&comm, &domain, weight, 0.0);
        let (mut fine, mut excess) = Stencil::<f64>::of(&a, &Layout::of(&domain));
        for axis in [0, 1, 0, 1, 0, 1, 0, 1, 0] {
            (_, fine, excess) = coarsen(&fine, &mut excess, axis);
            assert!(excess.own_values().iter().all(|excess| *excess == 0.0));
        }
        assert_eq!(fine.layout.all_cells(), [1, 1]);
        assert_eq!(fine.diagonal.own_values(), [0.0]);
    }
}

/// Strong links first, until both axes are alike.
#[test]
fn levels_depend_on_the_problem_and_not_on_the_ranks() {
    let shape = Shape::alone(Smoother::RedBlack);
    let depths = |cells: [usize; 2], strength: f64, ranks: [usize; 2]| {
        Local::run(ranks[0] * ranks[1], |comm| {
            let domain = domain(cells, ranks, [false; 2], comm.rank());
            let weight = |axis: usize, _, _| if axis == 0 { strength } else { 1.0 };
            let a = operator(&comm, &domain, weight, 0.0);
            Hierarchy::<f64>::new(&a, &Layout::of(&domain), shape)
                .0
                .depth()
        })
    };
    for ranks in [[1, 1], [2, 1], [1, 3], [2, 2], [3, 2]] {
        let all = |depth| vec![depth; ranks[0] * ranks[1]];
        assert_eq!(depths([129, 100], 1.0, ranks), all(9));
        assert_eq!(depths([100, 6], 1.0, ranks), all(8));
        // Six levels along x make up for 4^6, then both axes go together.
        assert_eq!(depths([1024, 64], 4096.0, ranks), all(13));
    }
}
