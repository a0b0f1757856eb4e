#ifndef PROCESS_H
#define PROCESS_H

/// The commit that the package was built from, "-dirty" appended when the checkout had changes; "unknown" outside git.
const char *process_build_commit(void);

/// Keeps the number of the C library's heaps small. Otherwise every thread gets one of its own, buffers that are filled
/// on one thread and freed on another strand in it, and the process grows to a multiple of what it uses (mallopt(3),
/// M_ARENA_MAX). Call before threads are started.
void process_bound_heaps(void);

/// Lets the process have as many descriptors as the system allows it (getrlimit(2), RLIMIT_NOFILE).
///
/// Returns how many that are; LONG_MAX when there is no bound or it is not known.
long process_raise_descriptor_limit(void);

/// Tells a service manager something, as sd_notify(3) does: one datagram, which waits a second at most for its place.
///
/// `name` is what NOTIFY_SOCKET says: a path, or `@` and an abstract name. Returns 0, or the errno of what failed.
int process_notify(const char *name, const char *state);

/// What CLOCK_MONOTONIC shows, as a service manager wants to have it. Swift's own clocks don't show their numbers.
long long process_monotonic_microseconds(void);

#endif
