//! Spike-timing-dependent plasticity (semantics of norse.torch.functional.stdp 1.1.0; Gerstner & Kistler 2002).
//!
//! - Trace: `t' = t + ((dt tau_inv) ((-t) + (a z)))`.
//! - Weights: `W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)`, with the new traces and,
//!   in both amplitudes, the old weight.

use crate::partition::{for_chunks, for_rows};
use crate::real::Real;

/// Columns of a row of weights that are updated at a time.
const TILE: usize = 512;

/// How the amplitudes depend on the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdpAlgorithm {
    /// `eta_plus`, `eta_minus`.
    Additive,
    /// `eta_plus [w_max - W > 0]`, `eta_minus [W - w_min > 0]`.
    AdditiveStep,
    /// `eta_plus max(w_max - W, 0)^mu`, `eta_minus max(W - w_min, 0)^mu`, with `0^0 = 1`.
    MultiplicativePow,
    /// `eta_plus max(w_max - W, 0)`, `eta_minus max(W - w_min, 0)`.
    MultiplicativeRelu,
}

/// `trace' = t + ((dt tau_inv) ((-t) + (a z)))`, in this order.
///
/// Policy: bits.
pub fn stdp_trace<T: Real>(_: [usize; 1], trace: &[T], spikes: &[u8], tau_inv: T, a: T, dt: T, out_trace: &mut [T]) {
    let rate = dt * tau_inv;
    for_chunks(out_trace, |start, out| {
        for (out, (t, z)) in out.iter_mut().zip(trace[start..].iter().zip(&spikes[start..])) {
            *out = *t + (rate * ((-*t) + (a * T::from_spike(*z))));
        }
    });
}

/// One step of a dense layer, traces first: `weights (post, pre)`, spikes and traces `(b, pre)` and `(b, post)`.
///
/// `hardbound` clamps to `[w_min, w_max]`. Policy: bits for the traces, budget for the weights.
pub fn stdp_linear<T: Real>(
    [post, pre, b]: [usize; 3],
    weights: &[T],
    z_pre: &[u8],
    z_post: &[u8],
    t_pre: &[T],
    t_post: &[T],
    a_pre: T,
    a_post: T,
    tau_pre_inv: T,
    tau_post_inv: T,
    w_min: T,
    w_max: T,
    eta_plus: T,
    eta_minus: T,
    stdp_algorithm: StdpAlgorithm,
    mu: T,
    hardbound: bool,
    dt: T,
    out_weights: &mut [T],
    out_t_pre: &mut [T],
    out_t_post: &mut [T],
) {
    stdp_trace([b * pre], t_pre, z_pre, tau_pre_inv, a_pre, dt, out_t_pre);
    stdp_trace([b * post], t_post, z_post, tau_post_inv, a_post, dt, out_t_post);
    let bounds = if hardbound {
        [w_min, w_max]
    } else {
        [T::NEG_INFINITY, -T::NEG_INFINITY]
    };
    let layer = Layer {
        post,
        pre,
        z_pre,
        z_post,
        t_pre: out_t_pre,
        t_post: out_t_post,
        bounds,
    };
    match stdp_algorithm {
        StdpAlgorithm::Additive => {
            layer.update(weights, out_weights, |_, plus, minus| {
                [eta_plus * plus, eta_minus * minus]
            });
        }
        StdpAlgorithm::AdditiveStep => layer.update(weights, out_weights, |w, plus, minus| {
            let a_plus = if w_max - w > T::ZERO { eta_plus } else { T::ZERO };
            let a_minus = if w - w_min > T::ZERO { eta_minus } else { T::ZERO };
            [a_plus * plus, a_minus * minus]
        }),
        StdpAlgorithm::MultiplicativePow => layer.update(weights, out_weights, |w, plus, minus| {
            let term = |eta: T, distance: T, amount: T| {
                // Most sums of a sparse layer are 0, and a power costs more than all the rest.
                if amount == T::ZERO {
                    T::ZERO
                } else {
                    (eta * power(distance.max(T::ZERO), mu)) * amount
                }
            };
            [term(eta_plus, w_max - w, plus), term(eta_minus, w - w_min, minus)]
        }),
        StdpAlgorithm::MultiplicativeRelu => layer.update(weights, out_weights, |w, plus, minus| {
            let a_plus = eta_plus * (w_max - w).max(T::ZERO);
            let a_minus = eta_minus * (w - w_min).max(T::ZERO);
            [a_plus * plus, a_minus * minus]
        }),
    }
}

