// The log of everything that changes files below one folder, and of what is sent meanwhile.
#define _GNU_SOURCE
#include "recording.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

static int log_file = -1;
static char root[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t syncs = 1;

static void append(
    enum recording_kind kind, const char *path, const char *other, uint64_t file, int64_t number,
    const struct iovec *vectors, size_t count) {
    struct iovec parts[64];
    struct recording_entry entry = {.kind = kind, .file = file, .number = number};
    int used = 3;
    entry.path_count = (uint32_t)(path ? strlen(path) : 0);
    entry.other_count = (uint32_t)(other ? strlen(other) : 0);
    entry.byte_count = (uint32_t)count;
    parts[0] = (struct iovec){&entry, sizeof entry};
    parts[1] = (struct iovec){(void *)path, entry.path_count};
    parts[2] = (struct iovec){(void *)other, entry.other_count};
    size_t total = sizeof entry + entry.path_count + entry.other_count + count;
    for (int index = 0; count > 0; index++) {
        // More parts than anybody sends: a log with a hole would prove nothing.
        if (used == 64) abort();
        size_t size = vectors[index].iov_len < count ? vectors[index].iov_len : count;
        parts[used++] = (struct iovec){vectors[index].iov_base, size};
        count -= size;
    }
    if (syscall(SYS_writev, log_file, parts, (long)used) != (long)total) abort();
}

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("FAULT_SHIM_LOG"), *folder = getenv("FAULT_SHIM_ROOT");
    if (!path || !folder) return;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    // Out of the way of numbers that the program may count on.
    log_file = fcntl(file, F_DUPFD_CLOEXEC, 500);
    if (log_file < 0) {
        perror("the fault shim's log");
        _exit(97);
    }
    syscall(SYS_close, file);
    snprintf(root, sizeof root, "%s", folder);
    append(RECORDING_START, NULL, NULL, 0, getpid(), NULL, 0);
}

static int covers(const char *path) {
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/// The path without symbolic links in the folders on the way to it.
static void resolve(int folder, const char *path, char *result) {
    char absolute[PATH_MAX], start[PATH_MAX], copy[PATH_MAX];
    shim_absolute(folder, path, absolute, sizeof absolute);
    strcpy(copy, absolute);
    if (!realpath(dirname(copy), start)) strcpy(start, "");
    strcpy(copy, absolute);
    if (snprintf(result, PATH_MAX, "%s/%s", start, basename(copy)) >= PATH_MAX) abort();
}

static int begin(const char *path, int before) {
    int is_covered = covers(path);
    if (is_covered) pthread_mutex_lock(&lock);
    errno = before;
    return is_covered;
}

int recording_begin_file(int file) {
    char path[PATH_MAX];
    int before = errno;
    if (log_file < 0 || !shim_path_of_file(file, path, sizeof path)) {
        errno = before;
        return 0;
    }
    return begin(path, before);
}

int recording_begin_path(int folder, const char *path) {
    char resolved[PATH_MAX];
    int before = errno;
    if (log_file < 0) return 0;
    resolve(folder, path, resolved);
    return begin(resolved, before);
}

void recording_end(void) { pthread_mutex_unlock(&lock); }

void recording_stop(void) { pthread_mutex_lock(&lock); }

static void log_file_entry(
    enum recording_kind kind, int file, int64_t number, const struct iovec *vectors, size_t count) {
    char path[PATH_MAX];
    struct stat status;
    int before = errno;
    if (!shim_path_of_file(file, path, sizeof path) || fstat(file, &status) != 0) abort();
    if (kind == RECORDING_CREATE) number = status.st_mode & 07777;
    append(kind, path, NULL, status.st_ino, number, vectors, count);
    errno = before;
}

void recording_wrote(int file, const struct iovec *vectors, ssize_t count, off_t offset) {
    if (count <= 0) return;
    int before = errno;
    if (offset < 0) offset = lseek(file, 0, SEEK_CUR) - count;
    errno = before;
    log_file_entry(RECORDING_WRITE, file, offset, vectors, (size_t)count);
}

void recording_of_file(enum recording_kind kind, int file, int64_t number) {
    log_file_entry(kind, file, number, NULL, 0);
}

void recording_of_paths(enum recording_kind kind, int folder, const char *path, int other_folder, const char *other) {
    char resolved[PATH_MAX], other_resolved[PATH_MAX];
    int before = errno;
    resolve(folder, path, resolved);
    if (other) resolve(other_folder, other, other_resolved);
    append(kind, resolved, other ? other_resolved : NULL, 0, 0, NULL, 0);
    errno = before;
}

int64_t recording_sync_began(int file) {
    if (!recording_begin_file(file)) return 0;
    int64_t number = atomic_fetch_add(&syncs, 1) | (int64_t)getpid() << 32;
    recording_of_file(RECORDING_SYNC_BEGAN, file, number);
    recording_end();
    return number;
}

void recording_sync_ended(int file, int64_t number) {
    if (!number || !recording_begin_file(file)) return;
    recording_of_file(RECORDING_SYNC_ENDED, file, number);
    recording_end();
}

void recording_send(int file, const struct iovec *vectors, int count) {
    if (log_file < 0) return;
    int before = errno;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (getpeername(file, (struct sockaddr *)&address, &size) == 0 && address.sin_family == AF_INET) {
        size_t total = 0;
        for (int index = 0; index < count; index++) total += vectors[index].iov_len;
        pthread_mutex_lock(&lock);
        append(RECORDING_SENT, NULL, NULL, 0, ntohs(address.sin_port), vectors, total);
        pthread_mutex_unlock(&lock);
    }
    errno = before;
}
