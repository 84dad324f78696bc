//! Losses over spikes, rates or membranes `(b, t, n)`, each with its gradient with respect to them.
//!
//! With `n = sum_t s` and `r = n / max(T, 1)`; means over nothing are 0.
//!
//! - probspikes: cross-entropy of `softmax(m / temperature)` or of `(m + eps) / (sum_c m + eps N)`, `m = n` or `r`.
//! - rate: `mean (r - target_rate)^2 + mean (relu(rate_min - r)^2 + relu(r - rate_max)^2)`.
//! - temporal: `mean |s_t - s_t-1|`, `mean (s_t - s_t-1)^2`, or the variance of the rates of windows.
//! - isi: `mean s_t sum_{l >= 1} exp(-l / tau) s_t-l`.
//! - membrane: `mean relu(|v| - max_membrane)^2`.

use crate::lanes::{dot, first_largest, sum, sum_pairs};
use crate::partition::{CHUNK, collect, each, for_rows};
use crate::real::Real;
use crate::vector::vectorized;

/// How counts become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `softmax(m / temperature)`.
    Softmax,
    /// `(m + eps) / (sum_c m + eps N)`.
    Normalize,
}

/// What counts as rough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Penalty {
    /// `|s_t - s_t-1|`.
    L1,
    /// `(s_t - s_t-1)^2`.
    L2,
    /// The variance of the rates of windows.
    Variance,
}

/// `loss = mean_b (ln sum_c exp(m_bc / temperature) - m_b,target / temperature)`, or `-mean_b ln q_b,target` with
/// `q = (m + eps) / (sum_c m + eps n)`; `m` is the count, or with `normalize_by_time` the rate. `accuracy` is the share
/// of samples whose greatest count (the lowest of several) is the target's.
///
/// An empty batch gives 0. Policy: budget.
pub fn loss_probspikes<T: Real>(
    [b, t, n]: [usize; 3],
    spikes: &[T],
    targets: &[i32],
    temperature: T,
    normalize_by_time: bool,
    mode: Mode,
    eps: T,
    out_loss: &mut T,
    out_accuracy: &mut T,
) {
    let steps = if normalize_by_time { t.max(1) } else { 1 };
    let rows = collect(spikes.len(), targets.iter().enumerate(), |(sample, target)| {
        let target = *target as usize;
        let counts = counts([t, n], sample, spikes);
        let hit = first_largest(&counts) == target;
        let loss = Classes::new(counts, steps, target).loss(temperature, mode, eps);
        (loss, hit)
    });
    let losses = rows.iter().map(|(loss, _)| *loss).collect::<Vec<_>>();
    *out_loss = sum(&losses, |loss| loss) / T::from_count(b.max(1));
    *out_accuracy = share(rows.iter().filter(|(_, hit)| *hit).count(), b);
}

/// The gradient of [`loss_probspikes`], the same at every step.
///
/// With `u = 1 / b`, or `1 / (b max(T, 1))` for rates: `u (softmax(m_b / temperature)_c - [c = target_b]) / temperature`,
/// or `u (1 / (sum_c m_bc + eps n) - [c = target_b] / (m_bc + eps))`. Policy: budget.
pub fn loss_probspikes_grad<T: Real>(
    [b, t, n]: [usize; 3],
    spikes: &[T],
    targets: &[i32],
    temperature: T,
    normalize_by_time: bool,
    mode: Mode,
    eps: T,
    out_grad: &mut [T],
) {
    let steps = if normalize_by_time { t.max(1) } else { 1 };
    let count = T::from_count(b * steps);
    for_samples([t, n], out_grad, |sample, grad| {
        let classes = Classes::new(counts([t, n], sample, spikes), steps, targets[sample] as usize);
        let mut slopes = classes.slopes(temperature, mode, eps);
        for slope in &mut slopes {
            *slope = *slope / count;
        }
        for row in grad.chunks_exact_mut(n) {
            row.copy_from_slice(&slopes);
        }
    });
}

/// `m` of all classes of a sample, and which of them is the target.
struct Classes<T> {
    m: Vec<T>,
    target: usize,
}

