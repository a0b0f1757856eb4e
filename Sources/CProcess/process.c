#include "process.h"

#include <limits.h>
#include <malloc.h>
#include <sys/resource.h>

#ifndef BUILD_COMMIT
#define BUILD_COMMIT "unknown"
#endif

const char *process_build_commit(void) {
    return BUILD_COMMIT;
}

void process_bound_heaps(void) {
#ifdef M_ARENA_MAX
    // Fails only for a value that is out of range.
    mallopt(M_ARENA_MAX, 2);
#endif
}

long process_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return LONG_MAX;
    if (limit.rlim_cur != limit.rlim_max) {
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    }
    return limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > LONG_MAX ? LONG_MAX : (long)limit.rlim_cur;
}
