/*
 * The password of a Linux account, changed over SSH as its owner does it: by passwd(1) on a terminal. This folder is the only place that
 * includes <libssh/…>.
 *
 * The passwords go into the terminal when they are asked for, never into a command. The terminal repeats nothing.
 */
#ifndef CS_ROTATION_LINUX_ACCOUNT_H
#define CS_ROTATION_LINUX_ACCOUNT_H

#include "field-client/rotation/helper.h"

/* What can be asked for by PAM: bytes of a password. */
#define CS_LINUX_SECRET_MAX ((size_t)500)

/* Names of the options (README.md), NULL at the end. */
extern const char *const cs_linux_options[];

/* For cs_rotation_helper. */
enum cs_rotation_answer cs_linux_rotate(const struct cs_world *world,
                                        const struct cs_rotation_request *request,
                                        int64_t deadline_ms, struct cs_problem *problem);

#endif
