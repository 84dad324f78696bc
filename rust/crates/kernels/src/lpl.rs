//! Latent predictive learning (LPL; Halvagal & Zenke 2023).
//!
//! - `pull = mean (z1 - z2)^2`; `push = 1/2 sum over views of -(1/d) sum_d ln(var_d + eps)`;
//!   `decorr = 1/2 sum over views of sum_{j != k} C_jk^2 / (d^2 - d)`, `C` and `var` over the batch with `b - 1`.
//! - With negative samples: `pull = -mean_i cos_ii`, `push = mean_{i != j} cos_ij^2`.

use crate::contrastive::unit_rows;
use crate::lanes::{dot, sum, sum_pairs};
use crate::partition::{CHUNK, collect, each};
use crate::product::{Matrix, product};
use crate::real::Real;
use crate::vector::vectorized;

/// Rows, and columns where they are cut too, of a product that are held at a time.
const TILE: usize = 128;

/// The three terms and `total = pull_coeff pull + push_coeff push + decorr_coeff decorr` of views `(b, d)`.
///
/// One feature gives `decorr` 0. Policy: budget.
pub fn lpl<T: Real>(
    [b, d]: [usize; 2],
    z1: &[T],
    z2: &[T],
    pull_coeff: T,
    push_coeff: T,
    decorr_coeff: T,
    eps: T,
    out_pull: &mut T,
    out_push: &mut T,
    out_decorr: &mut T,
    out_total: &mut T,
) {
    let views = [z1, z2].map(|z| Centered::new([b, d], z));
    let decorr = views.each_ref().map(Centered::decorr);
    let pull = pull([b, d], z1, z2);
    let push = (views[0].push(eps) + views[1].push(eps)) * T::HALF;
    let decorr = (decorr[0] + decorr[1]) * T::HALF;
    [*out_pull, *out_push, *out_decorr] = [pull, push, decorr];
    *out_total = (pull_coeff * pull + push_coeff * push) + decorr_coeff * decorr;
}

/// [`lpl`] and the gradient of its total, each view's mean held fixed; `stop_gradient` holds `z1` fixed in `pull`.
///
/// - `d pull / d z1 = 2 (z1 - z2) / (b d)`, `d pull / d z2` minus that;
/// - `d push / d z_bj = -(z_bj - mean_j) / (d (b - 1) (var_j + eps))`;
/// - `d decorr / d z_bj = 2 / ((b - 1) (d^2 - d)) sum_{k != j} C_jk (z_bk - mean_k)`.
///
/// Policy: budget.
pub fn lpl_grad<T: Real>(
    [b, d]: [usize; 2],
    z1: &[T],
    z2: &[T],
    pull_coeff: T,
    push_coeff: T,
    decorr_coeff: T,
    eps: T,
    stop_gradient: bool,
    out_pull: &mut T,
    out_push: &mut T,
    out_decorr: &mut T,
    out_total: &mut T,
    out_grad_z1: &mut [T],
    out_grad_z2: &mut [T],
) {
    let views = [z1, z2].map(|z| Centered::new([b, d], z));
    let pull = pull([b, d], z1, z2);
    let push = (views[0].push(eps) + views[1].push(eps)) * T::HALF;
    let first = views[0].spread(push_coeff, decorr_coeff, eps, out_grad_z1);
    let second = views[1].spread(push_coeff, decorr_coeff, eps, out_grad_z2);
    let decorr = (first + second) * T::HALF;
    [*out_pull, *out_push, *out_decorr] = [pull, push, decorr];
    *out_total = (pull_coeff * pull + push_coeff * push) + decorr_coeff * decorr;
    let count = T::from_count(b * d);
    let grads = out_grad_z1.chunks_mut(CHUNK).zip(out_grad_z2.chunks_mut(CHUNK));
    each(
        b * d,
        z1.chunks(CHUNK).zip(z2.chunks(CHUNK)).zip(grads),
        |((z1, z2), (grad_z1, grad_z2))| {
            add_pull(z1, z2, pull_coeff, count, stop_gradient, grad_z1, grad_z2);
        },
    );
}

