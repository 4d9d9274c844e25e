/*
 * The message to a helper: what is to be done, where, and with which two secrets (FORMAT.md, Message).
 *
 * Runner and helpers share it. A request holds views; the secrets it names live in secret memory of whoever made it. Pure.
 */
#ifndef CS_ROTATION_REQUEST_H
#define CS_ROTATION_REQUEST_H

#include "shared/base/bytes.h"
#include "shared/base/limits.h"

enum cs_rotation_operation {
    CS_ROTATION_APPLY,  /* make the new secret the one that works */
    CS_ROTATION_VERIFY, /* tell which of the two works; changes nothing */
};

/* A helper's own setting, such as the name of a database. Never secret. */
struct cs_rotation_option {
    struct cs_bytes name;  /* a letter a-z, then a-z 0-9 _; at most 32 bytes */
    struct cs_bytes value; /* UTF-8, at most CS_ROTATION_OPTION_MAX */
};

struct cs_rotation_request {
    enum cs_rotation_operation operation;
    struct cs_bytes host;       /* a name or an address: letters, digits, . : - _ */
    uint16_t port;              /* 0: the usual one of the system */
    struct cs_bytes user;       /* UTF-8 without control characters, 1 to CS_ROTATION_NAME_MAX */
    struct cs_bytes old_secret; /* any bytes, 1 to CS_ROTATION_SECRET_MAX */
    struct cs_bytes new_secret; /* the same, and another than the old one */
    uint32_t seconds;           /* 1 to CS_ROTATION_SECONDS_MAX: how long it may take */
    struct cs_rotation_option options[CS_ROTATION_OPTIONS_MAX]; /* names ascending, each once */
    size_t option_count;
};

/* CS_INVALID with the part that is wrong in `problem`. */
enum cs_status cs_rotation_request_check(const struct cs_rotation_request *request,
                                         struct cs_problem *problem) CS_MUST_USE;
/* Appends the message; the buffer should be over secret memory (cs_secret_buffer). CS_INVALID as the check says, CS_LIMIT. */
enum cs_status cs_rotation_request_encode(const struct cs_rotation_request *request,
                                          struct cs_buffer *out,
                                          struct cs_problem *problem) CS_MUST_USE;
/* The whole message, nothing left over; `out` has views into it. CS_UNSUPPORTED (another format), CS_MALFORMED, CS_INVALID. */
enum cs_status cs_rotation_request_decode(struct cs_bytes message, struct cs_rotation_request *out,
                                          struct cs_problem *problem) CS_MUST_USE;
/* The option's value; size 0 if it is not there. */
struct cs_bytes cs_rotation_option(const struct cs_rotation_request *request, const char *name);

#endif
