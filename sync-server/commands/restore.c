/*
 * `restore`: a new server folder from a backup in a repository, with a new incarnation, so that devices notice.
 *
 * What must stay true: an older backup than the last verified one is never restored without being asked for, since devices may have
 * removed what it lacks; a folder is left behind only with the new incarnation in it; a restored server that passed as the
 * old one would contradict what it had acknowledged.
 */
#include "shared/base/text.h"
#include "sync-server/commands/backup_place.h"
#include "sync-server/commands/master_key.h"
#include "sync-server/reconcile/recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_MAX (256 * CS_MEBI)
/* Keys before they are known to be the right ones: without CS_SERVER_KEYS_FILE a folder cannot be served. */
#define KEYS_TRIED "keys.restored"

struct restore {
    const char *folder;
    const char *key_file;
    uint64_t at;       /* 0: the last verified one */
    bool accepts_lost; /* an older one is meant, whatever devices have removed since */
    struct cs_backup_place place;
    struct cs_manifest manifest;
    bool made; /* the folder did not exist */
    int lock;
    uint8_t incarnation[CS_FACTS_INCARNATION_SIZE];
    struct cs_report report;
};

/* Tries the backup's keys, where a key was named: a backup whose master key is lost should be found out early. */
static enum cs_status try_keys(struct cs_admin *admin, const char *folder)
{
    const char *named = getenv("COUNTERSIGN_MASTER_KEY_FILE");
    if (admin->master_key_file == NULL && (named == NULL || named[0] == '\0')) {
        return CS_OK;
    }
    char path[CS_FOLDER_PATH_MAX];
    struct cs_secret *master_key = NULL;
    struct cs_server_keys *keys = NULL;
    enum cs_status status = cs_folder_path(folder, KEYS_TRIED, path, &admin->problem);
    if (status == CS_OK) {
        status = cs_master_key_load(admin, folder, &master_key);
    }
    if (status == CS_OK) {
        status = cs_server_keys_open(admin->around.world, path, cs_secret_bytes(master_key), &keys,
                                     &admin->problem);
    }
    cs_server_keys_destroy(keys);
    cs_secret_destroy(master_key);
    return status;
}

/* ---- which backup ---- */

static enum cs_status take_options(struct cs_admin *admin, struct restore *restore)
{
    const char *at = NULL;
    restore->accepts_lost = cs_admin_flag(admin, "--accept-lost");
    enum cs_status status = cs_admin_option(admin, "--key", &restore->key_file);
    if (status == CS_OK) {
        status = cs_admin_option(admin, "--at", &at);
    }
    if (status == CS_OK && at != NULL) {
        char *end = NULL;
        restore->at = strtoull(at, &end, 10);
        if (*end != '\0' || restore->at == 0 || at[0] == '-') {
            return cs_admin_usage(admin, "--at needs the number of a backup");
        }
    }
    return status == CS_OK ? cs_admin_expect(admin, 2) : status;
}

/* Devices whose change-sets the older backup lacks though they may have removed them. */
static enum cs_status name_lost(struct cs_admin *admin, const struct cs_horizon_entry *now,
                                size_t now_count, const struct cs_horizon *then, size_t *out_count)
{
    size_t lost = 0;
    for (size_t i = 0; i < now_count; i++) {
        uint64_t had = cs_horizon_sequence(then, now[i].log);
        if (now[i].sequence > had) {
            lost++;
            cs_admin_note(admin,
                          "device %016llx: change-sets %llu to %llu are in a later verified backup "
                          "and not in this one; the device may have removed them",
                          (unsigned long long)now[i].log, (unsigned long long)had + 1,
                          (unsigned long long)now[i].sequence);
        }
    }
    *out_count = lost;
    return CS_OK;
}

/* The backup to restore is older than one by which devices may have removed what they kept. */
static enum cs_status check_older(struct cs_admin *admin, struct restore *restore,
                                  uint64_t verified)
{
    struct cs_manifest later;
    struct cs_arena arena;
    struct cs_horizon_entry *now = NULL;
    struct cs_horizon then = {.backup = restore->at};
    size_t now_count = 0;
    size_t lost = 0;
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status =
        cs_repository_manifest(restore->place.repository, verified, &later, &admin->problem);
    if (status == CS_OK) {
        status = cs_backup_devices(&restore->place, admin, &later, &arena, &now, &now_count);
    }
    if (status == CS_OK) {
        status = cs_backup_devices(&restore->place, admin, &restore->manifest, &arena,
                                   &then.entries, &then.count);
    }
    if (status == CS_OK) {
        status = name_lost(admin, now, now_count, &then, &lost);
    }
    cs_arena_release(&arena);
    if (status == CS_OK && lost > 0 && !restore->accepts_lost) {
        return cs_problem_set(&admin->problem, CS_ROLLED_BACK,
                              "backup %llu is older than backup %llu, which was verified: %zu "
                              "devices may have removed what it lacks, and what they removed would "
                              "be lost. Restore backup %llu, or say --accept-lost",
                              (unsigned long long)restore->at, (unsigned long long)verified, lost,
                              (unsigned long long)verified);
    }
    return status;
}

