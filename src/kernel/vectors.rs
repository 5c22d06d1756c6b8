//! Updates of vectors, row by row.

use pulp::{Arch, Simd, WithSimd};

use crate::field::Real;

/// `y = y + a x`.
pub fn axpy<T: Real>(arch: Arch, a: T, x: &[T], y: &mut [T]) {
    arch.dispatch(Axpy { a, x, y });
}

/// `y = x + a y`.
pub fn xpay<T: Real>(arch: Arch, x: &[T], a: T, y: &mut [T]) {
    arch.dispatch(Xpay { x, a, y });
}

/// `y = a x`.
pub fn scale<T: Real>(arch: Arch, a: T, x: &[T], y: &mut [T]) {
    arch.dispatch(Scale { a, x, y });
}

/// `z = x y`, cell by cell.
pub fn multiply<T: Real>(arch: Arch, x: &[T], y: &[T], z: &mut [T]) {
    arch.dispatch(Multiply { x, y, z });
}

/// `y = x y`, cell by cell.
pub fn multiply_by<T: Real>(arch: Arch, x: &[T], y: &mut [T]) {
    arch.dispatch(MultiplyBy { x, y });
}

/// `y = a x`, in the numbers of `y`.
pub fn convert<T: Real, L: Real>(arch: Arch, a: f64, x: &[T], y: &mut [L]) {
    arch.dispatch(Convert { a, x, y });
}

/// `y = y + a x`, computed in double precision.
pub fn add_converted<L: Real, T: Real>(arch: Arch, a: f64, x: &[L], y: &mut [T]) {
    arch.dispatch(AddConverted { a, x, y });
}

/// `y = a x + b y`, computed in double precision.
pub fn combine_converted<L: Real, T: Real>(arch: Arch, [a, b]: [f64; 2], x: &[L], y: &mut [T]) {
    arch.dispatch(CombineConverted { a, b, x, y });
}

/// `y = x + a (x - y) + b z`.
pub fn extrapolate<T: Real>(arch: Arch, x: &[T], a: T, b: T, z: &[T], y: &mut [T]) {
    arch.dispatch(Extrapolate { x, a, b, z, y });
}

struct Axpy<'a, T> {
    a: T,
    x: &'a [T],
    y: &'a mut [T],
}

struct Xpay<'a, T> {
    x: &'a [T],
    a: T,
    y: &'a mut [T],
}

struct Scale<'a, T> {
    a: T,
    x: &'a [T],
    y: &'a mut [T],
}

struct Multiply<'a, T> {
    x: &'a [T],
    y: &'a [T],
    z: &'a mut [T],
}

struct MultiplyBy<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
}

struct Convert<'a, T, L> {
    a: f64,
    x: &'a [T],
    y: &'a mut [L],
}

struct AddConverted<'a, L, T> {
    a: f64,
    x: &'a [L],
    y: &'a mut [T],
}

struct CombineConverted<'a, L, T> {
    a: f64,
    b: f64,
    x: &'a [L],
    y: &'a mut [T],
}

struct Extrapolate<'a, T> {
    x: &'a [T],
    a: T,
    b: T,
    z: &'a [T],
    y: &'a mut [T],
}

// Plain loops, of which the compiler makes wide vectors inside these functions.

impl<T: Real> WithSimd for Axpy<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y += self.a * x;
        }
    }
}

impl<T: Real> WithSimd for Xpay<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = x + self.a * *y;
        }
    }
}

impl<T: Real> WithSimd for Scale<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = self.a * x;
        }
    }
}

impl<T: Real> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for ((z, &x), &y) in self.z.iter_mut().zip(self.x).zip(self.y) {
            *z = x * y;
        }
    }
}

impl<T: Real> WithSimd for MultiplyBy<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = x * *y;
        }
    }
}

impl<T: Real, L: Real> WithSimd for Convert<'_, T, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = L::from_f64(self.a * x.to_f64());
        }
    }
}

impl<L: Real, T: Real> WithSimd for AddConverted<'_, L, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = T::from_f64(y.to_f64() + self.a * x.to_f64());
        }
    }
}

impl<L: Real, T: Real> WithSimd for CombineConverted<'_, L, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = T::from_f64(self.a * x.to_f64() + self.b * y.to_f64());
        }
    }
}

impl<T: Real> WithSimd for Extrapolate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for ((y, &x), &z) in self.y.iter_mut().zip(self.x).zip(self.z) {
            *y = (x + self.a * (x - *y)) + self.b * z;
        }
    }
}
