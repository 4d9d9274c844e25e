/*
 * One session with a PostgreSQL server: how it is reached, who is let in, what a failed login means.
 *
 * Everything is set explicitly: no file of the user, no variable of the environment has a say.
 */
#ifndef CS_ROTATION_POSTGRESQL_SESSION_H
#define CS_ROTATION_POSTGRESQL_SESSION_H

#include "field-client/rotation/conduct.h"
#include "shared/base/world.h"

#include <libpq-fe.h>

/* What a request says, in the form that libpq takes. */
struct cs_postgresql_target {
    const struct cs_world *world;
    int64_t deadline_ms;
    char host[CS_ROTATION_NAME_MAX + 1];
    char port[6];
    char user[CS_ROTATION_NAME_MAX + 1];
    char database[CS_ROTATION_NAME_MAX + 1];
    bool encrypted; /* TLS, the server's certificate checked for this host */
    bool scram_only;
    int ca_file; /* -1: the system's authorities */
    char ca_path[64];
};

/* CS_INVALID with the option that is wrong. */
enum cs_status cs_postgresql_target_init(const struct cs_world *world,
                                         const struct cs_rotation_request *request,
                                         int64_t deadline_ms, struct cs_postgresql_target *out,
                                         struct cs_problem *problem) CS_MUST_USE;
void cs_postgresql_target_release(struct cs_postgresql_target *target);

/* Logs in; `password` is text with an end mark. An accepted session goes to *out_session for the caller to PQfinish. */
enum cs_rotation_login cs_postgresql_login(const struct cs_postgresql_target *target,
                                           const char *password, PGconn **out_session,
                                           struct cs_problem *problem);

/* Waits until the session's socket is ready for the poll(2) events; false when the time is over. */
bool cs_postgresql_await(const struct cs_postgresql_target *target, const PGconn *session,
                         short events);

#endif
