//! Hebbian learning (Gerstner & Kistler 2002, eq. 3) and spike-timing-dependent plasticity (semantics of
//! norse.torch.functional.stdp 1.1.0; Gerstner & Kistler 2002).
//!
//! - Hebbian: `W + eta (c0 W + c1_pre mean_b(x_j) + c1_post mean_b(y_i) + c2_corr mean_b(y_i x_j))`.
//! - Trace: `t' = t + ((dt tau_inv) ((-t) + (a z)))`.
//! - Weights: `W' = bound(W + A_plus(W) plus - A_minus(W) minus)`, with the new traces and, in both amplitudes, the old
//!   weight: `plus = sum_b z_post t_pre'` and `minus = sum_b t_post' z_pre`, for a convolution also over all positions.

use crate::partition::{CHUNK, each, for_chunks, for_rows};
use crate::product::{Matrix, product};
use crate::real::Real;
use crate::vector::vectorized;

/// Columns of a row of weights that are updated at a time.
const TILE: usize = 512;
/// Elements of the traces of several steps that are kept.
const KEPT: usize = 1 << 19;
/// Rows of weights whose traces are gathered together: neighbours in memory.
const GROUP: usize = 16;
/// A step is sparse if at most one presynaptic neuron in so many spikes.
const SPARSE: usize = 6;

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

/// `weights' = W + eta (c0 W_ij + c1_pre mean_b(x_bj) + c1_post mean_b(y_bi) + c2_corr mean_b(y_bi x_bj))` for
/// `weights (post, pre)`, `x (b, pre)` and `y (b, post)`.
///
/// Policy: budget.
pub fn hebbian<T: Real>(
    [post, pre, b]: [usize; 3],
    weights: &[T],
    x: &[T],
    y: &[T],
    eta: T,
    c0: T,
    c1_pre: T,
    c1_post: T,
    c2_corr: T,
    out_weights: &mut [T],
) {
    if out_weights.is_empty() {
        return;
    }
    let count = T::from_count(b);
    let alone_pre = scaled_means(pre, x, c1_pre, count);
    let alone_post = scaled_means(post, y, c1_post, count);
    let rows = (CHUNK / pre).clamp(1, 64);
    let parts = weights.chunks(rows * pre).zip(out_weights.chunks_mut(rows * pre));
    each(
        post * pre * b.div_ceil(8),
        parts.enumerate(),
        |(part, (weights, out))| {
            let (first, rows) = (part * rows, out.len() / pre);
            if c2_corr == T::ZERO {
                out.fill(T::ZERO);
            } else {
                let y = Matrix::part(b, rows, post, &y[first..]);
                product(y.transposed(), Matrix::new(pre, x), out);
            }
            for (i, (weights, out)) in weights.chunks_exact(pre).zip(out.chunks_exact_mut(pre)).enumerate() {
                hebbian_row(
                    weights,
                    &alone_pre,
                    alone_post[first + i],
                    [eta, c0, c2_corr, count],
                    out,
                );
            }
        },
    );
}

/// The coefficient times the mean of every column; 0 without looking where the coefficient is 0.
fn scaled_means<T: Real>(width: usize, rows: &[T], coefficient: T, count: T) -> Vec<T> {
    let mut means = vec![T::ZERO; width];
    if coefficient != T::ZERO {
        for row in rows.chunks_exact(width) {
            for (mean, x) in means.iter_mut().zip(row) {
                *mean += *x;
            }
        }
        for mean in &mut means {
            *mean = coefficient * (*mean / count);
        }
    }
    means
}

vectorized! {
    /// `out` holds the sums of `y_i x_j` before, and the new weights after.
    fn hebbian_row<'a, T: Real>(
        weights: &'a [T],
        alone_pre: &'a [T],
        alone_post: T,
        constants: [T; 4],
        out: &'a mut [T],
    ) {
        let [eta, c0, c2_corr, count] = constants;
        for (out, (w, alone_pre)) in out.iter_mut().zip(weights.iter().zip(alone_pre)) {
            let change = ((c0 * *w + *alone_pre) + alone_post) + c2_corr * (*out / count);
            *out = *w + eta * change;
        }
    }
}

