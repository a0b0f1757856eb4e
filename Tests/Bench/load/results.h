// What came of it: times, failures and the generator's own CPU time, written as one JSON object.
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "answer.h"
#include "plan.h"

// Seconds of CLOCK_MONOTONIC, which all processes of the machine share.
double now(void);

typedef struct {
    double started;      // before the first byte was sent
    double last_sent;    // the last byte of a request was handed to the kernel
    double last_answer;  // the last byte of the last answer was here
    uint64_t bytes;      // handed to the kernel
    uint64_t reconnects;
} Clock;

// Prepares for the times of all requests of `plan`.
void results_prepare(const Plan *plan);

// Counts an answer that was as expected, or not.
void results_count(const Request *request, double seconds, bool failed);

// Keeps the text of the first few failures.
void results_explain(const Request *request, const char *why, const Answer *answer);

// Writes everything to standard output, and each request's kind and seconds into the file `latencies`, if not NULL.
void results_write(const Plan *plan, const Clock *clock, const char *latencies);

#endif