/// `base^mu` with `base^0 = 1` for every base.
fn power<T: Real>(base: T, mu: T) -> T {
    if mu == T::ZERO { T::ONE } else { base.powf(mu) }
}

/// What the update of a dense layer's weights depends on.
struct Layer<'a, T> {
    post: usize,
    pre: usize,
    z_pre: &'a [u8],
    z_post: &'a [u8],
    t_pre: &'a [T],
    t_post: &'a [T],
    bounds: [T; 2],
}

impl<T: Real> Layer<'_, T> {
    /// One pass over the weights; `change(w, plus, minus)` gives what is added and what is taken away.
    fn update(&self, weights: &[T], out_weights: &mut [T], change: impl Fn(T, T, T) -> [T; 2] + Sync) {
        let [low, high] = self.bounds;
        for_rows(self.pre, weights, out_weights, |i, weights, out| {
            let (mut plus, mut minus) = ([T::ZERO; TILE], [T::ZERO; TILE]);
            for (tile, (weights, out)) in weights.chunks(TILE).zip(out.chunks_mut(TILE)).enumerate() {
                let (plus, minus) = (&mut plus[..out.len()], &mut minus[..out.len()]);
                self.correlate(i, tile * TILE, plus, minus);
                for (out, (w, (plus, minus))) in out.iter_mut().zip(weights.iter().zip(plus.iter().zip(&*minus))) {
                    let [added, taken] = change(*w, *plus, *minus);
                    *out = ((*w + added) - taken).max(low).min(high);
                }
            }
        });
    }

    /// `plus_j = sum_b z_post_i t_pre'_j` and `minus_j = sum_b t_post'_i z_pre_j` for the columns from `first` on.
    fn correlate(&self, i: usize, first: usize, plus: &mut [T], minus: &mut [T]) {
        plus.fill(T::ZERO);
        minus.fill(T::ZERO);
        let posts = self
            .z_post
            .chunks_exact(self.post)
            .zip(self.t_post.chunks_exact(self.post));
        let pres = self.z_pre.chunks_exact(self.pre).zip(self.t_pre.chunks_exact(self.pre));
        for ((z_post, t_post), (z_pre, t_pre)) in posts.zip(pres) {
            if z_post[i] != 0 {
                for (plus, t) in plus.iter_mut().zip(&t_pre[first..]) {
                    *plus += *t;
                }
            }
            let t = t_post[i];
            if t != T::ZERO {
                for (minus, z) in minus.iter_mut().zip(&z_pre[first..]) {
                    *minus += t * T::from_spike(*z);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_zero_exponent_is_one() {
        assert_eq!(
            [power(0.0, 0.0), power(0.0, 0.5), power(4.0, 0.5), power(3.0, 1.0)],
            [1.0, 0.0, 2.0, 3.0]
        );
    }

    #[test]
    fn an_empty_batch_only_bounds_the_weights() {
        let mut out = [f64::NAN; 3];
        let weights = [-1.0, 0.25, 2.0];
        for (hardbound, want) in [(true, [0.0, 0.25, 1.0]), (false, weights)] {
            stdp_linear(
                [1, 3, 0],
                &weights,
                &[],
                &[],
                &[],
                &[],
                1.0,
                1.0,
                20.0,
                20.0,
                0.0,
                1.0,
                1e-3,
                1e-3,
                StdpAlgorithm::MultiplicativePow,
                0.0,
                hardbound,
                1e-3,
                &mut out,
                &mut [],
                &mut [],
            );
            assert_eq!(out, want);
        }
    }
}
