//! InfoNCE (van den Oord et al. 2018) and contrastive signal-dependent plasticity (CSDP, Ororbia 2024).
//!
//! - InfoNCE: `q_i = a_i / max(|a_i|, 1e-8)`, `k_j = b_j / max(|b_j|, 1e-8)`, `s_ij = q_i.k_j / temperature`,
//!   `row_i = ln(sum_j exp(s_ij)) - s_ii`, `loss = mean_i row_i`.
//! - CSDP, positive phase: `W + (((lr post_i) pre_j) - (decay W))`; negative phase: `W - ((lr post_i) pre_j)`.
//! - Goodness: `g = sum z^2`, and `sigmoid(g - theta)` the probability of a positive sample.

use crate::lanes::{dot, largest, sum};
use crate::partition::{CHUNK, collect, each, for_rows};
use crate::product::{Matrix, add_product, product};
use crate::real::Real;
use crate::vector::vectorized;

/// Rows and columns of scores that are held at a time.
const TILE_ROWS: usize = 256;
const TILE_COLUMNS: usize = 256;
/// Rows that one thread takes at a time where there are few of them.
const FEW_ROWS: usize = 32;

/// InfoNCE of `view_a (b, f)` against `view_b (b, f)`; `symmetric` takes the mean with the opposite direction.
///
/// Fewer than two rows give 0. Memory `O(b tile + b f)`. Policy: budget.
pub fn infonce<T: Real>(
    [b, f]: [usize; 2],
    view_a: &[T],
    view_b: &[T],
    temperature: T,
    symmetric: bool,
    out_loss: &mut T,
    out_per_row: &mut [T],
) {
    if b < 2 {
        *out_loss = T::ZERO;
        out_per_row.fill(T::ZERO);
        return;
    }
    let (q, k) = (unit_rows(f, view_a), unit_rows(f, view_b));
    for (row, softmax) in out_per_row.iter_mut().zip(softmaxes(f, &q, &k, temperature)) {
        *row = softmax.loss(temperature);
    }
    if symmetric {
        for (row, opposite) in out_per_row.iter_mut().zip(softmaxes(f, &k, &q, temperature)) {
            *row = (*row + opposite.loss(temperature)) * T::HALF;
        }
    }
    *out_loss = sum(out_per_row, |row| row) / T::from_count(b);
}

