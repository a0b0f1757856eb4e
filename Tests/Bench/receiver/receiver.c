// A business server that is only a receiver of callbacks: answers each POST at once as the contract wants it, and notes
// when it came:
//
//   receiver PORT FILE       PORT 0 takes any free one; the port is printed on a line of its own
//
// Each line of FILE is an arrival: seconds of CLOCK_MONOTONIC, task id, retCode. Ends with SIGTERM.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 256, REQUEST_LIMIT = 64 << 10, BACKLOG = 4096 };

static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
    "{\"retCode\":\"0\",\"status\":\"ok\",\"data\":null}";

typedef struct {
    int socket;
    size_t length;
    char bytes[REQUEST_LIMIT];
} Sender;

static FILE *arrivals;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// The text after `key` in the body, up to a character that ends a number or a string.
static void copy_value(const char *body, size_t length, const char *key, char *into, size_t room) {
    const char *at = memmem(body, length, key, strlen(key));
    const char *end = body + length;
    size_t count = 0;
    if (at)
        for (at += strlen(key); at < end && !strchr(",}\"", *at) && count + 1 < room; at++) into[count++] = *at;
    into[count] = 0;
}

static void note(const char *body, size_t length) {
    char task[32], code[8];
    copy_value(body, length, "\"taskId\":", task, sizeof task);
    copy_value(body, length, "\"retCode\":\"", code, sizeof code);
    fprintf(arrivals, "%.6f %s %s\n", now(), task[0] ? task : "-", code[0] ? code : "-");
}

static size_t content_length(const char *head, size_t length) {
    static const char name[] = "\ncontent-length:";
    for (size_t i = 0; i + sizeof name - 1 < length; i++)
        if (strncasecmp(head + i, name, sizeof name - 1) == 0) return strtoull(head + i + sizeof name - 1, NULL, 10);
    return 0;
}

// Answers the requests that are complete. Whether the connection may stay.
static bool answer_all(Sender *sender) {
    while (true) {
        char *empty = sender->length ? memmem(sender->bytes, sender->length, "\r\n\r\n", 4) : NULL;
        if (!empty) return sender->length < REQUEST_LIMIT;
        size_t head = (size_t)(empty - sender->bytes) + 4;
        size_t whole = head + content_length(sender->bytes, head);
        if (whole > REQUEST_LIMIT) return false;
        if (sender->length < whole) return true;
        note(sender->bytes + head, whole - head);
        if (send(sender->socket, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) != sizeof ANSWER - 1) return false;
        memmove(sender->bytes, sender->bytes + whole, sender->length - whole);
        sender->length -= whole;
    }
}

static void serve(Sender *sender) {
    ssize_t count = recv(sender->socket, sender->bytes + sender->length, REQUEST_LIMIT - sender->length, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) sender->length += (size_t)count;
    if (count > 0 && answer_all(sender)) return;
    close(sender->socket);
    free(sender);
}

static void accept_one(int listener, int epoll) {
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return;  // it is gone again
    int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Sender *sender = malloc(sizeof *sender);
    if (!sender) err(2, "memory for a connection");
    sender->socket = connection;
    sender->length = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = sender};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &event) != 0) err(2, "epoll_ctl");
}

static int listen_on(uint16_t port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        err(2, "port %u", port);
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **arguments) {
    if (count != 3) errx(2, "receiver PORT FILE");
    arrivals = fopen(arguments[2], "we");
    if (!arrivals) err(2, "%s", arguments[2]);
    int listener = listen_on((uint16_t)atoi(arguments[1]));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_AT_ONCE];
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) err(2, "epoll");
    while (true) {
        int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
        if (ready < 0 && errno != EINTR) err(2, "epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) serve(events[i].data.ptr);
            else accept_one(listener, epoll);
        }
        if (fflush(arrivals) != 0) err(2, "%s", arguments[2]);
    }
}
