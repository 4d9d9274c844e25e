/*
 * One SSH session: the host known by its key, the account logged in by password or keyboard-interactive, one attempt.
 *
 * No file of the user has a say: no configuration, no known_hosts, no keys, no agent.
 */
#ifndef CS_ROTATION_LINUX_LOGIN_H
#define CS_ROTATION_LINUX_LOGIN_H

#include "field-client/rotation/conduct.h"
#include "field-client/rotation/linux_account/host_keys.h"
#include "shared/base/world.h"

struct cs_linux_target {
    const struct cs_world *world;
    int64_t deadline_ms;
    char host[CS_ROTATION_NAME_MAX + 1];
    char user[CS_ROTATION_NAME_MAX + 1];
    unsigned port;
    struct cs_host_keys keys;
};

/* `password` is text with an end mark. An accepted session goes to *out_session, for cs_linux_end. */
enum cs_rotation_login cs_linux_login(const struct cs_linux_target *target, const char *password,
                                      ssh_session *out_session, struct cs_problem *problem);
/* NULL is accepted. */
void cs_linux_end(ssh_session session);
/* How long the session's next step may take: until the deadline. */
void cs_linux_set_time(const struct cs_linux_target *target, ssh_session session);

#endif
