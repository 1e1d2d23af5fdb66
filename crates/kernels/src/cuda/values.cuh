// Conversions, loads and stores of values in f32, f16 and bf16.

#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

namespace {

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(__half x) { return __half2float(x); }
__device__ inline float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T> __device__ inline T from_float(float x);
template <> __device__ inline float from_float<float>(float x) { return x; }
template <> __device__ inline __half from_float<__half>(float x) { return __float2half_rn(x); }
template <> __device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float x) {
    return __float2bfloat16_rn(x);
}

// Values that are loaded and stored by one instruction.
template <typename T, int N> struct alignas(N * sizeof(T)) Pack {
    T values[N];
};

// The number of values in 16 bytes.
template <typename T> constexpr int PACK = 16 / sizeof(T);

template <typename T, int N> __device__ inline Pack<T, N> load(const T *from) {
    return *reinterpret_cast<const Pack<T, N> *>(from);
}

template <typename T, int N> __device__ inline void store(T *to, const Pack<T, N> &pack) {
    *reinterpret_cast<Pack<T, N> *>(to) = pack;
}

__device__ inline float sum_of_warp(float x) {
    for (int distance = 16; distance > 0; distance /= 2) {
        x += __shfl_xor_sync(0xffffffff, x, distance);
    }
    return x;
}

// The numbers of warps and of threads in a block.
constexpr int WARPS = 4;
constexpr int THREADS = 32 * WARPS;

} // namespace
