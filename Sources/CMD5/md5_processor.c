#include "md5_kernels.h"

bool md5_has_avx2(void) {
#ifdef __x86_64__
    // Asks the operating system too: whether it keeps the long registers.
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}
