//! Contour lines by marching squares, with the ambiguous squares decided by the mean of their corners.
//!
//! The field is taken as linear along the edges between neighbouring nodes, and lines as straight within a
//! square (Lorensen and Cline, "Marching cubes", 1987, in the plane).

/// A straight piece of a line, from one point to another.
pub type Piece = [[f64; 2]; 2];

/// Where a field has a value: `nodes` are the places of its values along x and y, ascending, and `values` go row
/// by row, x varying fastest. Squares with a corner that is no number have no lines.
pub fn contour(nodes: [&[f64]; 2], values: &[f64], level: f64) -> Vec<Piece> {
    let nx = nodes[0].len();
    let mut pieces = Vec::new();
    for (j, y) in nodes[1].windows(2).enumerate() {
        let [low, high] = [&values[j * nx..][..nx], &values[(j + 1) * nx..][..nx]];
        for (i, x) in nodes[0].windows(2).enumerate() {
            // Round the square from its corner of low x and low y.
            let corners = [low[i], low[i + 1], high[i + 1], high[i]];
            let places = [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]];
            pieces.extend(square(places, corners, level));
        }
    }
    pieces
}

fn square(places: [[f64; 2]; 4], corners: [f64; 4], level: f64) -> Vec<Piece> {
    if corners.iter().any(|value| value.is_nan()) {
        return Vec::new();
    }
    let above = corners.map(|value| value >= level);
    let crossing = |edge: usize| {
        let (from, to) = (edge, (edge + 1) % 4);
        (above[from] != above[to]).then(|| {
            let part = (level - corners[from]) / (corners[to] - corners[from]);
            [0, 1].map(|axis| places[from][axis] + part * (places[to][axis] - places[from][axis]))
        })
    };
    let crossings: Vec<[f64; 2]> = (0..4).filter_map(crossing).collect();
    match crossings[..] {
        [from, to] => vec![[from, to]],
        [bottom, right, top, left] => {
            let middle = corners.iter().sum::<f64>() / 4.0 >= level;
            if above[0] == middle {
                vec![[bottom, right], [top, left]]
            } else {
                vec![[left, bottom], [right, top]]
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(nodes: &[f64], field: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let row = |y: f64| nodes.iter().map(move |x| (*x, y));
        let places = nodes.iter().flat_map(|y| row(*y));
        places.map(|(x, y)| field(x, y)).collect()
    }

    #[test]
    fn a_circle_is_found_with_its_length() {
        let nodes: Vec<f64> = (-50..=50).map(|k| f64::from(k) / 40.0).collect();
        let field = values(&nodes, |x, y| x * x + y * y);
        let pieces = contour([&nodes, &nodes], &field, 1.0);
        let mut length = 0.0;
        for [from, to] in &pieces {
            for [x, y] in [from, to] {
                assert!((x.hypot(*y) - 1.0).abs() < 2e-4, "({x}, {y})");
            }
            length += (to[0] - from[0]).hypot(to[1] - from[1]);
        }
        assert!(
            (length / std::f64::consts::TAU - 1.0).abs() < 1e-3,
            "{length}"
        );
        // A closed line: every end is that of two pieces.
        let bits = |[x, y]: [f64; 2]| [x, y].map(|value| (value * 1e9).round().to_bits());
        let mut ends: Vec<_> = pieces.iter().flatten().map(|end| bits(*end)).collect();
        ends.sort_unstable();
        assert!(ends.chunks(2).all(|pair| pair[0] == pair[1]) && ends.len() % 2 == 0);
    }

    #[test]
    fn a_saddle_is_cut_as_its_middle_says() {
        let nodes = [0.0, 1.0];
        let ends = |field: [f64; 4], level| contour([&nodes, &nodes], &field, level);
        // High at (0, 0) and (1, 1); the mean is 0.5.
        let saddle = [1.0, 0.0, 0.0, 1.0];
        for [from, to] in ends(saddle, 0.4) {
            assert!((from[0] - to[1]).abs() > 0.5 || (from[1] - to[0]).abs() > 0.5);
            let [x, y] = [0, 1].map(|axis| 0.5 * (from[axis] + to[axis]));
            assert!((x - y).abs() > 0.5, "cuts off a low corner");
        }
        for [from, to] in ends(saddle, 0.6) {
            let [x, y] = [0, 1].map(|axis| 0.5 * (from[axis] + to[axis]));
            assert!((x + y - 1.0).abs() > 0.5, "cuts off a high corner");
        }
        assert_eq!(ends(saddle, 0.4).len() + ends(saddle, 0.6).len(), 4);
        assert_eq!(ends([1.0, f64::NAN, 0.0, 1.0], 0.4), Vec::<Piece>::new());
        assert_eq!(ends([1.0; 4], 1.0), Vec::<Piece>::new());
    }

    proptest! {
        /// The lines of a plane are where it has the level.
        #[test]
        fn lines_of_a_plane_are_exact(a in -2.0..2.0f64, b in -2.0..2.0f64, level in -1.0..1.0f64) {
            let nodes = [-1.0, -0.7, 0.0, 0.1, 0.9];
            let field = values(&nodes, |x, y| a * x + b * y);
            for [x, y] in contour([&nodes, &nodes], &field, level).into_iter().flatten() {
                prop_assert!((a * x + b * y - level).abs() < 1e-12);
            }
        }
    }
}
