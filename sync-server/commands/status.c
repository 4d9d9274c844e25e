/* `status`: what the server holds, read beside a server that may be running. */
#include "shared/base/text.h"
#include "sync-server/commands/facts.h"
#include "sync-server/commands/folder.h"
#include "sync-server/handlers/horizon.h"
#include "sync-server/stores/history_store.h"

#include <string.h>

#define ARENA_MAX (256 * CS_MEBI)
/* An older backup is pointed out. */
#define BACKUP_HOURS_MAX 48

struct numbers {
    struct cs_facts facts;
    size_t devices;
    size_t held;
    int64_t conflicts;
    int64_t exceptions;
    int64_t refusals;
    uint64_t changes; /* in the history */
    int64_t reach_ms; /* from when on every change is there; INT64_MIN: from the beginning */
    int64_t database_bytes;
    bool served;
    struct cs_horizon backup; /* the last verified one; 0: none of this incarnation */
};

static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    (void)row;
    ++*(int64_t *)context;
    return CS_OK;
}

/* Rows of the office's lists that wait for a person; none where the registry has no such list. */
static enum cs_status count_open(struct cs_store *store, const char *name, int64_t *out)
{
    int64_t count = 0;
    const struct cs_entity *entity =
        cs_registry_find(cs_store_registry(store), cs_bytes_of_text(name));
    int field = entity == NULL ? -1 : cs_entity_field_index(entity, cs_bytes_of_text("state"));
    enum cs_status status = CS_OK;
    if (field >= 0) {
        struct cs_row_filter filter = {(size_t)field, cs_value_text(cs_bytes_of_text("open"))};
        status =
            cs_row_scan(cs_store_rows(store), entity, &filter, 1, CS_ROWS_LIVE, count_row, &count);
    }
    if (status == CS_OK) {
        *out = count;
    }
    return status;
}

/* A backup of an incarnation that ended does not count: what came since is in none. */
static enum cs_status find_backup(struct cs_admin *admin, const char *folder,
                                  struct cs_arena *arena, struct numbers *numbers)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_horizon found;
    enum cs_status status = cs_folder_path(folder, CS_SERVER_HORIZON_FILE, path, &admin->problem);
    if (status == CS_OK) {
        status = cs_horizon_read(admin->around.world, path, arena, &found);
    }
    if (status == CS_OK &&
        memcmp(found.incarnation, numbers->facts.incarnation, sizeof found.incarnation) == 0) {
        numbers->backup = found;
    }
    return status == CS_NOT_FOUND || status == CS_CORRUPT ? CS_OK : status;
}

static struct cs_json *backup_json(const struct cs_horizon *backup)
{
    if (backup->backup == 0) {
        return cs_json_null();
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "backup", cs_json_integer((int64_t)backup->backup));
    cs_json_set(json, "made", cs_admin_json_time(backup->made_ms));
    cs_json_set(json, "verified", cs_admin_json_time(backup->verified_ms));
    return json;
}

static void print_backup(struct cs_admin *admin, const struct cs_horizon *backup)
{
    int64_t now = admin->around.world->wall_ms(admin->around.world->context);
    if (backup->backup == 0) {
        cs_admin_print(admin, "verified backup  none\n");
        cs_admin_note(admin,
                      "there is no verified backup of this server: devices keep all that they "
                      "sent, which grows; see backup");
        return;
    }
    char made[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(backup->made_ms, 0), made);
    int64_t hours = (now - backup->made_ms) / (INT64_C(3600) * 1000);
    cs_admin_print(admin, "verified backup  %llu, made %s, %lld hours ago\n",
                   (unsigned long long)backup->backup, made, (long long)hours);
    if (hours > BACKUP_HOURS_MAX) {
        cs_admin_note(admin, "the last verified backup is %lld hours old", (long long)hours);
    }
}

static enum cs_status collect(struct cs_admin *admin, struct cs_store *store,
                              struct cs_arena *arena, struct numbers *numbers)
{
    struct cs_device *devices;
    struct cs_logged_transaction *held;
    enum cs_status status = cs_facts_read(store, arena, &numbers->facts, &admin->problem);
    if (status == CS_OK) {
        status = cs_store_devices(store, arena, &devices, &numbers->devices);
    }
    if (status == CS_OK) {
        status = cs_store_held(store, arena, &held, &numbers->held);
    }
    if (status == CS_OK) {
        status = count_open(store, "conflict", &numbers->conflicts);
    }
    if (status == CS_OK) {
        status = count_open(store, "exception", &numbers->exceptions);
    }
    if (status == CS_OK) {
        status = count_open(store, "refusal", &numbers->refusals);
    }
    if (status == CS_OK) {
        status = cs_store_history_count(store, &numbers->changes);
    }
    if (status == CS_OK) {
        status = cs_store_history_reach(store, &numbers->reach_ms);
    }
    return status;
}

