/*
 * Where a password is in force: from the address of a credential to helper, host, port and options (FORMAT.md, Addresses). Pure.
 *
 *   scheme://[user@]host[:port][/path][?name=value[&name=value]…]
 */
#ifndef CS_ROTATION_TARGET_H
#define CS_ROTATION_TARGET_H

#include "field-client/rotation/request.h"
#include "shared/base/memory.h"

struct cs_rotation_target {
    const char *helper; /* name of the program for this scheme; NULL: none of ours is for it */
    struct cs_bytes host;
    struct cs_bytes user;                                       /* empty: the address names none */
    uint16_t port;                                              /* 0: the usual one */
    struct cs_rotation_option options[CS_ROTATION_OPTIONS_MAX]; /* names ascending */
    size_t option_count;
};

/* Views into `address` and the arena. An address without a scheme is a host, whatever stands in it. CS_INVALID with what is wrong in `problem`; whether host and
 * options are good ones is for cs_rotation_request_check. */
enum cs_status cs_rotation_target_parse(struct cs_bytes address, struct cs_arena *arena,
                                        struct cs_rotation_target *out,
                                        struct cs_problem *problem) CS_MUST_USE;
/* Sets an option, also one that the address has. CS_INVALID beyond CS_ROTATION_OPTIONS_MAX. */
enum cs_status cs_rotation_target_option(struct cs_rotation_target *target, struct cs_bytes name,
                                         struct cs_bytes value,
                                         struct cs_problem *problem) CS_MUST_USE;

#endif