impl<T: Real> Classes<T> {
    fn new(mut counts: Vec<T>, steps: usize, target: usize) -> Self {
        if steps > 1 {
            let steps = T::from_count(steps);
            for count in &mut counts {
                *count = *count / steps;
            }
        }
        Self { m: counts, target }
    }

    /// All but one.
    fn without(&self, place: usize) -> [&[T]; 2] {
        [&self.m[..place], &self.m[place + 1..]]
    }

    /// With what the others sum to beside the target or the pivot in the logarithm, nothing cancels.
    fn loss(&self, temperature: T, mode: Mode, eps: T) -> T {
        let own = self.m[self.target];
        match mode {
            // One class is certain, even where its count is infinite.
            Mode::Softmax if self.m.len() == 1 => T::ZERO,
            Mode::Softmax => {
                let pivot = self.pivot();
                let top = self.m[pivot];
                let others = self.without(pivot).map(|m| exponentials(m, top, temperature));
                (top - own) / temperature + (others[0] + others[1]).ln_1p()
            }
            Mode::Normalize => {
                let (own, others) = (own + eps, self.others(eps));
                let ratio = others / own;
                // Where the ratio overflows, 1 is nothing beside it.
                if T::all_finite(&[ratio]) {
                    ratio.ln_1p()
                } else {
                    others.ln() - own.ln()
                }
            }
        }
    }

    /// The gradient times the number of samples.
    fn slopes(&self, temperature: T, mode: Mode, eps: T) -> Vec<T> {
        let (own, mut slopes) = (self.m[self.target], self.m.clone());
        match mode {
            Mode::Softmax if self.m.len() == 1 => slopes.fill(T::ZERO),
            Mode::Softmax => {
                let top = self.m[self.pivot()];
                let others = self.without(self.target).map(|m| exponentials(m, top, temperature));
                let others = others[0] + others[1];
                let total = others + ((own - top) / temperature).exp();
                for slope in &mut slopes {
                    *slope = (((*slope - top) / temperature).exp() / total) / temperature;
                }
                slopes[self.target] = -(others / total) / temperature;
            }
            Mode::Normalize => {
                let others = self.others(eps);
                let total = others + (own + eps);
                slopes.fill(T::ONE / total);
                slopes[self.target] = -((others / total) / (own + eps));
            }
        }
        slopes
    }

    /// The sum of `m + eps` over all classes but the target.
    fn others(&self, eps: T) -> T {
        let others = self.without(self.target).map(|m| sum(m, |m| m + eps));
        others[0] + others[1]
    }

    /// The target, unless another class has more.
    fn pivot(&self) -> usize {
        let best = first_largest(&self.m);
        if self.m[best] > self.m[self.target] {
            best
        } else {
            self.target
        }
    }
}

vectorized! {
    /// The sum of `exp((m - top) / temperature)`.
    fn exponentials<'a, T: Real>(m: &'a [T], top: T, temperature: T) -> T {
        sum(m, |m| ((m - top) / temperature).exp())
    }
}

/// `loss = mean_bn (r - target_rate)^2 + mean_bn (relu(rate_min - r)^2 + relu(r - rate_max)^2)`, and the shares of
/// `(b, n)` with `r < rate_min` and with `r > rate_max`.
///
/// Policy: budget.
pub fn loss_rate<T: Real>(
    [b, t, n]: [usize; 3],
    spikes: &[T],
    target_rate: &[T],
    rate_min: T,
    rate_max: T,
    out_loss: &mut T,
    out_dead_fraction: &mut T,
    out_saturated_fraction: &mut T,
) {
    let steps = T::from_count(t.max(1));
    let samples = collect(spikes.len(), 0..b, |sample| {
        let rates = counts([t, n], sample, spikes).into_iter().map(|count| count / steps);
        let rates = rates.collect::<Vec<_>>();
        let away = sum_pairs(&rates, target_rate, |r, target| (r - target) * (r - target));
        let outside = sum(&rates, |r| {
            let (low, high) = ((rate_min - r).max(T::ZERO), (r - rate_max).max(T::ZERO));
            low * low + high * high
        });
        let dead = rates.iter().filter(|r| **r < rate_min).count();
        let saturated = rates.iter().filter(|r| **r > rate_max).count();
        ([away, outside], [dead, saturated])
    });
    let mean = |place: usize| {
        let sums = samples.iter().map(|(sums, _)| sums[place]).collect::<Vec<_>>();
        mean(sum(&sums, |x| x), b * n)
    };
    *out_loss = mean(0) + mean(1);
    let fraction = |place: usize| share(samples.iter().map(|(_, counts)| counts[place]).sum(), b * n);
    [*out_dead_fraction, *out_saturated_fraction] = [fraction(0), fraction(1)];
}

