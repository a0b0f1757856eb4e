// Replays a plan of HTTP/1.1 requests against one server, as fast as it takes them, and prints JSON about it:
//
//   load ADDRESS PORT PLAN [LATENCIES]
//
// One thread: bodies go from the page cache to the socket (sendfile(2)), so that the server is what is measured. Its own
// CPU time is among the results.
#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "connection.h"

enum { EVENTS_AT_ONCE = 256, PATIENCE_MS = 120000 };

static void allow_descriptors(uint32_t connections) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) err(2, "getrlimit");
    if (limit.rlim_cur >= connections + 64) return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < connections + 64)
        errx(2, "%u connections are more than may be opened", connections);
}

static Connection *open_all(Replay *replay, Plan *plan) {
    Connection *connections = calloc(plan->connections ? plan->connections : 1, sizeof *connections);
    if (!connections) err(2, "memory for the connections");
    Connection *connection = connections;
    for (uint32_t i = 0; i < plan->count; i++)
        for (uint32_t j = 0; j < plan->queues[i].connections; j++, connection++) {
            connection->queue = &plan->queues[i];
            connection_open(replay, connection, true);
        }
    return connections;
}

static void start_all(Replay *replay, Connection *connections, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) connection_start(replay, &connections[i]);
}

static bool waits_at_barrier(const Queue *queue) {
    return queue->next < queue->count && (queue->requests[queue->next].flags & REQUEST_BARRIER);
}

static void run(Replay *replay, Plan *plan, Connection *connections) {
    struct epoll_event events[EVENTS_AT_ONCE];
    replay->clock.started = now();
    start_all(replay, connections, plan->connections);
    while (replay->open_requests > 0) {
        int count = epoll_wait(replay->epoll, events, EVENTS_AT_ONCE, PATIENCE_MS);
        if (count < 0) err(2, "epoll_wait");
        if (count == 0) errx(3, "%lu requests have no answer after two minutes of silence", replay->open_requests);
        for (int i = 0; i < count; i++) {
            Connection *connection = events[i].data.ptr;
            bool was_at_barrier = waits_at_barrier(connection->queue);
            if (!connection_continue(replay, connection, events[i].events)) continue;
            // Others of the queue may have been waiting for this answer.
            if (was_at_barrier) start_all(replay, connections, plan->connections);
            else connection_start(replay, connection);
        }
    }
}

int main(int count, char **arguments) {
    if (count < 4 || count > 5) errx(2, "load ADDRESS PORT PLAN [LATENCIES]");
    Plan plan = plan_read(arguments[3]);
    results_prepare(&plan);
    allow_descriptors(plan.connections);
    Replay replay = {
        .epoll = epoll_create1(EPOLL_CLOEXEC),
        .server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[2]))},
        .open_requests = plan.requests,
    };
    if (inet_pton(AF_INET, arguments[1], &replay.server.sin_addr) != 1) errx(2, "%s is no IPv4 address", arguments[1]);
    if (replay.epoll < 0) err(2, "epoll_create1");
    Connection *connections = open_all(&replay, &plan);
    run(&replay, &plan, connections);
    results_write(&plan, &replay.clock, count == 5 ? arguments[4] : NULL);
    return 0;
}
