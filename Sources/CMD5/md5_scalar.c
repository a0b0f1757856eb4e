#include "md5_kernels.h"
#include "md5_steps.h"
#include "md5_target.h"

#include <string.h>

#ifdef MD5_HAS_KERNELS

enum { most_lanes = 2 };

// One stream is bound by the latency of its steps: each needs the b of the one before. So what does not need b is added
// first. Left to itself the compiler would sort the sums anew, and make G's sum an "or", which has to wait for both.
MD5_BODY uint32_t settled(uint32_t sum) {
    __asm__("" : "+r"(sum));
    return sum;
}

#define F(sum, b, c, d) (settled(sum) + (d ^ (b & (c ^ d))))
#define G(sum, b, c, d) (settled(sum + (c & ~d)) + (b & d))
#define H(sum, b, c, d) (settled(sum) + (b ^ (c ^ d)))
#define I(sum, b, c, d) (settled(sum) + (c ^ (b | ~d)))

MD5_BODY uint32_t load(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

MD5_BODY uint32_t rotate(uint32_t word, int shift) {
    return word << shift | word >> (32 - shift);
}

#define STEP(ROUND, a, b, c, d, word, shift, constant) \
    for (size_t i = 0; i < lanes; i++) { \
        a[i] += load(from[i] + 4 * word) + constant; \
        a[i] = rotate(ROUND(a[i], b[i], c[i], d[i]), shift) + b[i]; \
    }

MD5_BODY void take(size_t lanes, md5_state *states, const void *const *chunks, size_t count) {
    uint32_t a[most_lanes], b[most_lanes], c[most_lanes], d[most_lanes];
    const uint8_t *from[most_lanes];
    for (size_t i = 0; i < lanes; i++) {
        a[i] = states[i].a, b[i] = states[i].b, c[i] = states[i].c, d[i] = states[i].d;
        from[i] = chunks[i];
    }
    for (; count > 0; count--) {
        md5_state before[most_lanes];
        for (size_t i = 0; i < lanes; i++) before[i] = (md5_state){a[i], b[i], c[i], d[i]};
        MD5_STEPS(STEP)
        for (size_t i = 0; i < lanes; i++) {
            a[i] += before[i].a, b[i] += before[i].b, c[i] += before[i].c, d[i] += before[i].d;
            from[i] += 64;
        }
    }
    for (size_t i = 0; i < lanes; i++) states[i] = (md5_state){a[i], b[i], c[i], d[i]};
}

void md5_take_1(md5_state *states, const void *const *chunks, size_t count) {
    take(1, states, chunks, count);
}

void md5_take_2(md5_state *states, const void *const *chunks, size_t count) {
    take(2, states, chunks, count);
}

#endif
