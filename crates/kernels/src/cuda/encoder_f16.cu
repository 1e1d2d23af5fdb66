#include "encoder.cuh"

KERNELS_OF(f16, __half, attention_16)