/// InfoNCE and its gradient with respect to `view_a (b, f)` and `view_b (b, f)` before normalization.
///
/// `dq_i = sum_j D_ij k_j`, `dk_j = sum_i D_ij q_i`, `D = (softmax(s) - I) / (b temperature)`; then
/// `grad_a_i = (dq_i - (dq_i.q_i) q_i) / |a_i|`, or `dq_i / 1e-8` where the norm is smaller. Fewer than two rows give 0.
/// Memory `O(b tile + b f)`. Policy: budget.
pub fn infonce_grad<T: Real>(
    [b, f]: [usize; 2],
    view_a: &[T],
    view_b: &[T],
    temperature: T,
    symmetric: bool,
    out_loss: &mut T,
    out_grad_a: &mut [T],
    out_grad_b: &mut [T],
) {
    *out_loss = T::ZERO;
    out_grad_a.fill(T::ZERO);
    out_grad_b.fill(T::ZERO);
    if b < 2 {
        return;
    }
    let (q, k) = (unit_rows(f, view_a), unit_rows(f, view_b));
    // The rows of the opposite direction are the columns of this one.
    let opposite = symmetric.then(|| softmaxes(f, &k, &q, temperature));
    let opposite = opposite.as_deref();
    let work = b * b * f / 16;
    let mut losses = Vec::with_capacity(b);
    let mut panel = vec![T::ZERO; TILE_ROWS.min(b) * b];
    for (block, (q, dq)) in q
        .chunks(TILE_ROWS * f)
        .zip(out_grad_a.chunks_mut(TILE_ROWS * f))
        .enumerate()
    {
        let (first, rows) = (block * TILE_ROWS, q.len() / f);
        let panel = &mut panel[..rows * b];
        each(
            work,
            panel.chunks_mut(rows * TILE_COLUMNS).zip(k.chunks(TILE_COLUMNS * f)),
            |(tile, k)| {
                product(Matrix::new(f, q), Matrix::new(f, k).transposed(), tile);
            },
        );
        let whole = &*panel;
        let softmaxes = collect(work, 0..rows, |i| {
            let mut softmax = Softmax::new(dot(&q[i * f..][..f], &k[(first + i) * f..][..f]));
            let mut copy = [T::ZERO; TILE_COLUMNS];
            for (tile, cosines) in whole.chunks(rows * TILE_COLUMNS).enumerate() {
                let columns = cosines.len() / rows;
                let copy = &mut copy[..columns];
                copy.copy_from_slice(&cosines[i * columns..][..columns]);
                softmax.take(copy, (first + i).checked_sub(tile * TILE_COLUMNS), temperature);
            }
            softmax
        });
        losses.extend(softmaxes.iter().map(|softmax| softmax.loss(temperature)));
        if let Some(opposite) = opposite {
            let own = opposite[first..][..rows]
                .iter()
                .map(|softmax| softmax.loss(temperature));
            for (loss, opposite) in losses[first..].iter_mut().zip(own) {
                *loss = (*loss + opposite) * T::HALF;
            }
        }
        let tiles = panel.chunks_mut(rows * TILE_COLUMNS).zip(k.chunks(TILE_COLUMNS * f));
        let tiles = tiles.zip(out_grad_b.chunks_mut(TILE_COLUMNS * f)).enumerate();
        each(work, tiles, |(tile, ((slopes, k), dk))| {
            let (start, columns) = (tile * TILE_COLUMNS, k.len() / f);
            let opposite = opposite.map(|opposite| &opposite[start..][..columns]);
            for (i, slopes) in slopes.chunks_exact_mut(columns).enumerate() {
                let own = (first + i).checked_sub(start).filter(|j| *j < columns);
                to_slopes(slopes, softmaxes[i], opposite, own, temperature);
            }
            add_product(Matrix::new(columns, slopes).transposed(), Matrix::new(f, q), dk);
        });
        let whole = &*panel;
        each(work, dq.chunks_mut(FEW_ROWS * f).enumerate(), |(part, dq)| {
            let count = dq.len() / f;
            for (slopes, k) in whole.chunks(rows * TILE_COLUMNS).zip(k.chunks(TILE_COLUMNS * f)) {
                let columns = k.len() / f;
                let slopes = &slopes[part * FEW_ROWS * columns..][..count * columns];
                add_product(Matrix::new(columns, slopes), Matrix::new(f, k), dq);
            }
        });
    }
    *out_loss = sum(&losses, |loss| loss) / T::from_count(b);
    for_rows(f, view_a, out_grad_a, |i, x, grad| {
        through_norm(x, &q[i * f..][..f], T::from_count(b), temperature, grad);
    });
    for_rows(f, view_b, out_grad_b, |i, x, grad| {
        through_norm(x, &k[i * f..][..f], T::from_count(b), temperature, grad);
    });
}

/// Every row over its norm, or over 1e-8 if that is larger.
pub(crate) fn unit_rows<T: Real>(f: usize, view: &[T]) -> Vec<T> {
    let mut unit = vec![T::ZERO; view.len()];
    for_rows(f, view, &mut unit, |_, row, unit| unit_row(row, unit));
    unit
}

/// A power of two and the norm of the row over it: neither 1e200 nor a subnormal is lost.
#[inline(always)]
fn scaled_norm<T: Real>(row: &[T]) -> [T; 2] {
    let scale = largest(row, T::ZERO, T::abs).power_of_two().max(T::FLOOR_SCALE);
    let inverse = T::ONE / scale;
    [scale, sum(row, |x| (x * inverse) * (x * inverse)).sqrt()]
}

vectorized! {
    fn unit_row<'a, T: Real>(row: &'a [T], unit: &'a mut [T]) {
        let [scale, norm] = scaled_norm(row);
        let (inverse, norm) = (T::ONE / scale, norm.max(T::FLOOR / scale));
        for (unit, x) in unit.iter_mut().zip(row) {
            *unit = (*x * inverse) / norm;
        }
    }
}

