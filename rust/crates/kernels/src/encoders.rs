//! From values to spike trains.
//!
//! `p = clip(gain normalized(x) + bias, 0, 1)`, normalized sample by sample. Rate codes: a Bernoulli draw of probability
//! `p` at every step, or evenly spaced spikes, `floor(T p)` of them.

use crate::partition::{for_chunks, for_rows};
use crate::philox::{BUFFER, Fill};
use crate::real::Real;

/// What is done to a sample before gain and bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Nothing.
    None,
    /// `clip(x, 0, 1)`.
    Clamp,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `(x - min) / max(max - min, 1e-8)`.
    Minmax,
}

/// Independent spikes of `x (b, n)`: spike at `(b, t, n)` iff `w_k < ceil(p 2^32)`, with `w_k` the Philox word at the
/// flat index `k` of `(b, t, n)`: exactly `U < p`.
///
/// Policy: bits.
pub fn encode_rate_bernoulli<T: Real>(
    [_, n]: [usize; 2],
    x: &[T],
    num_steps: usize,
    normalization: Normalization,
    gain: T,
    bias: T,
    seed: u64,
    stream: u64,
    out_spikes: &mut [u8],
) {
    let probabilities = probabilities(n, x, normalization, gain, bias);
    let thresholds = probabilities
        .iter()
        .map(|p| (p.to_f64() * 4_294_967_296.0).ceil() as u64)
        .collect::<Vec<_>>();
    let thresholds = &thresholds;
    for_chunks(out_spikes, |start, spikes| {
        pulp::Arch::new().dispatch(Bernoulli {
            n,
            num_steps,
            thresholds,
            seed,
            stream,
            start,
            spikes,
        });
    });
}

/// The draws from the flat index `start` on.
struct Bernoulli<'a> {
    n: usize,
    num_steps: usize,
    thresholds: &'a [u64],
    seed: u64,
    stream: u64,
    start: usize,
    spikes: &'a mut [u8],
}

impl pulp::NullaryFnOnce for Bernoulli<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            n,
            num_steps,
            thresholds,
            seed,
            stream,
            mut start,
            spikes,
        } = self;
        let mut words = [0; BUFFER];
        for spikes in spikes.chunks_mut(BUFFER) {
            let words = &mut words[..spikes.len()];
            Fill {
                seed,
                stream,
                offset: start as u64,
                words,
            }
            .call();
            let mut done = 0;
            while done < spikes.len() {
                let (sample, neuron) = ((start + done) / (num_steps * n), (start + done) % n);
                let end = spikes.len().min(done + n - neuron);
                let thresholds = &thresholds[sample * n + neuron..];
                for ((spike, word), threshold) in spikes[done..end].iter_mut().zip(&words[done..end]).zip(thresholds) {
                    // The sign of the difference: both are below 2^33.
                    *spike = (u64::from(*word).wrapping_sub(*threshold) >> 63) as u8;
                }
                done = end;
            }
            start += spikes.len();
        }
    }
}

/// Evenly spaced spikes of `x (b, n)`: spike at step `t` iff `floor((t + 1) p) > floor(t p)`, one rounding per product.
///
/// Policy: bits.
pub fn encode_rate_deterministic<T: Real>(
    [_, n]: [usize; 2],
    x: &[T],
    num_steps: usize,
    normalization: Normalization,
    gain: T,
    bias: T,
    out_spikes: &mut [u8],
) {
    let probabilities = &probabilities(n, x, normalization, gain, bias);
    for_chunks(out_spikes, |start, spikes| {
        pulp::Arch::new().dispatch(Deterministic {
            n,
            num_steps,
            probabilities,
            start,
            spikes,
        });
    });
}

/// The evenly spaced spikes from the flat index `start` on.
struct Deterministic<'a, T> {
    n: usize,
    num_steps: usize,
    probabilities: &'a [T],
    start: usize,
    spikes: &'a mut [u8],
}

