#ifndef FILE_SYSTEM_H
#define FILE_SYSTEM_H

#include <stdint.h>

/// The kind (f_type) and the number (f_fsid) of the file system that a path is on: statfs(2), which Swift's Glibc lacks.
/// Returns 0, or -1 with errno set.
int file_system_identity(const char *path, uint32_t *kind, uint64_t *number);

#endif
