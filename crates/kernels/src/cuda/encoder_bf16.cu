#include "encoder.cuh"

KERNELS_OF(bf16, __nv_bfloat16, attention_16)
