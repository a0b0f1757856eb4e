// What all interposed calls have in common: the test's rules, found, counted and obeyed.
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "recording.h"

static struct fault_shim_control *control;

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("FAULT_SHIM_CONTROL");
    if (!path) return;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        // A test without its faults would pass for no reason.
        perror("the fault shim's control file");
        _exit(97);
    }
    // Not mmap, which is recorded. The arguments have no types that the compiler could convert them to.
    long size = (long)fault_shim_control_size(), start = 0;
    long page = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, start);
    syscall(SYS_close, file);
    if (page == -1) _exit(97);
    control = (struct fault_shim_control *)page;
    if (!fault_shim_is_known(control)) {
        fputs("the fault shim's control file is another version's\n", stderr);
        _exit(97);
    }
}

void *shim_real(void **cache, const char *name) {
    void *found = __atomic_load_n(cache, __ATOMIC_RELAXED);
    if (!found) {
        found = dlsym(RTLD_NEXT, name);
        if (!found) abort();
        __atomic_store_n(cache, found, __ATOMIC_RELAXED);
    }
    return found;
}

int shim_is_idle(void) { return !control || fault_shim_is_idle(control); }

int64_t shim_clock(void) { return control ? fault_shim_clock(control) : 0; }

int shim_fail(int error) {
    errno = error;
    return -1;
}

static void wait_milliseconds(uint64_t count) {
    struct timespec rest = {.tv_sec = (time_t)(count / 1000), .tv_nsec = (long)(count % 1000) * 1000000};
    while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {}
}

static struct shim_verdict judge(uint32_t operation, const char *path, const char *other) {
    struct shim_verdict verdict = {0};
    struct fault_shim_rule rule;
    int number = fault_shim_match(control, operation, path, other, &rule);
    if (number < 0) return verdict;
    if (rule.kills) {
        // Nobody is between a call and its entry in the log.
        recording_stop();
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;) pause();
    }
    if (rule.delay || rule.holds) {
        fault_shim_count_waiting(control, number, 1);
        wait_milliseconds(rule.delay);
        while (rule.holds && fault_shim_is_on(control, number)) wait_milliseconds(1);
        fault_shim_count_waiting(control, number, -1);
    }
    verdict.error = rule.error;
    verdict.is_short = rule.is_short;
    verdict.has_free_bytes = rule.reports_free_bytes;
    verdict.free_bytes = rule.free_bytes;
    return verdict;
}

int shim_path_of_file(int file, char *result, size_t size) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, result, size - 1);
    if (length <= 0 || result[0] != '/') return 0;
    result[length] = 0;
    // Devices are no files; /dev/shm is a file system like any other.
    if (strncmp(result, "/dev/shm/", 9) == 0) return 1;
    return strncmp(result, "/dev/", 5) != 0 && strncmp(result, "/proc/", 6) != 0;
}

void shim_absolute(int folder, const char *path, char *result, size_t size) {
    char start[PATH_MAX] = "";
    if (path[0] != '/') {
        if (folder == AT_FDCWD) {
            if (!getcwd(start, sizeof start)) start[0] = 0;
        } else if (!shim_path_of_file(folder, start, sizeof start)) {
            start[0] = 0;
        }
        strncat(start, "/", sizeof start - strlen(start) - 1);
    }
    snprintf(result, size, "%s%s", start, path);
}

struct shim_verdict shim_judge_file(uint32_t operation, int file) {
    struct shim_verdict none = {0};
    if (shim_is_idle()) return none;
    int before = errno;
    char path[PATH_MAX];
    struct shim_verdict verdict =
        shim_path_of_file(file, path, sizeof path) ? judge(operation, path, NULL) : none;
    errno = before;
    return verdict;
}

struct shim_verdict shim_judge_path(uint32_t operation, int folder, const char *path) {
    struct shim_verdict none = {0};
    if (shim_is_idle() || !path) return none;
    int before = errno;
    char absolute[PATH_MAX];
    shim_absolute(folder, path, absolute, sizeof absolute);
    struct shim_verdict verdict = judge(operation, absolute, NULL);
    errno = before;
    return verdict;
}

struct shim_verdict shim_judge_paths(
    uint32_t operation, int folder, const char *path, int other_folder, const char *other) {
    struct shim_verdict none = {0};
    if (shim_is_idle() || !path || !other) return none;
    int before = errno;
    char absolute[PATH_MAX], other_absolute[PATH_MAX];
    shim_absolute(folder, path, absolute, sizeof absolute);
    shim_absolute(other_folder, other, other_absolute, sizeof other_absolute);
    struct shim_verdict verdict = judge(operation, absolute, other_absolute);
    errno = before;
    return verdict;
}
