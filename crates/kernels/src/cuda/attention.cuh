// Attention over packed sequences (FlashAttention, https://arxiv.org/abs/2205.14135): the scores of a
// tile of queries stay in registers, and the softmax is updated from one block of keys to the next.
//
// `qkv` is `[T, 3 * heads * head_size]`, without its bias. A block works on one tile and one head. A tile
// is the first row of a sequence, its length, and the first of several queries in it. `biases` is
// `[heads, 2 * span - 1]`, indexed by the distance from query to key, or null. A head is padded with
// zeros to D.

#pragma once

#include <math_constants.h>

#include "values.cuh"

namespace {

// The queries of a block: the first row of their sequence, its length, and the first query.
struct Tile {
    uint32_t start, length, query;
};

__device__ inline Tile tile_of_block(const uint32_t *tiles) {
    const uint32_t *tile = tiles + size_t(blockIdx.x) * 3;
    return {tile[0], tile[1], tile[2]};
}

constexpr float LOG2_E = 1.44269504088896341f;

template <typename T> __device__ inline uint32_t pair_of(float low, float high) {
    const Pack<T, 2> pair = {from_float<T>(low), from_float<T>(high)};
    return *reinterpret_cast<const uint32_t *>(&pair);
}

__device__ inline void load_matrices(uint32_t (&to)[4], const void *row) {
    const uint32_t address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address)
                 : "memory");
}

__device__ inline void load_matrices_transposed(uint32_t (&to)[4], const void *row) {
    const uint32_t address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address)
                 : "memory");
}