/// The gradient of [`loss_rate`]:
/// `2 ((r - target_rate) - relu(rate_min - r) + relu(r - rate_max)) / (b n max(T, 1))` at every step.
///
/// Policy: budget.
pub fn loss_rate_grad<T: Real>(
    [b, t, n]: [usize; 3],
    spikes: &[T],
    target_rate: &[T],
    rate_min: T,
    rate_max: T,
    out_grad: &mut [T],
) {
    let steps = T::from_count(t.max(1));
    let count = T::from_count(b * n * t.max(1));
    for_samples([t, n], out_grad, |sample, grad| {
        let mut slopes = counts([t, n], sample, spikes);
        for (slope, target) in slopes.iter_mut().zip(target_rate) {
            let r = *slope / steps;
            let outside = (r - rate_max).max(T::ZERO) - (rate_min - r).max(T::ZERO);
            *slope = (T::TWO * ((r - *target) + outside)) / count;
        }
        for row in grad.chunks_exact_mut(n) {
            row.copy_from_slice(&slopes);
        }
    });
}

/// `mean_b,t,n |s_t - s_t-1|`, or of the squares, 0 for fewer than two steps; or the variance of the rates of the `K`
/// full windows with `K - 1`, mean over `(b, n)`, 0 for fewer than two windows.
///
/// Policy: budget.
pub fn loss_temporal<T: Real>([b, t, n]: [usize; 3], spikes: &[T], penalty: Penalty, window: usize, out_loss: &mut T) {
    let windows = t / window;
    let enough = if penalty == Penalty::Variance { windows } else { t };
    *out_loss = T::ZERO;
    if enough < 2 || spikes.is_empty() {
        return;
    }
    let samples = collect(spikes.len(), spikes.chunks_exact(t * n), |spikes| match penalty {
        Penalty::L1 => steps_apart(spikes, n, false),
        Penalty::L2 => steps_apart(spikes, n, true),
        Penalty::Variance => {
            let deviations = deviations(spikes, n, windows, window);
            squares(&deviations) / T::from_count(windows - 1)
        }
    });
    let count = if penalty == Penalty::Variance {
        b * n
    } else {
        b * (t - 1) * n
    };
    *out_loss = sum(&samples, |sample| sample) / T::from_count(count);
}

/// The gradient of [`loss_temporal`].
///
/// - l1: `(sign(s_t - s_t-1) - sign(s_t+1 - s_t)) / (b (T - 1) n)`, `sign(0) = 0`; terms beyond the ends are 0.
/// - l2: `2 ((s_t - s_t-1) - (s_t+1 - s_t)) / (b (T - 1) n)`.
/// - variance: `2 (rate of t's window - mean rate) / ((K - 1) window b n)`, 0 after the last full window.
///
/// Policy: budget.
pub fn loss_temporal_grad<T: Real>(
    [b, t, n]: [usize; 3],
    spikes: &[T],
    penalty: Penalty,
    window: usize,
    out_grad: &mut [T],
) {
    let windows = t / window;
    let enough = if penalty == Penalty::Variance { windows } else { t };
    if enough < 2 {
        out_grad.fill(T::ZERO);
        return;
    }
    for_samples([t, n], out_grad, |sample, grad| {
        let spikes = &spikes[sample * t * n..][..t * n];
        let count = T::from_count(b * (t - 1) * n);
        match penalty {
            Penalty::L1 => slopes_apart(spikes, n, false, count, grad),
            Penalty::L2 => slopes_apart(spikes, n, true, count, grad),
            Penalty::Variance => {
                let count = T::from_count(windows - 1) * T::from_count(window) * T::from_count(b * n);
                let mut deviations = deviations(spikes, n, windows, window);
                for deviation in &mut deviations {
                    *deviation = (T::TWO * *deviation) / count;
                }
                let (full, rest) = grad.split_at_mut(windows * window * n);
                for (grad, slopes) in full.chunks_exact_mut(window * n).zip(deviations.chunks_exact(n)) {
                    for row in grad.chunks_exact_mut(n) {
                        row.copy_from_slice(slopes);
                    }
                }
                rest.fill(T::ZERO);
            }
        }
    });
}

