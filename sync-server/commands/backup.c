/*
 * `backup`: a verified copy of database and sealed keys, beside a server that may be running.
 *
 * What must stay true: a folder that this command leaves behind is complete; the master key is never in it.
 */
#include "sync-server/commands/folder.h"
#include "sync-server/commands/report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cs_status make_target(struct cs_admin *admin, const char *target)
{
    if (mkdir(target, 0700) == 0) {
        return CS_OK;
    }
    int error = errno;
    if (error == EEXIST) {
        return cs_problem_set(&admin->problem, CS_EXISTS,
                              "%s exists already: a backup is a new folder", target);
    }
    return cs_problem_set(&admin->problem, error == ENOENT ? CS_NOT_FOUND : CS_IO,
                          "the folder %s cannot be made: %s", target, strerror(error));
}

static enum cs_status copy_database(struct cs_admin *admin, const char *folder, const char *target)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_store *store = NULL;
    enum cs_status status = cs_folder_path(target, CS_SERVER_DATABASE_FILE, path, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_open_reader(&admin->around, folder, &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_store_copy(store, path, &admin->problem);
    }
    cs_store_close(store);
    return status;
}

static enum cs_status verify_copy(struct cs_admin *admin, const char *target,
                                  struct cs_report *report)
{
    struct cs_store *store = NULL;
    enum cs_status status = cs_folder_open_reader(&admin->around, target, &store, &admin->problem);
    if (status == CS_OK) {
        status = cs_report_run(report, admin, store);
    }
    cs_store_close(store);
    /* A reader leaves these empty; nothing was ever written through them. */
    if (cs_folder_file_size(target, CS_SERVER_DATABASE_FILE "-wal") == 0) {
        cs_folder_remove(target, CS_SERVER_DATABASE_FILE "-wal");
        cs_folder_remove(target, CS_SERVER_DATABASE_FILE "-shm");
    }
    return status;
}

static enum cs_status fill(struct cs_admin *admin, const char *folder, const char *target,
                           struct cs_report *report)
{
    enum cs_status status = cs_folder_copy(folder, target, CS_SERVER_KEYS_FILE, &admin->problem);
    if (status == CS_OK) {
        status = copy_database(admin, folder, target);
    }
    return status == CS_OK ? verify_copy(admin, target, report) : status;
}

static enum cs_status answer(struct cs_admin *admin, const char *target, struct cs_report *report)
{
    int64_t size = cs_folder_file_size(target, CS_SERVER_DATABASE_FILE);
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "backup", cs_admin_json_text(target));
        cs_json_set(json, "database_bytes", cs_json_integer(size));
        cs_json_set(json, "master_key_copied", cs_json_boolean(false));
        cs_report_json(report, json);
        return cs_admin_json(admin, json);
    }
    cs_admin_print(admin, "backup in %s: database %lld bytes, sealed keys\n", target,
                   (long long)size);
    cs_report_text(report);
    return CS_OK;
}

enum cs_status cs_admin_backup(struct cs_admin *admin)
{
    enum cs_status status = cs_admin_expect(admin, 2);
    if (status != CS_OK) {
        return status;
    }
    const char *folder = admin->arguments[0];
    const char *target = admin->arguments[1];
    struct cs_report report = {.findings = NULL};
    status = cs_folder_check(folder, &admin->problem);
    if (status == CS_OK) {
        status = make_target(admin, target);
    }
    if (status != CS_OK) {
        return status;
    }
    status = fill(admin, folder, target, &report);
    if (status == CS_OK) {
        status = answer(admin, target, &report);
    }
    if (status != CS_OK) {
        cs_folder_remove(target, CS_SERVER_KEYS_FILE);
        cs_folder_remove_database(target);
        (void)rmdir(target);
    } else {
        cs_admin_note(admin, "the master key is NOT in the backup: keep a copy of it apart");
        if (report.verification.findings > 0) {
            cs_admin_note(admin, "the server's database is damaged, and so is this copy of it");
        }
    }
    cs_report_release(&report);
    return status;
}
