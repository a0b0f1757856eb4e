#ifndef RECORDING_H
#define RECORDING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/// What one entry of the log tells. The numbers are those in Recording.swift.
enum recording_kind {
    RECORDING_START = 1,       // a process begins
    RECORDING_CREATE = 2,      // file, path, number: mode
    RECORDING_MKDIR = 3,       // path
    RECORDING_WRITE = 4,       // file, path, number: offset, bytes
    RECORDING_TRUNCATE = 5,    // file, path, number: size
    RECORDING_RENAME = 6,      // path, other
    RECORDING_LINK = 7,        // path, other
    RECORDING_UNLINK = 8,      // path, of a file
    RECORDING_RMDIR = 9,       // path
    RECORDING_SYNC_BEGAN = 10, // file, path, number: which sync
    RECORDING_SYNC_ENDED = 11, // the same; only of one that succeeded
    RECORDING_SENT = 12,       // number: the other side's port, bytes; logged before they are sent
    RECORDING_MAPPED = 13,     // path; writable and shared
    RECORDING_UNKNOWN = 14,    // path; a call that the simulator has no model of
};

/// One entry is this, then the path, the other path, and the bytes.
struct recording_entry {
    uint32_t kind;
    uint32_t path_count;
    uint32_t other_count;
    uint32_t byte_count;
    /// The inode; free numbers are given again, after a RECORDING_CREATE only.
    uint64_t file;
    int64_t number;
};

// The log's order is the order in which things happened: whoever changes something holds a lock from before the call until
// it is logged. Syncs don't: they are logged when they begin and when they have ended, and what was changed before the
// beginning is certain at the end.

/// Takes the lock; 0, without the lock, for a file that is not recorded.
int recording_begin_file(int file);
/// The same for a path.
int recording_begin_path(int folder, const char *path);
/// Lets the lock go.
void recording_end(void);
/// Keeps all recorded calls from ever going on.
void recording_stop(void);

/// Logs what a write has done, with the lock held. `offset` -1: where the file stands now is its end.
void recording_wrote(int file, const struct iovec *vectors, ssize_t count, off_t offset);
/// Logs something about an open file, with the lock held.
void recording_of_file(enum recording_kind kind, int file, int64_t number);
/// Logs something about paths, with the lock held; `other` may be NULL.
void recording_of_paths(enum recording_kind kind, int folder, const char *path, int other_folder, const char *other);

/// Logs that a sync begins.
///
/// \returns its number for `recording_sync_ended`, or 0 for a file that is not recorded.
int64_t recording_sync_began(int file);
void recording_sync_ended(int file, int64_t number);
/// Logs what is about to be sent on a TCP connection; nothing for anything else.
void recording_send(int file, const struct iovec *vectors, int count);

#endif
