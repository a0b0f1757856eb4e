// Calls that change or read what is in a file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recording.h"
#include "shim.h"

// off_t has 64 bits, so a function and its …64 are one.
#define ALIAS(name, other) extern __typeof__(other) name __attribute__((alias(#other)))

static uint32_t sync_of(int file) {
    struct stat status;
    int before = errno;
    uint32_t operation = fstat(file, &status) == 0 && S_ISDIR(status.st_mode) ? FAULT_SHIM_SYNC_FOLDER : FAULT_SHIM_SYNC;
    errno = before;
    return operation;
}

// MARK: Reading

ssize_t read(int file, void *bytes, size_t count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_READ, file);
    if (verdict.error) return shim_fail(verdict.error);
    return REAL(read)(file, bytes, count);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_READ, file);
    if (verdict.error) return shim_fail(verdict.error);
    return REAL(pread)(file, bytes, count, offset);
}
ALIAS(pread64, pread);

ssize_t readv(int file, const struct iovec *vectors, int count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_READ, file);
    if (verdict.error) return shim_fail(verdict.error);
    return REAL(readv)(file, vectors, count);
}

// MARK: Writing

/// What the recording has no model of is at least not overlooked.
static void admit(int file) {
    if (!recording_begin_file(file)) return;
    recording_of_file(RECORDING_UNKNOWN, file, 0);
    recording_end();
}

static size_t half(struct shim_verdict verdict, size_t count) { return verdict.is_short ? count / 2 : count; }

ssize_t write(int file, const void *bytes, size_t count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, file);
    if (verdict.error) return shim_fail(verdict.error);
    struct iovec vector = {(void *)bytes, half(verdict, count)};
    recording_send(file, &vector, 1);
    int is_recorded = recording_begin_file(file);
    ssize_t written = REAL(write)(file, bytes, vector.iov_len);
    if (is_recorded) {
        recording_wrote(file, &vector, written, -1);
        recording_end();
    }
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, file);
    if (verdict.error) return shim_fail(verdict.error);
    struct iovec vector = {(void *)bytes, half(verdict, count)};
    int is_recorded = recording_begin_file(file);
    ssize_t written = REAL(pwrite)(file, bytes, vector.iov_len, offset);
    if (is_recorded) {
        recording_wrote(file, &vector, written, offset);
        recording_end();
    }
    return written;
}
ALIAS(pwrite64, pwrite);

ssize_t writev(int file, const struct iovec *vectors, int count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, file);
    if (verdict.error) return shim_fail(verdict.error);
    if (verdict.is_short && count > 0) return write(file, vectors[0].iov_base, half(verdict, vectors[0].iov_len));
    recording_send(file, vectors, count);
    int is_recorded = recording_begin_file(file);
    ssize_t written = REAL(writev)(file, vectors, count);
    if (is_recorded) {
        recording_wrote(file, vectors, written, -1);
        recording_end();
    }
    return written;
}

ssize_t pwritev(int file, const struct iovec *vectors, int count, off_t offset) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, file);
    if (verdict.error) return shim_fail(verdict.error);
    if (verdict.is_short && count > 0) {
        return pwrite(file, vectors[0].iov_base, half(verdict, vectors[0].iov_len), offset);
    }
    int is_recorded = recording_begin_file(file);
    ssize_t written = REAL(pwritev)(file, vectors, count, offset);
    if (is_recorded) {
        recording_wrote(file, vectors, written, offset);
        recording_end();
    }
    return written;
}
ALIAS(pwritev64, pwritev);

ssize_t sendfile(int target, int source, off_t *offset, size_t count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, target);
    if (verdict.error) return shim_fail(verdict.error);
    admit(target);
    return REAL(sendfile)(target, source, offset, half(verdict, count));
}
ALIAS(sendfile64, sendfile);

ssize_t copy_file_range(
    int source, off64_t *source_offset, int target, off64_t *target_offset, size_t count, unsigned flags) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, target);
    if (verdict.error) return shim_fail(verdict.error);
    admit(target);
    return REAL(copy_file_range)(source, source_offset, target, target_offset, half(verdict, count), flags);
}

int fallocate(int file, int mode, off_t offset, off_t count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, file);
    if (verdict.error) return shim_fail(verdict.error);
    admit(file);
    return REAL(fallocate)(file, mode, offset, count);
}
ALIAS(fallocate64, fallocate);

int posix_fallocate(int file, off_t offset, off_t count) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_WRITE, file);
    if (verdict.error) return verdict.error;
    admit(file);
    return REAL(posix_fallocate)(file, offset, count);
}
ALIAS(posix_fallocate64, posix_fallocate);

int ftruncate(int file, off_t size) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_TRUNCATE, file);
    if (verdict.error) return shim_fail(verdict.error);
    int is_recorded = recording_begin_file(file);
    int status = REAL(ftruncate)(file, size);
    if (is_recorded) {
        if (status == 0) recording_of_file(RECORDING_TRUNCATE, file, size);
        recording_end();
    }
    return status;
}
ALIAS(ftruncate64, ftruncate);

int truncate(const char *path, off_t size) {
    struct shim_verdict verdict = shim_judge_path(FAULT_SHIM_TRUNCATE, AT_FDCWD, path);
    if (verdict.error) return shim_fail(verdict.error);
    if (recording_begin_path(AT_FDCWD, path)) {
        recording_of_paths(RECORDING_UNKNOWN, AT_FDCWD, path, 0, NULL);
        recording_end();
    }
    return REAL(truncate)(path, size);
}
ALIAS(truncate64, truncate);

// MARK: Syncing

static int sync_with(int file, int (*call)(int)) {
    if (!shim_is_idle()) {
        struct shim_verdict verdict = shim_judge_file(sync_of(file), file);
        if (verdict.error) return shim_fail(verdict.error);
    }
    int64_t number = recording_sync_began(file);
    int status = call(file);
    if (status == 0) recording_sync_ended(file, number);
    return status;
}

int fsync(int file) { return sync_with(file, REAL(fsync)); }

int fdatasync(int file) { return sync_with(file, REAL(fdatasync)); }

int syncfs(int file) {
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_SYNC | FAULT_SHIM_SYNC_FOLDER, file);
    if (verdict.error) return shim_fail(verdict.error);
    return REAL(syncfs)(file);
}

int sync_file_range(int file, off64_t offset, off64_t count, unsigned flags) {
    // What waits for nothing is a hint to begin, and nobody's sync.
    const unsigned waits = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
    if (!(flags & waits)) return REAL(sync_file_range)(file, offset, count, flags);
    struct shim_verdict verdict = shim_judge_file(FAULT_SHIM_SYNC, file);
    if (verdict.error) return shim_fail(verdict.error);
    return REAL(sync_file_range)(file, offset, count, flags);
}

// MARK: Mapping

void *mmap(void *address, size_t count, int protection, int flags, int file, off_t offset) {
    if (file >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED) && recording_begin_file(file)) {
        recording_of_file(RECORDING_MAPPED, file, 0);
        recording_end();
    }
    return REAL(mmap)(address, count, protection, flags, file, offset);
}
ALIAS(mmap64, mmap);
