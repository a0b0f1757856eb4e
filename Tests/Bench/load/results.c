#include "results.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { FAILURES_KEPT = 10, TEXT_KEPT = 300 };

typedef struct {
    double *seconds;
    uint64_t count, failed;
} Kind;

typedef struct {
    char why[80];
    char request[TEXT_KEPT];
    char answer[TEXT_KEPT];
    int status;
} Failure;

static Kind *kinds;
static Failure failures[FAILURES_KEPT];
static int failure_count;

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) err(2, "memory for the times");
    return memory;
}

void results_prepare(const Plan *plan) {
    kinds = allocate(plan->kinds, sizeof *kinds);
    for (uint32_t i = 0; i < plan->count; i++)
        for (uint32_t j = 0; j < plan->queues[i].count; j++) kinds[plan->queues[i].requests[j].kind].count++;
    for (uint32_t i = 0; i < plan->kinds; i++) {
        kinds[i].seconds = allocate(kinds[i].count, sizeof(double));
        kinds[i].count = 0;
    }
}

void results_count(const Request *request, double seconds, bool failed) {
    Kind *kind = &kinds[request->kind];
    kind->seconds[kind->count++] = seconds;
    kind->failed += failed;
}

static void copy_text(char *into, const char *text, size_t length) {
    if (length > TEXT_KEPT - 1) length = TEXT_KEPT - 1;
    memcpy(into, text, length);
    into[length] = 0;
}

void results_explain(const Request *request, const char *why, const Answer *answer) {
    if (failure_count == FAILURES_KEPT) return;
    Failure *failure = &failures[failure_count++];
    snprintf(failure->why, sizeof failure->why, "%s", why);
    const char *line_end = memchr(request->head, '\r', request->head_length);
    copy_text(failure->request, request->head, line_end ? (size_t)(line_end - request->head) : request->head_length);
    failure->status = answer->status;
    size_t body = answer->body;
    copy_text(failure->answer, answer->length ? answer->bytes + body : "", answer->length - body);
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double quantile(const double *sorted, uint64_t count, double part) {
    if (count == 0) return 0;
    uint64_t index = (uint64_t)(part * (double)count);
    return sorted[index < count ? index : count - 1];
}

// Sorts the values.
static void write_statistics(double *values, uint64_t count) {
    qsort(values, count, sizeof *values, by_size);
    printf("\"count\":%lu,\"min\":%.6f,\"median\":%.6f,\"p99\":%.6f,\"max\":%.6f", count, quantile(values, count, 0),
           quantile(values, count, 0.5), quantile(values, count, 0.99), quantile(values, count, 1));
}

static void write_text(const char *text) {
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\') printf("\\%c", *at);
        else if (*at < 0x20 || *at > 0x7e) printf("\\u%04x", *at);
        else putchar(*at);
    }
    putchar('"');
}

static void write_latencies(const Plan *plan, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) err(2, "%s", path);
    for (uint32_t i = 0; i < plan->kinds; i++)
        for (uint64_t j = 0; j < kinds[i].count; j++) fprintf(file, "%u %.6f\n", i, kinds[i].seconds[j]);
    if (fclose(file) != 0) err(2, "%s", path);
}

static void write_queues(const Plan *plan, double started) {
    double *seconds = allocate(plan->count, sizeof *seconds);
    for (uint32_t i = 0; i < plan->count; i++) seconds[i] = plan->queues[i].finished - started;
    printf("\"queues\":{");
    write_statistics(seconds, plan->count);
    printf("},");
    free(seconds);
}

void results_write(const Plan *plan, const Clock *clock, const char *latencies) {
    if (latencies) write_latencies(plan, latencies);
    uint64_t failed = 0;
    for (uint32_t i = 0; i < plan->kinds; i++) failed += kinds[i].failed;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"started\":%.6f,\"last_sent\":%.6f,\"last_answer\":%.6f,", clock->started, clock->last_sent,
           clock->last_answer);
    printf("\"requests\":%lu,\"failed\":%lu,\"connections\":%u,\"reconnects\":%lu,\"bytes\":%lu,\"cpu\":%.3f,",
           plan->requests, failed, plan->connections, clock->reconnects, clock->bytes, cpu);
    write_queues(plan, clock->started);
    printf("\"kinds\":[");
    for (uint32_t i = 0; i < plan->kinds; i++) {
        printf("%s{\"failed\":%lu,", i ? "," : "", kinds[i].failed);
        write_statistics(kinds[i].seconds, kinds[i].count);
        printf("}");
    }
    printf("],\"failures\":[");
    for (int i = 0; i < failure_count; i++) {
        printf("%s{\"why\":", i ? "," : "");
        write_text(failures[i].why);
        printf(",\"request\":");
        write_text(failures[i].request);
        printf(",\"status\":%d,\"answer\":", failures[i].status);
        write_text(failures[i].answer);
        printf("}");
    }
    printf("]}\n");
}