/// `trace' = t + ((dt tau_inv) ((-t) + (a z)))`, in this order.
///
/// Policy: bits.
pub fn stdp_trace<T: Real>(_: [usize; 1], trace: &[T], spikes: &[u8], tau_inv: T, a: T, dt: T, out_trace: &mut [T]) {
    let rate = dt * tau_inv;
    for_chunks(out_trace, |start, out| {
        let part = start..start + out.len();
        trace_step(&trace[part.clone()], &spikes[part], rate, a, out);
    });
}

vectorized! {
    fn trace_step<'a, T: Real>(trace: &'a [T], spikes: &'a [u8], rate: T, a: T, out: &'a mut [T]) {
        for (out, (t, z)) in out.iter_mut().zip(trace.iter().zip(spikes)) {
            *out = *t + (rate * ((-*t) + (a * T::from_spike(*z))));
        }
    }
}

/// What is added to a weight and what is taken away.
trait Rule: Copy + Send + Sync {
    type T: Real;

    fn change(self, w: Self::T, plus: Self::T, minus: Self::T) -> [Self::T; 2];
}

/// The parameters of all rules.
#[derive(Clone, Copy)]
struct Amplitudes<T> {
    w_min: T,
    w_max: T,
    eta_plus: T,
    eta_minus: T,
    mu: T,
}

#[derive(Clone, Copy)]
struct Additive<T>(Amplitudes<T>);

impl<T: Real> Rule for Additive<T> {
    type T = T;

    #[inline(always)]
    fn change(self, _: T, plus: T, minus: T) -> [T; 2] {
        [self.0.eta_plus * plus, self.0.eta_minus * minus]
    }
}

#[derive(Clone, Copy)]
struct AdditiveStep<T>(Amplitudes<T>);

impl<T: Real> Rule for AdditiveStep<T> {
    type T = T;

    #[inline(always)]
    fn change(self, w: T, plus: T, minus: T) -> [T; 2] {
        let Amplitudes {
            w_min,
            w_max,
            eta_plus,
            eta_minus,
            ..
        } = self.0;
        let a_plus = if w_max - w > T::ZERO { eta_plus } else { T::ZERO };
        let a_minus = if w - w_min > T::ZERO { eta_minus } else { T::ZERO };
        [a_plus * plus, a_minus * minus]
    }
}

#[derive(Clone, Copy)]
struct MultiplicativePow<T>(Amplitudes<T>);

impl<T: Real> Rule for MultiplicativePow<T> {
    type T = T;

    #[inline(always)]
    fn change(self, w: T, plus: T, minus: T) -> [T; 2] {
        let term = |eta: T, distance: T, amount: T| {
            // Most sums of a sparse layer are 0, and a power costs more than all the rest.
            if amount == T::ZERO {
                T::ZERO
            } else {
                (eta * power(distance.max(T::ZERO), self.0.mu)) * amount
            }
        };
        let Amplitudes {
            w_min,
            w_max,
            eta_plus,
            eta_minus,
            ..
        } = self.0;
        [term(eta_plus, w_max - w, plus), term(eta_minus, w - w_min, minus)]
    }
}

#[derive(Clone, Copy)]
struct MultiplicativeRelu<T>(Amplitudes<T>);

impl<T: Real> Rule for MultiplicativeRelu<T> {
    type T = T;

    #[inline(always)]
    fn change(self, w: T, plus: T, minus: T) -> [T; 2] {
        let a_plus = self.0.eta_plus * (self.0.w_max - w).max(T::ZERO);
        let a_minus = self.0.eta_minus * (w - self.0.w_min).max(T::ZERO);
        [a_plus * plus, a_minus * minus]
    }
}

/// `base^mu` with `base^0 = 1` for every base.
fn power<T: Real>(base: T, mu: T) -> T {
    if mu == T::ZERO { T::ONE } else { base.powf(mu) }
}

/// Evaluates an expression with the rule of an algorithm.
macro_rules! with_rule {
    ($algorithm:expr, $amplitudes:expr, $rule:ident => $body:expr) => {
        match $algorithm {
            StdpAlgorithm::Additive => {
                let $rule = Additive($amplitudes);
                $body
            }
            StdpAlgorithm::AdditiveStep => {
                let $rule = AdditiveStep($amplitudes);
                $body
            }
            StdpAlgorithm::MultiplicativePow => {
                let $rule = MultiplicativePow($amplitudes);
                $body
            }
            StdpAlgorithm::MultiplicativeRelu => {
                let $rule = MultiplicativeRelu($amplitudes);
                $body
            }
        }
    };
}

