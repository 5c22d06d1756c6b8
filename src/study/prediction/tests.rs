use std::{cell::RefCell, rc::Rc};

use proptest::prelude::*;

use super::{machine::tests::ideal, *};
use crate::{
    comm::{Communicator, Local, Message, Poll, Reduce},
    field::{Field, Team},
    operator::Diffusion,
    physics::{Conductivity, FaceMean, Medium, Value, Wall},
    stepper::{Explicit, Fused, Steps, TimeStepper},
};

fn grid(cells: [usize; 2]) -> Grid {
    Grid {
        cells,
        size: [1.0; 2],
        origin: [0.0; 2],
    }
}

fn weak(cells: [usize; 2]) -> Scaling {
    Scaling {
        grid: grid(cells),
        periodic: [false; 2],
        strong: false,
    }
}

fn plan(halo_depth: usize, overlap: bool) -> Plan {
    Plan::of_depth::<f64>(halo_depth, overlap)
}

#[test]
fn without_messages_a_step_is_its_cells_over_the_rate() {
    let machine = ideal(1);
    let model = Model {
        machine: &machine,
        network: machine.network,
    };
    for ranks in [1, 9] {
        let layout = weak([512, 256]).layout(ranks).unwrap();
        let time = model.step::<f64>(&layout, plan(1, false), 2);
        assert!((time.total - 512.0 * 256.0 / 1e9).abs() < 1e-15);
        assert_eq!((time.communication, time.wait), (0.0, 0.0));
        assert_eq!(time.hidden(), None);
    }
}

#[test]
fn latency_is_paid_once_a_batch_or_hidden() {
    let machine = ideal(1);
    let network = Network {
        latency: 1e-5,
        ..machine.network
    };
    let model = Model {
        machine: &machine,
        network,
    };
    let layout = weak([512, 256]).layout(16).unwrap();
    let of = |depth, overlap| model.step::<f64>(&layout, plan(depth, overlap), 2);
    assert!((of(1, false).wait - 1e-5).abs() < 1e-15);
    assert!((of(4, false).wait - 1e-5 / 4.0).abs() < 1e-15);
    assert_eq!(of(1, false).hidden(), Some(0.0));
    assert_eq!((of(1, true).wait, of(1, true).hidden()), (0.0, Some(1.0)));
    assert!((of(1, true).in_flight - 1e-5).abs() < 1e-15);
    assert!((of(1, true).total - of(1, false).total + 1e-5).abs() < 1e-15);
}

#[test]
fn grids_grow_with_the_ranks_or_not() {
    let weak = weak([200, 100]);
    let layout = |scaling: Scaling, ranks| {
        let layout = scaling.layout(ranks).unwrap();
        (layout.ranks, layout.grid.cells)
    };
    assert_eq!(layout(weak, 1), ([1, 1], [200, 100]));
    assert_eq!(layout(weak, 6), ([3, 2], [600, 200]));
    assert_eq!(layout(weak, 16), ([4, 4], [800, 400]));
    let strong = Scaling {
        strong: true,
        ..weak
    };
    assert_eq!(layout(strong, 8), ([4, 2], [200, 100]));
    assert_eq!(strong.layout(20_001), None);
}

#[test]
fn the_fastest_plan_is_marked() {
    let mut machine = ideal(1);
    machine.network.latency = 1e-3;
    let model = Model {
        machine: &machine,
        network: machine.network,
    };
    let plans = [plan(1, false), plan(8, false), plan(8, true)];
    let all = model.predict::<f64>(&weak([256, 256]), &[4, 64], &plans);
    assert_eq!(all.len(), 6);
    for of_ranks in all.chunks(3) {
        let fastest = of_ranks.iter().map(|p| p.step_seconds).fold(1.0, f64::min);
        for prediction in of_ranks {
            assert_eq!(
                prediction.best.is_some(),
                prediction.step_seconds == fastest
            );
        }
        // A step of 256 x 256 cells takes 66 microseconds here.
        assert!((of_ranks[0].efficiency - 65.536 / 1065.536).abs() < 1e-9);
    }
}

proptest! {
    #[test]
    fn slower_networks_make_slower_steps(
        ranks in 1..40usize, depth in 1..5usize, overlap: bool, strong: bool,
        latency in 0.0..1e-3f64, more in 0.0..1e-3f64, gap in 0.0..1e-8f64, congestion in 1.0..4f64,
    ) {
        let mut machine = ideal(2);
        machine.copy = 1e-10;
        let of = |latency, congestion| {
            let network = Network { latency, overhead: 1e-6, gap, congestion };
            let model = Model { machine: &machine, network };
            let scaling = Scaling { strong, ..weak([160, 120]) };
            model.predict::<f64>(&scaling, &[ranks], &[plan(depth, overlap)])[0].clone()
        };
        let fast = of(latency, 1.0);
        for slow in [of(latency + more, 1.0), of(latency, congestion)] {
            prop_assert!(slow.efficiency <= fast.efficiency);
            prop_assert!(slow.step_seconds >= fast.step_seconds);
        }
        // Cells around tiles and messages only ever add to what one rank does.
        prop_assert!(fast.efficiency <= 1.0 + 1e-12);
        prop_assert!((0.0..=1.0).contains(&fast.communication));
    }
}

