/*
 * `history`: what a row, or all rows of an entity, were; from what the server keeps of every change (sync-server/history). With --all
 * also what was entered, from the stored change-sets.
 */
#include "sync-server/commands/history.h"

#include "shared/base/text.h"
#include "sync-server/commands/folder.h"

#include <string.h>

#define ARENA_MAX (256 * CS_MEBI)
#define STATES_MAX ((size_t)1000000)

/* ---- what was typed ---- */

static enum cs_status parse_moment(struct cs_admin *admin, struct cs_admin_history *history)
{
    const char *text = NULL;
    int64_t instant;
    enum cs_status status = cs_admin_option(admin, "--as-of", &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    if (cs_instant_parse(cs_bytes_of_text(text), history->offset_minutes, &instant) != CS_OK) {
        return cs_admin_usage(
            admin, "%s is no moment: 2026-11-30 17:05, or 2026-11-30T17:05:00+08:00", text);
    }
    history->has_moment = true;
    history->at_ms = cs_instant_utc_ms(instant);
    return CS_OK;
}

static enum cs_status parse(struct cs_admin *admin, struct cs_admin_history *history,
                            bool *out_entered)
{
    const struct cs_world *world = admin->around.world;
    history->offset_minutes = world->offset_minutes(world->context);
    *out_entered = cs_admin_flag(admin, "--all");
    enum cs_status status = parse_moment(admin, history);
    if (status == CS_OK) {
        bool whole = history->has_moment && admin->argument_count < 3;
        status = cs_admin_expect(admin, whole ? 2 : 3);
    }
    if (status != CS_OK) {
        return status;
    }
    if (*out_entered && history->has_moment) {
        return cs_admin_usage(admin, "--all and --as-of do not go together");
    }
    history->entity =
        cs_registry_find(admin->around.registry, cs_bytes_of_text(admin->arguments[1]));
    if (history->entity == NULL) {
        return cs_admin_usage(admin, "there is no entity %s", admin->arguments[1]);
    }
    if (admin->argument_count == 3) {
        history->row_text = admin->arguments[2];
        if (cs_id_parse(cs_bytes_of_text(history->row_text), &history->row) != CS_OK) {
            return cs_admin_usage(admin, "%s is no id: 32 hexadecimal digits", history->row_text);
        }
    }
    return CS_OK;
}

/* ---- people's answer ---- */

static void print_text(struct cs_admin *admin, const struct cs_json *json, const char *key,
                       const char *otherwise)
{
    struct cs_bytes text = cs_bytes_of_text(otherwise);
    (void)cs_json_get_text(cs_json_get(json, key), &text);
    cs_admin_print_padded(admin, text, 0);
}

/* A moment of the JSON, in the zone that people read. */
static void print_moment(struct cs_admin *admin, const struct cs_admin_history *history,
                         const struct cs_json *json, const char *key, const char *otherwise)
{
    struct cs_bytes text;
    int64_t instant;
    char local[CS_TIME_TEXT_MAX];
    if (!cs_json_get_text(cs_json_get(json, key), &text) ||
        cs_instant_parse(text, 0, &instant) != CS_OK) {
        cs_admin_print(admin, "%s", otherwise);
        return;
    }
    cs_instant_format(cs_instant_make(cs_instant_utc_ms(instant), history->offset_minutes), local);
    cs_admin_print(admin, "%s", local);
}

static void print_author(struct cs_admin *admin, const struct cs_json *json)
{
    struct cs_bytes kind = CS_BYTES_NONE;
    if (cs_json_get(json, "log") == NULL) {
        (void)cs_json_get_text(cs_json_get(json, "kind"), &kind);
        bool kept = cs_bytes_equal_text(kind, "kept");
        cs_admin_print(admin, "%s", kept ? "somebody before" : "the server");
        return;
    }
    print_text(admin, json, "author", "an unknown device");
    cs_admin_print(admin, ", ");
    print_text(admin, json, "device", "?");
    cs_admin_print(admin, ", claimed ");
    print_text(admin, json, "claimed", "?");
}

static void print_field(struct cs_admin *admin, const char *name, const struct cs_json *value)
{
    cs_admin_print(admin, "    %s=", name);
    if (cs_json_get(value, "after") != NULL) {
        struct cs_bytes before;
        print_text(admin, value, "after", "");
        if (cs_json_get_text(cs_json_get(value, "before"), &before)) {
            cs_admin_print(admin, "  (before: ");
            cs_admin_print_padded(admin, before, 0);
            cs_admin_print(admin, ")");
        }
    } else {
        struct cs_bytes text = CS_BYTES_NONE;
        (void)cs_json_get_text(value, &text);
        cs_admin_print_padded(admin, text, 0);
    }
    cs_admin_print(admin, "\n");
}

static void print_fields(struct cs_admin *admin, const struct cs_json *json)
{
    const struct cs_json *fields = cs_json_get(json, "fields");
    for (size_t i = 0; i < cs_json_count(fields); i++) {
        const char *name = cs_json_key_at(fields, i);
        print_field(admin, name, cs_json_get(fields, name));
    }
}

static void print_state(struct cs_admin *admin, const struct cs_admin_history *history,
                        const struct cs_json *json)
{
    static const char *const kinds[] = {"work_order", "visit"};
    int64_t number = 0;
    (void)cs_json_get_integer(cs_json_get(json, "change"), &number);
    print_moment(admin, history, json, "from", "long since");
    cs_admin_print(admin, "  %lld  ", (long long)number);
    print_text(admin, json, "kind", "so");
    cs_admin_print(admin, "  by ");
    print_author(admin, json);
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        if (cs_json_get(cs_json_get(json, "work"), kinds[i]) != NULL) {
            cs_admin_print(admin, "  %s ", kinds[i]);
            print_text(admin, cs_json_get(json, "work"), kinds[i], "");
        }
    }
    cs_admin_print(admin, "\n");
    print_fields(admin, json);
    const struct cs_json *waiting = cs_json_get(json, "waiting");
    for (size_t i = 0; i < cs_json_count(waiting); i++) {
        cs_admin_print(admin, "    waits for a decision: ");
        print_author(admin, cs_json_at(waiting, i));
        cs_admin_print(admin, "\n");
        print_fields(admin, cs_json_at(waiting, i));
    }
}

