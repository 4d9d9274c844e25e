/*
 * `restore`: a new server folder from a backup, with a new incarnation, so that devices notice.
 *
 * What must stay true: a folder is left behind only with the new incarnation in it; a restored server that passed as the
 * old one would contradict what it had acknowledged.
 */
#include "sync-server/commands/folder.h"
#include "sync-server/commands/master_key.h"
#include "sync-server/commands/report.h"
#include "sync-server/reconcile/recovery.h"

#include <stdlib.h>
#include <unistd.h>

struct restore {
    const char *backup;
    const char *folder;
    bool made; /* the folder did not exist */
    int lock;
    uint8_t incarnation[CS_FACTS_INCARNATION_SIZE];
    struct cs_report report;
};

/* Tries the backup's keys, where a key was named: a backup whose master key is lost should be found out early. */
static enum cs_status try_keys(struct cs_admin *admin, const char *backup)
{
    const char *named = getenv("COUNTERSIGN_MASTER_KEY_FILE");
    if (admin->master_key_file == NULL && (named == NULL || named[0] == '\0')) {
        return CS_OK;
    }
    char path[CS_FOLDER_PATH_MAX];
    struct cs_secret *master_key = NULL;
    struct cs_server_keys *keys = NULL;
    enum cs_status status = cs_folder_path(backup, CS_SERVER_KEYS_FILE, path, &admin->problem);
    if (status == CS_OK) {
        status = cs_master_key_load(admin, backup, &master_key);
    }
    if (status == CS_OK) {
        status = cs_server_keys_open(admin->around.world, path, cs_secret_bytes(master_key), &keys,
                                     &admin->problem);
    }
    cs_server_keys_destroy(keys);
    cs_secret_destroy(master_key);
    return status;
}

static enum cs_status check_backup(struct cs_admin *admin, const char *backup)
{
    enum cs_status status = cs_folder_check(backup, &admin->problem);
    if (status == CS_OK && cs_folder_is_served(backup)) {
        return cs_problem_set(&admin->problem, CS_BUSY,
                              "%s is a server that is running, not a backup", backup);
    }
    if (status == CS_OK && cs_folder_file_size(backup, CS_SERVER_DATABASE_FILE "-wal") > 0) {
        return cs_problem_set(
            &admin->problem, CS_INVALID,
            "%s was not made by backup, or is in use: it holds a " CS_SERVER_DATABASE_FILE
            "-wal that is not empty",
            backup);
    }
    return status == CS_OK ? try_keys(admin, backup) : status;
}

static enum cs_status prepare_folder(struct cs_admin *admin, struct restore *restore)
{
    bool empty;
    enum cs_status status = cs_folder_is_empty(restore->folder, &empty, &admin->problem);
    if (status == CS_OK && !empty) {
        return cs_problem_set(&admin->problem, CS_EXISTS,
                              "%s is not empty: restore into a new folder", restore->folder);
    }
    if (status == CS_OK) {
        status = cs_folder_make(restore->folder, &restore->made, &admin->problem);
    }
    return status == CS_OK ? cs_folder_lock(restore->folder, &restore->lock, &admin->problem)
                           : status;
}

static enum cs_status put_incarnation(struct cs_admin *admin, struct restore *restore,
                                      struct cs_store *store)
{
    const struct cs_world *world = admin->around.world;
    world->random(world->context, restore->incarnation, sizeof restore->incarnation);
    enum cs_status status = cs_store_begin(store);
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    const struct cs_push_clock clock = {.now_ms = world->wall_ms(world->context)};
    const struct cs_witness administrator = {.device = NULL};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    status = cs_recovery_begin(store, &clock, &arena, restore->incarnation, &administrator);
    cs_arena_release(&arena);
    if (status != CS_OK) {
        cs_store_rollback(store);
        return status;
    }
    return cs_store_commit(store);
}

static enum cs_status renew(struct cs_admin *admin, struct restore *restore)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_store *store = NULL;
    enum cs_status status =
        cs_folder_path(restore->folder, CS_SERVER_DATABASE_FILE, path, &admin->problem);
    if (status == CS_OK) {
        status = cs_store_open(admin->around.world, path, CS_STORE_WRITER, admin->around.registry,
                               &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = put_incarnation(admin, restore, store);
    }
    if (status == CS_OK) {
        status = cs_report_run(&restore->report, admin, store);
    }
    cs_store_close(store);
    return status;
}

static enum cs_status fill(struct cs_admin *admin, struct restore *restore)
{
    enum cs_status status =
        cs_folder_copy(restore->backup, restore->folder, CS_SERVER_DATABASE_FILE, &admin->problem);
    if (status == CS_OK) {
        status = renew(admin, restore);
    }
    /* The keys come last: without them the folder cannot be served. */
    if (status == CS_OK) {
        status =
            cs_folder_copy(restore->backup, restore->folder, CS_SERVER_KEYS_FILE, &admin->problem);
    }
    return status;
}

static enum cs_status answer(struct cs_admin *admin, struct restore *restore)
{
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "folder", cs_admin_json_text(restore->folder));
        cs_json_set(json, "incarnation",
                    cs_admin_json_hex(cs_bytes_of_array(restore->incarnation)));
        cs_report_json(&restore->report, json);
        return cs_admin_json(admin, json);
    }
    cs_admin_print(admin, "restored into %s, with a new incarnation\n", restore->folder);
    cs_report_text(&restore->report);
    return CS_OK;
}

static void show_next_steps(struct cs_admin *admin, const struct restore *restore)
{
    cs_admin_note(admin,
                  "the master key is not in a backup: put it at %s/" CS_FOLDER_MASTER_KEY
                  " or name it with --master-key",
                  restore->folder);
    cs_admin_note(admin, "devices that had synced later than this backup send again what it lacks "
                         "when they next sync; exceptions of kind server_went_back count it for "
                         "the office, device by device");
    cs_admin_note(admin, "never serve the old folder and this one at the same time");
}

static void give_up(const struct restore *restore)
{
    if (restore->lock < 0) {
        return;
    }
    cs_folder_remove(restore->folder, CS_SERVER_KEYS_FILE);
    cs_folder_remove_database(restore->folder);
    cs_folder_remove(restore->folder, CS_FOLDER_LOCK);
    if (restore->made) {
        (void)rmdir(restore->folder);
    }
}

enum cs_status cs_admin_restore(struct cs_admin *admin)
{
    enum cs_status status = cs_admin_expect(admin, 2);
    if (status != CS_OK) {
        return status;
    }
    struct restore restore = {
        .backup = admin->arguments[0], .folder = admin->arguments[1], .lock = -1};
    status = check_backup(admin, restore.backup);
    if (status == CS_OK) {
        status = prepare_folder(admin, &restore);
    }
    if (status == CS_OK) {
        status = fill(admin, &restore);
        if (status == CS_OK) {
            status = answer(admin, &restore);
        }
        if (status != CS_OK) {
            give_up(&restore);
        } else {
            show_next_steps(admin, &restore);
        }
    }
    cs_report_release(&restore.report);
    cs_folder_unlock(restore.lock);
    return status;
}
