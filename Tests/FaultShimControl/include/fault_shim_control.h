#ifndef FAULT_SHIM_CONTROL_H
#define FAULT_SHIM_CONTROL_H

#include <stddef.h>
#include <stdint.h>

/// The page through which a test steers the shim inside of the program under test: a file that both map.
///
/// Rules are only ever appended, and switched off and on, so that a thread which is looking at one never sees another's halves.
struct fault_shim_control;

/// What a rule is about; bits, so that one rule can be about several.
enum fault_shim_operation {
    FAULT_SHIM_OPEN = 1 << 0,         // any open of a file or folder
    FAULT_SHIM_CREATE = 1 << 1,       // an open that makes the file
    FAULT_SHIM_READ = 1 << 2,
    FAULT_SHIM_WRITE = 1 << 3,        // everything that puts bytes into a file or reserves room for them
    FAULT_SHIM_SYNC = 1 << 4,         // fsync, fdatasync, … of a file
    FAULT_SHIM_SYNC_FOLDER = 1 << 5,  // the same of a folder
    FAULT_SHIM_TRUNCATE = 1 << 6,
    FAULT_SHIM_RENAME = 1 << 7,
    FAULT_SHIM_LINK = 1 << 8,
    FAULT_SHIM_UNLINK = 1 << 9,       // files and folders
    FAULT_SHIM_MKDIR = 1 << 10,
    FAULT_SHIM_STATVFS = 1 << 11,
};

/// One rule. A call that several match obeys the newest.
struct fault_shim_rule {
    /// Bits of fault_shim_operation.
    uint32_t operations;
    /// errno of the failing call; 0 to let it through.
    int32_t error;
    /// Calls that match and pass before the first hit.
    uint64_t after;
    /// Hits until the rule is used up.
    uint64_t times;
    /// Milliseconds that a call waits before it goes on.
    uint64_t delay;
    /// Bytes that are free, for statvfs.
    uint64_t free_bytes;
    /// statvfs reports `free_bytes`.
    uint8_t reports_free_bytes;
    /// A write puts only the first half of its bytes into the file.
    uint8_t is_short;
    /// A call waits until the rule is switched off.
    uint8_t holds;
    /// The process dies by SIGKILL instead of making the call.
    uint8_t kills;
    /// Paths have to end with the rule's, not only to contain it.
    uint8_t is_suffix;
};

/// Size of the file in bytes.
size_t fault_shim_control_size(void);
/// Rules that fit into one file.
size_t fault_shim_rule_limit(void);
/// Bytes of a path, the terminating 0 included.
size_t fault_shim_path_limit(void);

/// Marks an empty page with the version of this file; whoever maps one of another version must not go on.
void fault_shim_begin(struct fault_shim_control *control);

/// Appends a rule about paths that contain `path`, or end with it; it is in force when this returns.
///
/// \returns its number, or -1 when there is no room or the path is too long.
int fault_shim_add(struct fault_shim_control *control, struct fault_shim_rule rule, const char *path);
/// Switches a rule off; calls that it holds go on.
void fault_shim_remove(struct fault_shim_control *control, int number);
/// Switches a rule on again.
void fault_shim_restore(struct fault_shim_control *control, int number);
/// Calls that the rule was applied to.
uint64_t fault_shim_hits(struct fault_shim_control *control, int number);
/// Calls that wait at this moment.
uint64_t fault_shim_waiting(struct fault_shim_control *control, int number);
/// Moves the wall clock of the program by so many nanoseconds from the true one.
void fault_shim_set_clock(struct fault_shim_control *control, int64_t offset);

// The shim's side.

/// Whether the page was marked by a test that was built with this version.
int fault_shim_is_known(struct fault_shim_control *control);
/// Whether there has never been a rule: the only question that most calls ask.
int fault_shim_is_idle(struct fault_shim_control *control);
int64_t fault_shim_clock(struct fault_shim_control *control);
/// Finds the newest rule for this operation on this path (or, of a rename or link, on the other one) and counts the hit.
///
/// \returns the rule's number, or -1.
int fault_shim_match(
    struct fault_shim_control *control, uint32_t operation, const char *path, const char *other,
    struct fault_shim_rule *rule);
int fault_shim_is_on(struct fault_shim_control *control, int number);
void fault_shim_count_waiting(struct fault_shim_control *control, int number, int change);

#endif