vectorized! {
    /// The sum of the distances between consecutive steps, or of their squares.
    fn steps_apart<'a, T: Real>(spikes: &'a [T], n: usize, squared: bool) -> T {
        let (before, after) = (&spikes[..spikes.len() - n], &spikes[n..]);
        if squared {
            sum_pairs(after, before, |after, before| (after - before) * (after - before))
        } else {
            sum_pairs(after, before, |after, before| (after - before).abs())
        }
    }
}

vectorized! {
    fn slopes_apart<'a, T: Real>(spikes: &'a [T], n: usize, squared: bool, count: T, grad: &'a mut [T]) {
        let inner = spikes.len() - n;
        let slope = |rise: T| if squared { T::TWO * rise } else { rise.sign() };
        // The first step lacks the term before it, the last one that after it.
        for j in 0..n {
            grad[j] = -slope(spikes[n + j] - spikes[j]) / count;
            grad[inner + j] = slope(spikes[inner + j] - spikes[inner - n + j]) / count;
        }
        if inner > n {
            let rows = spikes[..inner - n].iter().zip(&spikes[n..inner]).zip(&spikes[2 * n..]);
            for (grad, ((before, s), after)) in grad[n..inner].iter_mut().zip(rows) {
                *grad = (slope(*s - *before) - slope(*after - *s)) / count;
            }
        }
    }
}

/// The rates of full windows `(windows, n)` minus their mean.
fn deviations<T: Real>(spikes: &[T], n: usize, windows: usize, window: usize) -> Vec<T> {
    let mut rates = vec![T::ZERO; windows * n];
    for (rates, spikes) in rates.chunks_exact_mut(n).zip(spikes.chunks_exact(window * n)) {
        add_rows(spikes, rates);
        for rate in rates {
            *rate = *rate / T::from_count(window);
        }
    }
    let mut mean = vec![T::ZERO; n];
    add_rows(&rates, &mut mean);
    for rates in rates.chunks_exact_mut(n) {
        for (rate, total) in rates.iter_mut().zip(&mean) {
            *rate = *rate - *total / T::from_count(windows);
        }
    }
    rates
}

vectorized! {
    fn squares<'a, T: Real>(values: &'a [T]) -> T {
        sum(values, |x| x * x)
    }
}

/// `(1 / (b T n)) sum_t s_t sum_{l=1..window} exp(-l / tau) s_t-l`, terms before the first step 0; without `tau`,
/// `max(1, window / 2)`.
///
/// Policy: budget.
pub fn loss_isi<T: Real>([b, t, n]: [usize; 3], spikes: &[T], window: usize, tau: Option<T>, out_loss: &mut T) {
    if spikes.is_empty() {
        *out_loss = T::ZERO;
        return;
    }
    let weights = lags(t, window, tau);
    let samples = collect(spikes.len(), spikes.chunks_exact(t * n), |spikes| {
        close(spikes, n, &weights)
    });
    *out_loss = sum(&samples, |sample| sample) / T::from_count(b * t * n);
}

