use super::*;
use crate::grid::Grid;

fn domain(ranks: [usize; 2]) -> Domain {
    let grid = Grid {
        cells: [100, 60],
        size: [1.0; 2],
        origin: [0.0; 2],
    };
    Domain::new(grid, ranks, [false; 2], 0)
}

fn plan(halo_depth: usize, tile_columns: usize) -> Plan {
    Plan {
        halo_depth,
        tile_columns,
        overlap: true,
    }
}

/// What a machine takes for a step after a plan, in milliseconds: the best tile is narrow, and the narrower
/// the deeper.
fn cost(plan: Plan) -> f64 {
    let depth = match plan.halo_depth {
        4 => 20.0,
        8 => 16.0,
        16 => 12.0,
        32 => 11.0,
        48 => 10.0,
        _ => 10.6,
    };
    let fits = plan.halo_depth * plan.tile_columns <= 48 * 256;
    let narrow = if plan.tile_columns == 128 { 1.2 } else { 1.0 };
    let far_over = if fits { 1.0 } else { 1.3 };
    depth * narrow * far_over * if plan.overlap { 1.0 } else { 0.95 }
}

/// The plan that is settled on, and those that were tried; one trial is disturbed.
fn tune(domain: &Domain, has_messages: bool, disturbed: usize) -> (Plan, Vec<Plan>) {
    let mut tuner = Tuner::new::<f64>(Prescribed::default(), domain, has_messages);
    let mut tried = Vec::new();
    while !tuner.is_settled() {
        let plan = tuner.plan();
        let noise = if tried.len() == disturbed { 1.15 } else { 1.0 };
        tuner.count(2, 8e-4 * noise * cost(plan));
        tried.push(plan);
        assert!(tried.len() < 1000);
    }
    (tuner.plan(), tried)
}

#[test]
fn the_fastest_plan_is_found_in_spite_of_noise() {
    let fastest = Plan {
        overlap: false,
        ..plan(48, 256)
    };
    for disturbed in 0..60 {
        let (found, tried) = tune(&domain([2, 1]), true, disturbed);
        assert_eq!(found, fastest);
        let hopeless = tried.iter().filter(|plan| plan.halo_depth == 4);
        assert_eq!(hopeless.count(), 5, "once with each width");
        let (found, _) = tune(&domain([1, 1]), false, disturbed);
        assert_eq!(found, plan(48, 256));
    }
}

#[test]
fn where_trials_take_long_few_plans_are_tried() {
    let mut tuner = Tuner::new::<f64>(Prescribed::default(), &domain([1, 1]), false);
    let mut tried = BTreeSet::new();
    while !tuner.is_settled() {
        tried.insert(tuner.plan());
        tuner.count(1, 0.1 * cost(tuner.plan()));
    }
    let neighbors = tuner.neighbors();
    assert!(
        neighbors
            .iter()
            .all(|plan| cost(*plan) >= cost(tuner.plan()))
    );
    assert!(neighbors.iter().all(|plan| tried.contains(plan)));
    assert!(tried.len() < 15, "{}", tried.len());
}

#[test]
fn a_search_from_an_earlier_end_leaves_it_only_for_a_faster_plan() {
    let [fastest, nearly] = [plan(48, 256), plan(64, 128)];
    let mut tuner = Tuner::new::<f64>(Prescribed::default(), &domain([1, 1]), false);
    let mut end = |from, cost: &dyn Fn(Plan) -> f64| {
        tuner.restart(Prescribed::default(), Some(from));
        while !tuner.is_settled() {
            tuner.count(2, 8e-4 * cost(tuner.plan()));
        }
        tuner.plan()
    };
    assert_eq!(end(fastest, &cost), fastest);
    assert_eq!(end(plan(4, 1024), &cost), fastest);
    let as_good = |plan| if plan == nearly { 10.1 } else { cost(plan) };
    assert_eq!(end(nearly, &as_good), nearly);
}

#[test]
fn a_search_cut_short_tells_the_fastest_so_far() {
    let mut tuner = Tuner::new::<f64>(Prescribed::default(), &domain([1, 1]), false);
    let mut tried = Vec::new();
    for _ in 0..5 {
        tried.push(tuner.plan());
        tuner.count(1, 0.1 * cost(tuner.plan()));
    }
    let fastest = tried
        .into_iter()
        .min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
    let Choice { plan, settled } = tuner.choice();
    assert_eq!((Some(plan), settled), (fastest, false));
}

#[test]
fn what_is_prescribed_is_not_tried() {
    let plan = plan(7, 40);
    let mut tuner = Tuner::new::<f64>(plan.into(), &domain([2, 2]), true);
    assert_eq!((tuner.plan(), tuner.is_settled()), (plan, true));
    let mut all_but_overlap = Prescribed::from(plan);
    all_but_overlap.overlap = None;
    tuner.restart(all_but_overlap, Some(plan));
    assert!(!tuner.is_settled());
    let depth = Prescribed {
        halo_depth: Some(8),
        ..Prescribed::default()
    };
    tuner.restart(depth, None);
    while !tuner.is_settled() {
        assert_eq!(tuner.plan().halo_depth, 8);
        tuner.count(1, 1.0);
    }
}

#[test]
fn no_plan_is_deeper_than_a_subdomain() {
    let thin = domain([1, 10]);
    let mut tuner = Tuner::new::<f64>(Prescribed::default(), &thin, true);
    while !tuner.is_settled() {
        assert!(tuner.plan().halo_depth <= 6);
        tuner.count(1, 1.0);
    }
    assert_eq!(Prescribed::default().margin::<f64>(&thin), 8);
    assert_eq!(Prescribed::default().margin::<f64>(&domain([1, 1])), 0);
}
