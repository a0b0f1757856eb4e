#define _GNU_SOURCE
#include "connection.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    // One connection does not keep the others waiting for longer than this takes.
    SEND_AT_ONCE = 1 << 20,
    RECEIVE_AT_ONCE = 64 << 10,
};

static void watch(Replay *replay, Connection *connection, int operation, bool for_room) {
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0u), .data.ptr = connection};
    if (epoll_ctl(replay->epoll, operation, connection->socket, &event) != 0) err(2, "epoll_ctl");
    connection->waits_for_room = for_room;
}

void connection_open(Replay *replay, Connection *connection, bool is_first) {
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0) err(2, "socket");
    // It blocks until the server's backlog has room for it.
    if (connect(connection->socket, (struct sockaddr *)&replay->server, sizeof replay->server) != 0) err(2, "connect");
    int on = 1;
    if (setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) err(2, "TCP_NODELAY");
    if (fcntl(connection->socket, F_SETFL, O_NONBLOCK) != 0) err(2, "O_NONBLOCK");
    if (!is_first) replay->clock.reconnects++;
    watch(replay, connection, EPOLL_CTL_ADD, false);
}

static uint64_t total_length(const Request *request) {
    return request->head_length + request->length + request->tail_length;
}

// One call that sends what comes next; what send(2) or sendfile(2) return.
static ssize_t send_some(const Connection *connection) {
    const Request *request = connection->request;
    uint64_t sent = connection->sent;
    if (sent < request->head_length) {
        bool is_last = total_length(request) == request->head_length;
        return send(connection->socket, request->head + sent, request->head_length - sent,
                    MSG_NOSIGNAL | (is_last ? 0 : MSG_MORE));
    }
    sent -= request->head_length;
    if (sent < request->length) {
        uint64_t left = request->length - sent;
        off_t offset = (off_t)(request->offset + sent);
        ssize_t count = sendfile(connection->socket, request->file, &offset, left < SEND_AT_ONCE ? left : SEND_AT_ONCE);
        if (count == 0) errx(2, "a file is shorter than its plan");
        return count;
    }
    sent -= request->length;
    return send(connection->socket, request->tail + sent, request->tail_length - sent, MSG_NOSIGNAL);
}

// Whether the connection still stands.
static bool send_on(Replay *replay, Connection *connection) {
    uint64_t length = total_length(connection->request);
    uint64_t before = connection->sent;
    while (connection->sent < length && connection->sent - before < SEND_AT_ONCE) {
        ssize_t count = send_some(connection);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        // The server's last words may still be there to be read.
        if (count < 0) return false;
        connection->sent += (uint64_t)count;
        replay->clock.bytes += (uint64_t)count;
    }
    bool is_sent = connection->sent == length;
    if (is_sent) replay->clock.last_sent = now();
    if (connection->waits_for_room == is_sent) watch(replay, connection, EPOLL_CTL_MOD, !is_sent);
    return true;
}

void connection_start(Replay *replay, Connection *connection) {
    Queue *queue = connection->queue;
    if (connection->request || queue->next == queue->count) return;
    const Request *request = &queue->requests[queue->next];
    if ((request->flags & REQUEST_BARRIER) && queue->in_flight > 0) return;
    if (connection->socket < 0) connection_open(replay, connection, false);
    queue->next++;
    queue->in_flight++;
    connection->request = request;
    connection->sent = 0;
    connection->began = now();
    answer_reset(&connection->answer);
    // A connection that broke is noticed when it is read from.
    if (!send_on(replay, connection)) watch(replay, connection, EPOLL_CTL_MOD, false);
}

static void disconnect(Connection *connection) {
    close(connection->socket);
    connection->socket = -1;
    connection->waits_for_room = false;
}

static bool is_expected(const Request *request, const Answer *answer) {
    if (request->status ? answer->status != (int)request->status : answer->status / 100 != 2) return false;
    const char *body = answer->bytes + answer->body, *end = request->must + request->must_length;
    for (const char *must = request->must; must < end; must += strlen(must) + 1)
        if (memmem(body, answer->length - answer->body, must, strlen(must))) return true;
    return request->must_length == 0;
}

static void finish(Replay *replay, Connection *connection, const char *trouble) {
    double time = now();
    const Request *request = connection->request;
    if (!trouble && !is_expected(request, &connection->answer)) trouble = "not the answer that was expected";
    if (!trouble && connection->sent < total_length(request)) trouble = "answered before all was sent";
    results_count(request, time - connection->began, trouble != NULL);
    if (trouble) results_explain(request, trouble, &connection->answer);
    // Where one ends in the middle of a request, the next can't begin.
    if (trouble && (connection->answer.body == 0 || connection->sent < total_length(request))) disconnect(connection);
    else if (connection->answer.closes) disconnect(connection);
    replay->clock.last_answer = time;
    replay->open_requests--;
    connection->queue->in_flight--;
    connection->queue->finished = time;
    connection->request = NULL;
}

bool connection_continue(Replay *replay, Connection *connection, uint32_t events) {
    bool is_broken = false;
    if (connection->request && (events & EPOLLOUT)) is_broken = !send_on(replay, connection);
    if (!is_broken && !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return false;
    Answer *answer = &connection->answer;
    answer_reserve(answer, RECEIVE_AT_ONCE);
    ssize_t count = recv(connection->socket, answer->bytes + answer->length, RECEIVE_AT_ONCE, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!is_broken) return false;
    }
    if (!connection->request) {
        // Nothing was asked: the server has ended an idle connection.
        disconnect(connection);
        return false;
    }
    bool has_ended = count <= 0;
    if (count > 0) answer->length += (size_t)count;
    AnswerState state = answer_check(answer, has_ended);
    if (state == ANSWER_COMPLETE) finish(replay, connection, NULL);
    else if (state == ANSWER_MALFORMED) finish(replay, connection, "a malformed answer");
    else if (has_ended) finish(replay, connection, "the connection ended before the answer");
    else return false;
    return true;
}