static void print_entered(struct cs_admin *admin, const struct cs_admin_history *history,
                          const struct cs_json *json)
{
    print_moment(admin, history, json, "received", "?");
    cs_admin_print(admin, "  entered, ");
    print_text(admin, json, "outcome", "?");
    cs_admin_print(admin, ": ");
    print_text(admin, json, "kind", "?");
    cs_admin_print(admin, "  by ");
    print_author(admin, json);
    cs_admin_print(admin, "\n");
    print_fields(admin, json);
}

static void print_reach(struct cs_admin *admin, const struct cs_admin_history *history)
{
    char text[CS_TIME_TEXT_MAX];
    if (history->reach_ms != INT64_MIN) {
        cs_instant_format(cs_instant_make(history->reach_ms, history->offset_minutes), text);
        cs_admin_note(admin, "what changed before %s is not kept", text);
    }
}

/* ---- reading ---- */

/* Every change of the row, oldest first. */
static enum cs_status changes_json(const struct cs_admin_history *history, struct cs_arena *arena,
                                   struct cs_json **out)
{
    struct cs_row_key key = {cs_bytes_of_text(history->entity->name), history->row};
    struct cs_row_states states;
    enum cs_status status = cs_row_states_read(history->store, &key, 0, STATES_MAX, arena, &states);
    if (status != CS_OK) {
        return status;
    }
    struct cs_json *list = cs_json_array();
    for (size_t i = states.count; status == CS_OK && i > 0; i--) {
        struct cs_json *item = NULL;
        const struct cs_row_state *earlier = i < states.count ? &states.items[i] : NULL;
        status = cs_admin_history_change(history, earlier, &states.items[i - 1], arena, &item);
        if (status == CS_OK) {
            cs_json_append(list, item);
        }
    }
    if (status != CS_OK) {
        cs_json_destroy(list);
        return status;
    }
    *out = list;
    return CS_OK;
}

static struct cs_json *about_json(const struct cs_admin_history *history)
{
    struct cs_json *json = cs_json_object();
    char id[CS_ID_TEXT_SIZE];
    cs_json_set(json, "entity", cs_admin_json_text(history->entity->name));
    if (history->row_text != NULL) {
        cs_id_format(&history->row, id);
        cs_json_set(json, "id", cs_admin_json_text(id));
    }
    cs_json_set(json, "kept_since",
                history->reach_ms == INT64_MIN ? cs_json_null()
                                               : cs_admin_json_time(history->reach_ms));
    if (history->has_moment) {
        cs_json_set(json, "as_of", cs_admin_json_time(history->at_ms));
    }
    return json;
}

static enum cs_status answer_changes(struct cs_admin *admin, const struct cs_admin_history *history,
                                     bool entered, struct cs_arena *arena)
{
    struct cs_json *changes = NULL;
    struct cs_json *transactions = NULL;
    enum cs_status status =
        entered ? cs_admin_history_entered(admin, history, &transactions) : CS_OK;
    if (status == CS_OK) {
        status = changes_json(history, arena, &changes);
    }
    /* Of a row that was never made there may be what was refused. */
    if (status == CS_NOT_FOUND && cs_json_count(transactions) > 0) {
        changes = cs_json_array();
        status = CS_OK;
    }
    if (status != CS_OK) {
        cs_json_destroy(transactions);
        return status;
    }
    struct cs_json *json = about_json(history);
    cs_json_set(json, "changes", changes);
    if (transactions != NULL) {
        cs_json_set(json, "transactions", transactions);
    }
    if (admin->json) {
        return cs_admin_json(admin, json);
    }
    bool complete = cs_json_get(json, "changes") != NULL;
    for (size_t i = 0; i < cs_json_count(changes); i++) {
        print_state(admin, history, cs_json_at(changes, i));
    }
    for (size_t i = 0; i < cs_json_count(transactions); i++) {
        print_entered(admin, history, cs_json_at(transactions, i));
    }
    print_reach(admin, history);
    cs_json_destroy(json);
    return complete ? CS_OK : CS_NO_MEMORY;
}

