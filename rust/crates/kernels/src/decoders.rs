//! From spike trains to predictions.
//!
//! Each sample gives logits, the class of the greatest (the lowest of several), and a confidence: with
//! `p = softmax(logits)` the greatest `p` minus the second greatest, or 1 if there is but one class. What is decided on
//! counts and times is decided on integers. Only steps with `mask` count.

use crate::lanes::{first_largest, largest, sum};
use crate::partition::each;
use crate::real::Real;
use crate::vector::vectorized;

/// What the groups of a population stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodePopulationMode {
    /// Classes.
    Classification,
    /// Values.
    Regression,
}

/// Which potential of a membrane counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeMembraneMode {
    /// The last one.
    Final,
    /// The greatest one.
    Max,
}

/// Of `spikes (b, t, n)` and `mask (b, t)`: `counts` of spikes, `rates = counts / max(steps with mask, 1)`, logits
/// either of them (the rates with `normalize_by_time`) over `temperature`, prediction the greatest count.
///
/// Policy: bits for predictions and counts, budget for the rest.
pub fn decode_rate<T: Real>(
    [_, t, n]: [usize; 3],
    spikes: &[u8],
    mask: &[u8],
    temperature: T,
    normalize_by_time: bool,
    out_logits: &mut [T],
    out_prediction: &mut [i32],
    out_confidence: &mut [T],
    out_counts: &mut [i32],
    out_rates: &mut [T],
) {
    let rows = out_logits.chunks_exact_mut(n).zip(out_counts.chunks_exact_mut(n));
    let rows = rows.zip(out_rates.chunks_exact_mut(n));
    let samples = rows.zip(out_prediction.iter_mut().zip(out_confidence)).enumerate();
    each(
        spikes.len(),
        samples,
        |(sample, (((logits, counts), rates), (prediction, confidence)))| {
            let mask = &mask[sample * t..][..t];
            count(&spikes[sample * t * n..][..t * n], mask, counts);
            let steps = T::from_count(mask.iter().filter(|valid| **valid != 0).count().max(1));
            for ((logit, rate), count) in logits.iter_mut().zip(rates).zip(&*counts) {
                let count = T::rounded(f64::from(*count));
                *rate = count / steps;
                *logit = if normalize_by_time { *rate } else { count } / temperature;
            }
            *prediction = index(first_largest(counts));
            *confidence = lead(logits);
        },
    );
}

/// Of `spikes (b, t, n)` and `mask (b, t)`: the step of each neuron's first spike, `T` if there is none (-1 in
/// `first_spike_times`), logits `-(step / T) / temperature`, prediction the earliest; confidence
/// `clip((t2 - t1) / T, 0, 1)` of the two earliest.
///
/// Policy: bits for predictions and times, budget for the rest.
pub fn decode_first_spike<T: Real>(
    [_, t, n]: [usize; 3],
    spikes: &[u8],
    mask: &[u8],
    temperature: T,
    out_logits: &mut [T],
    out_prediction: &mut [i32],
    out_confidence: &mut [T],
    out_first_spike_times: &mut [i32],
) {
    let steps = T::from_count(t);
    let rows = out_logits
        .chunks_exact_mut(n)
        .zip(out_first_spike_times.chunks_exact_mut(n));
    let samples = rows.zip(out_prediction.iter_mut().zip(out_confidence)).enumerate();
    each(
        spikes.len(),
        samples,
        |(sample, ((logits, times), (prediction, confidence)))| {
            first_spikes(&spikes[sample * t * n..][..t * n], &mask[sample * t..][..t], times);
            let time = |time: i32| usize::try_from(time).unwrap_or(t);
            let (mut earliest, mut second) = (0, None);
            for (neuron, at) in times.iter().enumerate().skip(1) {
                let (at, least) = (time(*at), time(times[earliest]));
                if at < least {
                    (earliest, second) = (neuron, Some(least));
                } else {
                    second = second.map_or(Some(at), |second: usize| Some(second.min(at)));
                }
            }
            for (logit, at) in logits.iter_mut().zip(&*times) {
                *logit = -(T::from_count(time(*at)) / steps) / temperature;
            }
            *prediction = index(earliest);
            *confidence = second.map_or(T::ONE, |second| T::from_count(second - time(times[earliest])) / steps);
        },
    );
}