impl<T: Real> pulp::NullaryFnOnce for Deterministic<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            n,
            num_steps,
            probabilities,
            start,
            spikes,
        } = self;
        let mut done = 0;
        while done < spikes.len() {
            let (row, neuron) = ((start + done) / n, (start + done) % n);
            let (sample, step) = (row / num_steps, row % num_steps);
            let end = spikes.len().min(done + n - neuron);
            let (before, after) = (T::from_count(step), T::from_count(step + 1));
            for (spike, p) in spikes[done..end].iter_mut().zip(&probabilities[sample * n + neuron..]) {
                *spike = u8::from((after * *p).floor() > (before * *p).floor());
            }
            done = end;
        }
    }
}

/// `p = clip((gain normalized(x)) + bias, 0, 1)`.
fn probabilities<T: Real>(n: usize, x: &[T], normalization: Normalization, gain: T, bias: T) -> Vec<T> {
    let mut probabilities = vec![T::ZERO; x.len()];
    let p = |normalized: T| unit_interval((gain * normalized) + bias);
    for_rows(n, x, &mut probabilities, |_, x, out| match normalization {
        Normalization::None => map(x, out, p),
        Normalization::Clamp => map(x, out, |x| p(unit_interval(x))),
        Normalization::Sigmoid => map(x, out, |x| p(sigmoid(x))),
        Normalization::Minmax => {
            let low = x.iter().fold(x[0], |low, x| low.min(*x));
            let high = x.iter().fold(x[0], |high, x| high.max(*x));
            let scale = if low.abs().max(high.abs()) > T::WIDE {
                T::HALF
            } else {
                T::ONE
            };
            let range = (high * scale - low * scale).max(T::FLOOR * scale);
            map(x, out, |x| p((x * scale - low * scale) / range));
        }
    });
    probabilities
}

fn map<T: Real>(x: &[T], out: &mut [T], value: impl Fn(T) -> T) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = value(*x);
    }
}

#[inline(always)]
fn unit_interval<T: Real>(x: T) -> T {
    x.max(T::ZERO).min(T::ONE)
}

/// `1 / (1 + exp(-x))` without overflow.
fn sigmoid<T: Real>(x: T) -> T {
    let e = (-x.abs()).exp();
    if x < T::ZERO {
        e / (T::ONE + e)
    } else {
        T::ONE / (T::ONE + e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_flat_index() {
        let (b, n, num_steps) = (3, 37, 700);
        let x = (0..b * n).map(|i| (i % 11) as f32 / 10.0).collect::<Vec<_>>();
        let mut spikes = vec![9; b * num_steps * n];
        encode_rate_bernoulli([b, n], &x, num_steps, Normalization::None, 1.0, 0.0, 5, 6, &mut spikes);
        let mut u = vec![0.0; spikes.len()];
        crate::philox::philox_uniform(5, 6, 0, u.len(), &mut u);
        for (k, (spike, u)) in spikes.iter().zip(u).enumerate() {
            let p = x[k / (num_steps * n) * n + k % n];
            assert_eq!(*spike, u8::from(u < f64::from(p)), "{k}");
        }
    }

    #[test]
    fn counts_are_floors() {
        let (b, n, num_steps) = (2, 5, 40_000);
        let x = [0.0, 1.0, 0.5, 0.3, 0.999, 1e-3, 0.25, 0.125, 0.7, 1.0 / 3.0];
        let mut spikes = vec![9; b * num_steps * n];
        encode_rate_deterministic([b, n], &x, num_steps, Normalization::None, 1.0, 0.0, &mut spikes);
        for (i, p) in x.iter().enumerate() {
            let train = spikes[i / n * num_steps * n + i % n..]
                .iter()
                .step_by(n)
                .take(num_steps);
            assert_eq!(
                train.map(|spike| f64::from(*spike)).sum::<f64>(),
                (num_steps as f64 * p).floor()
            );
        }
    }
}
