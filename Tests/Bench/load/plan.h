// What is to be sent: the plan file that Tests/Bench/bench/plan.py writes. All numbers are little endian.
//
//   "FLOAD001"  u32 files  u32 queues
//   a file:     u32 length, path
//   a queue:    u32 connections  u32 requests
//   a request:  u32 flags  u32 status  u32 kind  u32 file  u32 head  u32 tail  u32 must  u64 offset  u64 length
//               then the bytes of head, tail and must
//
// Any connection of a queue takes the queue's next request when it has the answer to its last one.
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    // The request waits until all earlier ones of its queue are answered.
    REQUEST_BARRIER = 1,
};

typedef struct {
    const char *head;   // request line, headers, and what of the body goes before the file's bytes
    const char *tail;   // what goes after them
    const char *must;   // the answer's body has to contain one of these, each ended by a zero byte; none: anything
    uint64_t offset;    // of the bytes in the file
    uint64_t length;    // of them; 0 without a file
    uint32_t head_length, tail_length, must_length;
    uint32_t status;    // expected; 0: any 2xx
    uint32_t kind;      // what its time is counted under
    uint32_t flags;
    int file;           // descriptor, -1 without one
} Request;

typedef struct {
    Request *requests;
    uint32_t count;
    uint32_t connections;
    uint32_t next;        // first request that nobody has taken
    uint32_t in_flight;   // taken and not yet answered
    double finished;      // when its last answer came
} Queue;

typedef struct {
    Queue *queues;
    uint32_t count;
    uint32_t kinds;        // one more than the highest kind
    uint64_t requests;     // in all queues
    uint32_t connections;  // of all queues
} Plan;

// Reads the plan at `path` and opens its files. Ends the program with a message where that fails: there is nothing
// to measure then.
Plan plan_read(const char *path);

#endif
