// Three kernels in C: two whose bits are due, and one that is held to its error budget.
#include "support.h"

#include <stdlib.h>

int32_t spikemirror_version(void) { return SPIKEMIRROR_VERSION; }

// W + (((lr post_i) pre_j) - (decay W)), in this order
static int32_t csdp_positive(
    const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs) {
    const spikemirror_array *weights = &inputs[0], *pre = &inputs[1], *post = &inputs[2];
    const int32_t dtype = weights->dtype;
    REQUIRE(is_real(weights), BAD_DTYPE, CSDP_POSITIVE_WEIGHTS);
    REQUIRE(pre->dtype == SPIKEMIRROR_UINT8, BAD_DTYPE, CSDP_POSITIVE_PRE_SPIKES);
    REQUIRE(post->dtype == SPIKEMIRROR_UINT8, BAD_DTYPE, CSDP_POSITIVE_POST_SPIKES);
    REQUIRE(weights->rank == 2, BAD_RANK, CSDP_POSITIVE_WEIGHTS);
    REQUIRE(pre->rank == 1, BAD_RANK, CSDP_POSITIVE_PRE_SPIKES);
    REQUIRE(post->rank == 1, BAD_RANK, CSDP_POSITIVE_POST_SPIKES);
    REQUIRE(pre->shape[0] == weights->shape[1], BAD_SHAPE, CSDP_POSITIVE_PRE_SPIKES);
    REQUIRE(post->shape[0] == weights->shape[0], BAD_SHAPE, CSDP_POSITIVE_POST_SPIKES);
    const double lr = rounded(dtype, parameters[0].value.real), decay = rounded(dtype, parameters[1].value.real);
    REQUIRE(isfinite(lr) && lr >= 0, BAD_PARAMETER, CSDP_POSITIVE_LR);
    REQUIRE(isfinite(decay) && decay >= 0, BAD_PARAMETER, CSDP_POSITIVE_DECAY);
    REQUIRE(all_finite(weights), NON_FINITE, CSDP_POSITIVE_WEIGHTS);
    REQUIRE(all_spikes(pre), BAD_SPIKES, CSDP_POSITIVE_PRE_SPIKES);
    REQUIRE(all_spikes(post), BAD_SPIKES, CSDP_POSITIVE_POST_SPIKES);

    const uint8_t *pre_spikes = pre->data, *post_spikes = post->data;
    const int64_t columns = weights->shape[1];
    for (int64_t i = 0; i < weights->shape[0]; i++)
        for (int64_t j = 0; j < columns; j++) {
            double w = real(weights, i * columns + j);
            double growth = rounded(dtype, rounded(dtype, lr * post_spikes[i]) * pre_spikes[j]);
            double change = rounded(dtype, growth - rounded(dtype, decay * w));
            set_real(&outputs[0], i * columns + j, w + change);
        }
    return SPIKEMIRROR_OK;
}
EXPORT(csdp_positive)

// ON where x_t - previous > theta_on, OFF where previous - x_t > theta_off; then previous = x_t
static int32_t encode_delta(
    const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs) {
    const spikemirror_array *x = &inputs[0], *previous = &inputs[1];
    const int32_t dtype = x->dtype;
    REQUIRE(is_real(x), BAD_DTYPE, ENCODE_DELTA_X);
    REQUIRE(previous->dtype == dtype, BAD_DTYPE, ENCODE_DELTA_PREVIOUS);
    REQUIRE(x->rank == 3, BAD_RANK, ENCODE_DELTA_X);
    REQUIRE(previous->rank == 2, BAD_RANK, ENCODE_DELTA_PREVIOUS);
    REQUIRE(previous->shape[0] == x->shape[0] && previous->shape[1] == x->shape[2], BAD_SHAPE, ENCODE_DELTA_PREVIOUS);
    const double on = rounded(dtype, parameters[0].value.real);
    const double off = parameters[1].present ? rounded(dtype, parameters[1].value.real) : on;
    REQUIRE(isfinite(on) && on >= 0, BAD_PARAMETER, ENCODE_DELTA_THETA_ON);
    REQUIRE(isfinite(off) && off >= 0, BAD_PARAMETER, ENCODE_DELTA_THETA_OFF);
    REQUIRE(all_finite(x), NON_FINITE, ENCODE_DELTA_X);
    REQUIRE(all_finite(previous), NON_FINITE, ENCODE_DELTA_PREVIOUS);

    uint8_t *spikes = outputs[0].data;
    const int64_t steps = x->shape[1], n = x->shape[2];
    for (int64_t b = 0; b < x->shape[0]; b++)
        for (int64_t i = 0; i < n; i++) {
            double before = real(previous, b * n + i);
            for (int64_t t = 0; t < steps; t++) {
                double now = real(x, (b * steps + t) * n + i);
                uint8_t *step = spikes + (b * steps + t) * 2 * n;
                step[i] = rounded(dtype, now - before) > on;
                step[n + i] = rounded(dtype, before - now) > off;
                before = now;
            }
            set_real(&outputs[1], b * n + i, before);
        }
    return SPIKEMIRROR_OK;
}
EXPORT(encode_delta)

