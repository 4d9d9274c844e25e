/*
 * `backup`: what changed since the last one goes into an encrypted repository, beside a server that may be running; then the backup
 * is restored into a folder of its own and verified, and only then the server's horizon moves.
 *
 * What must stay true: the server's database is only read, through one snapshot; the master key is never in a backup; the copies made
 * on the way lie in the server's own folder and are removed.
 */
#include "sync-server/commands/backup_place.h"
#include "sync-server/reconcile/evidence_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ARENA_MAX (256 * CS_MEBI)
#define KEYS_FILE_MAX (64 * CS_KIBI)
#define KEEP_MAX 100000

struct making {
    const char *server;
    const char *key_file;
    size_t keep; /* 0: nothing is removed */
    enum cs_backup_trust trust;
    bool accepts_older;
    char work[CS_FOLDER_PATH_MAX]; /* empty: not this command's */
    int work_lock;
    struct cs_backup_place place;
    struct cs_arena arena;
    /* Of the snapshot. */
    struct cs_backup_facts facts;
    struct cs_horizon_entry *devices;
    size_t device_count;
    struct cs_backup_saved saved;
    struct cs_report report;
    struct cs_backup_pruned pruned;
    bool verified;
};

static enum cs_status take_options(struct cs_admin *admin, struct making *making)
{
    const char *keep = NULL;
    making->trust = cs_admin_flag(admin, "--anew") ? CS_BACKUP_ANEW : CS_BACKUP_REUSE;
    making->accepts_older = cs_admin_flag(admin, "--accept-older");
    enum cs_status status = cs_admin_option(admin, "--key", &making->key_file);
    if (status == CS_OK) {
        status = cs_admin_option(admin, "--keep", &keep);
    }
    if (status == CS_OK && keep != NULL) {
        char *end = NULL;
        unsigned long number = strtoul(keep, &end, 10);
        if (*end != '\0' || number == 0 || number > KEEP_MAX) {
            return cs_admin_usage(admin, "--keep needs a number of backups, 1 to %d", KEEP_MAX);
        }
        making->keep = number;
    }
    return status == CS_OK ? cs_admin_expect(admin, 2) : status;
}