vectorized! {
    /// From `b temperature` times the gradient of a unit row to the gradient of the row, in place.
    fn through_norm<'a, T: Real>(row: &'a [T], unit: &'a [T], b: T, temperature: T, grad: &'a mut [T]) {
        let [scale, norm] = scaled_norm(row);
        let (inverse, floor) = (T::ONE / scale, T::FLOOR / scale);
        let along = if norm < floor { T::ZERO } else { dot(grad, unit) };
        let divisor = norm.max(floor) * b;
        // In the order in which no step is beyond the numbers where the result is not.
        let [before, after] = if scale < T::ONE { [inverse, T::ONE] } else { [T::ONE, inverse] };
        for (grad, q) in grad.iter_mut().zip(unit) {
            *grad = ((((*grad - along * *q) / divisor) * before) / temperature) * after;
        }
    }
}

/// One row of scores: the cosine of its own pair, the largest cosine (the own one if it is as large), and the sum of
/// `exp((cosine - pivot) / temperature)` over all but the pivot: `log1p` of it loses nothing.
#[derive(Clone, Copy)]
struct Softmax<T> {
    own: T,
    pivot: T,
    others: T,
}

impl<T: Real> Softmax<T> {
    fn new(own: T) -> Self {
        Self {
            own,
            pivot: own,
            others: T::ZERO,
        }
    }

    /// Takes in some more columns, which it spoils; `own` is the place of the own pair, if it is among them.
    fn take(&mut self, cosines: &mut [T], own: Option<usize>, temperature: T) {
        if let Some(cosine) = own.and_then(|own| cosines.get_mut(own)) {
            *cosine = T::NEG_INFINITY;
        }
        let top = greatest(cosines);
        if top > self.pivot {
            self.others = (self.others + T::ONE) * ((self.pivot - top) / temperature).exp();
            self.pivot = top;
            if let Some(cosine) = cosines.iter_mut().find(|cosine| **cosine == top) {
                *cosine = T::NEG_INFINITY;
            }
        }
        self.others += exponentials(cosines, self.pivot, temperature);
    }

    /// `ln(sum_j exp(s_j)) - s_own`.
    fn loss(self, temperature: T) -> T {
        (self.pivot - self.own) / temperature + self.others.ln_1p()
    }

    /// The sum of all exponentials.
    fn total(self) -> T {
        T::ONE + self.others
    }

    /// The own pair's probability minus 1, which is minus that of all others.
    fn own_slope(self, temperature: T) -> T {
        let rest = if self.pivot > self.own {
            T::ONE + (self.others - ((self.own - self.pivot) / temperature).exp())
        } else {
            self.others
        };
        -(rest / self.total())
    }
}

/// Every row of unit rows `q` against unit rows `k`.
fn softmaxes<T: Real>(f: usize, q: &[T], k: &[T], temperature: T) -> Vec<Softmax<T>> {
    let b = q.len() / f;
    collect(b * b * f / 16, q.chunks(TILE_ROWS * f).enumerate(), |(block, q)| {
        let (first, rows) = (block * TILE_ROWS, q.len() / f);
        let mut cosines = vec![T::ZERO; rows * TILE_COLUMNS.min(b)];
        let pairs = q.chunks_exact(f).zip(k[first * f..].chunks_exact(f));
        let mut softmaxes = pairs.map(|(q, k)| Softmax::new(dot(q, k))).collect::<Vec<_>>();
        for (tile, k) in k.chunks(TILE_COLUMNS * f).enumerate() {
            let columns = k.len() / f;
            let cosines = &mut cosines[..rows * columns];
            product(Matrix::new(f, q), Matrix::new(f, k).transposed(), cosines);
            for (i, cosines) in cosines.chunks_exact_mut(columns).enumerate() {
                softmaxes[i].take(cosines, (first + i).checked_sub(tile * TILE_COLUMNS), temperature);
            }
        }
        softmaxes
    })
    .concat()
}

vectorized! {
    fn greatest<'a, T: Real>(cosines: &'a [T]) -> T {
        largest(cosines, T::NEG_INFINITY, |cosine| cosine)
    }
}