/// Of `spikes (b, t, n)` and `mask (b, t)`, with the group of each neuron: `G_g` spikes of a group of `S_g`,
/// `r = G / max(S, 1)`, `w = r / sum r` (or the same for all if all are silent), `value = sum w centers`.
///
/// Classification: logits `G / temperature`, prediction the greatest `G`. Regression: logits `w`, prediction the
/// greatest `r`, confidence the greatest `w`. Policy: bits for predictions, budget for the rest.
pub fn decode_population<T: Real>(
    [_, t, n]: [usize; 3],
    spikes: &[u8],
    mask: &[u8],
    group_of: &[i32],
    centers: &[T],
    n_groups: usize,
    mode: DecodePopulationMode,
    temperature: T,
    out_logits: &mut [T],
    out_prediction: &mut [i32],
    out_confidence: &mut [T],
    out_value: &mut [T],
) {
    let mut sizes = vec![0_usize; n_groups];
    for group in group_of {
        sizes[*group as usize] += 1;
    }
    let results = out_prediction.iter_mut().zip(out_confidence).zip(out_value);
    let samples = out_logits.chunks_exact_mut(n_groups).zip(results).enumerate();
    each(
        spikes.len(),
        samples,
        |(sample, (logits, ((prediction, confidence), value)))| {
            let mut counts = vec![0; n];
            count(
                &spikes[sample * t * n..][..t * n],
                &mask[sample * t..][..t],
                &mut counts,
            );
            let mut sums = vec![0_i64; n_groups];
            for (group, count) in group_of.iter().zip(counts) {
                sums[*group as usize] += i64::from(count);
            }
            let number = |sum: i64| T::rounded(sum as f64);
            let rates = sums
                .iter()
                .zip(&sizes)
                .map(|(sum, size)| number(*sum) / T::from_count((*size).max(1)));
            let rates = rates.collect::<Vec<_>>();
            let total = sum(&rates, |rate| rate);
            let weight = |rate: T| {
                if total > T::ZERO {
                    rate / total
                } else {
                    T::ONE / T::from_count(n_groups)
                }
            };
            let weights = rates.iter().map(|rate| weight(*rate)).collect::<Vec<_>>();
            *value = T::ZERO;
            for (weight, center) in weights.iter().zip(centers) {
                *value += *weight * *center;
            }
            match mode {
                DecodePopulationMode::Classification => {
                    for (logit, sum) in logits.iter_mut().zip(&sums) {
                        *logit = number(*sum) / temperature;
                    }
                    *prediction = index(first_largest(&sums));
                    *confidence = lead(logits);
                }
                DecodePopulationMode::Regression => {
                    logits.copy_from_slice(&weights);
                    let best = first_largest(&rates);
                    *prediction = index(best);
                    *confidence = weights[best];
                }
            }
        },
    );
}

/// Of `membrane (b, t, n)` and `mask (b, t)`: the potential at the last step with mask, or the greatest over all of
/// them, 0 if there is none; logits are that over `temperature`.
///
/// Policy: bits for predictions, budget for the rest.
pub fn decode_membrane<T: Real>(
    [_, t, n]: [usize; 3],
    membrane: &[T],
    mask: &[u8],
    mode: DecodeMembraneMode,
    temperature: T,
    out_logits: &mut [T],
    out_prediction: &mut [i32],
    out_confidence: &mut [T],
) {
    let results = out_prediction.iter_mut().zip(out_confidence);
    let samples = out_logits.chunks_exact_mut(n).zip(results).enumerate();
    each(
        membrane.len(),
        samples,
        |(sample, (logits, (prediction, confidence)))| {
            let mut steps = (0..t).filter(|step| mask[sample * t + step] != 0);
            let row = |step: usize| &membrane[(sample * t + step) * n..][..n];
            match mode {
                DecodeMembraneMode::Final => match steps.next_back() {
                    Some(step) => logits.copy_from_slice(row(step)),
                    None => logits.fill(T::ZERO),
                },
                DecodeMembraneMode::Max => match steps.next() {
                    Some(step) => {
                        logits.copy_from_slice(row(step));
                        steps.for_each(|step| keep_greater(row(step), logits));
                    }
                    None => logits.fill(T::ZERO),
                },
            }
            for logit in logits.iter_mut() {
                *logit = *logit / temperature;
            }
            *prediction = index(first_largest(logits));
            *confidence = lead(logits);
        },
    );
}

/// `sum_k weights_k logits_k` of `logits (k, b, c)`.
///
/// Policy: bits for predictions, budget for the rest.
pub fn decode_ensemble<T: Real>(
    [_, b, c]: [usize; 3],
    logits: &[T],
    weights: &[T],
    out_logits: &mut [T],
    out_prediction: &mut [i32],
    out_confidence: &mut [T],
) {
    let results = out_prediction.iter_mut().zip(out_confidence);
    let samples = out_logits.chunks_exact_mut(c).zip(results).enumerate();
    each(logits.len(), samples, |(sample, (out, (prediction, confidence)))| {
        out.fill(T::ZERO);
        for (decoder, weight) in weights.iter().enumerate() {
            let logits = &logits[(decoder * b + sample) * c..][..c];
            for (out, logit) in out.iter_mut().zip(logits) {
                *out += *weight * *logit;
            }
        }
        *prediction = index(first_largest(out));
        *confidence = lead(out);
    });
}

