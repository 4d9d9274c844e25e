/*
 * A role's password on a PostgreSQL server. With session.h the only place that includes <libpq-fe.h>.
 *
 * The server gets a SCRAM-SHA-256 verifier that is computed here with a salt of its own, never the password: so it is in no log of
 * statements, and in nobody's memory there.
 */
#ifndef CS_ROTATION_POSTGRESQL_H
#define CS_ROTATION_POSTGRESQL_H

#include "field-client/rotation/helper.h"

/* Names of the options (README.md), NULL at the end. */
extern const char *const cs_postgresql_options[];

/* For cs_rotation_helper. */
enum cs_rotation_answer cs_postgresql_rotate(const struct cs_world *world,
                                             const struct cs_rotation_request *request,
                                             int64_t deadline_ms, struct cs_problem *problem);

#endif
