// Calls that open files, and those that change folders.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "recording.h"
#include "shim.h"

#define ALIAS(name, other) extern __typeof__(other) name __attribute__((alias(#other)))

// MARK: Opening

static int makes(int folder, const char *path, int flags) {
    int before = errno;
    int result = (flags & O_TMPFILE) == O_TMPFILE
        || ((flags & O_CREAT) && faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0);
    errno = before;
    return result;
}

static int open_recorded(int folder, const char *path, int flags, mode_t mode) {
    int is_new = makes(folder, path, flags);
    int file = REAL(openat)(folder, path, flags, mode);
    if (file >= 0 && is_new) recording_of_file(RECORDING_CREATE, file, 0);
    if (file >= 0 && !is_new && (flags & O_TRUNC)) recording_of_file(RECORDING_TRUNCATE, file, 0);
    return file;
}

static int open_any(int folder, const char *path, int flags, mode_t mode) {
    uint32_t operation = FAULT_SHIM_OPEN;
    if (!shim_is_idle() && makes(folder, path, flags)) operation |= FAULT_SHIM_CREATE;
    struct shim_verdict verdict = shim_judge_path(operation, folder, path);
    if (verdict.error) return shim_fail(verdict.error);
    if (!(flags & (O_CREAT | O_TRUNC)) || !recording_begin_path(folder, path)) {
        return REAL(openat)(folder, path, flags, mode);
    }
    int file = open_recorded(folder, path, flags, mode);
    recording_end();
    return file;
}

#define MODE(flags)                                     \
    mode_t mode = 0;                                    \
    if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
        va_list rest;                                   \
        va_start(rest, flags);                          \
        mode = va_arg(rest, mode_t);                    \
        va_end(rest);                                   \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return open_any(AT_FDCWD, path, flags, mode);
}
ALIAS(open64, open);

int openat(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return open_any(folder, path, flags, mode);
}
ALIAS(openat64, openat);

int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
ALIAS(creat64, creat);

DIR *opendir(const char *path) {
    struct shim_verdict verdict = shim_judge_path(FAULT_SHIM_OPEN, AT_FDCWD, path);
    if (verdict.error) {
        errno = verdict.error;
        return NULL;
    }
    return REAL(opendir)(path);
}

// MARK: Folders

int mkdirat(int folder, const char *path, mode_t mode) {
    struct shim_verdict verdict = shim_judge_path(FAULT_SHIM_MKDIR, folder, path);
    if (verdict.error) return shim_fail(verdict.error);
    int is_recorded = recording_begin_path(folder, path);
    int status = REAL(mkdirat)(folder, path, mode);
    if (is_recorded) {
        if (status == 0) recording_of_paths(RECORDING_MKDIR, folder, path, 0, NULL);
        recording_end();
    }
    return status;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int folder, const char *path, int flags) {
    struct shim_verdict verdict = shim_judge_path(FAULT_SHIM_UNLINK, folder, path);
    if (verdict.error) return shim_fail(verdict.error);
    enum recording_kind kind = flags & AT_REMOVEDIR ? RECORDING_RMDIR : RECORDING_UNLINK;
    int is_recorded = recording_begin_path(folder, path);
    int status = REAL(unlinkat)(folder, path, flags);
    if (is_recorded) {
        if (status == 0) recording_of_paths(kind, folder, path, 0, NULL);
        recording_end();
    }
    return status;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) return -1;
    return unlinkat(AT_FDCWD, path, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}

int renameat2(int folder, const char *path, int other_folder, const char *other, unsigned flags) {
    struct shim_verdict verdict = shim_judge_paths(FAULT_SHIM_RENAME, folder, path, other_folder, other);
    if (verdict.error) return shim_fail(verdict.error);
    int is_recorded = recording_begin_path(folder, path);
    int status = REAL(renameat2)(folder, path, other_folder, other, flags);
    if (is_recorded) {
        if (status == 0) recording_of_paths(flags ? RECORDING_UNKNOWN : RECORDING_RENAME, folder, path, other_folder, other);
        recording_end();
    }
    return status;
}

int renameat(int folder, const char *path, int other_folder, const char *other) {
    return renameat2(folder, path, other_folder, other, 0);
}

int rename(const char *path, const char *other) { return renameat2(AT_FDCWD, path, AT_FDCWD, other, 0); }

int linkat(int folder, const char *path, int other_folder, const char *other, int flags) {
    struct shim_verdict verdict = shim_judge_paths(FAULT_SHIM_LINK, folder, path, other_folder, other);
    if (verdict.error) return shim_fail(verdict.error);
    int is_recorded = recording_begin_path(folder, path);
    int status = REAL(linkat)(folder, path, other_folder, other, flags);
    if (is_recorded) {
        if (status == 0) recording_of_paths(RECORDING_LINK, folder, path, other_folder, other);
        recording_end();
    }
    return status;
}

int link(const char *path, const char *other) { return linkat(AT_FDCWD, path, AT_FDCWD, other, 0); }

int symlinkat(const char *target, int folder, const char *path) {
    struct shim_verdict verdict = shim_judge_path(FAULT_SHIM_LINK, folder, path);
    if (verdict.error) return shim_fail(verdict.error);
    int is_recorded = recording_begin_path(folder, path);
    int status = REAL(symlinkat)(target, folder, path);
    if (is_recorded) {
        if (status == 0) recording_of_paths(RECORDING_UNKNOWN, folder, path, 0, NULL);
        recording_end();
    }
    return status;
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

// MARK: Free space

static void report(struct shim_verdict verdict, struct statvfs *result) {
    if (!verdict.has_free_bytes) return;
    result->f_bavail = result->f_bfree = verdict.free_bytes / result->f_frsize;
}

int statvfs(const char *restrict path, struct statvfs *restrict result) {
    struct shim_verdict verdict = shim_judge_path(FAULT_SHIM_STATVFS, AT_FDCWD, path);
    if (verdict.error) return shim_fail(verdict.error);
    int status = REAL(statvfs)(path, result);
    if (status == 0) report(verdict, result);
    return status;
}

int fstatvfs(int file, struct statvfs *result) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_STATVFS, file);
    if (verdict.error) return shim_fail(verdict.error);
    int status = REAL(fstatvfs)(file, result);
    if (status == 0) report(verdict, result);
    return status;
}

// The two structures are one where off_t has 64 bits.
int statvfs64(const char *restrict path, struct statvfs64 *restrict result) {
    return statvfs(path, (struct statvfs *)result);
}

int fstatvfs64(int file, struct statvfs64 *result) { return fstatvfs(file, (struct statvfs *)result); }
