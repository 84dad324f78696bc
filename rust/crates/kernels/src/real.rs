//! What the kernels need of a floating-point number.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use crate::array::Element;

/// `f32` or `f64`.
pub trait Real:
    Element
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Sub<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Minus infinity.
    const NEG_INFINITY: Self;
    /// 1e-8, the floor of norms and ranges.
    const FLOOR: Self;
    /// 2^-27, a power of two near the floor.
    const FLOOR_SCALE: Self;
    /// Half the largest power of two: above it the difference of two numbers may overflow.
    const WIDE: Self;
    /// 1/2.
    const HALF: Self;
    /// 2.
    const TWO: Self;

    /// The nearest number.
    fn rounded(value: f64) -> Self;
    /// The nearest number.
    fn from_count(value: usize) -> Self;
    /// 0 or 1.
    fn from_spike(spike: u8) -> Self;
    /// The same number in double precision.
    fn to_f64(self) -> f64;
    /// |x|.
    fn abs(self) -> Self;
    /// The larger one.
    fn max(self, other: Self) -> Self;
    /// The smaller one.
    fn min(self, other: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// The largest integer that is not larger.
    fn floor(self) -> Self;
    /// The nearest integer, the even one of two.
    fn rint(self) -> Self;
    /// The integer that it is.
    fn to_i32(self) -> i32;
    /// 1, -1, or 0 for 0.
    fn sign(self) -> Self;
    /// e^x within 1 ulp, for any x but NaN. Without branches and calls, so that loops over it become vector code.
    fn exp(self) -> Self;
    /// e^x - 1.
    fn exp_m1(self) -> Self;
    /// ln(x).
    fn ln(self) -> Self;
    /// ln(1 + x).
    fn ln_1p(self) -> Self;
    /// The binary logarithm, exact for powers of two.
    fn log2(self) -> Self;
    /// x^y.
    fn powf(self, exponent: Self) -> Self;
    /// The power of two at or below a positive normal number; 0 for 0 and subnormal numbers.
    fn power_of_two(self) -> Self;
    /// Whether neither NaN nor Inf is among the numbers.
    fn all_finite(numbers: &[Self]) -> bool;
}