/// The gradient of [`loss_isi`]: `(1 / (b T n)) sum_{l=1..window} exp(-l / tau) (s_t-l + s_t+l)`, terms beyond the ends
/// 0.
///
/// Policy: budget.
pub fn loss_isi_grad<T: Real>([b, t, n]: [usize; 3], spikes: &[T], window: usize, tau: Option<T>, out_grad: &mut [T]) {
    let weights = lags(t, window, tau);
    for_samples([t, n], out_grad, |sample, grad| {
        closeness(
            &spikes[sample * t * n..][..t * n],
            n,
            &weights,
            T::from_count(b * t * n),
            grad,
        );
    });
}

/// `exp(-l / tau)` for the lags `1..=window` that there are.
fn lags<T: Real>(t: usize, window: usize, tau: Option<T>) -> Vec<T> {
    let tau = tau.unwrap_or_else(|| (T::from_count(window) * T::HALF).max(T::ONE));
    let lags = 1..=window.min(t.saturating_sub(1));
    lags.map(|lag| (-(T::from_count(lag) / tau)).exp()).collect()
}

vectorized! {
    fn close<'a, T: Real>(spikes: &'a [T], n: usize, weights: &'a [T]) -> T {
        let (mut recent, mut total) = (vec![T::ZERO; n], T::ZERO);
        for t in 1..spikes.len() / n {
            recent.fill(T::ZERO);
            for (weight, before) in weights.iter().zip((0..t).rev()) {
                add_weighted(*weight, &spikes[before * n..][..n], &mut recent);
            }
            total += dot(&recent, &spikes[t * n..][..n]);
        }
        total
    }
}

vectorized! {
    fn closeness<'a, T: Real>(spikes: &'a [T], n: usize, weights: &'a [T], count: T, grad: &'a mut [T]) {
        let steps = spikes.len() / n;
        for (t, grad) in grad.chunks_exact_mut(n).enumerate() {
            grad.fill(T::ZERO);
            for (weight, lag) in weights.iter().zip(1..) {
                if let Some(before) = t.checked_sub(lag) {
                    add_weighted(*weight, &spikes[before * n..][..n], grad);
                }
                if t + lag < steps {
                    add_weighted(*weight, &spikes[(t + lag) * n..][..n], grad);
                }
            }
            for near in grad {
                *near = *near / count;
            }
        }
    }
}

#[inline(always)]
fn add_weighted<T: Real>(weight: T, row: &[T], sums: &mut [T]) {
    for (sum, s) in sums.iter_mut().zip(row) {
        *sum += weight * *s;
    }
}

/// `mean relu(|v| - max_membrane)^2` of `membrane (b, t, n)`, and the share with `|v| > max_membrane`.
///
/// Policy: budget.
pub fn loss_membrane<T: Real>(
    [b, t, n]: [usize; 3],
    membrane: &[T],
    max_membrane: T,
    out_loss: &mut T,
    out_exceeding_fraction: &mut T,
) {
    let parts = collect(membrane.len(), membrane.chunks(CHUNK), |part| {
        excess(part, max_membrane)
    });
    let sums = parts.iter().map(|(sum, _)| *sum).collect::<Vec<_>>();
    *out_loss = mean(sum(&sums, |sum| sum), b * t * n);
    *out_exceeding_fraction = share(parts.iter().map(|(_, count)| count).sum(), b * t * n);
}

/// The gradient of [`loss_membrane`]: `2 relu(|v| - max_membrane) sign(v) / (b T n)`.
///
/// Policy: budget.
pub fn loss_membrane_grad<T: Real>([b, t, n]: [usize; 3], membrane: &[T], max_membrane: T, out_grad: &mut [T]) {
    let count = T::from_count(b * t * n);
    for_rows(CHUNK, membrane, out_grad, |_, membrane, grad| {
        excess_slopes(membrane, max_membrane, count, grad)
    });
    let rest = membrane.len() - membrane.len() % CHUNK;
    excess_slopes(&membrane[rest..], max_membrane, count, &mut out_grad[rest..]);
}

vectorized! {
    /// The sum of squares of what is beyond the bound, and how much is.
    fn excess<'a, T: Real>(membrane: &'a [T], bound: T) -> (T, usize) {
        let square = |v: T| {
            let excess = (v.abs() - bound).max(T::ZERO);
            excess * excess
        };
        // As many as a part has fit into each type.
        let exceeding = sum(membrane, |v| if v.abs() > bound { T::ONE } else { T::ZERO });
        (sum(membrane, square), exceeding.to_i32() as usize)
    }
}

