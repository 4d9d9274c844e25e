/* A backup restored elsewhere and verified; see backup_place.h. */
#include "sync-server/commands/backup_place.h"

#include <string.h>
#include <unistd.h>

#define ARENA_MAX (256 * CS_MEBI)

void cs_backup_empty_work(const char *work)
{
    cs_folder_remove_database(work);
    cs_folder_remove(work, CS_SERVER_KEYS_FILE);
}

void cs_backup_clear_work(const char *work)
{
    cs_backup_empty_work(work);
    (void)rmdir(work);
}

/* What the manifest says of the server is what was restored. */
static enum cs_status compare(struct cs_backup_place *place, struct cs_admin *admin,
                              struct cs_verification *verification, struct cs_store *store,
                              const struct cs_manifest *manifest)
{
    struct cs_arena arena;
    struct cs_facts facts;
    struct cs_horizon_entry *named = NULL;
    struct cs_horizon_entry *found = NULL;
    size_t named_count = 0;
    size_t found_count = 0;
    struct cs_buffer a;
    struct cs_buffer b;
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&a, CS_HORIZON_ENTRIES_MAX);
    cs_buffer_init(&b, CS_HORIZON_ENTRIES_MAX);
    enum cs_status status = cs_facts_read(store, &arena, &facts, &admin->problem);
    if (status == CS_OK) {
        status = cs_backup_devices(place, admin, manifest, &arena, &named, &named_count);
    }
    if (status == CS_OK) {
        status = cs_backup_list_devices(store, &arena, &found, &found_count);
    }
    if (status == CS_OK) {
        status = cs_horizon_entries_encode(named, named_count, &a);
    }
    if (status == CS_OK) {
        status = cs_horizon_entries_encode(found, found_count, &b);
    }
    if (status == CS_OK) {
        bool same =
            cs_bytes_equal(cs_buffer_bytes(&a), cs_buffer_bytes(&b)) &&
            facts.position == manifest->facts.position &&
            verification->leaves == manifest->facts.leaves &&
            memcmp(verification->log_root, manifest->facts.log_root, CS_HASH_SIZE) == 0 &&
            memcmp(facts.incarnation, manifest->facts.incarnation, sizeof facts.incarnation) == 0;
        if (!same) {
            cs_verification_found(verification,
                                  "backup %llu: what was restored is not what its manifest says "
                                  "(incarnation, position, evidence log, devices)",
                                  (unsigned long long)manifest->sequence);
            admin->exit_code = CS_ADMIN_FAILED;
        }
    }
    cs_buffer_release(&a);
    cs_buffer_release(&b);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status verify(struct cs_backup_place *place, struct cs_admin *admin,
                             const struct cs_manifest *manifest, const char *work,
                             struct cs_report *report)
{
    struct cs_store *store = NULL;
    enum cs_status status = cs_folder_open_reader(&admin->around, work, &store, &admin->problem);
    if (status == CS_OK) {
        status = cs_report_run(report, admin, store);
    }
    if (status == CS_OK) {
        status = compare(place, admin, &report->verification, store, manifest);
    }
    cs_store_close(store);
    return status;
}

enum cs_status cs_backup_try(struct cs_backup_place *place, struct cs_admin *admin,
                             const struct cs_manifest *manifest, const char *work,
                             struct cs_report *report)
{
    cs_backup_empty_work(work);
    enum cs_status status = cs_backup_take_out(place, admin, manifest, CS_SERVER_DATABASE_FILE,
                                               work, CS_SERVER_DATABASE_FILE);
    if (status == CS_OK) {
        status = cs_backup_take_out(place, admin, manifest, CS_SERVER_KEYS_FILE, work,
                                    CS_SERVER_KEYS_FILE);
    }
    if (status == CS_OK) {
        status = verify(place, admin, manifest, work, report);
    }
    if (status == CS_OK && report->verification.findings == 0) {
        status = cs_repository_mark_verified(place->repository, manifest, &admin->problem);
    }
    cs_backup_empty_work(work);
    return status;
}