macro_rules! real {
    (
        $type:ident, wide: $wide:expr, mantissa: $mantissa:literal, exp: $range:expr, ln_2: $ln_2:expr,
        factorials: [$($factorial:literal),*]
    ) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = $type::NEG_INFINITY;
            const FLOOR: Self = 1e-8;
            const FLOOR_SCALE: Self = 1.0 / 134_217_728.0;
            const WIDE: Self = $type::from_bits($wide);
            const HALF: Self = 0.5;
            const TWO: Self = 2.0;

            #[inline(always)]
            fn rounded(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn from_count(value: usize) -> Self {
                value as Self
            }
            #[inline(always)]
            fn from_spike(spike: u8) -> Self {
                Self::from(spike)
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if self > other { self } else { other }
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if self < other { self } else { other }
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $type::sqrt(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $type::floor(self)
            }
            #[inline(always)]
            fn rint(self) -> Self {
                $type::round_ties_even(self)
            }
            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }
            #[inline(always)]
            fn sign(self) -> Self {
                let above = if self > 0.0 { 1.0 } else { 0.0 };
                let below = if self < 0.0 { 1.0 } else { 0.0 };
                above - below
            }
            #[inline(always)]
            fn exp(self) -> Self {
                // Adding it rounds to the nearest integer, which then stands in the lowest bits.
                const ROUND: $type = 1.5 * (1_u64 << $mantissa) as $type;
                let two_to = |rounded: $type| {
                    $type::from_bits((rounded.to_bits() << $mantissa).wrapping_add((1.0 as $type).to_bits()))
                };
                let x = Real::min(Real::max(self, $range[0]), $range[1]);
                let n = (x * std::$type::consts::LOG2_E + ROUND) - ROUND;
                // The first product is exact.
                let r = (x - n * $ln_2[0]) - n * $ln_2[1];
                let series = 0.0;
                $(let series = series * r + 1.0 / $factorial;)*
                // In two steps, for 2^n need not be a normal number.
                let half = n * 0.5 + ROUND;
                let rest = (n - (half - ROUND)) + ROUND;
                ((1.0 + (r + (r * r) * series)) * two_to(half)) * two_to(rest)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                $type::exp_m1(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $type::ln(self)
            }
            #[inline(always)]
            fn log2(self) -> Self {
                $type::log2(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                $type::ln_1p(self)
            }
            #[inline(always)]
            fn powf(self, exponent: Self) -> Self {
                $type::powf(self, exponent)
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                Self::from_bits(self.to_bits() & Self::INFINITY.to_bits())
            }
            fn all_finite(numbers: &[Self]) -> bool {
                // Only an exponent of ones carries into the sign bit when its lowest bit is added.
                let (exponent, sign) = (Self::INFINITY.to_bits(), (-0.0 as Self).to_bits());
                let carry = |bits, x: &Self| bits | (x.to_bits() & exponent).wrapping_add(sign - exponent);
                numbers.iter().fold(0, carry) & sign == 0
            }
        }
    };
}

real!(
    f32,
    wide: (126 + 127) << 23,
    mantissa: 23,
    exp: [-105.0, 89.0],
    ln_2: [0.693_359_4, -2.121_944_4e-4],
    factorials: [5040.0, 720.0, 120.0, 24.0, 6.0, 2.0]
);
real!(
    f64,
    wide: (1022 + 1023) << 52,
    mantissa: 52,
    exp: [-747.0, 710.0],
    ln_2: [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10],
    factorials: [
        6_227_020_800.0,
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0
    ]
);

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance to `want` in units of its last place.
    fn ulps<T: Real>(got: T, want: f64, digits: i32, smallest: f64) -> f64 {
        let place = (want.log2().floor() - f64::from(digits)).exp2().max(smallest);
        (got.to_f64() - want).abs() / place
    }

    #[test]
    fn exp_is_within_one_ulp() {
        let mut worst = [0.0_f64; 2];
        for i in 0..1_000_000 {
            let x = -103.0 + 191.0 * f64::from(i) / 1e6;
            worst[0] = worst[0].max(ulps(
                Real::exp(x as f32),
                f64::from(x as f32).exp(),
                23,
                (-149.0_f64).exp2(),
            ));
            let x = -744.0 + 1453.0 * f64::from(i) / 1e6;
            worst[1] = worst[1].max(ulps(Real::exp(x), f64::exp(x), 52, f64::from_bits(1)));
        }
        // The reference in double precision is itself off by about half a unit.
        assert!(worst[0] <= 1.0 && worst[1] <= 1.5, "{worst:?}");
    }

    #[test]
    fn exp_at_its_edges() {
        assert_eq!(
            [f32::NEG_INFINITY, -0.0, 0.0, f32::INFINITY].map(Real::exp),
            [0.0, 1.0, 1.0, f32::INFINITY]
        );
        assert_eq!(
            [f64::NEG_INFINITY, -0.0, 0.0, f64::INFINITY].map(Real::exp),
            [0.0, 1.0, 1.0, f64::INFINITY]
        );
        assert_eq!(
            [f32::MIN, -104.5, 88.8, f32::MAX].map(Real::exp),
            [0.0, 0.0, f32::INFINITY, f32::INFINITY]
        );
        assert_eq!(
            [f64::MIN, -745.5, 709.8, f64::MAX].map(Real::exp),
            [0.0, 0.0, f64::INFINITY, f64::INFINITY]
        );
    }

    #[test]
    fn only_finite_numbers_are_finite() {
        assert!(f32::all_finite(&[f32::MAX, f32::MIN, 0.0, -0.0, 1e-45]) && f64::all_finite(&[f64::MAX, -5e-324]));
        for bad in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!f64::all_finite(&[1.0, bad, 2.0]) && !f32::all_finite(&[1.0, bad as f32, 2.0]));
        }
    }
}
