//! The numbers that fields are made of.

use std::slice;

use bytemuck::Pod;
use pulp::Simd;

/// A floating-point type that fields are made of.
pub trait Real:
    Lanes
    + PartialOrd
    + Send
    + Sync
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::AddAssign
{
    const ZERO: Self;
    /// As users name it: `f64` or `f32`.
    const NAME: &'static str;
    /// The distance from 1 to the next larger number.
    const EPSILON: f64;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn is_finite(self) -> bool;
}

/// A number of which the processor takes several at once.
#[allow(
    clippy::inline_always,
    reason = "vector operations must end up inside functions for the wide vectors they use"
)]
pub trait Lanes: Pod {
    /// As many numbers as the instructions of `S` take.
    type Vector<S: Simd>: Pod;

    /// The whole vectors in `values`; what is left over at the end is left out.
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>];
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn difference<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn product<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// How many numbers are in a vector.
    #[must_use]
    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }

    /// `vector` moved on by one number, behind the last one of the vector before it.
    #[must_use]
    #[inline(always)]
    fn moved_on<S: Simd>(before: Self::Vector<S>, mut vector: Self::Vector<S>) -> Self::Vector<S> {
        let before: &[Self] = bytemuck::cast_slice(slice::from_ref(&before));
        let numbers: &mut [Self] = bytemuck::cast_slice_mut(slice::from_mut(&mut vector));
        // Compilers make one instruction of this loop, but not of `copy_within`.
        for k in (1..numbers.len()).rev() {
            numbers[k] = numbers[k - 1];
        }
        numbers[0] = before[before.len() - 1];
        vector
    }
}

macro_rules! real {
    ($type:ident, $vector:ident, $vectors:ident, $vectors_mut:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const NAME: &'static str = stringify!($type);
            #[allow(clippy::cast_lossless, reason = "one text for both types")]
            const EPSILON: f64 = $type::EPSILON as f64;

            #[inline]
            #[allow(
                clippy::unnecessary_cast,
                clippy::cast_possible_truncation,
                reason = "one text for both types; f32 is rounded to"
            )]
            fn from_f64(value: f64) -> Self {
                value as $type
            }

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
        }

        #[allow(clippy::inline_always, reason = "see the trait")]
        impl Lanes for $type {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>] {
                S::$vectors(values).0
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>] {
                S::$vectors_mut(values).0
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S> {
                simd.$splat(value)
            }

            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn difference<S: Simd>(
                simd: S,
                a: Self::Vector<S>,
                b: Self::Vector<S>,
            ) -> Self::Vector<S> {
                simd.$sub(a, b)
            }

            #[inline(always)]
            fn product<S: Simd>(
                simd: S,
                a: Self::Vector<S>,
                b: Self::Vector<S>,
            ) -> Self::Vector<S> {
                simd.$mul(a, b)
            }
        }
    };
}

real!(
    f64,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s
);
real!(
    f32,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s
);
