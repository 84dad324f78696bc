//! From values to spike trains.
//!
//! `p = clip(gain normalized(x) + bias, 0, 1)`, normalized sample by sample.
//!
//! - Rate codes: a Bernoulli draw of probability `p` at every step, or evenly spaced spikes, `floor(T p)` of them.
//! - Latency codes: one time from `p`, the earlier the greater it is.
//! - Population code: rate codes of `exp(-(p - c)^2 / (2 sigma^2))` for each center `c`.
//! - Delta code: spikes where a signal rises or falls by more than a threshold.

use crate::contrastive::sigmoid;
use crate::partition::{each, for_chunks, for_rows};
use crate::philox::{BUFFER, Fill, philox_words};
use crate::real::Real;
use crate::vector::{arch, vectorized};

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

/// How a value becomes a time: the greater, the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// `(1 - p) (T - 1)`.
    Linear,
    /// `tau ln(1 / max(p, 1e-7))`; `tau` is `(T - 1) / ln(1e7)` if none is given.
    Exponential,
    /// `(T - 1) (1 - log2(1 + p))`.
    Log,
}

/// How the activations of a population become spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As in [`encode_rate_bernoulli`].
    Bernoulli,
    /// As in [`encode_rate_deterministic`].
    Deterministic,
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
    bernoulli(n, &probabilities, num_steps, seed, stream, out_spikes);
}

/// [`encode_rate_bernoulli`] with `clip(p rate_dt, 0, 1)` for `p`: a Poisson process in steps of `rate_dt`.
///
/// Policy: bits.
pub fn encode_rate_poisson<T: Real>(
    [_, n]: [usize; 2],
    x: &[T],
    num_steps: usize,
    normalization: Normalization,
    gain: T,
    bias: T,
    seed: u64,
    stream: u64,
    rate_dt: T,
    out_spikes: &mut [u8],
) {
    let mut probabilities = probabilities(n, x, normalization, gain, bias);
    for p in &mut probabilities {
        *p = unit_interval(*p * rate_dt);
    }
    bernoulli(n, &probabilities, num_steps, seed, stream, out_spikes);
}