/// Where weights are clamped.
fn bounds<T: Real>(hardbound: bool, w_min: T, w_max: T) -> [T; 2] {
    if hardbound {
        [w_min, w_max]
    } else {
        [T::NEG_INFINITY, -T::NEG_INFINITY]
    }
}

/// The new weight.
#[inline(always)]
fn updated<R: Rule>(rule: R, [low, high]: [R::T; 2], w: R::T, plus: R::T, minus: R::T) -> R::T {
    let [added, taken] = rule.change(w, plus, minus);
    ((w + added) - taken).max(low).min(high)
}

/// The new weight where nothing is added.
#[inline(always)]
fn reduced<R: Rule>(rule: R, [low, high]: [R::T; 2], w: R::T, minus: R::T) -> R::T {
    let [_, taken] = rule.change(w, <R::T>::ZERO, minus);
    (w - taken).max(low).min(high)
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
    let (t_pre, t_post) = (&*out_t_pre, &*out_t_post);
    let amplitudes = Amplitudes {
        w_min,
        w_max,
        eta_plus,
        eta_minus,
        mu,
    };
    let bounds = bounds(hardbound, w_min, w_max);
    with_rule!(stdp_algorithm, amplitudes, rule => for_rows(pre, weights, out_weights, |i, weights, out| {
        let neuron = Neuron { pre, post, b, i, z_pre, z_post, t_pre, t_post };
        step_row(rule, bounds, neuron, weights, out);
    }));
}

/// What the update of one row of a dense layer's weights depends on.
#[derive(Clone, Copy)]
struct Neuron<'a, T> {
    pre: usize,
    post: usize,
    b: usize,
    i: usize,
    z_pre: &'a [u8],
    z_post: &'a [u8],
    t_pre: &'a [T],
    t_post: &'a [T],
}

vectorized! {
    /// Sums over the batch and the update, some columns at a time.
    fn step_row<'a, R: Rule>(
        rule: R,
        bounds: [R::T; 2],
        neuron: Neuron<'a, R::T>,
        weights: &'a [R::T],
        out: &'a mut [R::T],
    ) {
        let Neuron { pre, post, b, i, z_pre, z_post, t_pre, t_post } = neuron;
        let (mut plus, mut minus) = ([<R::T>::ZERO; TILE], [<R::T>::ZERO; TILE]);
        for (tile, (weights, out)) in weights.chunks(TILE).zip(out.chunks_mut(TILE)).enumerate() {
            let (plus, minus) = (&mut plus[..out.len()], &mut minus[..out.len()]);
            plus.fill(<R::T>::ZERO);
            minus.fill(<R::T>::ZERO);
            for sample in 0..b {
                let start = sample * pre + tile * TILE;
                add_sample(
                    z_post[sample * post + i],
                    t_post[sample * post + i],
                    &z_pre[start..][..out.len()],
                    &t_pre[start..][..out.len()],
                    plus,
                    minus,
                );
            }
            for (out, (w, (plus, minus))) in out.iter_mut().zip(weights.iter().zip(plus.iter().zip(&*minus))) {
                *out = updated(rule, bounds, *w, *plus, *minus);
            }
        }
    }
}

/// `plus_j += z_post t_pre_j` and `minus_j += t_post z_pre_j`.
#[inline(always)]
fn add_sample<T: Real>(z_post: u8, t_post: T, z_pre: &[u8], t_pre: &[T], plus: &mut [T], minus: &mut [T]) {
    if z_post != 0 {
        for (plus, t) in plus.iter_mut().zip(t_pre) {
            *plus += *t;
        }
    }
    if t_post != T::ZERO {
        for (minus, z) in minus.iter_mut().zip(z_pre) {
            *minus += t_post * T::from_spike(*z);
        }
    }
}

