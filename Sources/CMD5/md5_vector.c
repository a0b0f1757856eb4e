#include "md5_kernels.h"
#include "md5_steps.h"
#include "md5_target.h"

#include <string.h>

#ifdef MD5_HAS_KERNELS

/// The same word of 8 lanes. Where vectors have 16 bytes only, the compiler makes two of it.
typedef uint32_t words __attribute__((vector_size(32)));
typedef uint32_t half_words __attribute__((vector_size(16)));

enum { width = 8, most_sets = 2 };

#define F(b, c, d) (d ^ (b & (c ^ d)))
#define G(b, c, d) ((c & ~d) + (b & d))
#define H(b, c, d) (b ^ (c ^ d))
#define I(b, c, d) (c ^ (b | ~d))

#define STEP(ROUND, a, b, c, d, word, shift, constant) \
    for (size_t i = 0; i < sets; i++) { \
        a[i] += message[i][word] + constant; \
        a[i] += ROUND(b[i], c[i], d[i]); \
        a[i] = (a[i] << shift | a[i] >> (32 - shift)) + b[i]; \
    }

/// The 4 words of each of 8 chunks from an offset on, as 4 vectors of the same word of each chunk.
MD5_BODY void transpose(words *message, const void *const *chunks, size_t offset) {
    words rows[4];
    for (size_t i = 0; i < 4; i++) {
        half_words low, high;
        memcpy(&low, (const uint8_t *)chunks[i] + offset, sizeof low);
        memcpy(&high, (const uint8_t *)chunks[i + 4] + offset, sizeof high);
        rows[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
    }
    // A 4x4 transposition in each half: lanes 0 to 3 in the low one, 4 to 7 in the high one.
    words pairs[4];
    for (size_t i = 0; i < 4; i += 2) {
        pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (size_t i = 0; i < 2; i++) {
        message[2 * i] = __builtin_shufflevector(pairs[i], pairs[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        message[2 * i + 1] = __builtin_shufflevector(pairs[i], pairs[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
}

MD5_BODY void take(size_t sets, md5_state *states, const void *const *chunks, size_t count) {
    words a[most_sets], b[most_sets], c[most_sets], d[most_sets];
    for (size_t i = 0; i < sets; i++) {
        for (size_t lane = 0; lane < width; lane++) {
            const md5_state *state = &states[i * width + lane];
            a[i][lane] = state->a, b[i][lane] = state->b, c[i][lane] = state->c, d[i][lane] = state->d;
        }
    }
    for (size_t offset = 0; count > 0; count--, offset += 64) {
        words message[most_sets][16], before[most_sets][4];
        for (size_t i = 0; i < sets; i++) {
            before[i][0] = a[i], before[i][1] = b[i], before[i][2] = c[i], before[i][3] = d[i];
            for (size_t word = 0; word < 16; word += 4) {
                transpose(&message[i][word], &chunks[i * width], offset + 4 * word);
            }
        }
        MD5_STEPS(STEP)
        for (size_t i = 0; i < sets; i++) {
            a[i] += before[i][0], b[i] += before[i][1], c[i] += before[i][2], d[i] += before[i][3];
        }
    }
    for (size_t i = 0; i < sets; i++) {
        for (size_t lane = 0; lane < width; lane++) {
            states[i * width + lane] = (md5_state){a[i][lane], b[i][lane], c[i][lane], d[i][lane]};
        }
    }
}

void md5_take_8(md5_state *states, const void *const *chunks, size_t count) {
    take(1, states, chunks, count);
}

#ifdef __x86_64__

__attribute__((target("avx2")))
void md5_avx2_take_8(md5_state *states, const void *const *chunks, size_t count) {
    take(1, states, chunks, count);
}

__attribute__((target("avx2")))
void md5_avx2_take_16(md5_state *states, const void *const *chunks, size_t count) {
    take(2, states, chunks, count);
}

#endif

#endif