vectorized! {
    /// The sum of `exp((cosine - pivot) / temperature)`.
    fn exponentials<'a, T: Real>(cosines: &'a [T], pivot: T, temperature: T) -> T {
        sum(cosines, |cosine| ((cosine - pivot) / temperature).exp())
    }
}

/// Cosines of a row to `softmax(s) - [own]`, in place; with the opposite direction's columns, the mean of both.
fn to_slopes<T: Real>(
    cosines: &mut [T],
    softmax: Softmax<T>,
    opposite: Option<&[Softmax<T>]>,
    own: Option<usize>,
    temperature: T,
) {
    let mut slope = softmax.own_slope(temperature);
    if let Some(opposite) = opposite {
        if let Some(own) = own {
            slope = (slope + opposite[own].own_slope(temperature)) * T::HALF;
        }
        mean_probabilities(cosines, softmax, opposite, temperature);
    } else {
        probabilities(cosines, softmax, temperature);
    }
    if let Some(own) = own {
        cosines[own] = slope;
    }
}

vectorized! {
    fn probabilities<'a, T: Real>(cosines: &'a mut [T], softmax: Softmax<T>, temperature: T) {
        let total = softmax.total();
        for cosine in cosines {
            *cosine = ((*cosine - softmax.pivot) / temperature).exp() / total;
        }
    }
}

vectorized! {
    fn mean_probabilities<'a, T: Real>(
        cosines: &'a mut [T],
        softmax: Softmax<T>,
        opposite: &'a [Softmax<T>],
        temperature: T,
    ) {
        let total = softmax.total();
        for (cosine, column) in cosines.iter_mut().zip(opposite) {
            let p = ((*cosine - softmax.pivot) / temperature).exp() / total;
            let p_opposite = ((*cosine - column.pivot) / temperature).exp() / column.total();
            *cosine = (p + p_opposite) * T::HALF;
        }
    }
}

/// `weights' = W + (((lr post_i) pre_j) - (decay W))`, in this order, for `weights (post, pre)`.
///
/// Policy: bits.
pub fn csdp_positive<T: Real>(
    [_, pre]: [usize; 2],
    weights: &[T],
    pre_spikes: &[u8],
    post_spikes: &[u8],
    lr: T,
    decay: T,
    out_weights: &mut [T],
) {
    let pre_spikes = as_reals::<T>(pre_spikes);
    for_rows(pre, weights, out_weights, |i, weights, out| {
        let step = lr * T::from_spike(post_spikes[i]);
        for (out, (w, spike)) in out.iter_mut().zip(weights.iter().zip(&pre_spikes)) {
            *out = positive(*w, step, *spike, decay);
        }
    });
}

/// `weights' = W - ((lr post_i) pre_j)`, in this order, for `weights (post, pre)`.
///
/// Policy: bits.
pub fn csdp_negative<T: Real>(
    [_, pre]: [usize; 2],
    weights: &[T],
    pre_spikes: &[u8],
    post_spikes: &[u8],
    lr: T,
    out_weights: &mut [T],
) {
    let pre_spikes = as_reals::<T>(pre_spikes);
    for_rows(pre, weights, out_weights, |i, weights, out| {
        let step = lr * T::from_spike(post_spikes[i]);
        for (out, (w, spike)) in out.iter_mut().zip(weights.iter().zip(&pre_spikes)) {
            *out = negative(*w, step, *spike);
        }
    });
}

/// `weights' = negative(positive(W))` for `weights (post, pre)`, in one pass, with the bits of the two single updates.
///
/// Policy: bits.
pub fn csdp_step<T: Real>(
    [_, pre]: [usize; 2],
    weights: &[T],
    pos_pre: &[u8],
    pos_post: &[u8],
    neg_pre: &[u8],
    neg_post: &[u8],
    lr: T,
    decay: T,
    out_weights: &mut [T],
) {
    let (pos_pre, neg_pre) = (as_reals::<T>(pos_pre), as_reals::<T>(neg_pre));
    for_rows(pre, weights, out_weights, |i, weights, out| {
        let pos_step = lr * T::from_spike(pos_post[i]);
        let neg_step = lr * T::from_spike(neg_post[i]);
        for (out, (w, (pos, neg))) in out.iter_mut().zip(weights.iter().zip(pos_pre.iter().zip(&neg_pre))) {
            *out = negative(positive(*w, pos_step, *pos, decay), neg_step, *neg);
        }
    });
}