/// `steps` times [`stdp_linear`] on spikes `(b, steps, pre)` and `(b, steps, post)`.
///
/// Rows of weights do not depend on one another, so each goes through many steps while it is in the cache; where a
/// step is sparse and the row's own neuron silent, only the weights of spiking inputs change. Policy: bits for the
/// traces, budget for the weights.
pub fn stdp_linear_run<T: Real>(
    [post, pre, b, steps]: [usize; 4],
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
    out_t_pre.copy_from_slice(t_pre);
    out_t_post.copy_from_slice(t_post);
    let amplitudes = Amplitudes {
        w_min,
        w_max,
        eta_plus,
        eta_minus,
        mu,
    };
    let bounds = bounds(hardbound, w_min, w_max);
    let most = (KEPT / (b * (pre + post)).max(1)).clamp(1, steps.max(1));
    if steps == 0 {
        out_weights.copy_from_slice(weights);
    }
    let (mut kept_pre, mut kept_post) = (Vec::new(), Vec::new());
    for first in (0..steps).step_by(most) {
        let count = most.min(steps - first);
        traces(
            [b, steps, pre],
            [first, count],
            z_pre,
            dt * tau_pre_inv,
            a_pre,
            out_t_pre,
            &mut kept_pre,
        );
        traces(
            [b, steps, post],
            [first, count],
            z_post,
            dt * tau_post_inv,
            a_post,
            out_t_post,
            &mut kept_post,
        );
        if out_weights.is_empty() {
            continue;
        }
        let part = Part {
            pre,
            b,
            steps,
            first,
            count,
            z_pre,
            t_pre: &kept_pre,
            spiking: &Spiking::new([b, steps, pre], [first, count], z_pre),
        };
        let groups = weights.chunks(GROUP * pre).zip(out_weights.chunks_mut(GROUP * pre));
        with_rule!(stdp_algorithm, amplitudes, rule => each(
            post * pre * count,
            groups.enumerate(),
            |(group, (weights, out))| {
                if first == 0 {
                    out.copy_from_slice(weights);
                }
                let (own_z, own_t) = gathered([post, b, steps], [first, count], group, z_post, &kept_post);
                run_rows(rule, bounds, part, &own_z, &own_t, out);
            }
        ));
    }
}

/// The traces `(count, b, width)` after each of some steps into `kept`, the last of them into `trace (b, width)` too.
fn traces<T: Real>(
    [b, steps, width]: [usize; 3],
    [first, count]: [usize; 2],
    spikes: &[u8],
    rate: T,
    a: T,
    trace: &mut [T],
    kept: &mut Vec<T>,
) {
    let size = b * width;
    kept.resize(count * size, T::ZERO);
    for step in 0..count {
        let (before, after) = kept.split_at_mut(step * size);
        let before = if step == 0 {
            &*trace
        } else {
            &before[(step - 1) * size..]
        };
        for sample in 0..b {
            let spikes = &spikes[(sample * steps + first + step) * width..][..width];
            let part = sample * width..(sample + 1) * width;
            trace_step(&before[part.clone()], spikes, rate, a, &mut after[part]);
        }
    }
    trace.copy_from_slice(&kept[(count - 1) * size..]);
}

/// The spikes and traces of a group of neurons, `(neurons, count, b)`.
fn gathered<T: Real>(
    [post, b, steps]: [usize; 3],
    [first, count]: [usize; 2],
    group: usize,
    z_post: &[u8],
    t_post: &[T],
) -> (Vec<u8>, Vec<T>) {
    let start = group * GROUP;
    let neurons = GROUP.min(post - start);
    let length = count * b;
    let (mut own_z, mut own_t) = (vec![0; neurons * length], vec![T::ZERO; neurons * length]);
    for step in 0..count {
        for sample in 0..b {
            let z = &z_post[(sample * steps + first + step) * post + start..][..neurons];
            let t = &t_post[(step * b + sample) * post + start..][..neurons];
            for (neuron, (z, t)) in z.iter().zip(t).enumerate() {
                own_z[neuron * length + step * b + sample] = *z;
                own_t[neuron * length + step * b + sample] = *t;
            }
        }
    }
    (own_z, own_t)
}

/// Which presynaptic neurons spike: the places in a sample one after another, for every step and sample.
struct Spiking {
    places: Vec<usize>,
    /// Where the places of each step and sample start, and the end.
    starts: Vec<usize>,
}

impl Spiking {
    fn new([b, steps, pre]: [usize; 3], [first, count]: [usize; 2], spikes: &[u8]) -> Self {
        let (mut places, mut starts) = (Vec::new(), vec![0]);
        for step in 0..count {
            for sample in 0..b {
                let spikes = &spikes[(sample * steps + first + step) * pre..][..pre];
                for (eight, spikes) in spikes.chunks(8).enumerate() {
                    if spikes.iter().fold(0, |any, z| any | z) != 0 {
                        let spiking = spikes.iter().enumerate().filter(|(_, z)| **z != 0);
                        places.extend(spiking.map(|(place, _)| 8 * eight + place));
                    }
                }
                starts.push(places.len());
            }
        }
        Self { places, starts }
    }