vectorized! {
    fn excess_slopes<'a, T: Real>(membrane: &'a [T], bound: T, count: T, grad: &'a mut [T]) {
        for (grad, v) in grad.iter_mut().zip(membrane) {
            *grad = ((T::TWO * (v.abs() - bound).max(T::ZERO)) * v.sign()) / count;
        }
    }
}

/// `sum_t s` of a sample.
fn counts<T: Real>([t, n]: [usize; 2], sample: usize, spikes: &[T]) -> Vec<T> {
    let mut counts = vec![T::ZERO; n];
    add_rows(&spikes[sample * t * n..][..t * n], &mut counts);
    counts
}

vectorized! {
    fn add_rows<'a, T: Real>(rows: &'a [T], sums: &'a mut [T]) {
        if sums.is_empty() {
            return;
        }
        for row in rows.chunks_exact(sums.len()) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += *x;
            }
        }
    }
}

/// Calls `body` for the gradient of every sample.
fn for_samples<T: Real>([t, n]: [usize; 2], grad: &mut [T], body: impl Fn(usize, &mut [T]) + Sync + Send) {
    if !grad.is_empty() {
        let work = grad.len();
        each(work, grad.chunks_exact_mut(t * n).enumerate(), |(sample, grad)| {
            body(sample, grad)
        });
    }
}

/// 0 for none.
fn mean<T: Real>(sum: T, count: usize) -> T {
    sum / T::from_count(count.max(1))
}

/// `count / all`, 0 for none.
fn share<T: Real>(count: usize, all: usize) -> T {
    T::from_count(count) / T::from_count(all.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_what_the_losses_do() {
        let dims @ [b, t, n] = [2, 11, 67];
        let mut s = vec![0.0; b * t * n];
        crate::philox::philox_uniform(1, 2, 3, s.len(), &mut s);
        let targets = [3, 66];
        let target_rate = vec![0.4; n];
        let mut unused = [0.0; 2];
        let check = |loss: &mut dyn FnMut(&[f64], &mut f64), grad: &dyn Fn(&[f64], &mut [f64])| {
            let mut slopes = vec![f64::NAN; s.len()];
            grad(&s, &mut slopes);
            for at in (0..s.len()).step_by(13) {
                let mut moved = |by: f64| {
                    let mut s = s.clone();
                    s[at] += by;
                    let mut value = f64::NAN;
                    loss(&s, &mut value);
                    value
                };
                let want = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((slopes[at] - want).abs() < 1e-8, "{at}: {} {want}", slopes[at]);
            }
        };
        for (mode, by_time) in [(Mode::Softmax, false), (Mode::Softmax, true), (Mode::Normalize, true)] {
            check(
                &mut |s, loss| loss_probspikes(dims, s, &targets, 0.7, by_time, mode, 1e-7, loss, &mut unused[0]),
                &|s, grad| loss_probspikes_grad(dims, s, &targets, 0.7, by_time, mode, 1e-7, grad),
            );
        }
        let [dead, saturated] = &mut unused;
        check(
            &mut |s, loss| loss_rate(dims, s, &target_rate, 0.45, 0.55, loss, dead, saturated),
            &|s, grad| loss_rate_grad(dims, s, &target_rate, 0.45, 0.55, grad),
        );
        for penalty in [Penalty::L1, Penalty::L2, Penalty::Variance] {
            check(&mut |s, loss| loss_temporal(dims, s, penalty, 3, loss), &|s, grad| {
                loss_temporal_grad(dims, s, penalty, 3, grad)
            });
        }
        for window in [1, 3, 50] {
            check(&mut |s, loss| loss_isi(dims, s, window, None, loss), &|s, grad| {
                loss_isi_grad(dims, s, window, None, grad)
            });
        }
        check(
            &mut |s, loss| loss_membrane(dims, s, 0.5, loss, saturated),
            &|s, grad| loss_membrane_grad(dims, s, 0.5, grad),
        );
    }
}