fn index(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

vectorized! {
    /// Spikes of each neuron in the steps with mask.
    fn count<'a>(spikes: &'a [u8], mask: &'a [u8], counts: &'a mut [i32]) {
        counts.fill(0);
        let n = counts.len();
        // Bytes hold the counts of so many steps.
        let mut few = vec![0_u8; n];
        let mut steps = 0;
        for (step, valid) in mask.iter().enumerate() {
            if *valid == 0 {
                continue;
            }
            for (few, spike) in few.iter_mut().zip(&spikes[step * n..][..n]) {
                *few = few.wrapping_add(*spike);
            }
            steps += 1;
            if steps == u8::MAX {
                flush(&mut few, counts);
                steps = 0;
            }
        }
        flush(&mut few, counts);
    }
}

#[inline(always)]
fn flush(few: &mut [u8], counts: &mut [i32]) {
    for (count, few) in counts.iter_mut().zip(few) {
        *count += i32::from(*few);
        *few = 0;
    }
}

vectorized! {
    /// The step of each neuron's first spike with mask, -1 if there is none.
    fn first_spikes<'a>(spikes: &'a [u8], mask: &'a [u8], times: &'a mut [i32]) {
        times.fill(0);
        let n = times.len();
        let mut seen = vec![0_u8; n];
        // Bytes hold how many of so many steps were before the first spike.
        let mut few = vec![0_u8; n];
        let mut steps = 0;
        for (step, valid) in mask.iter().enumerate() {
            for ((few, seen), spike) in few.iter_mut().zip(&mut seen).zip(&spikes[step * n..][..n]) {
                *seen |= *spike & *valid;
                *few = few.wrapping_add(1 - (*seen & 1));
            }
            steps += 1;
            if steps == u8::MAX {
                flush(&mut few, times);
                steps = 0;
            }
        }
        flush(&mut few, times);
        for (time, seen) in times.iter_mut().zip(seen) {
            *time = if seen == 0 { -1 } else { *time };
        }
    }
}

vectorized! {
    fn keep_greater<'a, T: Real>(values: &'a [T], greatest: &'a mut [T]) {
        for (greatest, value) in greatest.iter_mut().zip(values) {
            *greatest = greatest.max(*value);
        }
    }
}

vectorized! {
    /// Greatest minus second greatest probability of `softmax(logits)`, 1 if there is but one: nothing cancels.
    fn lead<'a, T: Real>(logits: &'a [T]) -> T {
        if logits.len() < 2 {
            return T::ONE;
        }
        let best = first_largest(logits);
        let (before, after) = (&logits[..best], &logits[best + 1..]);
        let top = logits[best];
        let second = largest(after, largest(before, T::NEG_INFINITY, |logit| logit), |logit| logit);
        let others = sum(before, |logit| (logit - top).exp()) + sum(after, |logit| (logit - top).exp());
        -(second - top).exp_m1() / (T::ONE + others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_beyond_a_byte() {
        let (t, n) = (1000, 70);
        let spikes = (0..t * n).map(|i| u8::from(i % n >= i / n % 71)).collect::<Vec<_>>();
        let mask = (0..t).map(|step| u8::from(step % 7 != 3)).collect::<Vec<_>>();
        let mut counts = vec![-1; n];
        count(&spikes, &mask, &mut counts);
        for (neuron, got) in counts.iter().enumerate() {
            let valid = (0..t).filter(|step| mask[*step] == 1 && spikes[step * n + neuron] == 1);
            assert_eq!(*got as usize, valid.count());
        }
    }

    #[test]
    fn first_spikes_are_exact_beyond_a_byte() {
        let (t, n) = (700, 70);
        // Neuron j is silent before step 13 j, and never spikes from 900 on.
        let spikes = (0..t * n)
            .map(|i| u8::from(i / n >= 13 * (i % n) && i % 3 != 1))
            .collect::<Vec<_>>();
        let mask = (0..t).map(|step| u8::from(step % 7 != 3)).collect::<Vec<_>>();
        let mut times = vec![-7; n];
        first_spikes(&spikes, &mask, &mut times);
        for (neuron, got) in times.iter().enumerate() {
            let first = (0..t).find(|step| mask[*step] == 1 && spikes[step * n + neuron] == 1);
            assert_eq!(*got, first.map_or(-1, |step| step as i32));
        }
    }
}
