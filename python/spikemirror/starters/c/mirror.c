// A mirror to start from: one kernel, behind all its checks in their order. spikemirror.h says what a call is.
#include "support.h"

int32_t spikemirror_version(void) { return SPIKEMIRROR_VERSION; }

static int32_t goodness(
    const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs) {
    const spikemirror_array *z = &inputs[0];
    (void)parameters; // it has none
    REQUIRE(is_real(z), BAD_DTYPE, GOODNESS_ACTIVATIONS);
    REQUIRE(z->rank < SPIKEMIRROR_MAX_RANK, BAD_RANK, GOODNESS_ACTIVATIONS);
    REQUIRE(all_finite(z), NON_FINITE, GOODNESS_ACTIVATIONS);

    int64_t count = elements(z);
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += real(z, i) * real(z, i);
    set_real(&outputs[0], 0, sum);
    return SPIKEMIRROR_OK;
}
EXPORT(goodness)

// A kernel that has no entry point is reported as not run.
