//! Work split into parts that depend on the sizes alone, so that results do not depend on the number of threads.

use rayon::prelude::*;

use crate::threads::Threads;

/// Below this many elements a second thread costs more than it brings.
const PARALLEL_FROM: usize = 1 << 16;

/// Elements in one part.
pub const CHUNK: usize = 1 << 14;

/// The threads to share so many elements of work; None if it is done by the calling thread.
fn threads(work: usize) -> Option<Threads> {
    if work < PARALLEL_FROM { None } else { Threads::find() }
}

/// Calls `part(start, elements)` for consecutive parts of `output`, each `CHUNK` long but the last.
pub fn for_chunks<E: Send>(output: &mut [E], part: impl Fn(usize, &mut [E]) + Sync) {
    let part = |(index, chunk): (usize, &mut [E])| part(index * CHUNK, chunk);
    match threads(output.len()) {
        None => output.chunks_mut(CHUNK).enumerate().for_each(part),
        Some(threads) => threads.run(|| output.par_chunks_mut(CHUNK).enumerate().for_each(part)),
    }
}

/// Calls `row(i, input, output)` for every row of two matrices of the same shape.
pub fn for_rows<E: Send + Sync>(
    width: usize,
    input: &[E],
    output: &mut [E],
    row: impl Fn(usize, &[E], &mut [E]) + Sync,
) {
    if width == 0 {
        return;
    }
    let rows = (CHUNK / width).max(1);
    let part = |(index, (input, output)): (usize, (&[E], &mut [E]))| {
        for (i, (input, output)) in input
            .chunks_exact(width)
            .zip(output.chunks_exact_mut(width))
            .enumerate()
        {
            row(index * rows + i, input, output);
        }
    };
    let length = rows * width;
    match threads(output.len()) {
        None => input
            .chunks(length)
            .zip(output.chunks_mut(length))
            .enumerate()
            .for_each(part),
        Some(threads) => threads.run(|| {
            input
                .par_chunks(length)
                .zip(output.par_chunks_mut(length))
                .enumerate()
                .for_each(part);
        }),
    }
}

/// Calls `body` for every item, in parallel if all of them together make `work` elements worth it.
pub fn each<I: Send>(work: usize, items: impl Iterator<Item = I>, body: impl Fn(I) + Sync + Send) {
    match threads(work) {
        None => items.for_each(body),
        Some(threads) => {
            let items = items.collect::<Vec<_>>();
            threads.run(|| items.into_par_iter().for_each(body));
        }
    }
}

/// The results of `body` for every item in the order of the items, computed as [`each`] does.
pub fn collect<I: Send, R: Send>(
    work: usize,
    items: impl Iterator<Item = I>,
    body: impl Fn(I) -> R + Sync + Send,
) -> Vec<R> {
    match threads(work) {
        None => items.map(body).collect(),
        Some(threads) => {
            let items = items.collect::<Vec<_>>();
            threads.run(|| items.into_par_iter().map(body).collect())
        }
    }
}

/// Whether all parts of `elements` are good.
pub fn everywhere<E: Sync>(elements: &[E], good: impl Fn(&[E]) -> bool + Sync + Send) -> bool {
    match threads(elements.len()) {
        None => good(elements),
        Some(threads) => threads.run(|| elements.par_chunks(CHUNK).all(good)),
    }
}