vectorized! {
    fn add_pull<'a, T: Real>(
        z1: &'a [T],
        z2: &'a [T],
        coefficient: T,
        count: T,
        stop_gradient: bool,
        grad_z1: &'a mut [T],
        grad_z2: &'a mut [T],
    ) {
        for ((z1, z2), (grad_z1, grad_z2)) in z1.iter().zip(z2).zip(grad_z1.iter_mut().zip(grad_z2)) {
            let apart = coefficient * ((T::TWO * (*z1 - *z2)) / count);
            if !stop_gradient {
                *grad_z1 += apart;
            }
            *grad_z2 += -apart;
        }
    }
}

fn pull<T: Real>([b, d]: [usize; 2], z1: &[T], z2: &[T]) -> T {
    let parts = collect(b * d, z1.chunks(CHUNK).zip(z2.chunks(CHUNK)), |(z1, z2)| {
        distance(z1, z2)
    });
    sum(&parts, |part| part) / T::from_count(b * d)
}

vectorized! {
    fn distance<'a, T: Real>(x: &'a [T], y: &'a [T]) -> T {
        sum_pairs(x, y, |x, y| (x - y) * (x - y))
    }
}

/// A view without its mean, and the variance of each feature.
struct Centered<T> {
    b: usize,
    d: usize,
    elements: Vec<T>,
    variance: Vec<T>,
}

impl<T: Real> Centered<T> {
    fn new([b, d]: [usize; 2], view: &[T]) -> Self {
        let (mut mean, mut variance) = (vec![T::ZERO; d], vec![T::ZERO; d]);
        let mut elements = view.to_vec();
        centre(
            &mut elements,
            &mut mean,
            &mut variance,
            T::from_count(b),
            T::from_count(b - 1),
        );
        Self {
            b,
            d,
            elements,
            variance,
        }
    }

    /// `-(1/d) sum_d ln(var_d + eps)`.
    fn push(&self, eps: T) -> T {
        -(sum(&self.variance, |variance| (variance + eps).ln()) / T::from_count(self.d))
    }

    /// Of a whole covariance matrix, the elements off the diagonal.
    fn pairs(&self) -> T {
        T::from_count(self.d * self.d - self.d)
    }

    /// `sum_{j != k} C_jk^2 / (d^2 - d)`, of which each pair is computed once.
    fn decorr(&self) -> T {
        let Self { b, d, elements, .. } = self;
        if *d == 1 {
            return T::ZERO;
        }
        let parts = collect(b * d * d / 16, (0..*d).step_by(TILE), |first| {
            let (rows, columns) = (TILE.min(d - first), d - first);
            let mut covariance = vec![T::ZERO; rows * columns];
            let right = Matrix::part(*b, columns, *d, &elements[first..]);
            let left = Matrix::part(*b, rows, *d, &elements[first..]);
            product(left.transposed(), right, &mut covariance);
            let above = covariance.chunks_exact(columns).enumerate();
            let sums = above
                .map(|(j, row)| squares(&row[j + 1..], T::from_count(b - 1)))
                .collect::<Vec<_>>();
            sum(&sums, |part| part)
        });
        (T::TWO * sum(&parts, |part| part)) / self.pairs()
    }

