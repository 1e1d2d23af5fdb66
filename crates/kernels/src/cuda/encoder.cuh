// The layers of a post-norm transformer over packed tokens, except for the matrix products.
//
// Every kernel exists for f32, f16 and bf16 (`_f32`, `_f16`, `_bf16`). Each format has its own module,
// because the driver compiles a module as a whole. Sums, norms and the softmax are computed in f32 for
// every format. The widths of rows are multiples of 8.

#pragma once

#include <math_constants.h>

#include "attention.cuh"
#include "values.cuh"

namespace {

// Normalizes one row by one warp. `pair(at)` returns the values at `at` and `at + 1`; `row` is shared
// memory for the values of the row.
template <typename T, typename F>
__device__ inline void norm_row(F pair, const float *scale, const float *shift, float epsilon,
                                uint32_t width, float *row, T *out) {
    const uint32_t lane = threadIdx.x % 32;
    float sum = 0;
    for (uint32_t at = 2 * lane; at < width; at += 64) {
        const float2 x = pair(at);
        *reinterpret_cast<float2 *>(row + at) = x;
        sum += x.x + x.y;
    }
    const float mean = sum_of_warp(sum) / width;
    float squares = 0;
    for (uint32_t at = 2 * lane; at < width; at += 64) {
        const float2 x = *reinterpret_cast<float2 *>(row + at);
        squares += (x.x - mean) * (x.x - mean) + (x.y - mean) * (x.y - mean);
    }
    const float inverse = 1.0f / sqrtf(sum_of_warp(squares) / width + epsilon);
    for (uint32_t at = 2 * lane; at < width; at += 64) {
        const float2 x = *reinterpret_cast<float2 *>(row + at);
        const float2 a = *reinterpret_cast<const float2 *>(scale + at);
        const float2 b = *reinterpret_cast<const float2 *>(shift + at);
        Pack<T, 2> y;
        y.values[0] = from_float<T>((x.x - mean) * inverse * a.x + b.x);
        y.values[1] = from_float<T>((x.y - mean) * inverse * a.y + b.y);
        store<T, 2>(out + at, y);
    }
}

// Adds the token embedding and the position embedding of each token and normalizes the sum.
template <typename T>
__device__ void embed(const T *token_embeddings, const T *position_embeddings,
                      const uint32_t *ids, const uint32_t *positions, const float *scale,
                      const float *shift, float epsilon, uint32_t rows, uint32_t width, T *out) {
    extern __shared__ float memory[];
    const uint32_t warp = threadIdx.x / 32;
    const uint32_t row = blockIdx.x * WARPS + warp;
    if (row >= rows) return;
    const T *token = token_embeddings + size_t(ids[row]) * width;
    const T *position = position_embeddings + size_t(positions[row]) * width;
    const auto pair = [=](uint32_t at) {
        const auto a = load<T, 2>(token + at), b = load<T, 2>(position + at);
        return make_float2(to_float(a.values[0]) + to_float(b.values[0]),
                           to_float(a.values[1]) + to_float(b.values[1]));
    };
    norm_row<T>(pair, scale, shift, epsilon, width, memory + warp * width,
                out + size_t(row) * width);
}

// Adds a product, its bias and the residual connection and normalizes the sum.
template <typename T>
__device__ void add_norm(const T *product, const T *bias, const T *residual, const float *scale,
                         const float *shift, float epsilon, uint32_t rows, uint32_t width,
                         T *out) {
    extern __shared__ float memory[];
    const uint32_t warp = threadIdx.x / 32;
    const uint32_t row = blockIdx.x * WARPS + warp;
    if (row >= rows) return;
    const T *x = product + size_t(row) * width;
    const T *skip = residual + size_t(row) * width;
    const auto pair = [=](uint32_t at) {
        const auto a = load<T, 2>(x + at), b = load<T, 2>(bias + at), c = load<T, 2>(skip + at);
        return make_float2(to_float(a.values[0]) + to_float(b.values[0]) + to_float(c.values[0]),
                           to_float(a.values[1]) + to_float(b.values[1]) + to_float(c.values[1]));
    };
    norm_row<T>(pair, scale, shift, epsilon, width, memory + warp * width,
                out + size_t(row) * width);
}

__device__ inline float activate(float x, uint32_t activation) {
    switch (activation) {
    case 0: // GELU
        return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
    case 1: // GELU by tanh
        return 0.5f * x *
               (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
    default: // ReLU; NaN stays NaN
        return x < 0.0f ? 0.0f : x;
    }
}

// Adds the bias to a product and applies the activation.
template <typename T>
__device__ void bias_activation(const T *product, const T *bias, uint32_t activation,
                                uint32_t packs, uint32_t packs_of_row, T *out) {
    constexpr int N = PACK<T>;
    const uint32_t at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= packs) return;
    const auto x = load<T, N>(product + size_t(at) * N);
    const auto b = load<T, N>(bias + (at % packs_of_row) * N);
    Pack<T, N> y;
#pragma unroll
    for (int i = 0; i < N; i++) {
        const float sum = to_float(x.values[i]) + to_float(b.values[i]);
        y.values[i] = from_float<T>(activate(sum, activation));
    }
    store<T, N>(out + size_t(at) * N, y);
}

// Pools the hidden states of each sequence into one row. Sums are in f64, in the order of the tokens.
template <typename T>
__device__ void pool(const T *hidden, const uint32_t *starts, const uint32_t *lengths,
                     uint32_t skip, uint32_t mode, uint32_t width, uint32_t stride, float *out) {
    const uint32_t length = lengths[blockIdx.x];
    const uint32_t from = min(skip, length);
    const T *states = hidden + size_t(starts[blockIdx.x]) * width;
    for (uint32_t column = threadIdx.x; column < width; column += blockDim.x) {
        const auto state = [=](uint32_t token) {
            return to_float(states[size_t(token) * width + column]);
        };
        float pooled = 0;
        if (mode == 0) { // the first token
            pooled = state(from == length ? 0 : from);
        } else if (mode == 1) { // the largest value
            pooled = -CUDART_INF_F;
            for (uint32_t token = from; token < length; token++) {
                pooled = fmaxf(pooled, state(token));
            }
        } else if (mode == 5) { // the last token
            pooled = from == length ? 0 : state(length - 1);
        } else { // means
            double sum = 0, weights = 0;
            for (uint32_t token = from; token < length; token++) {
                const double weight = mode == 4 ? token + 1 : 1;
                sum += weight * state(token);
                weights += weight;
            }
            weights = fmax(weights, 1e-9);
            pooled = float(sum / (mode == 3 ? sqrt(weights) : weights));
        }
        out[size_t(blockIdx.x) * stride + column] = pooled;
    }
}

} // namespace