/// A draw of each probability `(b, n)` at each step.
fn bernoulli<T: Real>(n: usize, probabilities: &[T], num_steps: usize, seed: u64, stream: u64, out_spikes: &mut [u8]) {
    let thresholds = probabilities
        .iter()
        .map(|p| (p.to_f64() * 4_294_967_296.0).ceil() as u64)
        .collect::<Vec<_>>();
    let thresholds = &thresholds;
    for_chunks(out_spikes, |start, spikes| {
        arch().dispatch(Bernoulli {
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
    let probabilities = probabilities(n, x, normalization, gain, bias);
    deterministic(n, &probabilities, num_steps, out_spikes);
}

/// Evenly spaced spikes of each probability `(b, n)`.
fn deterministic<T: Real>(n: usize, probabilities: &[T], num_steps: usize, out_spikes: &mut [u8]) {
    for_chunks(out_spikes, |start, spikes| {
        arch().dispatch(Deterministic {
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

/// One time for each value of `x (b, n)`, and spikes in `burst` consecutive steps from there; those past the last are
/// dropped.
///
/// `spike_times = rint(min(max(t, t_min), latest))`, `t` by `mapping`, `latest = T - 1` or `min(t_max, T - 1)`.
/// Policy: bits.
pub fn encode_latency<T: Real>(
    [_, n]: [usize; 2],
    x: &[T],
    num_steps: usize,
    normalization: Normalization,
    gain: T,
    bias: T,
    mapping: Mapping,
    tau: Option<T>,
    t_min: T,
    t_max: Option<T>,
    burst: usize,
    out_spikes: &mut [u8],
    out_spike_times: &mut [i32],
) {
    let probabilities = probabilities(n, x, normalization, gain, bias);
    let timing = Timing::new(num_steps, mapping, tau, t_min, t_max);
    for (time, p) in out_spike_times.iter_mut().zip(&probabilities) {
        *time = timing.step(timing.time(*p));
    }
    trains(n, out_spike_times, num_steps, burst, out_spikes);
}

/// One spike for each value of `x (b, n)`, at the time that [`encode_latency`] gives; with `allow_no_spike` none, and
/// time -1, where `p < silence_below`.
///
/// `jitter > 0` makes it `t + (jitter (2 U - 1))` before it is clipped, `2 U - 1` rounded once, with `U` the uniform at
/// the flat index of `(b, n)`. Policy: bits.
pub fn encode_ttfs<T: Real>(
    [_, n]: [usize; 2],
    x: &[T],
    num_steps: usize,
    normalization: Normalization,
    gain: T,
    bias: T,
    seed: u64,
    stream: u64,
    mapping: Mapping,
    tau: Option<T>,
    t_min: T,
    t_max: Option<T>,
    allow_no_spike: bool,
    silence_below: T,
    jitter: T,
    out_spikes: &mut [u8],
    out_spike_times: &mut [i32],
) {
    let probabilities = probabilities(n, x, normalization, gain, bias);
    let timing = Timing::new(num_steps, mapping, tau, t_min, t_max);
    let jittered = jitter > T::ZERO;
    let mut words = vec![0; if jittered { probabilities.len() } else { 0 }];
    philox_words(seed, stream, 0, words.len(), &mut words);
    for (i, (time, p)) in out_spike_times.iter_mut().zip(&probabilities).enumerate() {
        let mut t = timing.time(*p);
        if jittered {
            t += jitter * T::rounded(f64::from(words[i]) / 2_147_483_648.0 - 1.0);
        }
        *time = if allow_no_spike && *p < silence_below {
            -1
        } else {
            timing.step(t)
        };
    }
    trains(n, out_spike_times, num_steps, 1, out_spikes);
}

/// From probability to time.
struct Timing<T> {
    mapping: Mapping,
    last: T,
    tau: T,
    t_min: T,
    latest: T,
}

impl<T: Real> Timing<T> {
    fn new(num_steps: usize, mapping: Mapping, tau: Option<T>, t_min: T, t_max: Option<T>) -> Self {
        let last = T::from_count(num_steps - 1);
        Self {
            mapping,
            last,
            tau: tau.unwrap_or_else(|| last / T::rounded(1e7).ln()),
            t_min,
            latest: t_max.map_or(last, |t_max| t_max.min(last)),
        }
    }

    fn time(&self, p: T) -> T {
        match self.mapping {
            Mapping::Linear => (T::ONE - p) * self.last,
            Mapping::Exponential => self.tau * (T::ONE / p.max(T::rounded(1e-7))).ln(),
            Mapping::Log => self.last * (T::ONE - (T::ONE + p).log2()),
        }
    }

    fn step(&self, time: T) -> i32 {
        time.max(self.t_min).min(self.latest).rint().to_i32()
    }
}

/// Spikes `(b, num_steps, n)` at `times (b, n)` and the steps after them; none where the time is negative.
fn trains(n: usize, times: &[i32], num_steps: usize, burst: usize, out_spikes: &mut [u8]) {
    if out_spikes.is_empty() {
        return;
    }
    let work = out_spikes.len();
    each(
        work,
        times.chunks_exact(n).zip(out_spikes.chunks_exact_mut(num_steps * n)),
        |(times, spikes)| {
            spikes.fill(0);
            for (neuron, time) in times.iter().enumerate() {
                let Ok(time) = usize::try_from(*time) else {
                    continue;
                };
                for step in time..num_steps.min(time.saturating_add(burst)) {
                    spikes[step * n + neuron] = 1;
                }
            }
        },
    );
}

/// `activations = exp(-(p_i - c_j)^2 / (2 sigma^2))` of `x (b, n)` and `centers (population_size)` at the flat index
/// `i population_size + j`, and rate-coded spikes of them.
///
/// The distance is divided by `sigma` first: no square is lost. Policy: bits for the spikes, budget for the activations.
pub fn encode_population<T: Real>(
    [_, n]: [usize; 2],
    x: &[T],
    centers: &[T],
    num_steps: usize,
    normalization: Normalization,
    gain: T,
    bias: T,
    seed: u64,
    stream: u64,
    population_size: usize,
    sigma: T,
    mode: Mode,
    out_spikes: &mut [u8],
    out_activations: &mut [T],
) {
    let probabilities = probabilities(n, x, normalization, gain, bias);
    for (activations, p) in out_activations.chunks_exact_mut(population_size).zip(probabilities) {
        for (activation, center) in activations.iter_mut().zip(centers) {
            let distance = (p - *center) / sigma;
            *activation = (-(distance * distance) * T::HALF).exp();
        }
    }
    let neurons = n * population_size;
    match mode {
        Mode::Bernoulli => bernoulli(neurons, out_activations, num_steps, seed, stream, out_spikes),
        Mode::Deterministic => deterministic(neurons, out_activations, num_steps, out_spikes),
    }
}

/// Of `x (b, t, n)`, spikes where `x_t - previous > theta_on` and, behind all of those, where
/// `previous - x_t > theta_off`; then `previous (b, n)` is `x_t`. Without `theta_off`, `theta_on` is meant.
///
/// Policy: bits.
pub fn encode_delta<T: Real>(
    [b, t, n]: [usize; 3],
    x: &[T],
    previous: &[T],
    theta_on: T,
    theta_off: Option<T>,
    out_spikes: &mut [u8],
    out_previous: &mut [T],
) {
    let theta_off = theta_off.unwrap_or(theta_on);
    if x.is_empty() {
        out_previous.copy_from_slice(previous);
        return;
    }
    for sample in 0..b {
        let last = &x[((sample + 1) * t - 1) * n..][..n];
        out_previous[sample * n..][..n].copy_from_slice(last);
    }
    each(
        x.len(),
        out_spikes.chunks_exact_mut(t * 2 * n).enumerate(),
        |(sample, spikes)| {
            let x = &x[sample * t * n..][..t * n];
            for (step, spikes) in spikes.chunks_exact_mut(2 * n).enumerate() {
                let before = match step.checked_sub(1) {
                    Some(before) => &x[before * n..][..n],
                    None => &previous[sample * n..][..n],
                };
                let (on, off) = spikes.split_at_mut(n);
                changes(before, &x[step * n..][..n], theta_on, theta_off, on, off);
            }
        },
    );
}

vectorized! {
    fn changes<'a, T: Real>(
        before: &'a [T],
        x: &'a [T],
        theta_on: T,
        theta_off: T,
        on: &'a mut [u8],
        off: &'a mut [u8],
    ) {
        for ((before, x), (on, off)) in before.iter().zip(x).zip(on.iter_mut().zip(off)) {
            *on = u8::from(*x - *before > theta_on);
            *off = u8::from(*before - *x > theta_off);
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

    #[test]
    fn spikes_are_the_same_at_every_width() {
        let (b, n, num_steps) = (3, 41, 50);
        let mut x = vec![0.0; b * n * num_steps];
        crate::philox::philox_uniform(1, 2, 3, x.len(), &mut x);
        let x = x.iter().map(|x| *x as f32).collect::<Vec<_>>();
        let (values, before) = (&x[..b * n], &x[b * n..2 * b * n]);
        let minmax = Normalization::Minmax;
        let [wide, narrow] = crate::vector::tests::at_both_levels(|| {
            let mut trains = [const { Vec::new() }; 4].map(|mut train| {
                train.resize(2 * b * num_steps * n, 9);
                train
            });
            let half = b * num_steps * n;
            let mut last = vec![f32::NAN; b * n];
            encode_rate_bernoulli(
                [b, n],
                values,
                num_steps,
                minmax,
                0.9,
                0.05,
                5,
                6,
                &mut trains[0][..half],
            );
            encode_rate_poisson(
                [b, n],
                values,
                num_steps,
                minmax,
                0.9,
                0.05,
                5,
                6,
                0.3,
                &mut trains[1][..half],
            );
            encode_rate_deterministic([b, n], values, num_steps, minmax, 0.9, 0.05, &mut trains[2][..half]);
            encode_delta([b, num_steps, n], &x, before, 0.1, Some(0.2), &mut trains[3], &mut last);
            (trains, last)
        });
        assert!(wide == narrow);
    }

    #[test]
    fn the_ends_of_every_mapping_are_exact() {
        for num_steps in [1, 2, 25, 1000] {
            for mapping in [Mapping::Linear, Mapping::Exponential, Mapping::Log] {
                let timing = Timing::<f32>::new(num_steps, mapping, None, 0.0, None);
                assert_eq!(timing.time(1.0), 0.0);
                assert_eq!(timing.step(timing.time(0.0)), num_steps as i32 - 1);
                let timing = Timing::<f64>::new(num_steps, mapping, None, 0.0, None);
                assert_eq!(timing.time(1.0), 0.0);
                assert_eq!(timing.step(timing.time(0.0)), num_steps as i32 - 1);
            }
        }
    }
}
