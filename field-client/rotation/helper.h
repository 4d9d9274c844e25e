/*
 * The frame of our helper programs: everything about them that does not depend on the system (FORMAT.md).
 *
 * It shuts off core dumps, debuggers and the environment, reads the message into secret memory, hands the request over, and
 * writes the answer. It is for main functions: it reads and writes the standard descriptors.
 */
#ifndef CS_ROTATION_HELPER_H
#define CS_ROTATION_HELPER_H

#include "field-client/rotation/answer.h"

#include "shared/base/world.h"

struct cs_rotation_helper {
    const char *program;        /* for messages */
    const char *const *options; /* names it knows, NULL at the end: any other is refused */
    /* Does the request by `deadline_ms` on world->monotonic_ms. `problem` is empty at first; for people, no secrets. */
    enum cs_rotation_answer (*work)(const struct cs_world *world,
                                    const struct cs_rotation_request *request, int64_t deadline_ms,
                                    struct cs_problem *problem);
};

/* The exit status of the program. */
int cs_rotation_helper_run(const struct cs_rotation_helper *helper, int argument_count);

/* Milliseconds left until then, 0 if none, never more than INT_MAX: what poll takes. */
int cs_rotation_left_ms(const struct cs_world *world, int64_t deadline_ms);

#endif
