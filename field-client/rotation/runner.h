/*
 * Runs a helper program and takes its answer: the client's side of FORMAT.md.
 *
 * Called with a new secret that is PENDING and durable on the server (design: nothing else may be applied). The caller keeps both
 * secrets whatever comes of it, and what each answer obliges it to is in FORMAT.md.
 */
#ifndef CS_ROTATION_RUNNER_H
#define CS_ROTATION_RUNNER_H

#include "field-client/rotation/answer.h"

#include "shared/base/world.h"

/*
 * Starts the program at the absolute path `helper`, hands it the request and waits for its answer, at most request->seconds and
 * CS_ROTATION_GRACE_SECONDS. It is then ended, by its id, with the process group it leads.
 *
 * CS_OK: it ran, and *out_answer is what it said; CS_ROTATION_UNKNOWN for every other output, an exit status other than 0, and a helper that
 * had to be ended. `reason` is for people: what it said on standard error, or what was wrong with it; empty if nothing.
 * Anything else: it was not started, so nothing was changed (CS_INVALID: the request or the program, CS_IO, CS_NO_MEMORY).
 *
 * The world's monotonic clock is used. The secrets are copied to secret memory only. One thread at a time; no signal is
 * left pending, none is handled; SIGCHLD must not be ignored.
 */
enum cs_status cs_rotation_run(const struct cs_world *world, const char *helper,
                               const struct cs_rotation_request *request,
                               enum cs_rotation_answer *out_answer,
                               struct cs_problem *reason) CS_MUST_USE;

#endif