/* A repository that was put back to an older state would be taken for the newest that there is. */
static enum cs_status check_place(struct cs_admin *admin, struct making *making)
{
    const struct cs_repository *repository = making->place.repository;
    char path[CS_FOLDER_PATH_MAX];
    struct cs_horizon horizon;
    struct cs_manifest manifest;
    enum cs_status status = making->trust == CS_BACKUP_ANEW
                                ? CS_OK
                                : cs_repository_check_chain(repository, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_path(making->server, CS_SERVER_HORIZON_FILE, path, &admin->problem);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_horizon_read(admin->around.world, path, &making->arena, &horizon);
    if (status == CS_NOT_FOUND || status == CS_CORRUPT) {
        return CS_OK;
    }
    if (status != CS_OK ||
        memcmp(horizon.repository, cs_repository_id(repository), CS_REPOSITORY_ID_SIZE) != 0) {
        return status;
    }
    bool there = horizon.backup <= cs_repository_newest(repository) &&
                 (cs_repository_manifest(repository, horizon.backup, &manifest, NULL) != CS_OK ||
                  memcmp(manifest.id, horizon.manifest, sizeof manifest.id) == 0);
    return there || making->accepts_older
               ? CS_OK
               : cs_problem_set(&admin->problem, CS_ROLLED_BACK,
                                "%.200s does not hold backup %llu, which was verified here: it "
                                "was put back to an older state. Devices may have removed what "
                                "only that backup holds. Find it again, or go on with "
                                "--accept-older",
                                making->place.path, (unsigned long long)horizon.backup);
}

/* ---- the snapshot ---- */

static enum cs_status read_facts(struct cs_admin *admin, struct making *making,
                                 struct cs_store *store)
{
    struct cs_facts facts;
    struct cs_backup_facts *out = &making->facts;
    enum cs_status status = cs_facts_read(store, &making->arena, &facts, &admin->problem);
    if (status == CS_OK) {
        memcpy(out->incarnation, facts.incarnation, sizeof out->incarnation);
        memcpy(out->organisation, facts.organisation, sizeof out->organisation);
        out->position = facts.position;
        out->made_ms = admin->around.world->wall_ms(admin->around.world->context);
        status = cs_evidence_log_root(store, &out->leaves, out->log_root);
    }
    if (status == CS_OK) {
        status =
            cs_backup_list_devices(store, &making->arena, &making->devices, &making->device_count);
    }
    return status;
}

/* Two backups of one server, into two repositories, would take each other's copy away: the folder for it is one command's at a time. The
 * lock is of the folder itself, so that nothing is left of it. */
static enum cs_status take_work(struct cs_admin *admin, struct making *making)
{
    char path[CS_FOLDER_PATH_MAX];
    bool made = false;
    enum cs_status status =
        cs_folder_path(making->server, CS_FOLDER_BACKUP_WORK, path, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_make(path, &made, &admin->problem);
    }
    if (status != CS_OK) {
        return status;
    }
    making->work_lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (making->work_lock < 0 || flock(making->work_lock, LOCK_EX | LOCK_NB) != 0) {
        return cs_problem_set(&admin->problem, errno == EWOULDBLOCK ? CS_BUSY : CS_IO,
                              errno == EWOULDBLOCK ? "%s is in use: another backup of this server "
                                                     "is being made; wait for its end"
                                                   : "%s cannot be used: see that it is a folder "
                                                     "of the server's user",
                              path);
    }
    memcpy(making->work, path, sizeof making->work);
    cs_backup_empty_work(making->work);
    return CS_OK;
}

/* A copy in the server's own folder, so that the snapshot is held no longer than that takes. */
static enum cs_status take_snapshot(struct cs_admin *admin, struct making *making)
{
    struct cs_store *store = NULL;
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status = take_work(admin, making);
    if (status == CS_OK) {
        status = cs_folder_path(making->work, CS_SERVER_DATABASE_FILE, path, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_folder_open_reader(&admin->around, making->server, &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = read_facts(admin, making, store);
    }
    if (status == CS_OK) {
        status = cs_store_copy(store, path, &admin->problem);
    }
    cs_store_close(store);
    return status;
}

/* ---- into the repository ---- */

static enum cs_status read_file(void *context, uint64_t offset, uint8_t *out, size_t size)
{
    int file = *(int *)context;
    while (size > 0) {
        ssize_t count = pread(file, out, size, (off_t)offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return CS_IO;
        }
        out += count;
        offset += (uint64_t)count;
        size -= (size_t)count;
    }
    return CS_OK;
}

static enum cs_status read_buffer(void *context, uint64_t offset, uint8_t *out, size_t size)
{
    const struct cs_buffer *buffer = context;
    memcpy(out, buffer->data + offset, size);
    return CS_OK;
}

static enum cs_status read_small(struct cs_admin *admin, struct making *making,
                                 struct cs_buffer *keys, struct cs_buffer *devices)
{
    const struct cs_world *world = admin->around.world;
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status =
        cs_folder_path(making->server, CS_SERVER_KEYS_FILE, path, &admin->problem);
    if (status == CS_OK) {
        status = world->file_read(world->context, path, keys);
    }
    if (status == CS_OK) {
        status = cs_horizon_entries_encode(making->devices, making->device_count, devices);
    }
    return status;
}

static enum cs_status save_files(struct cs_admin *admin, struct making *making, int file,
                                 struct cs_buffer *keys, struct cs_buffer *devices)
{
    off_t size = lseek(file, 0, SEEK_END);
    if (size < 0) {
        return CS_IO;
    }
    const struct cs_backup_source sources[] = {
        {CS_SERVER_DATABASE_FILE, (uint64_t)size, &file, read_file},
        {CS_SERVER_KEYS_FILE, keys->size, keys, read_buffer},
        {CS_BACKUP_DEVICES, devices->size, devices, read_buffer},
    };
    return cs_repository_save(making->place.repository, &making->facts, sources, CS_COUNT(sources),
                              making->trust, &making->saved, &admin->problem);
}

static enum cs_status save(struct cs_admin *admin, struct making *making)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_buffer keys;
    struct cs_buffer devices;
    enum cs_status status =
        cs_folder_path(making->work, CS_SERVER_DATABASE_FILE, path, &admin->problem);
    int file = status == CS_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        return status == CS_OK ? CS_IO : status;
    }
    cs_buffer_init(&keys, KEYS_FILE_MAX);
    cs_buffer_init(&devices, CS_HORIZON_ENTRIES_MAX);
    status = read_small(admin, making, &keys, &devices);
    if (status == CS_OK) {
        status = save_files(admin, making, file, &keys, &devices);
    }
    cs_buffer_release(&keys);
    cs_buffer_release(&devices);
    (void)close(file);
    return status;
}

/* ---- afterwards ---- */

static enum cs_status move_horizon(struct cs_admin *admin, struct making *making)
{
    const struct cs_world *world = admin->around.world;
    const struct cs_manifest *manifest = &making->saved.manifest;
    char path[CS_FOLDER_PATH_MAX];
    struct cs_horizon horizon = {
        .backup = manifest->sequence,
        .made_ms = manifest->facts.made_ms,
        .verified_ms = world->wall_ms(world->context),
        .entries = making->devices,
        .count = making->device_count,
    };
    memcpy(horizon.repository, cs_repository_id(making->place.repository), CS_REPOSITORY_ID_SIZE);
    memcpy(horizon.manifest, manifest->id, sizeof horizon.manifest);
    memcpy(horizon.incarnation, manifest->facts.incarnation, sizeof horizon.incarnation);
    enum cs_status status =
        cs_folder_path(making->server, CS_SERVER_HORIZON_FILE, path, &admin->problem);
    return status == CS_OK ? cs_horizon_write(world, path, &horizon) : status;
}

static enum cs_status make(struct cs_admin *admin, struct making *making)
{
    enum cs_status status = check_place(admin, making);
    if (status == CS_OK) {
        status = take_snapshot(admin, making);
    }
    if (status == CS_OK) {
        status = save(admin, making);
    }
    if (status == CS_OK) {
        status = cs_backup_try(&making->place, admin, &making->saved.manifest, making->work,
                               &making->report);
    }
    making->verified = status == CS_OK && making->report.verification.findings == 0;
    if (making->verified) {
        status = move_horizon(admin, making);
    }
    if (status == CS_OK && making->verified && making->keep > 0) {
        status = cs_repository_prune(making->place.repository, making->keep, &making->pruned,
                                     &admin->problem);
    }
    return status;
}

static enum cs_status answer(struct cs_admin *admin, struct making *making)
{
    const struct cs_backup_saved *saved = &making->saved;
    if (!admin->json) {
        cs_admin_print(admin,
                       "backup %llu in %s: %llu of %llu blocks are new, %llu bytes written\n",
                       (unsigned long long)saved->manifest.sequence, making->place.path,
                       (unsigned long long)saved->new_blocks, (unsigned long long)saved->blocks,
                       (unsigned long long)saved->bytes_written);
        if (saved->resumed_blocks > 0) {
            cs_admin_print(admin,
                           "%llu blocks stood there already behind the backup before (of an "
                           "interrupted backup, or moved when older ones were removed)\n",
                           (unsigned long long)saved->resumed_blocks);
        }
        if (making->pruned.backups > 0) {
            cs_admin_print(admin, "%zu older backups removed, %llu bytes freed\n",
                           making->pruned.backups, (unsigned long long)making->pruned.bytes_freed);
        }
        cs_admin_print(admin, making->verified ? "restored elsewhere and verified\n"
                                               : "NOT verified: devices keep what they have\n");
        cs_report_text(&making->report);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "repository", cs_admin_json_text(making->place.path));
    cs_json_set(json, "backup", cs_json_integer((int64_t)saved->manifest.sequence));
    cs_json_set(json, "blocks", cs_json_integer((int64_t)saved->blocks));
    cs_json_set(json, "new_blocks", cs_json_integer((int64_t)saved->new_blocks));
    cs_json_set(json, "bytes_written", cs_json_integer((int64_t)saved->bytes_written));
    cs_json_set(json, "resumed_blocks", cs_json_integer((int64_t)saved->resumed_blocks));
    cs_json_set(json, "removed_backups", cs_json_integer((int64_t)making->pruned.backups));
    cs_json_set(json, "bytes_freed", cs_json_integer((int64_t)making->pruned.bytes_freed));
    cs_json_set(json, "verified", cs_json_boolean(making->verified));
    cs_json_set(json, "master_key_copied", cs_json_boolean(false));
    cs_report_json(&making->report, json);
    return cs_admin_json(admin, json);
}

static void show_notes(struct cs_admin *admin, const struct making *making)
{
    if (making->place.made_key[0] != '\0') {
        cs_admin_note(admin,
                      "a new backup key was made: %s. Keep a copy of it apart from the backups "
                      "and from this machine: without it they cannot be read",
                      making->place.made_key);
    }
    cs_admin_note(admin, "the master key is NOT in the backup: keep a copy of it apart");
    if (!making->verified) {
        cs_admin_note(admin, "what was restored from this backup has findings: if the server's "
                             "database is damaged, so is every copy of it");
    }
}

static enum cs_status run_backup(struct cs_admin *admin)
{
    struct making making = {.keep = 0, .work_lock = -1, .place = {.lock = -1}};
    enum cs_status status = take_options(admin, &making);
    if (status != CS_OK) {
        return status;
    }
    making.server = admin->arguments[0];
    cs_arena_init(&making.arena, ARENA_MAX);
    status = cs_folder_check(making.server, &admin->problem);
    if (status == CS_OK) {
        status = cs_backup_place_open(&making.place, admin, admin->arguments[1], making.key_file,
                                      making.server, CS_BACKUP_PRODUCE);
    }
    if (status == CS_OK) {
        status = make(admin, &making);
        if (making.work[0] != '\0') {
            cs_backup_clear_work(making.work);
        }
        cs_folder_unlock(making.work_lock);
    }
    if (status == CS_OK) {
        status = answer(admin, &making);
    }
    if (status == CS_OK) {
        show_notes(admin, &making);
    }
    cs_report_release(&making.report);
    cs_backup_place_close(&making.place);
    cs_arena_release(&making.arena);
    return status;
}

enum cs_status cs_admin_backup(struct cs_admin *admin)
{
    static const struct {
        const char *name;
        cs_admin_function *run;
    } others[] = {{"list", cs_admin_backup_list}, {"verify", cs_admin_backup_verify}};
    for (size_t i = 0; admin->argument_count > 0 && i < CS_COUNT(others); i++) {
        if (strcmp(admin->arguments[0], others[i].name) == 0) {
            admin->arguments++;
            admin->argument_count--;
            return others[i].run(admin);
        }
    }
    return run_backup(admin);
}
