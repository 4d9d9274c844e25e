/* Opening a replica, and the small facts it keeps; see replica.h. */
#include "field-client/replica/rejoin.h"
#include "field-client/replica/replica_internal.h"

#include <stdio.h>
#include <string.h>

enum cs_status cs_home_path(const char *home, const char *file, char out[static CS_HOME_PATH_MAX])
{
    int size = snprintf(out, CS_HOME_PATH_MAX, "%s/%s", home, file);
    return size < 0 || (size_t)size >= CS_HOME_PATH_MAX ? CS_INVALID : CS_OK;
}

/* First use writes the value; later uses must find the same. */
static enum cs_status pin(struct cs_replica *replica, const char *key, const uint8_t *value,
                          bool *out_same)
{
    struct cs_buffer known;
    cs_buffer_init(&known, 256);
    struct cs_bytes own = cs_bytes_make(value, CS_HASH_SIZE);
    enum cs_status status = cs_replica_meta_bytes(replica, key, &known);
    *out_same = known.size == 0 || cs_bytes_equal(cs_buffer_bytes(&known), own);
    if (status == CS_OK && known.size == 0) {
        status = cs_replica_meta_set_bytes(replica, key, own);
    }
    cs_buffer_release(&known);
    return status;
}

/* A replica of another organisation or device must not be mixed with this identity's log. */
static enum cs_status check_owner(struct cs_replica *replica, struct cs_problem *problem)
{
    bool same = false;
    enum cs_status status =
        pin(replica, CS_META_ORGANISATION, cs_identity_organisation(replica->identity), &same);
    if (status == CS_OK && !same) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                              "%s in this folder belongs to another organisation", CS_REPLICA_FILE);
    }
    if (status == CS_OK) {
        status =
            pin(replica, CS_META_CERTIFICATE, cs_identity_certificate_id(replica->identity), &same);
    }
    if (status == CS_OK && !same) {
        status = cs_rejoin_take_over(replica, &same);
    }
    if (status == CS_OK && !same) {
        return cs_problem_set(problem, CS_EXISTS,
                              "%s in this folder was made with another certificate; join in an "
                              "empty folder",
                              CS_REPLICA_FILE);
    }
    return status;
}

static enum cs_status prepare(struct cs_replica *replica, struct cs_problem *problem)
{
    enum cs_status status = cs_replica_schema(replica->database, problem);
    if (status == CS_OK) {
        status = cs_database_begin(replica->database);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_row_tables_create(replica->database, replica->registry, &replica->tables);
    if (status == CS_UNSUPPORTED) {
        status =
            cs_problem_set(problem, status,
                           "this data was written by a newer program: update countersign on this "
                           "computer; nothing was changed");
    }
    if (status == CS_OK) {
        status = check_owner(replica, problem);
    }
    if (status != CS_OK) {
        cs_database_rollback(replica->database);
        return status;
    }
    return cs_database_commit(replica->database);
}

static void start_ids(struct cs_replica *replica)
{
    uint8_t random[4];
    replica->world->random(replica->world->context, random, sizeof random);
    cs_id_generator_init(&replica->ids, cs_identity_certificate_id(replica->identity), random);
}

static bool still_saved(void *context)
{
    const struct cs_replica *replica = context;
    return cs_identity_is_saved(replica->world, replica->identity, replica->home, CS_IDENTITY_FILE);
}

static enum cs_status open_keyed(struct cs_replica *replica, const struct cs_progress *progress,
                                 struct cs_problem *problem)
{
    char path[CS_HOME_PATH_MAX];
    struct cs_keyed_place place;
    enum cs_status status = cs_replica_place(replica, path, &place, problem);
    if (status == CS_OK) {
        status = cs_keyed_open(&place, progress, &replica->keyed, problem);
    }
    if (status == CS_OK) {
        replica->database = cs_keyed_database(replica->keyed);
    }
    return status;
}

enum cs_status cs_replica_place(struct cs_replica *replica, char path[static CS_HOME_PATH_MAX],
                                struct cs_keyed_place *out, struct cs_problem *problem)
{
    enum cs_status status = cs_home_path(replica->home, CS_REPLICA_FILE, path);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the path of the home folder is too long");
    }
    *out = (struct cs_keyed_place){
        .world = replica->world,
        .path = path,
        .purpose = CS_REPLICA_PURPOSE,
        .master = cs_identity_master_key(replica->identity),
        .still_saved = still_saved,
        .context = replica,
    };
    return CS_OK;
}

enum cs_status cs_replica_open(const struct cs_world *world, const char *home,
                               const struct cs_registry *registry, struct cs_identity *identity,
                               struct cs_replica **out, struct cs_problem *problem)
{
    return cs_replica_open_telling(world, home, registry, identity, NULL, out, problem);
}

enum cs_status cs_replica_open_telling(const struct cs_world *world, const char *home,
                                       const struct cs_registry *registry,
                                       struct cs_identity *identity,
                                       const struct cs_progress *progress, struct cs_replica **out,
                                       struct cs_problem *problem)
{
    if (strlen(home) >= CS_HOME_PATH_MAX) {
        return cs_problem_set(problem, CS_INVALID, "the path of the home folder is too long");
    }
    struct cs_replica *replica = cs_alloc_zero(1, sizeof *replica);
    if (replica == NULL) {
        return CS_NO_MEMORY;
    }
    replica->world = world;
    replica->registry = registry;
    replica->identity = identity;
    memcpy(replica->home, home, strlen(home) + 1);
    start_ids(replica);
    enum cs_status status = open_keyed(replica, progress, problem);
    if (status == CS_OK) {
        status = prepare(replica, problem);
    }
    if (status != CS_OK) {
        cs_replica_close(replica);
        return status;
    }
    *out = replica;
    return CS_OK;
}