static enum cs_status answer_json(struct cs_admin *admin, const struct numbers *numbers)
{
    const struct cs_facts *facts = &numbers->facts;
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "organisation",
                facts->has_organisation ? cs_admin_json_hex(cs_bytes_of_array(facts->organisation))
                                        : cs_json_null());
    cs_json_set(json, "incarnation", cs_admin_json_hex(cs_bytes_of_array(facts->incarnation)));
    cs_json_set(json, "address", cs_json_text(facts->address));
    cs_json_set(json, "position", cs_json_integer((int64_t)facts->position));
    cs_json_set(json, "devices", cs_json_integer((int64_t)numbers->devices));
    cs_json_set(json, "held", cs_json_integer((int64_t)numbers->held));
    cs_json_set(json, "conflicts", cs_json_integer(numbers->conflicts));
    cs_json_set(json, "exceptions", cs_json_integer(numbers->exceptions));
    cs_json_set(json, "refusals", cs_json_integer(numbers->refusals));
    cs_json_set(json, "history_changes", cs_json_integer((int64_t)numbers->changes));
    cs_json_set(json, "history_since",
                numbers->reach_ms == INT64_MIN ? cs_json_null()
                                               : cs_admin_json_time(numbers->reach_ms));
    cs_json_set(json, "database_bytes", cs_json_integer(numbers->database_bytes));
    cs_json_set(json, "served", cs_json_boolean(numbers->served));
    cs_json_set(json, "verified_backup", backup_json(&numbers->backup));
    return cs_admin_json(admin, json);
}

static void answer_text(struct cs_admin *admin, const struct numbers *numbers)
{
    const struct cs_facts *facts = &numbers->facts;
    char organisation[2 * CS_HASH_SIZE + 1] = "none yet: the owner has not joined";
    char incarnation[2 * CS_FACTS_INCARNATION_SIZE + 1];
    if (facts->has_organisation) {
        cs_hex_encode(cs_bytes_of_array(facts->organisation), organisation);
    }
    cs_hex_encode(cs_bytes_of_array(facts->incarnation), incarnation);
    cs_admin_print(admin, "organisation     %s\n", organisation);
    cs_admin_print(admin, "incarnation      %s\n", incarnation);
    cs_admin_print(admin, "address          ");
    cs_admin_print_padded(admin, facts->address, 0);
    cs_admin_print(admin, "\nserved now       %s\n", numbers->served ? "yes" : "no");
    cs_admin_print(admin, "position         %llu\n", (unsigned long long)facts->position);
    cs_admin_print(admin, "devices          %zu\n", numbers->devices);
    cs_admin_print(admin, "held             %zu\n", numbers->held);
    cs_admin_print(admin, "open conflicts   %lld\n", (long long)numbers->conflicts);
    cs_admin_print(admin, "open exceptions  %lld\n", (long long)numbers->exceptions);
    cs_admin_print(admin, "open refusals    %lld\n", (long long)numbers->refusals);
    char since[CS_TIME_TEXT_MAX] = "the beginning";
    if (numbers->reach_ms != INT64_MIN) {
        cs_instant_format(cs_instant_make(numbers->reach_ms, 0), since);
    }
    cs_admin_print(admin, "history          %llu changes, all since %s\n",
                   (unsigned long long)numbers->changes, since);
    cs_admin_print(admin, "database bytes   %lld\n", (long long)numbers->database_bytes);
    print_backup(admin, &numbers->backup);
}

enum cs_status cs_admin_status(struct cs_admin *admin)
{
    enum cs_status status = cs_admin_expect(admin, 1);
    if (status != CS_OK) {
        return status;
    }
    const char *folder = admin->arguments[0];
    struct cs_store *store = NULL;
    struct cs_arena arena;
    struct numbers numbers = {.held = 0};
    cs_arena_init(&arena, ARENA_MAX);
    status = cs_folder_check(folder, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_open_reader(&admin->around, folder, &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = collect(admin, store, &arena, &numbers);
    }
    if (status == CS_OK) {
        status = find_backup(admin, folder, &arena, &numbers);
    }
    if (status == CS_OK) {
        numbers.served = cs_folder_is_served(folder);
        numbers.database_bytes = cs_folder_file_size(folder, CS_SERVER_DATABASE_FILE) +
                                 cs_folder_file_size(folder, CS_SERVER_DATABASE_FILE "-wal");
        if (admin->json) {
            status = answer_json(admin, &numbers);
        } else {
            answer_text(admin, &numbers);
        }
    }
    cs_store_close(store);
    cs_arena_release(&arena);
    return status;
}
