/* `backup list` and `backup verify`: what is in a repository, and whether it can be restored. */
#include "shared/base/text.h"
#include "sync-server/commands/backup_place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_line(struct cs_admin *admin, const struct cs_manifest *manifest,
                      int64_t verified_ms)
{
    char made[CS_TIME_TEXT_MAX];
    char verified[CS_TIME_TEXT_MAX] = "not verified";
    const struct cs_backup_file *file = cs_manifest_file(manifest, CS_SERVER_DATABASE_FILE);
    cs_instant_format(cs_instant_make(manifest->facts.made_ms, 0), made);
    if (verified_ms != 0) {
        cs_instant_format(cs_instant_make(verified_ms, 0), verified);
    }
    cs_admin_print(admin, "%llu  made %s  verified %s  position %llu  leaves %llu  %llu bytes\n",
                   (unsigned long long)manifest->sequence, made, verified,
                   (unsigned long long)manifest->facts.position,
                   (unsigned long long)manifest->facts.leaves,
                   (unsigned long long)(file == NULL ? 0 : file->size));
}

static struct cs_json *json_line(const struct cs_manifest *manifest, int64_t verified_ms)
{
    struct cs_json *json = cs_json_object();
    const struct cs_backup_facts *facts = &manifest->facts;
    cs_json_set(json, "backup", cs_json_integer((int64_t)manifest->sequence));
    cs_json_set(json, "made", cs_admin_json_time(facts->made_ms));
    cs_json_set(json, "verified", cs_admin_json_time(verified_ms));
    cs_json_set(json, "incarnation", cs_admin_json_hex(cs_bytes_of_array(facts->incarnation)));
    cs_json_set(json, "position", cs_json_integer((int64_t)facts->position));
    cs_json_set(json, "leaves", cs_json_integer((int64_t)facts->leaves));
    cs_json_set(json, "log_root", cs_admin_json_hex(cs_bytes_of_array(facts->log_root)));
    return json;
}

static enum cs_status list(struct cs_admin *admin, const struct cs_repository *repository)
{
    struct cs_json *lines = admin->json ? cs_json_array() : NULL;
    enum cs_status status = cs_repository_check_chain(repository, &admin->problem);
    for (size_t i = 0; status == CS_OK && i < cs_repository_count(repository); i++) {
        struct cs_manifest manifest;
        int64_t verified_ms = 0;
        status = cs_repository_manifest(repository, cs_repository_sequence_at(repository, i),
                                        &manifest, &admin->problem);
        if (status == CS_CORRUPT) {
            cs_admin_note(admin, "left out: %s", admin->problem.text);
            status = CS_OK;
            continue;
        }
        if (status == CS_OK) {
            status = cs_repository_verified(repository, &manifest, &verified_ms, &admin->problem);
        }
        if (status == CS_OK && admin->json) {
            cs_json_append(lines, json_line(&manifest, verified_ms));
        } else if (status == CS_OK) {
            show_line(admin, &manifest, verified_ms);
        }
    }
    if (status != CS_OK || !admin->json) {
        cs_json_destroy(lines);
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "backups", lines);
    return cs_admin_json(admin, json);
}

enum cs_status cs_admin_backup_list(struct cs_admin *admin)
{
    const char *key_file = NULL;
    struct cs_backup_place place = {.lock = -1};
    enum cs_status status = cs_admin_option(admin, "--key", &key_file);
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 1);
    }
    if (status == CS_OK) {
        status = cs_backup_place_open(&place, admin, admin->arguments[0], key_file, NULL,
                                      CS_BACKUP_READ);
        if (status == CS_OK) {
            status = list(admin, place.repository);
        }
        cs_backup_place_close(&place);
    }
    return status;
}

/* ---- verify ---- */

/* A folder that nobody else can read: the database is in the clear there. */
static enum cs_status make_work(struct cs_admin *admin, const char *given,
                                char out[static CS_FOLDER_PATH_MAX])
{
    const char *parent = given != NULL ? given : getenv("TMPDIR");
    enum cs_status status =
        cs_folder_path(parent != NULL && parent[0] != '\0' ? parent : "/var/tmp",
                       "countersign-backup-XXXXXX", out, &admin->problem);
    if (status == CS_OK && mkdtemp(out) == NULL) {
        return cs_problem_set(&admin->problem, CS_IO,
                              "no folder can be made for trying the backup: name one with --work");
    }
    return status;
}

static enum cs_status try_backup(struct cs_admin *admin, struct cs_backup_place *place,
                                 uint64_t sequence, const char *work_parent,
                                 struct cs_report *report)
{
    char work[CS_FOLDER_PATH_MAX];
    struct cs_manifest manifest;
    enum cs_status status = cs_repository_check_chain(place->repository, &admin->problem);
    if (status == CS_OK) {
        status = cs_repository_manifest(place->repository, sequence, &manifest, &admin->problem);
    }
    if (status == CS_OK) {
        status = make_work(admin, work_parent, work);
    }
    if (status == CS_OK) {
        status = cs_backup_try(place, admin, &manifest, work, report);
        cs_backup_clear_work(work);
    }
    return status;
}

static enum cs_status answer_verify(struct cs_admin *admin, uint64_t sequence,
                                    struct cs_report *report)
{
    bool whole = report->verification.findings == 0;
    if (!admin->json) {
        cs_admin_print(admin, "backup %llu: %s\n", (unsigned long long)sequence,
                       whole ? "restored elsewhere and verified" : "restored, with findings");
        cs_report_text(report);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "backup", cs_json_integer((int64_t)sequence));
    cs_json_set(json, "verified", cs_json_boolean(whole));
    cs_report_json(report, json);
    return cs_admin_json(admin, json);
}

static enum cs_status take_at(struct cs_admin *admin, const char *text, uint64_t *out)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);
    if (*end != '\0' || number == 0 || text[0] == '-') {
        return cs_admin_usage(admin, "--at needs the number of a backup");
    }
    *out = number;
    return CS_OK;
}

enum cs_status cs_admin_backup_verify(struct cs_admin *admin)
{
    const char *key_file = NULL;
    const char *at = NULL;
    const char *work = NULL;
    uint64_t sequence = 0;
    struct cs_backup_place place = {.lock = -1};
    struct cs_report report = {.findings = NULL};
    enum cs_status status = cs_admin_option(admin, "--key", &key_file);
    if (status == CS_OK) {
        status = cs_admin_option(admin, "--at", &at);
    }
    if (status == CS_OK) {
        status = cs_admin_option(admin, "--work", &work);
    }
    if (status == CS_OK && at != NULL) {
        status = take_at(admin, at, &sequence);
    }
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    status =
        cs_backup_place_open(&place, admin, admin->arguments[0], key_file, NULL, CS_BACKUP_WRITE);
    if (status == CS_OK) {
        sequence = sequence != 0 ? sequence : cs_repository_newest(place.repository);
        status = try_backup(admin, &place, sequence, work, &report);
    }
    if (status == CS_OK) {
        status = answer_verify(admin, sequence, &report);
    }
    cs_report_release(&report);
    cs_backup_place_close(&place);
    return status;
}
