"""Many STDP steps in one call against as many calls, and against two calls."""

from std.testing import TestSuite, assert_equal, assert_true

from spikemirror.matrices import copy
from spikemirror.memory import Source, Target
from spikemirror.philox import philox_words
from spikemirror.plasticity import stdp_linear, stdp_linear_run
from support import memory

comptime POST = 19
comptime PRE = 45


def draw_spikes(seed: UInt64, n: Int, share: Float64) -> Target[DType.uint8]:
    var words = memory[DType.uint32](n)
    philox_words(seed, 0, 0, n, words)
    var spikes = memory[DType.uint8](n)
    for i in range(n):
        var u = words[i].cast[DType.float64]() / 4294967296.0
        spikes[i] = UInt8(1) if u < share else UInt8(0)
    return spikes


def draw_reals[T: DType](seed: UInt64, n: Int) -> Target[T]:
    var words = memory[DType.uint32](n)
    philox_words(seed, 0, 0, n, words)
    var reals = memory[T](n)
    for i in range(n):
        # Some weights are out of bounds.
        reals[i] = (
            words[i].cast[DType.float64]() / 4294967296.0 * 1.4 - 0.2
        ).cast[T]()
    return reals


@fieldwise_init
struct Layer[T: DType](Copyable):
    """Weights and traces."""

    var weights: Target[Self.T]
    var t_pre: Target[Self.T]
    var t_post: Target[Self.T]

    def run(
        self,
        z_pre: Target[DType.uint8],
        z_post: Target[DType.uint8],
        B: Int,
        steps: Int,
        first: Int,
        count: Int,
        algorithm: Int,
        hardbound: Bool,
        stepwise: Bool,
    ) raises -> Self:
        """The layer after some of the steps."""
        var part_pre = memory[DType.uint8](B * count * PRE)
        var part_post = memory[DType.uint8](B * count * POST)
        for b in range(B):
            copy(
                z_pre.source().skip((b * steps + first) * PRE),
                count * PRE,
                part_pre.skip(b * count * PRE),
            )
            copy(
                z_post.source().skip((b * steps + first) * POST),
                count * POST,
                part_post.skip(b * count * POST),
            )
        var new = Self(
            memory[Self.T](POST * PRE),
            memory[Self.T](B * PRE),
            memory[Self.T](B * POST),
        )
        if stepwise:
            stdp_linear(
                self.weights.source(),
                part_pre.source(),
                part_post.source(),
                self.t_pre.source(),
                self.t_post.source(),
                POST,
                PRE,
                B,
                1,
                0.5,
                20,
                30,
                0,
                1,
                0.05,
                0.04,
                algorithm,
                0.4,
                hardbound,
                1e-3,
                new.weights,
                new.t_pre,
                new.t_post,
            )
        else:
            var granted = stdp_linear_run(
                self.weights.source(),
                part_pre.source(),
                part_post.source(),
                self.t_pre.source(),
                self.t_post.source(),
                POST,
                PRE,
                B,
                count,
                1,
                0.5,
                20,
                30,
                0,
                1,
                0.05,
                0.04,
                algorithm,
                0.4,
                hardbound,
                1e-3,
                new.weights,
                new.t_pre,
                new.t_post,
            )
            assert_true(granted)
        return new^

    def check(self, other: Self, B: Int) raises:
        """Both are the same, bit for bit."""
        for i in range(POST * PRE):
            assert_equal(self.weights[i], other.weights[i])
        for i in range(B * PRE):
            assert_equal(self.t_pre[i], other.t_pre[i])
        for i in range(B * POST):
            assert_equal(self.t_post[i], other.t_post[i])


def check_run[
    T: DType
](B: Int, steps: Int, share: Float64, hardbound: Bool) raises:
    var z_pre = draw_spikes(1, B * steps * PRE, share)
    var z_post = draw_spikes(2, B * steps * POST, share)
    var start = Layer[T](
        draw_reals[T](3, POST * PRE),
        draw_reals[T](4, B * PRE),
        draw_reals[T](5, B * POST),
    )
    for algorithm in range(4):
        var whole = start.run(
            z_pre, z_post, B, steps, 0, steps, algorithm, hardbound, False
        )
        var singly = start.copy()
        for t in range(steps):
            singly = singly.run(
                z_pre, z_post, B, steps, t, 1, algorithm, hardbound, True
            )
        whole.check(singly, B)
        var cut = steps // 3
        var parts = start.run(
            z_pre, z_post, B, steps, 0, cut, algorithm, hardbound, False
        )
        parts = parts.run(
            z_pre,
            z_post,
            B,
            steps,
            cut,
            steps - cut,
            algorithm,
            hardbound,
            False,
        )
        whole.check(parts, B)


def test_run_is_its_steps() raises:
    check_run[DType.float32](1, 40, 0.03, True)
    check_run[DType.float64](1, 40, 0.03, True)
    check_run[DType.float64](3, 40, 0.02, False)


def test_dense_run_is_its_steps() raises:
    check_run[DType.float32](2, 9, 0.5, True)
    check_run[DType.float64](1, 9, 0.9, False)


def test_no_steps_and_no_samples() raises:
    check_run[DType.float32](1, 0, 0, True)
    check_run[DType.float64](0, 3, 0, True)


def test_long_run_is_cut_into_blocks() raises:
    # More steps than the traces of one block hold.
    check_run[DType.float32](1, 4200, 0.01, True)


def main() raises:
    TestSuite.discover_tests[__functions_in_module()]().run()
