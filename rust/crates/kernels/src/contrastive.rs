//! InfoNCE (van den Oord et al. 2018) and contrastive signal-dependent plasticity (CSDP, Ororbia 2024).
//!
//! - InfoNCE: `q_i = a_i / max(|a_i|, 1e-8)`, `k_j = b_j / max(|b_j|, 1e-8)`, `s_ij = q_i.k_j / temperature`,
//!   `row_i = ln(sum_j exp(s_ij)) - s_ii`, `loss = mean_i row_i`.
//! - CSDP, positive phase: `W + (((lr post_i) pre_j) - (decay W))`; negative phase: `W - ((lr post_i) pre_j)`.
//! - Goodness: `sum z^2`.

use rayon::prelude::*;

use crate::partition::{CHUNK, PARALLEL_FROM, for_rows};
use crate::product::product;
use crate::real::Real;

/// Rows and columns of scores that are held at a time.
const TILE_ROWS: usize = 256;
const TILE_COLUMNS: usize = 256;
/// Partial sums that are kept side by side.
const LANES: usize = 16;

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
    infonce_rows(f, &q, &k, temperature, out_per_row);
    if symmetric {
        let mut opposite = vec![T::ZERO; b];
        infonce_rows(f, &k, &q, temperature, &mut opposite);
        for (row, opposite) in out_per_row.iter_mut().zip(opposite) {
            *row = (*row + opposite) * T::HALF;
        }
    }
    *out_loss = sum(out_per_row, |row| row) / T::from_count(b);
}

/// Every row over its norm, or over 1e-8 if that is larger.
fn unit_rows<T: Real>(f: usize, view: &[T]) -> Vec<T> {
    let mut unit = vec![T::ZERO; view.len()];
    for_rows(f, view, &mut unit, |_, row, unit| {
        pulp::Arch::new().dispatch(UnitRow { row, unit })
    });
    unit
}

struct UnitRow<'a, T> {
    row: &'a [T],
    unit: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for UnitRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { row, unit } = self;
        // A power of two scales without rounding and keeps the squares from overflow and underflow.
        let scale = largest(row, T::ZERO, T::abs).power_of_two().max(T::FLOOR_SCALE);
        let inverse = T::ONE / scale;
        let norm = sum(row, |x| (x * inverse) * (x * inverse)).sqrt().max(T::FLOOR / scale);
        for (unit, x) in unit.iter_mut().zip(row) {
            *unit = (*x * inverse) / norm;
        }
    }
}

/// `row_i` of unit rows `q` against unit rows `k`.
fn infonce_rows<T: Real>(f: usize, q: &[T], k: &[T], temperature: T, per_row: &mut [T]) {
    let block = |(index, (q, per_row)): (usize, (&[T], &mut [T]))| {
        infonce_block(f, index * TILE_ROWS, q, k, temperature, per_row);
    };
    if k.len() * per_row.len() < 16 * PARALLEL_FROM {
        q.chunks(TILE_ROWS * f)
            .zip(per_row.chunks_mut(TILE_ROWS))
            .enumerate()
            .for_each(block);
    } else {
        q.par_chunks(TILE_ROWS * f)
            .zip(per_row.par_chunks_mut(TILE_ROWS))
            .enumerate()
            .for_each(block);
    }
}

/// The rows from `first` on. `pivot` is the largest cosine of a row so far, at first its own pair's, and `others` the
/// sum of `exp((cosine - pivot) / temperature)` over all but the pivot: `log1p` of it loses nothing.
fn infonce_block<T: Real>(f: usize, first: usize, q: &[T], k: &[T], temperature: T, per_row: &mut [T]) {
    let arch = pulp::Arch::new();
    let rows = per_row.len();
    let mut cosines = vec![T::ZERO; rows * TILE_COLUMNS.min(k.len() / f)];
    let mut own = [T::ZERO; TILE_ROWS];
    for (own, (q, k)) in own
        .iter_mut()
        .zip(q.chunks_exact(f).zip(k[first * f..].chunks_exact(f)))
    {
        *own = dot(q, k);
    }
    let mut pivots = own;
    let others = &mut *per_row;
    others.fill(T::ZERO);
    for (tile, k) in k.chunks(TILE_COLUMNS * f).enumerate() {
        let columns = k.len() / f;
        let cosines = &mut cosines[..rows * columns];
        product(f, q, k, cosines);
        for (i, cosines) in cosines.chunks_exact_mut(columns).enumerate() {
            if let Some(cosine) = (first + i)
                .checked_sub(tile * TILE_COLUMNS)
                .and_then(|j| cosines.get_mut(j))
            {
                *cosine = T::NEG_INFINITY;
            }
            let top = largest(cosines, T::NEG_INFINITY, |cosine| cosine);
            if top > pivots[i] {
                others[i] = (others[i] + T::ONE) * ((pivots[i] - top) / temperature).exp();
                pivots[i] = top;
                if let Some(cosine) = cosines.iter_mut().find(|cosine| **cosine == top) {
                    *cosine = T::NEG_INFINITY;
                }
            }
            others[i] += arch.dispatch(Exponentials {
                cosines,
                pivot: pivots[i],
                temperature,
            });
        }
    }
    for (i, row) in per_row.iter_mut().enumerate() {
        *row = (pivots[i] - own[i]) / temperature + row.ln_1p();
    }
}

/// The sum of `exp((cosine - pivot) / temperature)`.
struct Exponentials<'a, T> {
    cosines: &'a [T],
    pivot: T,
    temperature: T,
}

impl<T: Real> pulp::NullaryFnOnce for Exponentials<'_, T> {
    type Output = T;

    #[inline(always)]
    fn call(self) -> T {
        let Self {
            cosines,
            pivot,
            temperature,
        } = self;
        sum(cosines, |cosine| ((cosine - pivot) / temperature).exp())
    }
}

/// The largest of `least` and every `value(x)`.
#[inline(always)]
fn largest<T: Real>(values: &[T], least: T, value: impl Fn(T) -> T) -> T {
    let mut lanes = [least; LANES];
    let (chunks, tail) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = lane.max(value(*x));
        }
    }
    for (lane, x) in lanes.iter_mut().zip(tail) {
        *lane = lane.max(value(*x));
    }
    folded(lanes, T::max)
}

#[inline(always)]
fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let mut lanes = [T::ZERO; LANES];
    let ((x, x_tail), (y, y_tail)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(x_tail.iter().zip(y_tail)) {
        *lane += *x * *y;
    }
    folded(lanes, T::add)
}

/// Sum of `term(x)`, in lanes of a fixed order.
#[inline(always)]
fn sum<T: Real>(values: &[T], term: impl Fn(T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let (chunks, tail) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += term(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(tail) {
        *lane += term(*x);
    }
    folded(lanes, T::add)
}

/// The lanes in pairs, and the pairs in pairs, down to one.
#[inline(always)]
fn folded<T: Real>(mut lanes: [T; LANES], join: impl Fn(T, T) -> T) -> T {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = join(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
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
    let part = |chunk: &[T]| sum(chunk, |z| z * z);
    let parts: Vec<T> = if activations.len() < PARALLEL_FROM {
        activations.chunks(CHUNK).map(part).collect()
    } else {
        activations.par_chunks(CHUNK).map(part).collect()
    };
    *out_goodness = sum(&parts, |part| part);
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
}
