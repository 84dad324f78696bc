"""Counter-based random numbers."""

from __future__ import annotations

from spikemirror.catalogue.kernel import NON_NEGATIVE, Cost, DType, Integer, Kernel, Output, Policy, Size, Word

SOURCE = "Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3, doi:10.1145/2063384.2063405"

SEED = Word("seed", 0, "key of the generator: its low and high 32 bits")
STREAM = Word("stream", 0, "upper 64 bits of the counter: independent sequences under one seed")
OFFSET = Word("offset", 0, "index of the first word; indices wrap at 2^64")
COUNT = Integer("n", None, NON_NEGATIVE, "number of words")

ROUNDS = 10
OPERATIONS_PER_BLOCK = 8 * ROUNDS
SIZES = (Size({"n": 4096}), Size({"n": 1 << 20}))

KERNELS = (
    Kernel(
        name="philox_words",
        family="philox",
        summary="Random 32-bit words, each from its own index.",
        formula=(
            "key = (seed low, seed high), counter = (block low, block high, stream low, stream high)\n"
            "word k = lane k mod 4 of Philox4x32-10 at block k div 4, for k = offset .. offset + n - 1"
        ),
        source=SOURCE,
        inputs=(),
        parameters=(SEED, STREAM, OFFSET, COUNT),
        outputs=(Output("words", ("n",), Policy.BITS, "the words", DType.uint32),),
        dtypes=(DType.uint32,),
        cost=lambda d, _: Cost(bytes=4.0 * d["n"], flops=OPERATIONS_PER_BLOCK * d["n"] / 4, elements=d["n"]),
        bench=SIZES,
    ),
    Kernel(
        name="philox_uniform",
        family="philox",
        summary="Uniform numbers in [0, 1), exact in float64.",
        formula="u_k = w_k 2^-32, with w_k the words of philox_words",
        source=SOURCE,
        inputs=(),
        parameters=(SEED, STREAM, OFFSET, COUNT),
        outputs=(Output("u", ("n",), Policy.BITS, "the numbers", DType.float64),),
        dtypes=(DType.float64,),
        cost=lambda d, _: Cost(bytes=8.0 * d["n"], flops=(OPERATIONS_PER_BLOCK / 4 + 2) * d["n"], elements=d["n"]),
        bench=SIZES,
    ),
)
