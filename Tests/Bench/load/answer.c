#define _GNU_SOURCE
#include "answer.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void answer_reserve(Answer *answer, size_t length) {
    if (answer->capacity - answer->length >= length) return;
    answer->capacity = (answer->length + length) * 2;
    answer->bytes = realloc(answer->bytes, answer->capacity);
    if (!answer->bytes) err(2, "memory for an answer");
}

void answer_reset(Answer *answer) {
    *answer = (Answer){.bytes = answer->bytes, .capacity = answer->capacity};
}

static bool is_header(const char *line, size_t length, const char *name, const char **value, size_t *value_length) {
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':' || strncasecmp(line, name, name_length) != 0) return false;
    const char *from = line + name_length + 1;
    while (from < line + length && (*from == ' ' || *from == '\t')) from++;
    *value = from;
    *value_length = (size_t)(line + length - from);
    return true;
}

static bool contains(const char *text, size_t length, const char *word) {
    size_t word_length = strlen(word);
    for (size_t i = 0; i + word_length <= length; i++)
        if (strncasecmp(text + i, word, word_length) == 0) return true;
    return false;
}

// Reads the status line and the headers in the `length` bytes before the empty line.
static bool parse_head(Answer *answer, size_t length) {
    const char *bytes = answer->bytes;
    if (length < 12 || memcmp(bytes, "HTTP/1.", 7) != 0) return false;
    answer->status = atoi(bytes + 9);
    answer->closes = bytes[7] == '0';
    const char *line = memchr(bytes, '\n', length);
    while (line && ++line < bytes + length) {
        const char *end = memchr(line, '\n', (size_t)(bytes + length - line));
        size_t line_length = (size_t)((end ? end : bytes + length) - line);
        if (line_length > 0 && line[line_length - 1] == '\r') line_length--;
        const char *value;
        size_t value_length;
        if (is_header(line, line_length, "content-length", &value, &value_length)) {
            answer->has_length = true;
            answer->body_length = strtoull(value, NULL, 10);
        } else if (is_header(line, line_length, "transfer-encoding", &value, &value_length)) {
            answer->is_chunked = contains(value, value_length, "chunked");
        } else if (is_header(line, line_length, "connection", &value, &value_length)) {
            answer->closes = contains(value, value_length, "close");
        }
        line = end;
    }
    return answer->status >= 100;
}

// Whether all chunks up to the last one are there. The body is not put together: what is looked for in it is short.
static AnswerState check_chunks(const Answer *answer) {
    const char *at = answer->bytes + answer->body, *end = answer->bytes + answer->length;
    while (true) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line) return ANSWER_INCOMPLETE;
        char *after;
        size_t size = strtoull(at, &after, 16);
        if (after == at) return ANSWER_MALFORMED;
        at = line + 1;
        // Trailers may follow; an empty line ends them, or this one.
        if (size == 0) {
            bool is_over = memmem(at - 2, (size_t)(end - at) + 2, "\r\n\r\n", 4) != NULL;
            return is_over ? ANSWER_COMPLETE : ANSWER_INCOMPLETE;
        }
        if ((size_t)(end - at) < size + 2) return ANSWER_INCOMPLETE;
        at += size + 2;
    }
}

AnswerState answer_check(Answer *answer, bool ended) {
    while (answer->body == 0) {
        char *empty = answer->length ? memmem(answer->bytes, answer->length, "\r\n\r\n", 4) : NULL;
        if (!empty) return ended && answer->length > 0 ? ANSWER_MALFORMED : ANSWER_INCOMPLETE;
        size_t head = (size_t)(empty - answer->bytes);
        if (!parse_head(answer, head)) return ANSWER_MALFORMED;
        answer->body = head + 4;
        if (answer->status >= 200) break;
        // An interim one (100 Continue): the answer itself follows.
        memmove(answer->bytes, answer->bytes + answer->body, answer->length - answer->body);
        answer->length -= answer->body;
        answer->body = 0;
    }
    if (answer->status == 204 || answer->status == 304) return ANSWER_COMPLETE;
    if (answer->is_chunked) return check_chunks(answer);
    if (!answer->has_length) {
        answer->closes = true;
        return ended ? ANSWER_COMPLETE : ANSWER_INCOMPLETE;
    }
    return answer->length - answer->body >= answer->body_length ? ANSWER_COMPLETE : ANSWER_INCOMPLETE;
}