// Rows over max(norm, 1e-8), in double. A power of two is taken out first: neither 1e200 nor a subnormal is lost.
static void unit_rows(const spikemirror_array *view, double *unit) {
    const int64_t features = view->shape[1];
    for (int64_t i = 0; i < view->shape[0]; i++, unit += features) {
        double largest = 0, squares = 0;
        for (int64_t f = 0; f < features; f++)
            largest = fmax(largest, fabs(real(view, i * features + f)));
        int exponent;
        frexp(fmax(largest, 1e-8), &exponent);
        for (int64_t f = 0; f < features; f++) {
            unit[f] = ldexp(real(view, i * features + f), -exponent);
            squares += unit[f] * unit[f];
        }
        double norm = fmax(sqrt(squares), ldexp(1e-8, -exponent));
        for (int64_t f = 0; f < features; f++)
            unit[f] /= norm;
    }
}

// ln(sum_j exp(s_j)) - s_i by the largest score, whose own term is left out of the sum: nothing cancels.
static double row_loss(const double *q, const double *k, int64_t i, int64_t batch, int64_t features, double temperature,
                       double *scores) {
    int64_t top = 0;
    for (int64_t j = 0; j < batch; j++) {
        scores[j] = 0;
        for (int64_t f = 0; f < features; f++)
            scores[j] += q[i * features + f] * k[j * features + f];
        scores[j] /= temperature;
        top = scores[j] > scores[top] ? j : top;
    }
    double others = 0;
    for (int64_t j = 0; j < batch; j++)
        if (j != top)
            others += exp(scores[j] - scores[top]);
    return (scores[top] - scores[i]) + log1p(others);
}

static int32_t infonce(
    const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs) {
    const spikemirror_array *a = &inputs[0], *b = &inputs[1];
    REQUIRE(is_real(a), BAD_DTYPE, INFONCE_VIEW_A);
    REQUIRE(b->dtype == a->dtype, BAD_DTYPE, INFONCE_VIEW_B);
    REQUIRE(a->rank == 2, BAD_RANK, INFONCE_VIEW_A);
    REQUIRE(b->rank == 2, BAD_RANK, INFONCE_VIEW_B);
    REQUIRE(a->shape[1] >= 1, BAD_SHAPE, INFONCE_VIEW_A);
    REQUIRE(b->shape[0] == a->shape[0] && b->shape[1] == a->shape[1], BAD_SHAPE, INFONCE_VIEW_B);
    const double temperature = rounded(a->dtype, parameters[0].value.real);
    REQUIRE(isfinite(temperature) && temperature > 0, BAD_PARAMETER, INFONCE_TEMPERATURE);
    REQUIRE(all_finite(a), NON_FINITE, INFONCE_VIEW_A);
    REQUIRE(all_finite(b), NON_FINITE, INFONCE_VIEW_B);

    const int64_t batch = a->shape[0], features = a->shape[1];
    const bool symmetric = parameters[1].value.word;
    double *q = malloc((size_t)(2 * batch * features + batch + 1) * sizeof(double));
    if (q == NULL)
        return SPIKEMIRROR_OUT_OF_MEMORY;
    double *k = q + batch * features, *scores = k + batch * features;
    unit_rows(a, q);
    unit_rows(b, k);
    double sum = 0;
    for (int64_t i = 0; i < batch; i++) {
        double loss = 0; // of a batch of one: it has no negatives
        if (batch > 1)
            loss = row_loss(q, k, i, batch, features, temperature, scores);
        if (batch > 1 && symmetric)
            loss = (loss + row_loss(k, q, i, batch, features, temperature, scores)) / 2;
        set_real(&outputs[1], i, loss);
        sum += loss;
    }
    set_real(&outputs[0], 0, batch > 1 ? sum / (double)batch : 0);
    free(q);
    return SPIKEMIRROR_OK;
}
EXPORT(infonce)
