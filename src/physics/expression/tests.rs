use proptest::prelude::*;

use super::*;

const XYT: [Variable; 3] = [Variable::X, Variable::Y, Variable::T];
const XY: [Variable; 2] = [Variable::X, Variable::Y];

/// At x = 3, y = 0.5, t = 7.
fn value(text: &str) -> f64 {
    match Expression::parse(text, &XYT) {
        Ok(expression) => expression.eval(3.0, 0.5, 7.0),
        Err(fault) => panic!("{text}: {fault}"),
    }
}

fn fault(text: &str, allowed: &[Variable]) -> String {
    match Expression::parse(text, allowed) {
        Ok(expression) => panic!("{text} was read as {expression:?}"),
        Err(Error { message, help, .. }) => match help {
            Some(help) => format!("{message} ({help})"),
            None => message,
        },
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "the very same arithmetic is expected")]
fn values_follow_the_rules_of_mathematics() {
    let expected = [
        ("x - 2*y + t", 3.0 - 1.0 + 7.0),
        ("t - x - y", 3.5),
        ("t - (x - y)", 4.5),
        ("x-1", 2.0),
        ("3 -2", 1.0),
        ("3 - -2", 5.0),
        ("3--2", 5.0),
        ("2^3^2", 512.0),
        ("(2^3)^2", 64.0),
        ("2**3", 8.0),
        ("-x^2", -9.0),
        ("(-x)^2", 9.0),
        ("2-x^2", -7.0),
        ("2*-x^2", -18.0),
        ("-x^-1", -1.0 / 3.0),
        ("2^-1", 0.5),
        ("+x", 3.0),
        ("24/x/2", 4.0),
        ("24/x*2", 16.0),
        ("24*x/2", 36.0),
        ("24/(x*2)", 4.0),
        ("1/3*x", 1.0 / 3.0 * 3.0),
        ("0.1+0.2+0.3", 0.1 + 0.2 + 0.3),
        ("x + 0.1 + 0.2", 3.0 + 0.1 + 0.2),
        ("1e-5", 1e-5),
        ("1.5E+3*x", 4500.0),
        ("2e3-1", 1999.0),
        (".5 + 5.", 5.5),
        ("e", std::f64::consts::E),
        ("2*pi", std::f64::consts::TAU),
        ("x > 2", 1.0),
        ("x < 2", 0.0),
        ("x >= 3", 1.0),
        ("x <= 3", 1.0),
        ("x == 3", 1.0),
        ("x != 3", 0.0),
        ("1 + x > 2 * y", 1.0),
        ("5 * (x > 2) * (y < 1)", 5.0),
        ("min(x, y)", 0.5),
        ("max(x, y)", 3.0),
        ("max(x, min(y, 1), t - 1)", 6.0),
        ("min(max(x, 1), max(y, 2))", 2.0),
        ("max(-x, -y)", -0.5),
        ("2 * max(x, y) ^ 2", 18.0),
        ("sqrt(abs(-(x + 1)))", 2.0),
        ("-sqrt(x + 1)^2", -4.0),
        ("exp(-((x-3)^2 + (y-0.5)^2)/1e-5)", 1.0),
        ("atan2(y, x)", 0.5_f64.atan2(3.0)),
        ("hypot(x, 4)", 5.0),
        ("pow(x, 2)", 9.0),
        ("mod(-1, x)", 2.0),
        ("mod(t, x) < 2", 1.0),
        ("log(e)", 1.0),
        ("log10(1000)", 3.0),
        ("log2(8)", 3.0),
        ("step(0) + step(-1) + heaviside(1)", 2.0),
        ("sign(0) + sign(-x)", -1.0),
        ("\n  x\n  + y\t", 3.5),
        ("((((x))))", 3.0),
    ];
    for (text, expected) in expected {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn nothing_hides_a_nan() {
    for text in [
        "min(0/0, x)",
        "min(x, 0/0)",
        "max(0/0, x)",
        "max(x, 0/0)",
        "step(0/0)",
    ] {
        assert!(value(text).is_nan(), "{text}");
    }
}

#[test]
fn faults_are_named() {
    let expected = [
        ("", "empty"),
        ("  \n", "empty"),
        ("sinn(x)", "did you mean `sin`? variables here: x, y"),
        (
            "temperature",
            "`temperature` is not known in an expression (variables here: x, y)",
        ),
        ("Sin(x)", "did you mean `sin`"),
        (
            "r + 1",
            "`r` is not known in an expression (variables here: x, y)",
        ),
        ("X + 1", "did you mean `x`"),
        (
            "sin(t)",
            "`t` (time) cannot be used here (variables here: x, y)",
        ),
        ("if(x, 1, 2)", "multiply by a comparison"),
        ("(x + 1", "opened at character 1 is never closed"),
        ("sin(x", "opened at character 4 is never closed"),
        ("x + 1)", "closed at character 6 was never opened"),
        (")", "closed at character 1 was never opened"),
        ("()", "`)` at character 2 stands where a value is missing"),
        ("2x", "missing between `2` and `x`"),
        ("2(x)", "to multiply, write 2 * ("),
        ("x y", "missing between `x` and `y`"),
        ("x(1)", "missing between `x` and `(`"),
        ("(x)(y)", "missing between `)` and `(`"),
        ("1e", "missing between `1` and `e`"),
        ("1.2.3", "missing between `1.2` and `.3`"),
        ("3 sin(x)", "missing between `3` and `sin`"),
        ("1e999", "too large"),
        ("x +", "ends after `+`"),
        (
            "x * / y",
            "`/` at character 5 stands where a value is missing",
        ),
        ("* x", "`*` at character 1"),
        (
            "sin",
            "`sin` at character 1 is a function without its arguments",
        ),
        ("sin x", "function without its arguments"),
        ("sin()", "stands where a value is missing"),
        ("sin(x, y)", "`sin` takes one argument, not 2"),
        ("atan2(x)", "`atan2` takes two arguments, not 1"),
        ("atan2(x, y, 1)", "`atan2` takes two arguments, not 3"),
        ("min(x)", "`min` takes two arguments, not 1"),
        ("x, y", "comma at character 2"),
        ("1,5", "decimals are written with a point"),
        ("x = 3", "equality is written `==`"),
        ("0 < x < 1", "two comparisons in a row"),
        ("x > 0 && y > 0", "`&` at character 7"),
        ("x ? 1 : 2", "`?` at character 3"),
        ("_negate(x)", "`_negate` is not known"),
    ];
    for (text, expected) in expected {
        let found = fault(text, &XY);
        assert!(found.contains(expected), "{text}: {found}");
    }
    assert_eq!(
        fault("x", &[]),
        "`x` (position) cannot be used here (no variables may be used here)"
    );
}

#[test]
#[expect(clippy::float_cmp, reason = "small whole numbers")]
fn long_and_deep_texts_are_read_or_refused() {
    let sum = format!("x{}", "+1".repeat(2047));
    assert_eq!(value(&sum), 3.0 + 2047.0);
    let differences = format!("x{}", "-y".repeat(2047));
    assert_eq!(value(&differences), 3.0 - 0.5 * 2047.0);
    assert!(fault(&format!("{sum}++1"), &XY).contains("longer than 4096"));
    assert_eq!(
        value(&format!("{}x{}", "(".repeat(60), ")".repeat(60))),
        3.0
    );
    for deep in ["(", "-", "sin(", "2^", "max(1,"] {
        assert!(fault(&deep.repeat(500), &XY).contains("nested"), "{deep}");
    }
}

#[test]
fn variables_in_use_are_known() {
    let expression = Expression::parse("max(y, exp(t))", &XYT).expect("valid");
    assert_eq!(XYT.map(|name| expression.uses(name)), [false, true, true]);
    let value = Value::Expression(Arc::new(expression));
    assert!(value.uses_time() && value.constant().is_none());
    assert!(!Value::Constant(1.0).uses_time());
}

#[test]
fn expressions_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
}

/// A text, how tightly its outermost operation binds, and its value at x = 3, y = 0.5, t = 7.
type Sample = (String, u8, f64);

fn grouped((text, binds, _): &Sample, least: u8) -> String {
    if *binds < least {
        format!("({text})")
    } else {
        text.clone()
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    let leaf = prop_oneof![
        Just(("x".to_owned(), 9, 3.0)),
        Just(("y".to_owned(), 9, 0.5)),
        Just(("t".to_owned(), 9, 7.0)),
        (0.0..20.0_f64).prop_map(|number| (format!("{number:e}"), 9, number)),
        (0..5_u8).prop_map(|number| (number.to_string(), 9, f64::from(number))),
    ];
    leaf.prop_recursive(7, 150, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), 0..6_u8).prop_map(|(left, right, which)| {
                let (sign, binds, value) = match which {
                    0 => ("+", 2, left.2 + right.2),
                    1 => ("-", 2, left.2 - right.2),
                    2 => (" * ", 3, left.2 * right.2),
                    3 => ("/", 3, left.2 / right.2),
                    4 => ("<", 1, f64::from(u8::from(left.2 < right.2))),
                    _ => ("^", 5, left.2.powf(right.2)),
                };
                // A power groups from the right, and its exponent may have a sign.
                let (left_least, right_least) = match sign {
                    "^" => (6, 4),
                    "<" => (2, 2),
                    _ => (binds, binds + 1),
                };
                let text = grouped(&left, left_least) + sign + &grouped(&right, right_least);
                (text, binds, value)
            }),
            inner
                .clone()
                .prop_map(|sample| { (format!("-{}", grouped(&sample, 4)), 4, -sample.2) }),
            inner
                .clone()
                .prop_map(|(text, _, value)| (format!("cos({text})"), 9, value.cos())),
            (inner.clone(), inner).prop_map(|(left, right)| {
                let value = left.2.atan2(right.2);
                (format!("atan2({},{})", left.0, right.0), 9, value)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_compiler_computes_what_the_text_says((text, _, expected) in sample()) {
        prop_assume!(text.len() <= 4096);
        let found = match Expression::parse(&text, &XYT) {
            Ok(expression) => expression.eval(3.0, 0.5, 7.0),
            Err(fault) => return Err(TestCaseError::fail(format!("{text}: {fault}"))),
        };
        // A square is a product here and a power there.
        let same = found.to_bits() == expected.to_bits()
            || (found.is_nan() && expected.is_nan())
            || (text.contains('^') && (found - expected).abs() <= 1e-9 * expected.abs());
        prop_assert!(same, "{text}: {found} instead of {expected}");
    }

    #[test]
    fn no_text_makes_it_panic(text in r"[xytezsincoma-d0-9 .,+*/^()<>=!&é∞_-]{0,60}") {
        if let Ok(expression) = Expression::parse(&text, &XYT) {
            std::hint::black_box(expression.eval(3.0, 0.5, 7.0));
        }
    }

    #[test]
    fn no_row_of_words_makes_it_panic(words in prop::collection::vec(
        prop::sample::select(vec![
            "x", "y", "t", "1", "2.5", "1e-5", "+", "-", "*", "/", "^", "(", ")", ",", "<", "==",
            "sin", "sin(", "max(", "atan2(", "pi", " ", ".", "_negate(", "{x}", "π",
        ]),
        0..40,
    )) {
        let text = words.concat();
        if let Ok(expression) = Expression::parse(&text, &XYT) {
            std::hint::black_box(expression.eval(3.0, 0.5, 7.0));
        }
    }
}

#[test]
fn many_places_have_the_same_bits_as_each_by_itself() {
    let texts = [
        "1 + 0.5*sin(9*x)*cos(7*y) - t^2",
        "min(x, y, t) + (x > 0.5)*mod(3*y - x, 0.7)/x",
        "-sqrt(y - x)^3 + log(t) + hypot(x, 2*y)",
        "x",
        "tanh(t)*pi",
    ];
    for text in texts {
        let expression = Expression::parse(text, &XYT).expect("valid");
        for count in [0, 1, LANES - 1, LANES, 3 * LANES + 5] {
            let places: Vec<[f64; 2]> = (0..u32::try_from(count).expect("small"))
                .map(|k| [0.3 * f64::from(k) - 2.0, 1.0 / (1.0 + f64::from(k))])
                .collect();
            let mut values = Vec::new();
            expression.eval_each(places.iter().copied(), 0.7, |k, value| {
                assert_eq!(k, values.len());
                values.push(value.to_bits());
            });
            let each = places.iter().map(|[x, y]| expression.eval(*x, *y, 0.7));
            let each: Vec<u64> = each.map(f64::to_bits).collect();
            assert_eq!(values, each, "{text}");
        }
    }
}