    /// Of one sample in one step, by its number among all of them.
    #[inline(always)]
    fn of(&self, number: usize) -> &[usize] {
        &self.places[self.starts[number]..self.starts[number + 1]]
    }
}

/// What all rows of a dense layer share in some steps.
#[derive(Clone, Copy)]
struct Part<'a, T> {
    pre: usize,
    b: usize,
    steps: usize,
    first: usize,
    count: usize,
    z_pre: &'a [u8],
    t_pre: &'a [T],
    spiking: &'a Spiking,
}

vectorized! {
    /// Rows of weights through some steps, given their neurons' own spikes and traces `(rows, count, b)`.
    fn run_rows<'a, R: Rule>(
        rule: R,
        bounds: [R::T; 2],
        part: Part<'a, R::T>,
        own_z: &'a [u8],
        own_t: &'a [R::T],
        out: &'a mut [R::T],
    ) {
        let Part { pre, b, steps, first, count, z_pre, t_pre, spiking } = part;
        let (mut plus, mut minus) = (vec![<R::T>::ZERO; pre], vec![<R::T>::ZERO; pre]);
        for (row, out) in out.chunks_exact_mut(pre).enumerate() {
            for step in 0..count {
                let own = (row * count + step) * b..(row * count + step + 1) * b;
                let (own_z, own_t) = (&own_z[own.clone()], &own_t[own]);
                let spikes = spiking.starts[(step + 1) * b] - spiking.starts[step * b];
                // The first step clamps every weight; after it one that nothing is added to stays as it is.
                let whole = first + step == 0
                    || spikes > pre / SPARSE
                    || own_z.iter().fold(0, |any, z| any | z) != 0;
                if whole {
                    plus.fill(<R::T>::ZERO);
                    minus.fill(<R::T>::ZERO);
                    for sample in 0..b {
                        add_sample(
                            own_z[sample],
                            own_t[sample],
                            &z_pre[(sample * steps + first + step) * pre..][..pre],
                            &t_pre[(step * b + sample) * pre..][..pre],
                            &mut plus,
                            &mut minus,
                        );
                    }
                    for (w, (plus, minus)) in out.iter_mut().zip(plus.iter().zip(&mut minus)) {
                        *w = updated(rule, bounds, *w, *plus, *minus);
                        *minus = <R::T>::ZERO;
                    }
                } else if let [t] = own_t {
                    for place in spiking.of(step) {
                        if let Some(w) = out.get_mut(*place) {
                            *w = reduced(rule, bounds, *w, *t);
                        }
                    }
                } else {
                    for (sample, t) in own_t.iter().enumerate() {
                        for place in spiking.of(step * b + sample) {
                            minus[*place] += *t;
                        }
                    }
                    // A place that several samples share is done once: then its sum is 0.
                    for sample in 0..b {
                        for place in spiking.of(step * b + sample) {
                            out[*place] = reduced(rule, bounds, out[*place], minus[*place]);
                            minus[*place] = <R::T>::ZERO;
                        }
                    }
                }
            }
        }
    }
}

