use proptest::prelude::*;

use super::*;
use crate::physics::Variable;

fn polygon(points: &[[f64; 2]]) -> Shape {
    Shape::Polygon {
        points: points.to_vec(),
    }
}

#[test]
fn a_rectangle_includes_its_low_sides_only() {
    let shape = Shape::Rectangle {
        min: [1.0, 2.0],
        max: [3.0, 4.0],
    };
    assert!(shape.contains([1.0, 2.0]));
    assert!(shape.contains([2.9, 3.9]));
    for outside in [[3.0, 2.0], [1.0, 4.0], [0.9, 3.0], [2.0, 1.9]] {
        assert!(!shape.contains(outside), "{outside:?}");
    }
    assert_eq!(shape.bounds(), Some([[1.0, 2.0], [3.0, 4.0]]));
}

#[test]
fn a_circle_includes_its_rim() {
    let shape = Shape::Circle {
        center: [1.0, 2.0],
        radius: 5.0,
    };
    assert!(shape.contains([4.0, 6.0]));
    assert!(shape.contains([6.0, 2.0]));
    assert!(!shape.contains([4.0, 6.0001]));
    assert_eq!(shape.bounds(), Some([[-4.0, -3.0], [6.0, 7.0]]));
}

#[test]
fn a_polygon_follows_the_even_odd_rule() {
    let corners = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
    let square = polygon(&corners);
    assert!(square.contains([0.0, 0.0]));
    assert!(square.contains([2.0, 2.0]));
    assert!(!square.contains([4.0, 2.0]));
    assert!(!square.contains([2.0, 4.0]));
    assert_eq!(square.bounds(), Some([[0.0, 0.0], [4.0, 4.0]]));

    // A star drawn in one stroke: its middle is crossed twice.
    let star = polygon(&[
        [0.0, 5.0],
        [3.0, -4.0],
        [-5.0, 2.0],
        [5.0, 2.0],
        [-3.0, -4.0],
    ]);
    assert!(!star.contains([0.0, 0.0]));
    assert!(star.contains([0.0, 4.0]));

    assert!(!polygon(&[]).contains([0.0, 0.0]));
    assert!(!polygon(&[[0.0, 0.0]]).contains([0.0, 0.0]));
}

#[test]
fn an_image_has_its_top_at_high_y() {
    // Dark pixels: top left, and bottom right of two columns and two rows.
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("header");
    writer.write_image_data(&[0, 255, 255, 0]).expect("data");
    writer.finish().expect("end");
    let shape = Shape::Image {
        mask: Arc::new(Mask::from_png(&bytes).expect("a PNG")),
        min: [10.0, 20.0],
        max: [12.0, 24.0],
    };
    assert!(shape.contains([10.0, 23.9]));
    assert!(shape.contains([11.9, 20.0]));
    assert!(!shape.contains([11.9, 23.9]));
    assert!(!shape.contains([10.0, 20.0]));
    // Seams belong to the pixel above and to the right of them.
    assert!(shape.contains([10.5, 22.0]) && !shape.contains([11.0, 22.0]));
    assert!(!shape.contains([12.0, 20.0]) && !shape.contains([10.0, 24.0]));
    assert!(!shape.contains([9.0, 23.0]));
}

#[test]
fn an_expression_contains_where_it_is_positive() {
    let allowed = [Variable::X, Variable::Y];
    let expression = Expression::parse("sqrt(x) - y", &allowed).expect("valid");
    let shape = Shape::Expression(Arc::new(expression));
    assert!(shape.contains([4.0, 1.9]));
    assert!(!shape.contains([4.0, 2.0]));
    assert!(!shape.contains([-1.0, -5.0]));
    assert_eq!(shape.bounds(), None);
}

/// Cuts a square into triangles around an inner point; neighbours run along the edge
/// between them in opposite directions.
fn triangles(inner: [f64; 2]) -> [Shape; 4] {
    let corners = [[0.0, 0.0], [7.0, 0.0], [7.0, 7.0], [0.0, 7.0]];
    [0, 1, 2, 3].map(|side| polygon(&[corners[side], corners[(side + 1) % 4], inner]))
}

proptest! {
    #[test]
    fn polygons_that_share_edges_cover_each_point_once(
        inner in [0.1..6.9_f64, 0.1..6.9_f64],
        along in 0.0..1.0_f64,
        corner in prop::sample::select(vec![[0.0, 0.0], [7.0, 0.0], [7.0, 7.0], [0.0, 7.0]]),
        free in [0.0..7.0_f64, 0.0..7.0_f64],
    ) {
        let pieces = triangles(inner);
        // Points on the cuts, as nearly as arithmetic hits them, and their neighbours.
        let [x, y] = [0, 1].map(|axis| corner[axis] + along * (inner[axis] - corner[axis]));
        let points = [[x, y], [x.next_up(), y], [x.next_down(), y], inner, free];
        let inside = |&[x, y]: &[f64; 2]| (0.0..7.0).contains(&x) && y < 7.0;
        for point in points.into_iter().filter(inside) {
            let covered = pieces.iter().filter(|piece| piece.contains(point)).count();
            prop_assert_eq!(covered, 1, "{:?}", point);
        }
    }
}
