//! Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011).
//!
//! Key = (seed low, seed high), counter = (block low, block high, stream low, stream high); word `k` is lane `k mod 4`
//! of block `k div 4`, and `u_k = w_k 2^-32`.

use crate::partition::for_chunks;

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const KEY_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;
const LOW: u64 = 0xffff_ffff;

/// Blocks that are computed side by side.
const LANES: usize = 16;
/// Blocks after which the word index wraps.
const BLOCKS: u64 = 1 << 62;
/// Words that are kept on the stack where they are only a step on the way.
pub(crate) const BUFFER: usize = 1 << 10;

/// `words[i] = w_k` with `k = offset + i` modulo 2^64.
///
/// Policy: bits.
pub fn philox_words(seed: u64, stream: u64, offset: u64, _n: usize, out_words: &mut [u32]) {
    for_chunks(out_words, |start, words| {
        fill(seed, stream, offset.wrapping_add(start as u64), words)
    });
}

/// `u[i] = w_k 2^-32`, exact, with `k = offset + i` modulo 2^64.
///
/// Policy: bits.
pub fn philox_uniform(seed: u64, stream: u64, offset: u64, _n: usize, out_u: &mut [f64]) {
    for_chunks(out_u, |start, chunk| {
        let mut words = [0; BUFFER];
        for (i, u) in chunk.chunks_mut(BUFFER).enumerate() {
            let words = &mut words[..u.len()];
            fill(seed, stream, offset.wrapping_add((start + i * BUFFER) as u64), words);
            for (u, word) in u.iter_mut().zip(words) {
                *u = f64::from(*word) / 4_294_967_296.0;
            }
        }
    });
}

fn fill(seed: u64, stream: u64, offset: u64, words: &mut [u32]) {
    crate::vector::arch().dispatch(Fill {
        seed,
        stream,
        offset,
        words,
    });
}

/// The words from index `offset` on, as a body that is compiled for every width of vectors.
pub(crate) struct Fill<'a> {
    pub(crate) seed: u64,
    pub(crate) stream: u64,
    pub(crate) offset: u64,
    pub(crate) words: &'a mut [u32],
}

impl pulp::NullaryFnOnce for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            seed,
            stream,
            offset,
            words,
        } = self;
        let skipped = (offset % 4) as usize;
        let mut block = offset / 4;
        let (head, body) = words.split_at_mut(if skipped == 0 { 0 } else { words.len().min(4 - skipped) });
        if !head.is_empty() {
            head.copy_from_slice(&blocks::<1>(seed, stream, block)[0][skipped..][..head.len()]);
            block = (block + 1) % BLOCKS;
        }
        let (groups, tail) = body.as_chunks_mut::<{ 4 * LANES }>();
        for group in groups {
            for (words, values) in group
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .zip(blocks::<LANES>(seed, stream, block))
            {
                *words = values;
            }
            block = (block + LANES as u64) % BLOCKS;
        }
        for words in tail.chunks_mut(4) {
            words.copy_from_slice(&blocks::<1>(seed, stream, block)[0][..words.len()]);
            block = (block + 1) % BLOCKS;
        }
    }
}

/// The words of `N` blocks from `first` on.
#[inline(always)]
fn blocks<const N: usize>(seed: u64, stream: u64, first: u64) -> [[u32; 4]; N] {
    let (mut c0, mut c1) = ([0; N], [0; N]);
    for lane in 0..N {
        let block = (first + lane as u64) % BLOCKS;
        c0[lane] = block & LOW;
        c1[lane] = block >> 32;
    }
    let counters = [c0, c1, [stream & LOW; N], [stream >> 32; N]];
    let [c0, c1, c2, c3] = rounds(counters, [seed as u32, (seed >> 32) as u32]);
    let mut words = [[0; 4]; N];
    for lane in 0..N {
        words[lane] = [c0[lane] as u32, c1[lane] as u32, c2[lane] as u32, c3[lane] as u32];
    }
    words
}

/// The rounds on 32-bit words that are kept in 64 bits, as the widening products want them.
#[inline(always)]
fn rounds<const N: usize>([mut c0, mut c1, mut c2, mut c3]: [[u64; N]; 4], mut key: [u32; 2]) -> [[u64; N]; 4] {
    for _ in 0..ROUNDS {
        let [k0, k1] = key.map(u64::from);
        for lane in 0..N {
            let left = MULTIPLIERS[0] * (c0[lane] & LOW);
            let right = MULTIPLIERS[1] * (c2[lane] & LOW);
            c0[lane] = (right >> 32) ^ c1[lane] ^ k0;
            c1[lane] = right & LOW;
            c2[lane] = (left >> 32) ^ c3[lane] ^ k1;
            c3[lane] = left & LOW;
        }
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
    }
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that Random123 publishes for `philox4x32-10`.
    #[test]
    fn known_answers() {
        let answers = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, words) in answers {
            assert_eq!(
                rounds(counter.map(|word: u32| [word.into()]), key),
                words.map(|word: u32| [word.into()])
            );
        }
    }

    #[test]
    fn any_part_can_be_computed_alone() {
        let (seed, stream, offset) = (0x0123_4567_89ab_cdef, 77, u64::MAX - 100);
        let mut whole = vec![0; 1 << 17];
        philox_words(seed, stream, offset, whole.len(), &mut whole);
        for (start, length) in [(0, 1), (1, 7), (99, 5), (101, 130), (16_383, 66), (131_000, 72)] {
            let mut part = vec![0; length];
            philox_words(seed, stream, offset.wrapping_add(start as u64), length, &mut part);
            assert_eq!(part, whole[start..start + length]);
        }
        let mut u = vec![0.0; whole.len()];
        philox_uniform(seed, stream, offset, u.len(), &mut u);
        assert!(
            u.iter()
                .zip(&whole)
                .all(|(u, word)| u * 4_294_967_296.0 == f64::from(*word))
        );
    }
}