/// One step of a two-dimensional convolution, traces first: `weights (out, in, kh, kw)`, presynaptic spikes and traces
/// `(b, in, h, w)`, postsynaptic ones `(b, out, ho, wo)`.
///
/// Position `(y, x)` meets the weight at `(u, v)` in row `y stride + u dilation - padding` and the column alike, and
/// outside of the image nothing. Its cost follows the spikes. Policy: bits for the traces, budget for the weights.
pub fn stdp_conv2d<T: Real>(
    [outs, ins, kh, kw, b, h, w, ho, wo]: [usize; 9],
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
    stride: usize,
    padding: usize,
    dilation: usize,
    out_weights: &mut [T],
    out_t_pre: &mut [T],
    out_t_post: &mut [T],
) {
    stdp_trace([t_pre.len()], t_pre, z_pre, tau_pre_inv, a_pre, dt, out_t_pre);
    stdp_trace([t_post.len()], t_post, z_post, tau_post_inv, a_post, dt, out_t_post);
    if out_weights.is_empty() {
        return;
    }
    let rows = Meetings::new([ho, kh, h], [stride, padding, dilation]);
    let columns = Meetings::new([wo, kw, w], [stride, padding, dilation]);
    let window = kh * kw;
    // For every output (in, kh, kw) the other way round, (kh, kw, in): what a spike adds is in one piece.
    let mut plus = vec![T::ZERO; outs * window * ins];
    let trace = channels_last([b, ins, h * w], out_t_pre);
    each(
        z_post.len() * ins,
        plus.chunks_mut(window * ins).enumerate(),
        |(o, plus)| {
            for sample in 0..b {
                let spikes = &z_post[(sample * outs + o) * ho * wo..][..ho * wo];
                let trace = &trace[sample * h * w * ins..][..h * w * ins];
                for place in (0..spikes.len()).filter(|place| spikes[*place] != 0) {
                    for (u, row) in rows.of_output(place / wo) {
                        for (v, column) in columns.of_output(place % wo) {
                            let sums = &mut plus[(u * kw + v) * ins..][..ins];
                            add(sums, &trace[(row * w + column) * ins..]);
                        }
                    }
                }
            }
        },
    );
    // And for every input (kh, kw, out).
    let mut minus = vec![T::ZERO; ins * window * outs];
    let trace = channels_last([b, outs, ho * wo], out_t_post);
    each(
        z_pre.len() * outs,
        minus.chunks_mut(window * outs).enumerate(),
        |(i, minus)| {
            for sample in 0..b {
                let spikes = &z_pre[(sample * ins + i) * h * w..][..h * w];
                let trace = &trace[sample * ho * wo * outs..][..ho * wo * outs];
                for place in (0..spikes.len()).filter(|place| spikes[*place] != 0) {
                    for (u, y) in rows.of_input(place / w) {
                        for (v, x) in columns.of_input(place % w) {
                            let sums = &mut minus[(u * kw + v) * outs..][..outs];
                            add(sums, &trace[(y * wo + x) * outs..]);
                        }
                    }
                }
            }
        },
    );
    let amplitudes = Amplitudes {
        w_min,
        w_max,
        eta_plus,
        eta_minus,
        mu,
    };
    let bounds = bounds(hardbound, w_min, w_max);
    with_rule!(stdp_algorithm, amplitudes, rule => for_rows(window, weights, out_weights, |row, weights, out| {
        let (o, i) = (row / ins, row % ins);
        for (at, (out, w)) in out.iter_mut().zip(weights).enumerate() {
            let (plus, minus) = (plus[(o * window + at) * ins + i], minus[(i * window + at) * outs + o]);
            *out = updated(rule, bounds, *w, plus, minus);
        }
    }));
}

#[inline(always)]
fn add<T: Real>(sums: &mut [T], terms: &[T]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += *term;
    }
}

/// An image `(b, channels, places)` as `(b, places, channels)`.
fn channels_last<T: Real>([b, channels, places]: [usize; 3], image: &[T]) -> Vec<T> {
    let mut last = vec![T::ZERO; image.len()];
    if image.is_empty() {
        return last;
    }
    let samples = image.chunks(channels * places).zip(last.chunks_mut(channels * places));
    debug_assert_eq!(samples.len(), b);
    each(image.len(), samples, |(image, last)| {
        for (channel, image) in image.chunks_exact(places).enumerate() {
            for (last, x) in last[channel..].iter_mut().step_by(channels).zip(image) {
                *last = *x;
            }
        }
    });
    last
}

/// Along one axis of a convolution, which place of the input meets which place of the output at which of the window.
struct Meetings {
    /// For every place of the output, the places in the window and in the input.
    of_output: Vec<Vec<(usize, usize)>>,
    /// For every place of the input, the places in the window and in the output.
    of_input: Vec<Vec<(usize, usize)>>,
}

impl Meetings {
    fn new([outputs, window, inputs]: [usize; 3], [stride, padding, dilation]: [usize; 3]) -> Self {
        let wide = |length: usize| length as i128;
        let (mut of_output, mut of_input) = (vec![Vec::new(); outputs], vec![Vec::new(); inputs]);
        for (output, meets) in of_output.iter_mut().enumerate() {
            for at in 0..window {
                let input = wide(output) * wide(stride) + wide(at) * wide(dilation) - wide(padding);
                if let Some(input) = usize::try_from(input).ok().filter(|input| *input < inputs) {
                    meets.push((at, input));
                    of_input[input].push((at, output));
                }
            }
        }
        Self { of_output, of_input }
    }

