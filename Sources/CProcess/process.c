#include "process.h"

#include <malloc.h>

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
