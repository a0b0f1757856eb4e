#include "process.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int process_notify(const char *name, const char *state) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    // There are managers behind vsock: those of virtual machines.
    if (name[0] != '/' && name[0] != '@') return EAFNOSUPPORT;
    if (length >= sizeof address.sun_path) return ENAMETOOLONG;
    memcpy(address.sun_path, name, length);
    // How unix(7)'s abstract names are written where a zero can't be.
    if (name[0] == '@') address.sun_path[0] = 0;

    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return errno;
    // A manager that does not read holds up nobody for long. Without this limit, it is the word that matters.
    struct timeval limit = {.tv_sec = 1};
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ssize_t sent;
    do {
        sent = sendto(
            descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    } while (sent < 0 && errno == EINTR);
    int error = sent < 0 ? errno : 0;
    close(descriptor);
    return error;
}

long long process_monotonic_microseconds(void) {
    struct timespec now;
    // Fails only for a clock that there is not.
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}
