/* What the files of this folder share about an open replica. */
#ifndef CS_REPLICA_INTERNAL_H
#define CS_REPLICA_INTERNAL_H

#include "field-client/replica/meta.h"
#include "field-client/replica/replica.h"
#include "shared/storage/encrypted/keyed.h"

/* Names its file key (keys.h). */
#define CS_REPLICA_PURPOSE "replica"

struct cs_replica {
    const struct cs_world *world;
    const struct cs_registry *registry;
    struct cs_identity *identity;
    struct cs_keyed *keyed;
    struct cs_database *database; /* of `keyed` */
    struct cs_row_tables *tables;
    struct cs_id_generator ids;
    uint64_t passed_over; /* changes of the database that cs_replica_changes does not count */
    char home[CS_HOME_PATH_MAX];
};

/* Where its file is, and whose: `path` is what *out then names. */
enum cs_status cs_replica_place(struct cs_replica *replica, char path[static CS_HOME_PATH_MAX],
                                struct cs_keyed_place *out, struct cs_problem *problem) CS_MUST_USE;
/* Engine tables; a migration list for cs_database_migrate (schema.c). */
enum cs_status cs_replica_schema(struct cs_database *database,
                                 struct cs_problem *problem) CS_MUST_USE;

/* HOME/`file` into `out`, CS_HOME_PATH_MAX bytes; CS_INVALID when too long. */
enum cs_status cs_home_path(const char *home, const char *file,
                            char out[static CS_HOME_PATH_MAX]) CS_MUST_USE;

/* Runs a statement without results with one bound integer. */
enum cs_status cs_replica_run_integer(struct cs_replica *replica, const char *sql,
                                      int64_t value) CS_MUST_USE;
/*
 * The first column of the first row of a statement without parameters; 0 if there is no row or it
 * is NULL.
 */
enum cs_status cs_replica_ask_integer(struct cs_replica *replica, const char *sql,
                                      int64_t *out) CS_MUST_USE;

#endif
