#ifndef MD5_KERNELS_H
#define MD5_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The words A, B, C and D of a running MD5 (RFC 1321, section 3.3).
typedef struct {
    uint32_t a, b, c, d;
} md5_state;

// Each kernel takes `count` chunks of 64 bytes into each of its lanes (RFC 1321, section 3.4): those from chunks[lane]
// on into states[lane]. The states are apart from each other; the bytes need not be, and need no alignment.
//
// There are kernels for x86-64 and arm64. For others only md5_has_avx2 is defined.

/// 1 and 2 lanes.
void md5_take_1(md5_state *states, const void *const *chunks, size_t count);
void md5_take_2(md5_state *states, const void *const *chunks, size_t count);

/// 8 lanes in the vectors that all processors of the architecture have: SSE2, NEON.
void md5_take_8(md5_state *states, const void *const *chunks, size_t count);

/// Whether the processor has AVX2. Without it the kernels below are illegal instructions.
bool md5_has_avx2(void);

/// 8 and 16 lanes in AVX2's vectors.
void md5_avx2_take_8(md5_state *states, const void *const *chunks, size_t count);
void md5_avx2_take_16(md5_state *states, const void *const *chunks, size_t count);

#endif
