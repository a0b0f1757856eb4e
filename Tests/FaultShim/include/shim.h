#ifndef SHIM_H
#define SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault_shim_control.h"

/// The function that the program would have called without the shim.
void *shim_real(void **cache, const char *name);
#define REAL(name)                                                      \
    ({                                                                  \
        static void *cache;                                             \
        (__typeof__(&name))shim_real(&cache, #name);                    \
    })

/// What a call obeys; all zero for none.
struct shim_verdict {
    int error;
    int is_short;
    int has_free_bytes;
    uint64_t free_bytes;
};

/// Whether every call can go straight through.
int shim_is_idle(void);
/// Nanoseconds that the wall clock is off.
int64_t shim_clock(void);
/// Applies the rules about an open file; waits, and ends the process, where one says so.
struct shim_verdict shim_judge_file(uint32_t operation, int file);
/// Applies the rules about a path, which `folder` is the start of where it is relative.
struct shim_verdict shim_judge_path(uint32_t operation, int folder, const char *path);
/// Applies the rules about two paths, for rename and link.
struct shim_verdict shim_judge_paths(
    uint32_t operation, int folder, const char *path, int other_folder, const char *other);
/// Sets errno; -1.
int shim_fail(int error);
/// The absolute path of something, not normalised.
void shim_absolute(int folder, const char *path, char *result, size_t size);
/// The path of an open file; 0 for what is not in a file system.
int shim_path_of_file(int file, char *result, size_t size);

#endif
