#include "plan.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *at;
    const char *end;
} Cursor;

static const char *take(Cursor *cursor, uint64_t length) {
    if (length > (uint64_t)(cursor->end - cursor->at)) errx(2, "the plan ends early");
    const char *bytes = cursor->at;
    cursor->at += length;
    return bytes;
}

static uint32_t take_u32(Cursor *cursor) {
    uint32_t value;
    memcpy(&value, take(cursor, sizeof value), sizeof value);
    return value;
}

static uint64_t take_u64(Cursor *cursor) {
    uint64_t value;
    memcpy(&value, take(cursor, sizeof value), sizeof value);
    return value;
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) err(2, "memory for the plan");
    return memory;
}

static Cursor map(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) err(2, "%s", path);
    char *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) err(2, "%s", path);
    close(file);
    return (Cursor){bytes, bytes + status.st_size};
}

static int open_file(Cursor *cursor) {
    uint32_t length = take_u32(cursor);
    char *path = allocate(length + 1, 1);
    memcpy(path, take(cursor, length), length);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) err(2, "%s", path);
    free(path);
    return file;
}

static Request read_request(Cursor *cursor, const int *files, uint32_t file_count) {
    Request request = {0};
    request.flags = take_u32(cursor);
    request.status = take_u32(cursor);
    request.kind = take_u32(cursor);
    uint32_t file = take_u32(cursor);
    request.head_length = take_u32(cursor);
    request.tail_length = take_u32(cursor);
    request.must_length = take_u32(cursor);
    request.offset = take_u64(cursor);
    request.length = take_u64(cursor);
    if (request.length > 0 && file >= file_count) errx(2, "the plan names a file that it does not have");
    request.file = request.length > 0 ? files[file] : -1;
    request.head = take(cursor, request.head_length);
    request.tail = take(cursor, request.tail_length);
    request.must = take(cursor, request.must_length);
    if (request.must_length > 0 && request.must[request.must_length - 1] != 0) errx(2, "a text of the plan has no end");
    return request;
}

Plan plan_read(const char *path) {
    Cursor cursor = map(path);
    if (memcmp(take(&cursor, 8), "FLOAD001", 8) != 0) errx(2, "%s is not a plan", path);
    uint32_t file_count = take_u32(&cursor);
    Plan plan = {.count = take_u32(&cursor)};
    int *files = allocate(file_count, sizeof *files);
    for (uint32_t i = 0; i < file_count; i++) files[i] = open_file(&cursor);
    plan.queues = allocate(plan.count, sizeof *plan.queues);
    for (uint32_t i = 0; i < plan.count; i++) {
        Queue *queue = &plan.queues[i];
        queue->connections = take_u32(&cursor);
        queue->count = take_u32(&cursor);
        queue->requests = allocate(queue->count, sizeof *queue->requests);
        for (uint32_t j = 0; j < queue->count; j++) {
            queue->requests[j] = read_request(&cursor, files, file_count);
            uint32_t kind = queue->requests[j].kind;
            if (kind >= plan.kinds) plan.kinds = kind + 1;
        }
        plan.requests += queue->count;
        plan.connections += queue->connections;
    }
    free(files);
    return plan;
}
