#include "fault_shim_control.h"

#include <stdatomic.h>
#include <string.h>

// To be raised with every change of what is in the page: a flag that the other side does not know is one that it ignores.
#define VERSION 2
#define RULES 200
#define PATH_SIZE 256

struct slot {
    struct fault_shim_rule rule;
    char path[PATH_SIZE];
    _Atomic uint64_t seen;
    _Atomic uint64_t hits;
    _Atomic int64_t waiting;
    _Atomic uint32_t is_on;
};

struct fault_shim_control {
    _Atomic uint32_t version;
    _Atomic uint32_t count;
    _Atomic int64_t clock;
    struct slot slots[RULES];
};

size_t fault_shim_control_size(void) { return sizeof(struct fault_shim_control); }
size_t fault_shim_rule_limit(void) { return RULES; }
size_t fault_shim_path_limit(void) { return PATH_SIZE; }

void fault_shim_begin(struct fault_shim_control *control) { atomic_store(&control->version, VERSION); }

int fault_shim_is_known(struct fault_shim_control *control) { return atomic_load(&control->version) == VERSION; }

int fault_shim_add(struct fault_shim_control *control, struct fault_shim_rule rule, const char *path) {
    uint32_t number = atomic_load(&control->count);
    if (number >= RULES || strlen(path) >= PATH_SIZE) return -1;
    struct slot *slot = &control->slots[number];
    slot->rule = rule;
    strcpy(slot->path, path);
    atomic_store(&slot->is_on, 1);
    atomic_store(&control->count, number + 1);
    return (int)number;
}

void fault_shim_remove(struct fault_shim_control *control, int number) {
    atomic_store(&control->slots[number].is_on, 0);
}

void fault_shim_restore(struct fault_shim_control *control, int number) {
    atomic_store(&control->slots[number].is_on, 1);
}

uint64_t fault_shim_hits(struct fault_shim_control *control, int number) {
    return atomic_load(&control->slots[number].hits);
}

uint64_t fault_shim_waiting(struct fault_shim_control *control, int number) {
    return (uint64_t)atomic_load(&control->slots[number].waiting);
}

void fault_shim_set_clock(struct fault_shim_control *control, int64_t offset) {
    atomic_store(&control->clock, offset);
}

int fault_shim_is_idle(struct fault_shim_control *control) {
    return atomic_load_explicit(&control->count, memory_order_acquire) == 0;
}

int64_t fault_shim_clock(struct fault_shim_control *control) {
    return atomic_load_explicit(&control->clock, memory_order_relaxed);
}

static int is_about(const struct slot *slot, const char *path) {
    if (!path) return 0;
    if (!slot->rule.is_suffix) return strstr(path, slot->path) != NULL;
    size_t length = strlen(path), end = strlen(slot->path);
    return length >= end && strcmp(path + length - end, slot->path) == 0;
}

int fault_shim_match(
    struct fault_shim_control *control, uint32_t operation, const char *path, const char *other,
    struct fault_shim_rule *rule) {
    for (int number = (int)atomic_load(&control->count) - 1; number >= 0; number--) {
        struct slot *slot = &control->slots[number];
        if (!atomic_load(&slot->is_on) || !(slot->rule.operations & operation)) continue;
        if (!is_about(slot, path) && !is_about(slot, other)) continue;
        uint64_t seen = atomic_fetch_add(&slot->seen, 1);
        if (seen < slot->rule.after || seen - slot->rule.after >= slot->rule.times) continue;
        atomic_fetch_add(&slot->hits, 1);
        *rule = slot->rule;
        return number;
    }
    return -1;
}

int fault_shim_is_on(struct fault_shim_control *control, int number) {
    return atomic_load(&control->slots[number].is_on) != 0;
}

void fault_shim_count_waiting(struct fault_shim_control *control, int number, int change) {
    atomic_fetch_add(&control->slots[number].waiting, change);
}
