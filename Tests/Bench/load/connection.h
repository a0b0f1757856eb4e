// One keep-alive connection that sends the requests of its queue, one after the other.
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <netinet/in.h>

#include "answer.h"
#include "plan.h"
#include "results.h"

typedef struct {
    int socket;             // -1 when it is closed
    Queue *queue;
    const Request *request; // in flight, or NULL
    uint64_t sent;          // of it: head, file and tail together
    double began;           // when its first byte was sent
    Answer answer;
    bool waits_for_room;    // EPOLLOUT is asked for
} Connection;

typedef struct {
    int epoll;
    struct sockaddr_in server;
    Clock clock;
    uint64_t open_requests; // not answered yet
} Replay;

// Connects; ends the program with a message where that fails before anything was sent.
void connection_open(Replay *replay, Connection *connection, bool is_first);

// Takes the next request of the queue, if one may be sent now, and begins to send it.
void connection_start(Replay *replay, Connection *connection);

// Goes on after epoll said so. True when the queue may have become free for connections that wait at a barrier.
bool connection_continue(Replay *replay, Connection *connection, uint32_t events);

#endif