static enum cs_status answer_state(struct cs_admin *admin, const struct cs_admin_history *history,
                                   struct cs_arena *arena)
{
    struct cs_row_key key = {cs_bytes_of_text(history->entity->name), history->row};
    struct cs_row_state state;
    struct cs_json *item = NULL;
    enum cs_status status = cs_row_state_at(history->store, &key, history->at_ms, arena, &state);
    if (status == CS_OK) {
        status = cs_admin_history_state(history, &state, arena, &item);
    }
    if (status != CS_OK) {
        return status;
    }
    if (!admin->json) {
        cs_json_set(item, "kind", cs_admin_json_text(state.row.deleted ? "deleted" : "as it was"));
        print_state(admin, history, item);
        cs_json_destroy(item);
        return item == NULL ? CS_NO_MEMORY : CS_OK;
    }
    struct cs_json *json = about_json(history);
    cs_json_set(json, "state", item);
    return cs_admin_json(admin, json);
}

/* ---- a whole entity ---- */

struct listing {
    struct cs_admin *admin;
    const struct cs_admin_history *history;
    struct cs_json *rows; /* NULL: printed as they come */
};

static enum cs_status list_row(void *context, const struct cs_stored_row *row)
{
    struct listing *listing = context;
    struct cs_row_key key = {row->name, row->id};
    struct cs_row_state state;
    struct cs_arena arena;
    struct cs_json *item = NULL;
    char id[CS_ID_TEXT_SIZE];
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status =
        cs_row_state_at(listing->history->store, &key, listing->history->at_ms, &arena, &state);
    bool lived = status == CS_OK && !state.row.deleted;
    if (lived) {
        status = cs_admin_history_state(listing->history, &state, &arena, &item);
    }
    if (lived && status == CS_OK) {
        cs_id_format(&row->id, id);
        cs_json_set(item, "id", cs_admin_json_text(id));
        cs_json_set(item, "deleted_since", cs_json_boolean(row->deleted));
        if (listing->rows == NULL) {
            cs_admin_print(listing->admin, "%s%s\n", id, row->deleted ? "  deleted since" : "");
            print_fields(listing->admin, item);
            cs_json_destroy(item);
        } else {
            cs_json_append(listing->rows, item);
        }
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status answer_entity(struct cs_admin *admin, const struct cs_admin_history *history)
{
    struct listing listing = {
        .admin = admin, .history = history, .rows = admin->json ? cs_json_array() : NULL};
    if (admin->json && listing.rows == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_row_scan(cs_store_rows(history->store), history->entity, NULL, 0,
                                        CS_ROWS_WITH_DELETED, list_row, &listing);
    if (status != CS_OK || !admin->json) {
        cs_json_destroy(listing.rows);
        return status;
    }
    struct cs_json *json = about_json(history);
    cs_json_set(json, "rows", listing.rows);
    return cs_admin_json(admin, json);
}

static enum cs_status check_moment(struct cs_admin *admin, const struct cs_admin_history *history)
{
    char text[CS_TIME_TEXT_MAX];
    if (!history->has_moment || history->at_ms >= history->reach_ms) {
        return CS_OK;
    }
    cs_instant_format(cs_instant_make(history->reach_ms, history->offset_minutes), text);
    return cs_problem_set(&admin->problem, CS_EXPIRED, "what changed before %s is not kept", text);
}

static enum cs_status answer(struct cs_admin *admin, struct cs_admin_history *history, bool entered,
                             struct cs_arena *arena)
{
    struct cs_device *devices = NULL;
    enum cs_status status = cs_store_history_reach(history->store, &history->reach_ms);
    if (status == CS_OK) {
        status = cs_store_devices(history->store, arena, &devices, &history->device_count);
        history->devices = devices;
    }
    if (status == CS_OK) {
        status = check_moment(admin, history);
    }
    if (status != CS_OK) {
        return status;
    }
    if (history->row_text == NULL) {
        return answer_entity(admin, history);
    }
    status = history->has_moment ? answer_state(admin, history, arena)
                                 : answer_changes(admin, history, entered, arena);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(&admin->problem, status,
                              history->has_moment ? "there was no %s %s then" : "there is no %s %s",
                              history->entity->name, history->row_text);
    }
    return status;
}

enum cs_status cs_admin_history(struct cs_admin *admin)
{
    struct cs_admin_history history = {.store = NULL};
    struct cs_arena arena;
    bool entered = false;
    enum cs_status status = parse(admin, &history, &entered);
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, ARENA_MAX);
    status = cs_folder_check(admin->arguments[0], &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_open_reader(&admin->around, admin->arguments[0], &history.store,
                                       &admin->problem);
    }
    if (status == CS_OK) {
        status = answer(admin, &history, entered, &arena);
    }
    cs_store_close(history.store);
    cs_arena_release(&arena);
    return status;
}