static enum cs_status choose(struct cs_admin *admin, struct restore *restore)
{
    const struct cs_repository *repository = restore->place.repository;
    uint64_t verified = 0;
    enum cs_status status = cs_repository_check_chain(repository, &admin->problem);
    if (status == CS_OK) {
        status = cs_repository_last_verified(repository, &verified, &admin->problem);
    }
    if (status == CS_OK && restore->at == 0) {
        restore->at = verified;
        if (verified == 0) {
            return cs_problem_set(&admin->problem, CS_NOT_FOUND,
                                  "%.200s holds no verified backup: try one with backup verify, or "
                                  "name it with --at",
                                  restore->place.path);
        }
    }
    if (status == CS_OK) {
        status =
            cs_repository_manifest(repository, restore->at, &restore->manifest, &admin->problem);
    }
    return status == CS_OK && restore->at < verified ? check_older(admin, restore, verified)
                                                     : status;
}

/* ---- the folder ---- */

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

static enum cs_status put_keys(struct cs_admin *admin, const struct restore *restore)
{
    char tried[CS_FOLDER_PATH_MAX];
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status = cs_folder_path(restore->folder, KEYS_TRIED, tried, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_path(restore->folder, CS_SERVER_KEYS_FILE, path, &admin->problem);
    }
    if (status == CS_OK && rename(tried, path) != 0) {
        status = CS_IO;
    }
    return status == CS_OK ? cs_folder_sync(restore->folder) : status;
}

static enum cs_status fill(struct cs_admin *admin, struct restore *restore)
{
    struct cs_backup_place *place = &restore->place;
    enum cs_status status = cs_backup_take_out(place, admin, &restore->manifest,
                                               CS_SERVER_KEYS_FILE, restore->folder, KEYS_TRIED);
    if (status == CS_OK) {
        status = try_keys(admin, restore->folder);
    }
    if (status == CS_OK) {
        status = cs_backup_take_out(place, admin, &restore->manifest, CS_SERVER_DATABASE_FILE,
                                    restore->folder, CS_SERVER_DATABASE_FILE);
    }
    if (status == CS_OK) {
        status = renew(admin, restore);
    }
    /* The keys come last: without them the folder cannot be served. */
    return status == CS_OK ? put_keys(admin, restore) : status;
}

static enum cs_status answer(struct cs_admin *admin, struct restore *restore)
{
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "folder", cs_admin_json_text(restore->folder));
        cs_json_set(json, "backup", cs_json_integer((int64_t)restore->at));
        cs_json_set(json, "incarnation",
                    cs_admin_json_hex(cs_bytes_of_array(restore->incarnation)));
        cs_report_json(&restore->report, json);
        return cs_admin_json(admin, json);
    }
    char made[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(restore->manifest.facts.made_ms, 0), made);
    cs_admin_print(admin, "backup %llu of %s restored into %s, with a new incarnation\n",
                   (unsigned long long)restore->at, made, restore->folder);
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
    cs_folder_remove(restore->folder, KEYS_TRIED);
    cs_folder_remove_database(restore->folder);
    cs_folder_remove(restore->folder, CS_FOLDER_LOCK);
    if (restore->made) {
        (void)rmdir(restore->folder);
    }
}

static enum cs_status run_restore(struct cs_admin *admin, struct restore *restore)
{
    enum cs_status status = cs_backup_place_open(&restore->place, admin, admin->arguments[0],
                                                 restore->key_file, NULL, CS_BACKUP_READ);
    if (status == CS_OK) {
        status = choose(admin, restore);
    }
    if (status == CS_OK) {
        status = prepare_folder(admin, restore);
    }
    if (status != CS_OK) {
        return status;
    }
    status = fill(admin, restore);
    if (status == CS_OK) {
        status = answer(admin, restore);
    }
    if (status != CS_OK) {
        give_up(restore);
    } else {
        show_next_steps(admin, restore);
    }
    return status;
}

enum cs_status cs_admin_restore(struct cs_admin *admin)
{
    struct restore restore = {.lock = -1, .place = {.lock = -1}};
    enum cs_status status = take_options(admin, &restore);
    if (status != CS_OK) {
        return status;
    }
    restore.folder = admin->arguments[1];
    status = run_restore(admin, &restore);
    cs_report_release(&restore.report);
    cs_backup_place_close(&restore.place);
    cs_folder_unlock(restore.lock);
    return status;
}