enum cs_status cs_replica_renew(struct cs_replica *replica, const struct cs_identity *next,
                                const struct cs_progress *progress, struct cs_problem *problem)
{
    char path[CS_HOME_PATH_MAX];
    struct cs_keyed_place place;
    enum cs_status status = cs_replica_place(replica, path, &place, problem);
    return status != CS_OK ? status
                           : cs_keyed_renew(replica->keyed, &place, cs_identity_master_key(next),
                                            progress, problem);
}

void cs_replica_close(struct cs_replica *replica)
{
    if (replica != NULL) {
        cs_row_tables_destroy(replica->tables);
        cs_keyed_close(replica->keyed);
        cs_free(replica);
    }
}

const struct cs_world *cs_replica_world(const struct cs_replica *replica)
{
    return replica->world;
}

const char *cs_replica_home(const struct cs_replica *replica)
{
    return replica->home;
}

const struct cs_registry *cs_replica_registry(const struct cs_replica *replica)
{
    return replica->registry;
}

struct cs_identity *cs_replica_identity(const struct cs_replica *replica)
{
    return replica->identity;
}

struct cs_database *cs_replica_database(const struct cs_replica *replica)
{
    return replica->database;
}

uint64_t cs_replica_changes(const struct cs_replica *replica)
{
    return cs_database_total_changes(replica->database) - replica->passed_over;
}

void cs_replica_pass_over(struct cs_replica *replica, uint64_t changes)
{
    replica->passed_over += changes;
}

struct cs_row_tables *cs_replica_tables(const struct cs_replica *replica)
{
    return replica->tables;
}

struct cs_id cs_replica_draw_id(struct cs_replica *replica)
{
    return cs_id_next(&replica->ids, replica->world->wall_ms(replica->world->context));
}

/*
 * The value of a key as it is stored; *out_found false if there is none. The statement is done by
 * the caller.
 */
static enum cs_status read_meta(struct cs_replica *replica, const char *key,
                                struct cs_statement **out, bool *out_found)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(replica->database, "SELECT value FROM _meta WHERE key = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(key));
    status = cs_statement_step(statement, out_found);
    if (status == CS_OK) {
        *out = statement;
    }
    return status;
}

enum cs_status cs_replica_meta_number(struct cs_replica *replica, const char *key, int64_t *out)
{
    struct cs_statement *statement = NULL;
    bool found = false;
    enum cs_status status = read_meta(replica, key, &statement, &found);
    if (status != CS_OK) {
        return status;
    }
    int64_t value = 0;
    if (found) {
        struct cs_reader reader;
        cs_reader_init(&reader, cs_column_bytes(statement, 0));
        value = (int64_t)cs_read_u64(&reader);
        status = cs_reader_finish(&reader) == CS_OK ? CS_OK : CS_CORRUPT;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = value;
    }
    return status;
}

enum cs_status cs_replica_meta_set_number(struct cs_replica *replica, const char *key,
                                          int64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    }
    return cs_replica_meta_set_bytes(replica, key, cs_bytes_of_array(bytes));
}

enum cs_status cs_replica_meta_bytes(struct cs_replica *replica, const char *key,
                                     struct cs_buffer *out)
{
    struct cs_statement *statement = NULL;
    bool found = false;
    enum cs_status status = read_meta(replica, key, &statement, &found);
    if (status != CS_OK) {
        return status;
    }
    if (found) {
        cs_buffer_append_bytes(out, cs_column_bytes(statement, 0));
    }
    cs_statement_done(statement);
    return out->status;
}

enum cs_status cs_replica_meta_set_bytes(struct cs_replica *replica, const char *key,
                                         struct cs_bytes value)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "INSERT OR REPLACE INTO _meta (key, value) VALUES (?1, ?2)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(key));
    cs_bind_bytes(statement, 2, value);
    return cs_statement_run(statement);
}

enum cs_status cs_replica_note_server(struct cs_replica *replica,
                                      const uint8_t incarnation[static 16], int64_t server_time_ms)
{
    const struct cs_world *world = replica->world;
    uint8_t boot[16];
    world->boot_id(world->context, boot);
    enum cs_status status =
        cs_replica_meta_set_bytes(replica, CS_META_INCARNATION, cs_bytes_make(incarnation, 16));
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, CS_META_SERVER_TIME, server_time_ms);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, CS_META_SERVER_MONOTONIC,
                                            world->monotonic_ms(world->context));
    }
    return status != CS_OK
               ? status
               : cs_replica_meta_set_bytes(replica, CS_META_SERVER_BOOT, cs_bytes_of_array(boot));
}

enum cs_status cs_replica_run_integer(struct cs_replica *replica, const char *sql, int64_t value)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, value);
    return cs_statement_run(statement);
}

enum cs_status cs_replica_ask_integer(struct cs_replica *replica, const char *sql, int64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        *out = found ? cs_column_integer(statement, 0) : 0;
        cs_statement_done(statement);
    }
    return status;
}
