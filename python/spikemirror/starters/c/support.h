// What kernels share: elements, checks, rejections and entry points. Yours to change.
#ifndef SUPPORT_H
#define SUPPORT_H

#include <math.h>
#include <stdbool.h>
#include <time.h>

#include "spikemirror.h"

// Refuses the call unless `good`: REQUIRE(z->rank < 8, BAD_RANK, GOODNESS_ACTIVATIONS)
#define REQUIRE(good, code, argument)                                                            \
    do {                                                                                         \
        if (!(good))                                                                             \
            return SPIKEMIRROR_REJECTION(SPIKEMIRROR_##code, SPIKEMIRROR_##argument);            \
    } while (0)

// The product of all lengths; of valid arrays alone, for others it may be anything.
static inline int64_t elements(const spikemirror_array *array) {
    int64_t count = 1;
    for (int32_t axis = 0; axis < array->rank; axis++)
        count *= array->shape[axis];
    return count;
}

static inline bool is_real(const spikemirror_array *array) {
    return array->dtype == SPIKEMIRROR_FLOAT32 || array->dtype == SPIKEMIRROR_FLOAT64;
}

// A number as the dtype has it. float32 operations may be done on doubles if each result goes through here.
static inline double rounded(int32_t dtype, double number) {
    return dtype == SPIKEMIRROR_FLOAT32 ? (float)number : number;
}

static inline double real(const spikemirror_array *array, int64_t index) {
    return array->dtype == SPIKEMIRROR_FLOAT32 ? ((const float *)array->data)[index]
                                               : ((const double *)array->data)[index];
}

static inline void set_real(const spikemirror_array *array, int64_t index, double number) {
    if (array->dtype == SPIKEMIRROR_FLOAT32)
        ((float *)array->data)[index] = (float)number;
    else
        ((double *)array->data)[index] = number;
}

static inline bool all_finite(const spikemirror_array *array) {
    int64_t count = elements(array);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(real(array, i)))
            return false;
    return true;
}

static inline bool all_spikes(const spikemirror_array *array) {
    int64_t count = elements(array);
    for (int64_t i = 0; i < count; i++)
        if (((const uint8_t *)array->data)[i] > 1)
            return false;
    return true;
}

typedef int32_t kernel(
    const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs);

// Computes a kernel once or, to be timed, so many times.
static inline int32_t run(
    kernel *compute, const spikemirror_array *inputs, const spikemirror_parameter *parameters,
    const spikemirror_array *outputs, int64_t *nanoseconds, int64_t repeats) {
    int32_t status = SPIKEMIRROR_OK;
    if (repeats == 0)
        return compute(inputs, parameters, outputs);
    for (int64_t i = 0; i < repeats && status == SPIKEMIRROR_OK; i++) {
        struct timespec start, stop;
        clock_gettime(CLOCK_MONOTONIC, &start);
        status = compute(inputs, parameters, outputs);
        clock_gettime(CLOCK_MONOTONIC, &stop);
        nanoseconds[i] = (stop.tv_sec - start.tv_sec) * INT64_C(1000000000) + (stop.tv_nsec - start.tv_nsec);
    }
    return status;
}

// The entry point of the kernel `name`, a function of that name.
#define EXPORT(name)                                                                                                \
    int32_t spikemirror_##name(                                                                                     \
        const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs, \
        int64_t *nanoseconds, int64_t repeats) {                                                                    \
        return run(name, inputs, parameters, outputs, nanoseconds, repeats);                                        \
    }

#endif