/// Ranks that note down what they send.
struct Counting {
    inner: Rc<dyn Communicator>,
    sent: RefCell<Vec<(usize, u16, usize)>>,
}

impl Communicator for Counting {
    fn rank(&self) -> usize {
        self.inner.rank()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn cartesian(self: Rc<Self>, _: [usize; 2], _: [bool; 2]) -> Rc<dyn Communicator> {
        self
    }

    fn all_reduce(&self, values: &mut [f64], op: Reduce) {
        self.inner.all_reduce(values, op);
    }

    fn all_reduce_integers(&self, values: &mut [i64], op: Reduce) {
        self.inner.all_reduce_integers(values, op);
    }

    fn exchange(&self, messages: &mut [Message<'_>], overlap: &mut dyn FnMut(&mut Poll<'_>)) {
        let sent = messages.iter().map(|m| (m.peer, m.send_tag, m.send.len()));
        self.sent.borrow_mut().extend(sent);
        self.inner.exchange(messages, overlap);
    }

    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) {
        self.inner.broadcast(root, bytes);
    }

    fn gather(&self, root: usize, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        self.inner.gather(root, bytes)
    }

    fn barrier(&self) {
        self.inner.barrier();
    }
}

#[test]
fn the_messages_of_the_model_are_those_that_steps_send() {
    let wall = || Wall::Flux(Value::Constant(0.0));
    for (ranks, periodic, depth) in [
        ([2, 2], [false, false], 1),
        ([3, 2], [false, false], 4),
        ([2, 1], [true, true], 4),
        ([1, 3], [false, true], 1),
    ] {
        Local::run(ranks[0] * ranks[1], |comm| {
            let plan = plan(depth, true);
            let domain = Domain::new(grid([41, 37]), ranks, periodic, comm.rank());
            let team = Rc::new(Team::new(1).unwrap());
            let counting = Rc::new(Counting {
                inner: comm,
                sent: RefCell::default(),
            });
            let comm: Rc<dyn Communicator> = Rc::clone(&counting) as _;
            let one = || Value::Constant(1.0);
            let medium = Medium {
                face_mean: FaceMean::Harmonic,
                conductivity: Conductivity([one(), one()]),
                heat_capacity: one(),
                source: None,
                regions: Vec::new(),
            };
            let walls = [0, 0, 1, 1].map(|axis| {
                if periodic[axis] {
                    Wall::Periodic
                } else {
                    wall()
                }
            });
            let (for_operator, for_team) = (Rc::clone(&comm), Rc::clone(&team));
            let diffusion =
                Diffusion::<f64>::new(for_operator, for_team, &domain, 8, &medium, &walls).unwrap();
            let mut u = Field::new(&team, domain.cells, 9);
            let fused = Fused::new(comm, &team, &domain, diffusion, plan);
            let mut stepper = Explicit::new(fused, 1.0);
            counting.sent.borrow_mut().clear();
            stepper
                .advance(&mut u, Steps::new(0.0, 1e-6, depth))
                .unwrap();

            let batch = Batch::new::<f64>(&domain, plan, 1);
            let messages = batch.messages.iter();
            let expected: Vec<_> = messages
                .map(|(peer, bytes)| (peer.rank, peer.send_tag, *bytes))
                .collect();
            assert_eq!(*counting.sent.borrow(), expected);
        });
    }
}

#[test]
fn in_a_trace_every_message_is_sent_received_and_waited_for() {
    let mut machine = ideal(1);
    machine.copy = 1e-9;
    let model = Model {
        machine: &machine,
        network: machine.network,
    };
    let layout = weak([300, 200]).layout(6).unwrap();
    for overlap in [false, true] {
        let mut out = Vec::new();
        write_trace::<f64>(&mut out, &model, &layout, plan(4, overlap), 2).unwrap();
        let text = String::from_utf8(out).unwrap();
        let mut messages = BTreeMap::<_, i64>::new();
        let mut computed = 0.0;
        for line in text.lines() {
            let words: Vec<_> = line.split(' ').collect();
            let pair = |from: usize, to: usize| (words[from], words[to], words[3], words[4]);
            match words[1] {
                "isend" => *messages.entry(pair(0, 2)).or_default() += 1,
                "irecv" => *messages.entry(pair(2, 0)).or_default() -= 1,
                "compute" => computed += words[2].parse::<f64>().unwrap(),
                _ => {}
            }
        }
        assert_eq!(messages.len(), 22, "each pair of neighbours, both ways");
        assert!(messages.values().all(|unmatched| *unmatched == 0));
        assert_eq!(text.matches("waitall").count(), 2 * 6);
        assert_eq!(text.matches("finalize").count(), 6);
        // Six ranks compute at least their own cells.
        assert!(computed > 2.0 * 4.0 * 6.0 * 300.0 * 200.0);
    }
}