#[inline(always)]
fn positive<T: Real>(w: T, step: T, spike: T, decay: T) -> T {
    w + ((step * spike) - (decay * w))
}

#[inline(always)]
fn negative<T: Real>(w: T, step: T, spike: T) -> T {
    w - (step * spike)
}

fn as_reals<T: Real>(spikes: &[u8]) -> Vec<T> {
    spikes.iter().map(|spike| T::from_spike(*spike)).collect()
}

/// `goodness = sum z^2`; an empty array gives 0.
///
/// Policy: budget.
pub fn goodness<T: Real>(_: [usize; 1], activations: &[T], out_goodness: &mut T) {
    let parts = collect(activations.len(), activations.chunks(CHUNK), sum_of_squares);
    *out_goodness = sum(&parts, |part| part);
}

/// Goodness `g = sum_n z^2` of every sample of `activations (b, n)`, `probability = sigmoid(g - theta)`,
/// `modulator = probability - label`, `loss = mean_b softplus((1 - 2 label) (g - theta))`.
///
/// An empty batch gives loss 0. Policy: budget.
pub fn csdp_layer_goodness<T: Real>(
    [b, n]: [usize; 2],
    activations: &[T],
    labels: &[i32],
    theta: T,
    out_goodness: &mut [T],
    out_probability: &mut [T],
    out_loss: &mut T,
    out_modulator: &mut [T],
) {
    each(
        activations.len(),
        out_goodness.iter_mut().enumerate(),
        |(sample, goodness)| {
            *goodness = sum_of_squares(&activations[sample * n..][..n]);
        },
    );
    let mut loss = T::ZERO;
    for (sample, label) in labels.iter().enumerate() {
        let positive = *label == 1;
        let margin = out_goodness[sample] - theta;
        // Of this sign and the other: what is small is not the rest of what is near 1.
        let (own, other) = (sigmoid(margin), sigmoid(-margin));
        out_probability[sample] = own;
        out_modulator[sample] = if positive { -other } else { own };
        loss += softplus(if positive { -margin } else { margin });
    }
    *out_loss = loss / T::from_count(b.max(1));
}

vectorized! {
    fn sum_of_squares<'a, T: Real>(values: &'a [T]) -> T {
        sum(values, |z| z * z)
    }
}

/// `1 / (1 + exp(-x))` without overflow.
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    let e = (-x.abs()).exp();
    if x < T::ZERO {
        e / (T::ONE + e)
    } else {
        T::ONE / (T::ONE + e)
    }
}