    /// Writes the gradient of both terms that spread a view, times their coefficients; gives [`Self::decorr`].
    fn spread(&self, push_coeff: T, decorr_coeff: T, eps: T, grad: &mut [T]) -> T {
        let Self {
            b,
            d,
            elements,
            variance,
        } = self;
        let (b, d, degrees) = (*b, *d, T::from_count(b - 1));
        let mut covariance = vec![T::ZERO; if d == 1 { 0 } else { d * d }];
        each(
            b * d * d / 16,
            covariance.chunks_mut(TILE * d).enumerate(),
            |(part, covariance)| {
                let (first, rows) = (part * TILE, covariance.len() / d);
                let left = Matrix::part(b, rows, d, &elements[first..]);
                product(left.transposed(), Matrix::new(d, elements), covariance);
                for (j, row) in covariance.chunks_exact_mut(d).enumerate() {
                    row[first + j] = T::ZERO;
                    for c in row {
                        *c = *c / degrees;
                    }
                }
            },
        );
        let covariance = &covariance;
        let squared = collect(d * d, covariance.chunks(CHUNK), |part| squares(part, T::ONE));
        let push = variance
            .iter()
            .map(|variance| -(T::from_count(d) * degrees * (*variance + eps)));
        let push = push.collect::<Vec<_>>();
        let scale = degrees * self.pairs();
        let parts = elements.chunks(TILE * d).zip(grad.chunks_mut(TILE * d));
        each(b * d * d / 16, parts, |(elements, grad)| {
            if d == 1 {
                grad.fill(T::ZERO);
            } else {
                product(Matrix::new(d, elements), Matrix::new(d, covariance), grad);
            }
            for (elements, grad) in elements.chunks_exact(d).zip(grad.chunks_exact_mut(d)) {
                spread_row(elements, &push, [push_coeff, decorr_coeff, scale], grad);
            }
        });
        if d == 1 {
            T::ZERO
        } else {
            sum(&squared, |part| part) / self.pairs()
        }
    }
}

vectorized! {
    /// Takes the mean away, and gives mean and variance.
    fn centre<'a, T: Real>(
        elements: &'a mut [T],
        mean: &'a mut [T],
        variance: &'a mut [T],
        count: T,
        degrees: T,
    ) {
        for row in elements.chunks_exact(mean.len()) {
            for (mean, z) in mean.iter_mut().zip(row) {
                *mean += *z;
            }
        }
        for mean in mean.iter_mut() {
            *mean = *mean / count;
        }
        for row in elements.chunks_exact_mut(mean.len()) {
            for (z, (mean, variance)) in row.iter_mut().zip(mean.iter().zip(variance.iter_mut())) {
                *z = *z - *mean;
                *variance += *z * *z;
            }
        }
        for variance in variance {
            *variance = *variance / degrees;
        }
    }
}

vectorized! {
    /// The sum of `(x / divisor)^2`.
    fn squares<'a, T: Real>(values: &'a [T], divisor: T) -> T {
        sum(values, |x| (x / divisor) * (x / divisor))
    }
}

vectorized! {
    /// `grad` holds `sum_{k != j} C_jk z_k` before, and both gradients after.
    fn spread_row<'a, T: Real>(
        elements: &'a [T],
        push: &'a [T],
        constants: [T; 3],
        grad: &'a mut [T],
    ) {
        let [push_coeff, decorr_coeff, scale] = constants;
        let alone = elements.len() == 1;
        for (grad, (z, push)) in grad.iter_mut().zip(elements.iter().zip(push)) {
            let decorr = if alone { T::ZERO } else { decorr_coeff * ((T::TWO * *grad) / scale) };
            *grad = push_coeff * (*z / *push) + decorr;
        }
    }
}

/// `pull = -mean_i cos_ii` and `push = mean_{i != j} cos_ij^2` of views `(b, d)`; norms below 1e-8 count as 1e-8.
///
/// Policy: budget.
pub fn lpl_negative<T: Real>([b, d]: [usize; 2], z1: &[T], z2: &[T], out_pull: &mut T, out_push: &mut T) {
    let (q, k) = (unit_rows(d, z1), unit_rows(d, z2));
    let cosines = q.chunks_exact(d).zip(k.chunks_exact(d)).map(|(q, k)| dot(q, k));
    *out_pull = -(sum(&cosines.collect::<Vec<_>>(), |cosine| cosine) / T::from_count(b));
    let parts = collect(b * b * d / 16, q.chunks(TILE * d).enumerate(), |(part, q)| {
        let (first, rows) = (part * TILE, q.len() / d);
        let mut cosines = vec![T::ZERO; rows * TILE.min(b)];
        let mut total = T::ZERO;
        for (tile, k) in k.chunks(TILE * d).enumerate() {
            let columns = k.len() / d;
            let cosines = &mut cosines[..rows * columns];
            product(Matrix::new(d, q), Matrix::new(d, k).transposed(), cosines);
            if first == tile * TILE {
                for (i, cosines) in cosines.chunks_exact_mut(columns).enumerate() {
                    cosines[i] = T::ZERO;
                }
            }
            total += squares(cosines, T::ONE);
        }
        total
    });
    *out_push = sum(&parts, |part| part) / T::from_count(b * (b - 1));
}