// Computes c += a * b, where a is 16 × 16 and b is 16 × 8.
template <typename T>
__device__ inline void multiply_add(float (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                    uint32_t b1);
template <>
__device__ inline void multiply_add<__half>(float (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                            uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
template <>
__device__ inline void multiply_add<__nv_bfloat16>(float (&c)[4], const uint32_t (&a)[4],
                                                   uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Loads rows of queries, keys or values of one head and adds their bias. Rows past the end become
// zeros.
template <typename T, int D, int ROWS, int STRIDE, typename S>
__device__ inline void load_rows(S *to, const T *from, const T *bias, uint32_t rows,
                                 uint32_t stride, uint32_t head_size) {
    constexpr int N = 8;
    for (int at = threadIdx.x; at < ROWS * (D / N); at += THREADS) {
        const uint32_t row = at / (D / N), column = at % (D / N) * N;
        float values[N] = {};
        if (row < rows && column < head_size) {
            const auto x = load<T, N>(from + size_t(row) * stride + column);
            const auto b = load<T, N>(bias + column);
#pragma unroll
            for (int i = 0; i < N; i++) {
                values[i] = to_float(x.values[i]) + to_float(b.values[i]);
            }
        }
        S *target = to + row * STRIDE + column;
        if constexpr (STRIDE % N == 0) {
            Pack<S, N> pack;
#pragma unroll
            for (int i = 0; i < N; i++) {
                pack.values[i] = from_float<S>(values[i]);
            }
            store<S, N>(target, pack);
        } else {
#pragma unroll
            for (int i = 0; i < N; i++) {
                target[i] = from_float<S>(values[i]);
            }
        }
    }
}

// Attention in 16 bits on the tensor cores: 64 queries and 64 keys at a time, 16 queries for each warp.
template <typename T, int D>
__device__ void attention_16(const T *qkv, const T *bias, const uint32_t *tiles,
                             const float *biases, uint32_t span, uint32_t heads,
                             uint32_t head_size, T *out) {
    constexpr int QUERIES = 16 * WARPS, KEYS = 64, STRIDE = D + 8;
    __shared__ __align__(16) T keys[KEYS * STRIDE];
    __shared__ __align__(16) T values[KEYS * STRIDE];
    const Tile tile = tile_of_block(tiles);
    const uint32_t head = blockIdx.y, width = heads * head_size, stride = 3 * width;
    const uint32_t warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const T *rows = qkv + size_t(tile.start) * stride + head * head_size;
    const T *head_bias = bias + head * head_size;
    const float scale = LOG2_E / sqrtf(float(head_size));

    load_rows<T, D, QUERIES, STRIDE>(keys, rows + size_t(tile.query) * stride, head_bias,
                                     tile.length - tile.query, stride, head_size);
    __syncthreads();
    uint32_t q[D / 16][4];
#pragma unroll
    for (int k = 0; k < D / 16; k++) {
        load_matrices(q[k], keys + (warp * 16 + lane % 16) * STRIDE + k * 16 + lane / 16 * 8);
    }

    float sums[D / 8][4] = {};
    float largest[2] = {-CUDART_INF_F, -CUDART_INF_F}, totals[2] = {};
    for (uint32_t first = 0; first < tile.length; first += KEYS) {
        __syncthreads();
        const T *from = rows + size_t(first) * stride;
        const uint32_t left = tile.length - first;
        load_rows<T, D, KEYS, STRIDE>(keys, from + width, head_bias + width, left, stride,
                                      head_size);
        load_rows<T, D, KEYS, STRIDE>(values, from + 2 * width, head_bias + 2 * width, left,
                                      stride, head_size);
        __syncthreads();

        float scores[KEYS / 8][4] = {};
#pragma unroll
        for (int k = 0; k < D / 16; k++) {
#pragma unroll
            for (int n = 0; n < KEYS / 16; n++) {
                uint32_t b[4];
                load_matrices(b, keys + (n * 16 + lane % 8 + lane / 16 * 8) * STRIDE + k * 16 +
                                     lane / 8 % 2 * 8);
                multiply_add<T>(scores[2 * n], q[k], b[0], b[1]);
                multiply_add<T>(scores[2 * n + 1], q[k], b[2], b[3]);
            }
        }

        // A thread holds the scores of two queries with two of every eight keys: 2 * (lane % 4) and the
        // next.
        float best[2] = {largest[0], largest[1]};
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const uint32_t key = first + n * 8 + lane % 4 * 2 + i % 2;
                const uint32_t query = tile.query + warp * 16 + lane / 4 + i / 2 * 8;
                float score = scores[n][i] * scale;
                if (biases != nullptr && key < tile.length && query < tile.length) {
                    score += LOG2_E * biases[head * (2 * span - 1) + span - 1 + key - query];
                }
                scores[n][i] = key < tile.length ? score : -CUDART_INF_F;
                best[i / 2] = fmaxf(best[i / 2], scores[n][i]);
            }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            best[half] = fmaxf(best[half], __shfl_xor_sync(0xffffffff, best[half], 1));
            best[half] = fmaxf(best[half], __shfl_xor_sync(0xffffffff, best[half], 2));
            const float shrink = exp2f(largest[half] - best[half]);
            largest[half] = best[half];
            totals[half] *= shrink;
#pragma unroll
            for (int d = 0; d < D / 8; d++) {
                sums[d][2 * half] *= shrink;
                sums[d][2 * half + 1] *= shrink;
            }
        }
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                scores[n][i] = exp2f(scores[n][i] - largest[i / 2]);
                totals[i / 2] += scores[n][i];
            }
        }

        // The layout of the result of a product is that of the first operand of the next product.
#pragma unroll
        for (int k = 0; k < KEYS / 16; k++) {
            const auto &low = scores[2 * k], &high = scores[2 * k + 1];
            const uint32_t weights[4] = {pair_of<T>(low[0], low[1]), pair_of<T>(low[2], low[3]),
                                         pair_of<T>(high[0], high[1]),
                                         pair_of<T>(high[2], high[3])};
#pragma unroll
            for (int d = 0; d < D / 16; d++) {
                uint32_t b[4];
                load_matrices_transposed(b, values + (k * 16 + lane % 16) * STRIDE + d * 16 +
                                                lane / 16 * 8);
                multiply_add<T>(sums[2 * d], weights, b[0], b[1]);
                multiply_add<T>(sums[2 * d + 1], weights, b[2], b[3]);
            }
        }
    }

#pragma unroll
    for (int half = 0; half < 2; half++) {
        float total = totals[half];
        total += __shfl_xor_sync(0xffffffff, total, 1);
        total += __shfl_xor_sync(0xffffffff, total, 2);
        const uint32_t query = tile.query + warp * 16 + lane / 4 + half * 8;
        if (query >= tile.length) continue;
        T *row = out + size_t(tile.start + query) * width + head * head_size;
#pragma unroll
        for (int d = 0; d < D / 8; d++) {
            const uint32_t column = d * 8 + lane % 4 * 2;
            if (column < head_size) {
                const Pack<T, 2> pair = {from_float<T>(sums[d][2 * half] / total),
                                         from_float<T>(sums[d][2 * half + 1] / total)};
                store<T, 2>(row + column, pair);
            }
        }
    }
}

