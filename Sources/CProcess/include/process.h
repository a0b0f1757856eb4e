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

#endif