/// `ln(1 + exp(x))` without overflow.
fn softplus<T: Real>(x: T) -> T {
    x.max(T::ZERO) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudo_random(n: usize) -> Vec<f64> {
        let mut u = vec![0.0; n];
        crate::philox::philox_uniform(1, 2, 3, n, &mut u);
        u.iter().map(|u| 2.0 * u - 1.0).collect()
    }

    fn on_threads<R: Send>(threads: usize, body: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(body)
    }

    #[test]
    fn a_step_is_both_phases() {
        let (post, pre) = (301, 257);
        let weights = pseudo_random(post * pre);
        let spikes = |n: usize, period: usize| (0..n).map(|i| u8::from(i % period == 0)).collect::<Vec<_>>();
        let (pos_pre, pos_post, neg_pre, neg_post) = (spikes(pre, 2), spikes(post, 3), spikes(pre, 3), spikes(post, 2));
        let (lr, decay) = (0.013, 0.0017);
        let [mut half, mut both, mut step] = [const { Vec::new() }; 3].map(|mut v: Vec<f64>| {
            v.resize(post * pre, f64::NAN);
            v
        });
        csdp_positive([post, pre], &weights, &pos_pre, &pos_post, lr, decay, &mut half);
        csdp_negative([post, pre], &half, &neg_pre, &neg_post, lr, &mut both);
        csdp_step(
            [post, pre],
            &weights,
            &pos_pre,
            &pos_post,
            &neg_pre,
            &neg_post,
            lr,
            decay,
            &mut step,
        );
        assert_eq!(both, step);
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let (b, f) = (700, 33);
        let views = pseudo_random(2 * b * f);
        let run = || {
            let (mut loss, mut per_row, mut goodness) = (f64::NAN, vec![f64::NAN; b], f64::NAN);
            let (view_a, view_b) = views.split_at(b * f);
            infonce([b, f], view_a, view_b, 0.1, true, &mut loss, &mut per_row);
            super::goodness([0], &pseudo_random(200_001), &mut goodness);
            (loss, per_row, goodness)
        };
        let one = on_threads(1, run);
        assert_eq!(one, on_threads(2, run));
        assert!(one.1.iter().all(|row| row.is_finite() && *row > 0.0));
    }

    #[test]
    fn infonce_over_tiles_is_the_plain_formula() {
        let (b, f, temperature) = (1100, 5, 0.07);
        let views = pseudo_random(2 * b * f);
        let (view_a, view_b) = views.split_at(b * f);
        let (mut loss, mut per_row) = (f64::NAN, vec![f64::NAN; b]);
        infonce([b, f], view_a, view_b, temperature, false, &mut loss, &mut per_row);
        let unit = |x: &[f64]| {
            let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            x.iter().map(|x| x / norm).collect::<Vec<_>>()
        };
        for (i, row) in per_row.iter().enumerate() {
            let q = unit(&view_a[i * f..][..f]);
            let scores = view_b
                .chunks(f)
                .map(|k| dot(&q, &unit(k)) / temperature)
                .collect::<Vec<_>>();
            let want = scores.iter().map(|s| s.exp()).sum::<f64>().ln() - scores[i];
            assert!((row - want).abs() < 1e-12 * (1.0 + want.abs()), "{i}: {row} {want}");
        }
    }

    #[test]
    fn gradients_are_what_the_loss_does() {
        for (b, f, symmetric) in [
            (2, 1, false),
            (5, 3, false),
            (7, 4, true),
            (600, 3, true),
            (300, 17, false),
        ] {
            let temperature = 0.3;
            let views = pseudo_random(2 * b * f);
            let loss = |views: &[f64]| {
                let (mut loss, mut per_row) = (f64::NAN, vec![f64::NAN; b]);
                let (view_a, view_b) = views.split_at(b * f);
                infonce([b, f], view_a, view_b, temperature, symmetric, &mut loss, &mut per_row);
                loss
            };
            let (mut got, mut grad) = (f64::NAN, vec![f64::NAN; 2 * b * f]);
            let (view_a, view_b) = views.split_at(b * f);
            let (grad_a, grad_b) = grad.split_at_mut(b * f);
            infonce_grad([b, f], view_a, view_b, temperature, symmetric, &mut got, grad_a, grad_b);
            assert!((got - loss(&views)).abs() < 1e-12 * got);
            for at in (0..grad.len()).step_by(1 + grad.len() / 50) {
                let moved = |by: f64| {
                    let mut views = views.clone();
                    views[at] += by;
                    loss(&views)
                };
                let step = 1e-5;
                let want = (moved(step) - moved(-step)) / (2.0 * step);
                // The last of a length of 1e-2 still has its third derivative below 1e8.
                let tolerance = 1e-3 * want.abs() + 1e-8;
                assert!(
                    (grad[at] - want).abs() <= tolerance,
                    "{b} {f} {symmetric} {at}: {} {want}",
                    grad[at]
                );
            }
        }
    }

    #[test]
    fn gradients_do_not_depend_on_the_number_of_threads() {
        let (b, f) = (700, 33);
        let views = pseudo_random(2 * b * f);
        let run = || {
            let (mut loss, mut grads) = (f64::NAN, vec![f64::NAN; 2 * b * f]);
            let (view_a, view_b) = views.split_at(b * f);
            let (grad_a, grad_b) = grads.split_at_mut(b * f);
            infonce_grad([b, f], view_a, view_b, 0.1, true, &mut loss, grad_a, grad_b);
            (loss, grads)
        };
        assert_eq!(on_threads(1, run), on_threads(2, run));
    }
}