// Attention in f32: 32 queries and 32 keys at a time. Four threads share a query, and each takes every
// fourth key.
template <typename T, int D>
__device__ void attention_32(const T *qkv, const T *bias, const uint32_t *tiles,
                             const float *biases, uint32_t span, uint32_t heads,
                             uint32_t head_size, T *out) {
    static_assert(sizeof(T) == sizeof(float));
    constexpr int SHARE = 4, QUERIES = THREADS / SHARE, KEYS = 32, STRIDE = D + 1;
    __shared__ float keys[KEYS * STRIDE];
    __shared__ float values[KEYS * STRIDE];
    const Tile tile = tile_of_block(tiles);
    const uint32_t head = blockIdx.y, width = heads * head_size, stride = 3 * width;
    const uint32_t share = threadIdx.x % SHARE, query_in_tile = threadIdx.x / SHARE;
    const uint32_t query = tile.query + query_in_tile;
    const float *rows = qkv + size_t(tile.start) * stride + head * head_size;
    const float *head_bias = bias + head * head_size;
    const float scale = 1.0f / sqrtf(float(head_size));

    load_rows<float, D, QUERIES, STRIDE>(keys, rows + size_t(tile.query) * stride, head_bias,
                                         tile.length - tile.query, stride, head_size);
    __syncthreads();
    float q[D], sums[D];
#pragma unroll
    for (int d = 0; d < D; d++) {
        q[d] = keys[query_in_tile * STRIDE + d];
        sums[d] = 0;
    }

    float largest = -CUDART_INF_F, total = 0;
    for (uint32_t first = 0; first < tile.length; first += KEYS) {
        __syncthreads();
        const float *from = rows + size_t(first) * stride;
        const uint32_t left = tile.length - first;
        load_rows<float, D, KEYS, STRIDE>(keys, from + width, head_bias + width, left, stride,
                                          head_size);
        load_rows<float, D, KEYS, STRIDE>(values, from + 2 * width, head_bias + 2 * width, left,
                                          stride, head_size);
        __syncthreads();
        float scores[KEYS / SHARE], best = largest;
#pragma unroll
        for (int n = 0; n < KEYS / SHARE; n++) {
            const uint32_t at = n * SHARE + share, key = first + at;
            float score = 0;
#pragma unroll
            for (int d = 0; d < D; d++) {
                score += q[d] * keys[at * STRIDE + d];
            }
            score *= scale;
            if (biases != nullptr && key < tile.length && query < tile.length) {
                score += biases[head * (2 * span - 1) + span - 1 + key - query];
            }
            scores[n] = key < tile.length ? score : -CUDART_INF_F;
            best = fmaxf(best, scores[n]);
        }
        best = fmaxf(best, __shfl_xor_sync(0xffffffff, best, 1));
        best = fmaxf(best, __shfl_xor_sync(0xffffffff, best, 2));
        const float shrink = expf(largest - best);
        largest = best;
        total *= shrink;
#pragma unroll
        for (int d = 0; d < D; d++) {
            sums[d] *= shrink;
        }
#pragma unroll
        for (int n = 0; n < KEYS / SHARE; n++) {
            const float weight = expf(scores[n] - best);
            total += weight;
#pragma unroll
            for (int d = 0; d < D; d++) {
                sums[d] += weight * values[(n * SHARE + share) * STRIDE + d];
            }
        }
    }

    total += __shfl_xor_sync(0xffffffff, total, 1);
    total += __shfl_xor_sync(0xffffffff, total, 2);
    float *row = out + size_t(tile.start + query) * width + head * head_size;
#pragma unroll
    for (int d = 0; d < D; d++) {
        float sum = sums[d];
        sum += __shfl_xor_sync(0xffffffff, sum, 1);
        sum += __shfl_xor_sync(0xffffffff, sum, 2);
        if (d % SHARE == share && d < head_size && query < tile.length) {
            row[d] = sum / total;
        }
    }
}

} // namespace