#define ATTENTION_OF_SIZE(D, SUFFIX, T, BODY)                                                      \
    extern "C" __global__ void __launch_bounds__(THREADS)                                          \
        attention_##D##_##SUFFIX(const T *qkv, const T *bias, const uint32_t *tiles,               \
                                 const float *biases, uint32_t span, uint32_t heads,               \
                                 uint32_t head_size, T *out) {                                     \
        BODY(qkv, bias, tiles, biases, span, heads, head_size, out);                               \
    }

// All kernels for values of type T, with one of the two implementations of attention.
#define KERNELS_OF(SUFFIX, T, ATTENTION)                                                           \
    extern "C" __global__ void __launch_bounds__(THREADS)                                          \
        embed_##SUFFIX(const T *token_embeddings, const T *position_embeddings,                    \
                       const uint32_t *ids, const uint32_t *positions, const float *scale,         \
                       const float *shift, float epsilon, uint32_t rows, uint32_t width,           \
                       T *out) {                                                                   \
        embed<T>(token_embeddings, position_embeddings, ids, positions, scale, shift, epsilon,     \
                 rows, width, out);                                                                \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(THREADS)                                          \
        add_norm_##SUFFIX(const T *product, const T *bias, const T *residual,                      \
                          const float *scale, const float *shift, float epsilon, uint32_t rows,    \
                          uint32_t width, T *out) {                                                \
        add_norm<T>(product, bias, residual, scale, shift, epsilon, rows, width, out);             \
    }                                                                                              \
    extern "C" __global__ void bias_activation_##SUFFIX(const T *product, const T *bias,           \
                                                        uint32_t activation, uint32_t packs,       \
                                                        uint32_t packs_of_row, T *out) {           \
        bias_activation<T>(product, bias, activation, packs, packs_of_row, out);                   \
    }                                                                                              \
    extern "C" __global__ void pool_##SUFFIX(const T *hidden, const uint32_t *starts,              \
                                             const uint32_t *lengths, uint32_t skip,               \
                                             uint32_t mode, uint32_t width, uint32_t stride,       \
                                             float *out) {                                         \
        pool<T>(hidden, starts, lengths, skip, mode, width, stride, out);                          \
    }                                                                                              \
    ATTENTION_OF_SIZE(16, SUFFIX, T, (ATTENTION<T, 16>))                                           \
    ATTENTION_OF_SIZE(32, SUFFIX, T, (ATTENTION<T, 32>))                                           \
    ATTENTION_OF_SIZE(64, SUFFIX, T, (ATTENTION<T, 64>))                                           \
    ATTENTION_OF_SIZE(128, SUFFIX, T, (ATTENTION<T, 128>))
