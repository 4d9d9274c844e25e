/* Opening a file under its owner's key, see keyed.h; how a file is given up for another one is in replacing.c. */
#include "shared/storage/encrypted/keyed_internal.h"

#include "shared/base/memory.h"

#include <string.h>

/* Another process may convert or finish in between: then all is looked at again. */
#define ROUNDS_MAX 4

struct cs_keyed {
    struct cs_encrypted_vfs *vfs;
    struct cs_database *database;
    uint32_t epoch;
};

void cs_keyed_close(struct cs_keyed *keyed)
{
    if (keyed != NULL) {
        cs_database_close(keyed->database);
        cs_encrypted_vfs_destroy(keyed->vfs);
        cs_free(keyed);
    }
}

struct cs_database *cs_keyed_database(const struct cs_keyed *keyed)
{
    return keyed->database;
}

uint32_t cs_keyed_epoch(const struct cs_keyed *keyed)
{
    return keyed->epoch;
}

enum cs_status cs_keyed_open_at(const struct cs_keyed_place *place, const char *path,
                                uint32_t epoch, struct cs_keyed **out, struct cs_problem *problem)
{
    struct cs_secret *key = NULL;
    struct cs_world world = *place->world;
    struct cs_keyed *keyed = cs_alloc_zero(1, sizeof *keyed);
    enum cs_status status = keyed == NULL
                                ? CS_NO_MEMORY
                                : cs_file_key_derive(place->master, place->purpose, epoch, &key);
    if (status == CS_OK) {
        status = cs_encrypted_vfs_create(place->world, cs_secret_bytes(key), epoch, &keyed->vfs);
    }
    cs_secret_destroy(key);
    if (status == CS_OK) {
        keyed->epoch = epoch;
        world.sqlite_vfs = cs_encrypted_vfs_name(keyed->vfs);
        status = cs_database_open(&world, path, CS_DATABASE_REPLICA, &keyed->database, problem);
    }
    if (status != CS_OK) {
        cs_keyed_close(keyed);
        return status;
    }
    *out = keyed;
    return CS_OK;
}

/* What is there does not open: what a person can do about it. */
static enum cs_status explain(const struct cs_keyed_place *place, enum cs_status status,
                              struct cs_problem *problem)
{
    if (status == CS_UNSUPPORTED) {
        return cs_problem_set(
            problem, status,
            "%s was made by a newer program: update countersign on this computer; "
            "nothing was changed",
            place->path);
    }
    if (status != CS_CORRUPT) {
        return status;
    }
    return cs_problem_set(problem, status,
                          "%s does not open with this identity: it is damaged, was changed by "
                          "another program, or belongs to another identity. Nothing was changed. "
                          "Put identity and database back from the same backup; or join in an "
                          "empty folder, and keep this one: unsent work is only here",
                          place->path);
}

/* Whoever waited for the lock may find that the key has been changed meanwhile; then the fresh file is the one that counts. */
static enum cs_status discard_new(const struct cs_keyed_place *place,
                                  const struct cs_keyed_files *files, struct cs_problem *problem)
{
    struct cs_keyed_look fresh;
    enum cs_status status = cs_keyed_look_at(place, files->fresh, &fresh);
    if (status == CS_OK && fresh.kind != CS_KEYED_NOTHING && place->still_saved != NULL &&
        !place->still_saved(place->context)) {
        return cs_problem_set(
            problem, CS_BUSY,
            "another countersign process has just changed the key of %s: try again", place->path);
    }
    if (status == CS_OK) {
        status = cs_keyed_discard_new(place, files);
    }
    return status == CS_OK ? CS_OK
                           : cs_problem_set(problem, status, "%s cannot be taken away: %s",
                                            files->fresh, cs_status_text(status));
}

static enum cs_status open_ours(const struct cs_keyed_place *place,
                                const struct cs_keyed_files *files, uint32_t epoch,
                                struct cs_keyed **out, struct cs_problem *problem)
{
    struct cs_keyed *keyed = NULL;
    enum cs_status status = cs_keyed_open_at(place, files->path, epoch, &keyed, problem);
    if (status == CS_OK) {
        /* Under the lock: nobody is at work on it. */
        status = discard_new(place, files, problem);
    }
    if (status != CS_OK) {
        cs_keyed_close(keyed);
        return explain(place, status, problem);
    }
    *out = keyed;
    return CS_OK;
}

static enum cs_status one_round(const struct cs_keyed_place *place,
                                const struct cs_keyed_files *files,
                                const struct cs_progress *progress, struct cs_keyed **out,
                                struct cs_problem *problem)
{
    struct cs_keyed_look look;
    struct cs_keyed_look other;
    enum cs_status status = cs_keyed_look_at(place, files->path, &look);
    if (status == CS_OK) {
        status = cs_keyed_look_at(place, files->fresh, &other);
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s cannot be read: %s", place->path,
                              cs_status_text(status));
    }
    if (look.kind == CS_KEYED_OURS) {
        return open_ours(place, files, look.epoch, out, problem);
    }
    if (look.kind == CS_KEYED_PLAIN) {
        return cs_keyed_convert(place, files, progress, problem);
    }
    if (other.kind == CS_KEYED_OURS) {
        status = cs_keyed_take_over(place, files, problem);
        return explain(place, status, problem);
    }
    if (look.kind == CS_KEYED_NOTHING && other.kind == CS_KEYED_NOTHING) {
        return open_ours(place, files, 1, out, problem);
    }
    return explain(place, look.kind == CS_KEYED_NEWER ? CS_UNSUPPORTED : CS_CORRUPT, problem);
}

enum cs_status cs_keyed_open(const struct cs_keyed_place *place, const struct cs_progress *progress,
                             struct cs_keyed **out, struct cs_problem *problem)
{
    struct cs_keyed_files files;
    enum cs_status status = cs_keyed_name_files(place->path, &files);
    *out = NULL;
    for (int i = 0; status == CS_OK && *out == NULL && i < ROUNDS_MAX; i++) {
        status = one_round(place, &files, progress, out, problem);
    }
    if (status == CS_OK && *out == NULL) {
        return cs_problem_set(problem, CS_BUSY, "%s is in use by another countersign process",
                              place->path);
    }
    return status;
}

enum cs_status cs_keyed_renew(struct cs_keyed *keyed, const struct cs_keyed_place *place,
                              struct cs_bytes next, const struct cs_progress *progress,
                              struct cs_problem *problem)
{
    struct cs_keyed_files files;
    struct cs_keyed_place to = *place;
    enum cs_status status = cs_keyed_name_files(place->path, &files);
    to.master = next;
    return status != CS_OK ? status
                           : cs_keyed_write_new(&to, &files, keyed->database, keyed->epoch + 1,
                                                progress, problem);
}