/// One step of the spiking rule: weights and synaptic traces `(post, pre)`, spikes and neuronal traces `(pre)` and
/// `(post)`, with `x = mean dt / tau_mean`:
///
/// - `psp_syn' = psp_syn exp(-dt/tau_syn) + z_pre`, `psp' = psp + (dt/tau_mem) (psp_syn' - psp)`;
/// - `e = lambda_ (z_post - x) / (variance + xi) + delta - phi z_post + phi z_post_delayed`,
///   `error_rise' = error_rise exp(-dt/tau_rise) + e`, `error' = error + (dt/tau_fall) (error_rise' - error)`;
/// - `f = beta / (1 + |beta (membrane - threshold)|)^2`, 0 where `membrane < cutoff`; `c = eligibility + f_i psp'_j`,
///   `eligibility_filtered' = eligibility_filtered + (dt/tau_fall) (c - eligibility_filtered)`,
///   `eligibility' = c exp(-dt/tau_rise)`, `gradient' = gradient + eligibility_filtered' error'_i`;
/// - `variance' = (variance + (z_post - x)^2 / tau_var) exp(-dt/tau_var)`, `mean' = (mean + z_post) exp(-dt/tau_mean)`;
/// - every so many steps `weights' = clip(weights + eta gradient' / every, 0, w_max)` and `gradient' = 0`.
///
/// Times in seconds, potentials in volt. Normalizers and units of `delta` and `xi` are those of the authors' simulation
/// code, from which their equations differ. Policy: budget.
pub fn lpl_spiking_step<T: Real>(
    [post, pre]: [usize; 2],
    weights: &[T],
    z_pre: &[u8],
    z_post: &[u8],
    z_post_delayed: &[u8],
    membrane: &[T],
    mean: &[T],
    variance: &[T],
    psp_syn: &[T],
    psp: &[T],
    error_rise: &[T],
    error: &[T],
    eligibility: &[T],
    eligibility_filtered: &[T],
    gradient: &[T],
    step: usize,
    dt: T,
    tau_syn: T,
    tau_mem: T,
    tau_rise: T,
    tau_fall: T,
    tau_mean: T,
    tau_var: T,
    lambda_: T,
    phi: T,
    delta: T,
    xi: T,
    beta: T,
    threshold: T,
    cutoff: T,
    eta: T,
    every: usize,
    w_max: T,
    out_weights: &mut [T],
    out_mean: &mut [T],
    out_variance: &mut [T],
    out_psp_syn: &mut [T],
    out_psp: &mut [T],
    out_error_rise: &mut [T],
    out_error: &mut [T],
    out_eligibility: &mut [T],
    out_eligibility_filtered: &mut [T],
    out_gradient: &mut [T],
) {
    let decay = |tau: T| (-(dt / tau)).exp();
    let decay_syn = decay(tau_syn);
    for j in 0..pre {
        out_psp_syn[j] = psp_syn[j] * decay_syn + T::from_spike(z_pre[j]);
        out_psp[j] = psp[j] + (dt / tau_mem) * (out_psp_syn[j] - psp[j]);
    }
    let [decay_rise, decay_mean, decay_var] = [tau_rise, tau_mean, tau_var].map(decay);
    let mut slopes = vec![T::ZERO; post];
    for i in 0..post {
        let (z, delayed) = (T::from_spike(z_post[i]), T::from_spike(z_post_delayed[i]));
        let surprise = z - (mean[i] * dt) / tau_mean;
        let e = (((lambda_ * surprise) / (variance[i] + xi) + delta) - phi * z) + phi * delayed;
        out_error_rise[i] = error_rise[i] * decay_rise + e;
        out_error[i] = error[i] + (dt / tau_fall) * (out_error_rise[i] - error[i]);
        let steepness = T::ONE + (beta * (membrane[i] - threshold)).abs();
        slopes[i] = if membrane[i] < cutoff {
            T::ZERO
        } else {
            (beta / steepness) / steepness
        };
        out_variance[i] = (variance[i] + (surprise * surprise) / tau_var) * decay_var;
        out_mean[i] = (mean[i] + z) * decay_mean;
    }
    if out_weights.is_empty() {
        return;
    }
    let constants = Synapses {
        decay_rise,
        rate_fall: dt / tau_fall,
        // The weights move in this step, or not.
        update: (step + 1)
            .is_multiple_of(every)
            .then(|| (eta, T::from_count(every), w_max)),
    };
    let (psp, error) = (&*out_psp, &*out_error);
    let length = (CHUNK / pre).max(1) * pre;
    let before = weights.chunks(length).zip(eligibility.chunks(length));
    let before = before.zip(eligibility_filtered.chunks(length).zip(gradient.chunks(length)));
    let after = out_weights.chunks_mut(length).zip(out_eligibility.chunks_mut(length));
    let after = after.zip(
        out_eligibility_filtered
            .chunks_mut(length)
            .zip(out_gradient.chunks_mut(length)),
    );
    each(post * pre, before.zip(after).enumerate(), |(part, (before, after))| {
        let ((weights, eligibility), (filtered, gradient)) = before;
        let ((out_weights, out_eligibility), (out_filtered, out_gradient)) = after;
        for row in 0..weights.len() / pre {
            let i = part * (length / pre) + row;
            let at = row * pre..(row + 1) * pre;
            synapses(
                constants,
                slopes[i],
                error[i],
                psp,
                [
                    &weights[at.clone()],
                    &eligibility[at.clone()],
                    &filtered[at.clone()],
                    &gradient[at.clone()],
                ],
                [
                    &mut out_weights[at.clone()],
                    &mut out_eligibility[at.clone()],
                    &mut out_filtered[at.clone()],
                    &mut out_gradient[at],
                ],
            );
        }
    });
}