    fn of_output(&self, place: usize) -> impl Iterator<Item = (usize, usize)> {
        self.of_output[place].iter().copied()
    }

    fn of_input(&self, place: usize) -> impl Iterator<Item = (usize, usize)> {
        self.of_input[place].iter().copied()
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

    const ALGORITHMS: [StdpAlgorithm; 4] = [
        StdpAlgorithm::Additive,
        StdpAlgorithm::AdditiveStep,
        StdpAlgorithm::MultiplicativePow,
        StdpAlgorithm::MultiplicativeRelu,
    ];

    fn uniform(stream: u64, n: usize) -> Vec<f64> {
        let mut u = vec![0.0; n];
        crate::philox::philox_uniform(7, stream, 0, n, &mut u);
        u
    }

    fn spikes(stream: u64, n: usize, rate: f64) -> Vec<u8> {
        uniform(stream, n).iter().map(|u| u8::from(*u < rate)).collect()
    }

    type State = [Vec<f32>; 3];

    /// The steps `part` of spikes `(b, steps, neurons)`.
    fn cut(spikes: &[u8], steps: usize, neurons: usize, part: std::ops::Range<usize>) -> Vec<u8> {
        let samples = spikes.chunks(steps * neurons);
        samples
            .flat_map(|sample| &sample[part.start * neurons..part.end * neurons])
            .copied()
            .collect()
    }

    fn run(
        [post, pre, b, steps]: [usize; 4],
        [weights, t_pre, t_post]: &State,
        z_pre: &[u8],
        z_post: &[u8],
        algorithm: StdpAlgorithm,
        hardbound: bool,
    ) -> State {
        let [mut w, mut x, mut y] = [weights, t_pre, t_post].map(|part| vec![f32::NAN; part.len()]);
        stdp_linear_run(
            [post, pre, b, steps],
            weights,
            z_pre,
            z_post,
            t_pre,
            t_post,
            1.0,
            0.75,
            20.0,
            30.0,
            0.0,
            1.0,
            0.02,
            0.03,
            algorithm,
            0.5,
            hardbound,
            1e-3,
            &mut w,
            &mut x,
            &mut y,
        );
        [w, x, y]
    }

    fn single([post, pre, b]: [usize; 3], state: &State, z: [&[u8]; 2], algorithm: StdpAlgorithm, hard: bool) -> State {
        let [weights, t_pre, t_post] = state;
        let [mut w, mut x, mut y] = [weights, t_pre, t_post].map(|part| vec![f32::NAN; part.len()]);
        stdp_linear(
            [post, pre, b],
            weights,
            z[0],
            z[1],
            t_pre,
            t_post,
            1.0,
            0.75,
            20.0,
            30.0,
            0.0,
            1.0,
            0.02,
            0.03,
            algorithm,
            0.5,
            hard,
            1e-3,
            &mut w,
            &mut x,
            &mut y,
        );
        [w, x, y]
    }

    #[test]
    fn a_run_is_its_steps_however_it_is_cut() {
        let (post, pre, steps) = (37, 65, 23);
        for (algorithm, (b, rate)) in ALGORITHMS
            .into_iter()
            .flat_map(|a| [(1, 0.03), (1, 0.4), (3, 0.02)].map(|c| (a, c)))
        {
            for hardbound in [true, false] {
                let [z_pre, z_post] = [(1, pre), (2, post)].map(|(stream, n)| spikes(stream, b * steps * n, rate));
                // Some weights are out of bounds.
                let weights = uniform(3, post * pre).iter().map(|u| (1.4 * u - 0.2) as f32).collect();
                let start: State = [weights, vec![0.25; b * pre], vec![0.5; b * post]];
                let of = |state: &State, part: std::ops::Range<usize>| {
                    let (z_pre, z_post) = (
                        cut(&z_pre, steps, pre, part.clone()),
                        cut(&z_post, steps, post, part.clone()),
                    );
                    run([post, pre, b, part.len()], state, &z_pre, &z_post, algorithm, hardbound)
                };
                let whole = of(&start, 0..steps);
                assert_eq!(of(&of(&start, 0..9), 9..steps), whole);
                assert_eq!(of(&start, 0..0), start);
                let each = (0..steps).fold(start.clone(), |state, step| {
                    let z_pre = cut(&z_pre, steps, pre, step..step + 1);
                    let z_post = cut(&z_post, steps, post, step..step + 1);
                    single([post, pre, b], &state, [&z_pre, &z_post], algorithm, hardbound)
                });
                assert_eq!(each, whole, "{algorithm:?} {b} {rate} {hardbound}");
            }
        }
    }

    #[test]
    fn a_run_over_more_steps_than_are_kept_is_their_sequence() {
        let (post, pre, b, steps) = (3, 5000, 2, 60);
        assert!(steps * b * (post + pre) > KEPT);
        let [z_pre, z_post] = [(1, pre), (2, post)].map(|(stream, n)| spikes(stream, b * steps * n, 0.05));
        let start: State = [vec![0.5; post * pre], vec![0.0; b * pre], vec![0.0; b * post]];
        let whole = run(
            [post, pre, b, steps],
            &start,
            &z_pre,
            &z_post,
            StdpAlgorithm::Additive,
            true,
        );
        let each = (0..steps).fold(start, |state, step| {
            let (z_pre, z_post) = (
                cut(&z_pre, steps, pre, step..step + 1),
                cut(&z_post, steps, post, step..step + 1),
            );
            single([post, pre, b], &state, [&z_pre, &z_post], StdpAlgorithm::Additive, true)
        });
        assert_eq!(whole, each);
    }

    #[test]
    fn a_convolution_is_the_plain_sum() {
        let (outs, ins, kh, kw, b, h, w) = (3, 2, 3, 2, 2, 9, 7);
        for [stride, padding, dilation] in [[1, 0, 1], [2, 1, 1], [1, 2, 2], [3, 4, 3]] {
            let length =
                |source: usize, window: usize| (source + 2 * padding - dilation * (window - 1) - 1) / stride + 1;
            let (ho, wo) = (length(h, kh), length(w, kw));
            let (pre, post) = (b * ins * h * w, b * outs * ho * wo);
            let (z_pre, z_post) = (spikes(1, pre, 0.3), spikes(2, post, 0.3));
            let (t_pre, t_post, weights) = (uniform(3, pre), uniform(4, post), uniform(5, outs * ins * kh * kw));
            let [mut out, mut x, mut y] = [weights.len(), pre, post].map(|n| vec![f64::NAN; n]);
            stdp_conv2d(
                [outs, ins, kh, kw, b, h, w, ho, wo],
                &weights,
                &z_pre,
                &z_post,
                &t_pre,
                &t_post,
                1.0,
                1.0,
                20.0,
                20.0,
                0.0,
                1.0,
                0.01,
                0.02,
                StdpAlgorithm::Additive,
                0.0,
                false,
                1e-3,
                stride,
                padding,
                dilation,
                &mut out,
                &mut x,
                &mut y,
            );
            for (at, got) in out.iter().enumerate() {
                let [o, i, u, v] = [at / (ins * kh * kw), at / (kh * kw) % ins, at / kw % kh, at % kw];
                let (mut plus, mut minus) = (0.0, 0.0);
                for place in 0..b * ho * wo {
                    let [sample, row, column] = [place / (ho * wo), place / wo % ho, place % wo];
                    let inside = |at: usize, length: usize| at.checked_sub(padding).filter(|at| *at < length);
                    let row_in = inside(row * stride + u * dilation, h);
                    if let (Some(r), Some(c)) = (row_in, inside(column * stride + v * dilation, w)) {
                        let (pre, post) = (
                            ((sample * ins + i) * h + r) * w + c,
                            ((sample * outs + o) * ho + row) * wo + column,
                        );
                        plus += f64::from(z_post[post]) * x[pre];
                        minus += y[post] * f64::from(z_pre[pre]);
                    }
                }
                let want = weights[at] + 0.01 * plus - 0.02 * minus;
                assert!((got - want).abs() < 1e-13, "{at}: {got} {want}");
            }
        }
    }

    #[test]
    fn traces_have_the_same_bits_at_every_width() {
        let (trace, z) = (uniform(1, 1003), spikes(2, 1003, 0.3));
        let [wide, narrow] = crate::vector::tests::at_both_levels(|| {
            let mut out = vec![f64::NAN; trace.len()];
            stdp_trace([trace.len()], &trace, &z, 19.7, 1.3, 1.1e-3, &mut out);
            out
        });
        assert_eq!(wide, narrow);
    }
}
