#ifndef MD5_TARGET_H
#define MD5_TARGET_H

#if defined(__x86_64__) || defined(__aarch64__)
#define MD5_HAS_KERNELS
#endif

/// A body that becomes part of each function that calls it: of its number of lanes and its instruction set.
#define MD5_BODY static inline __attribute__((always_inline))

#endif