/// What all synapses share in a step.
#[derive(Clone, Copy)]
struct Synapses<T> {
    decay_rise: T,
    rate_fall: T,
    /// `eta`, `every` and `w_max` in a step that moves the weights.
    update: Option<(T, T, T)>,
}

vectorized! {
    /// One row of weights, eligibility, filtered eligibility and gradient.
    fn synapses<'a, T: Real>(
        constants: Synapses<T>,
        slope: T,
        error: T,
        psp: &'a [T],
        before: [&'a [T]; 4],
        after: [&'a mut [T]; 4],
    ) {
        let Synapses { decay_rise, rate_fall, update } = constants;
        let [weights, eligibility, filtered, gradient] = before.map(|row| &row[..psp.len()]);
        let [out_weights, out_eligibility, out_filtered, out_gradient] = after.map(|row| &mut row[..psp.len()]);
        for j in 0..psp.len() {
            let c = eligibility[j] + slope * psp[j];
            let kept = filtered[j] + rate_fall * (c - filtered[j]);
            out_filtered[j] = kept;
            out_eligibility[j] = c * decay_rise;
            out_gradient[j] = gradient[j] + kept * error;
        }
        if let Some((eta, every, w_max)) = update {
            for j in 0..psp.len() {
                let moved = weights[j] + (eta * out_gradient[j]) / every;
                out_weights[j] = moved.max(T::ZERO).min(w_max);
                out_gradient[j] = T::ZERO;
            }
        } else {
            out_weights.copy_from_slice(weights);
        }
    }
}
