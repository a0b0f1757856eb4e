// The wall clock, moved by what the test says. Clocks that only measure how long something takes are left alone.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <time.h>

#include "shim.h"

#define SECOND 1000000000LL

static void move(struct timespec *time, int64_t offset) {
    int64_t nanoseconds = time->tv_nsec + offset % SECOND;
    time->tv_sec += offset / SECOND + (nanoseconds >= SECOND) - (nanoseconds < 0);
    time->tv_nsec = (nanoseconds + SECOND) % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(time, shim_clock());
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int result = REAL(gettimeofday)(time, zone);
    if (result == 0) {
        struct timespec moved = {.tv_sec = time->tv_sec, .tv_nsec = time->tv_usec * 1000};
        move(&moved, shim_clock());
        *time = (struct timeval){.tv_sec = moved.tv_sec, .tv_usec = moved.tv_nsec / 1000};
    }
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

// Deadlines on the wall clock come from the program's clock and are waited for on the kernel's. They are told from those
// on the clock since boot by their size. The functions that name the clock have one version only, which makes them safe
// to look up by name.
static clockid_t find_clock(struct timespec *time) {
    if (time->tv_sec < 1000000000) return CLOCK_MONOTONIC;
    move(time, -shim_clock());
    return CLOCK_REALTIME;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict end) {
    struct timespec time = *end;
    clockid_t clock = find_clock(&time);
    return pthread_cond_clockwait(condition, mutex, clock, &time);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict end) {
    struct timespec time = *end;
    clockid_t clock = find_clock(&time);
    return sem_clockwait(semaphore, clock, &time);
}
