#ifndef FILE_SYSTEM_H
#define FILE_SYSTEM_H

#include <stdint.h>

/// The kind (f_type) and the number (f_fsid) of the file system that a path is on: statfs(2), which Swift's Glibc lacks.
/// Returns 0, or -1 with errno set.
int file_system_identity(const char *path, uint32_t *kind, uint64_t *number);

/// Has the kernel begin to write a range of an open file to the disk: sync_file_range(2), which is Linux's own. Nothing is
/// durable because of it. It is a hint: what keeps it from being taken is not told, for the sync that has to follow meets
/// the same and tells it.
void file_system_start_writing(int file, int64_t offset, int64_t count);

#endif
