// One HTTP/1.1 answer as it arrives (RFC 9112): as much of it as tells where it ends, and what it says.
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *bytes;        // all that has come, head and body
    size_t length;      // of it
    size_t capacity;
    size_t body;        // where the body begins; 0 while the head is not complete
    int status;
    bool closes;        // the server closes the connection after it
    bool is_chunked;
    bool has_length;
    size_t body_length; // if has_length
} Answer;

typedef enum { ANSWER_INCOMPLETE, ANSWER_COMPLETE, ANSWER_MALFORMED } AnswerState;

// Room for at least `length` more bytes, at bytes + length.
void answer_reserve(Answer *answer, size_t length);

// Looks at what has come. `ended`: nothing comes any more.
AnswerState answer_check(Answer *answer, bool ended);

// Forgets it; the memory stays for the next one.
void answer_reset(Answer *answer);

#endif
