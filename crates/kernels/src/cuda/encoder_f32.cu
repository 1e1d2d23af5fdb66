#include "encoder.cuh"

KERNELS_OF(f32, float, attention_32)
