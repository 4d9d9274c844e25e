/*
 * The command history: what a row was, change by change or at a moment, as the server has it.
 */
#include "field-client/commands/history.h"

#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/replica/merge_rows.h"
#include "field-client/replica/query.h"
#include "shared/base/text.h"
#include "shared/merge/row_versions.h"

struct view {
    struct cs_command *command;
    struct cs_replica *replica;
    const struct cs_entity *entity;
    struct cs_id row;
    int64_t at_ms; /* CS_HISTORY_STILL: all changes */
    struct cs_arena arena;
    struct cs_past past;
};

enum cs_status cs_history_row(struct cs_command *command, struct cs_replica *replica,
                              const struct cs_entity *entity, struct cs_bytes text,
                              struct cs_id *out)
{
    return cs_id_parse(text, out) == CS_OK
               ? CS_OK
               : cs_merge_find_dropped(replica, entity, text, out, &command->problem);
}

static int64_t local(const struct cs_command *command, int64_t ms)
{
    const struct cs_world *world = command->world;
    return cs_instant_make(ms, world->offset_minutes(world->context));
}

bool cs_history_moment(const struct cs_command *command, const char *text, int64_t *out_ms)
{
    const struct cs_world *world = command->world;
    int64_t instant;
    if (cs_instant_parse(cs_bytes_of_text(text), world->offset_minutes(world->context), &instant) !=
        CS_OK) {
        return false;
    }
    *out_ms = cs_instant_utc_ms(instant);
    return true;
}

enum cs_status cs_history_no_state(struct cs_command *command, const struct cs_past *past,
                                   int64_t at_ms)
{
    char text[CS_TIME_TEXT_MAX];
    if (at_ms >= past->reach_ms) {
        return cs_problem_set(&command->problem, CS_NOT_FOUND,
                              "the row was not there then, or not for this device");
    }
    cs_instant_format(local(command, past->reach_ms), text);
    return cs_problem_set(&command->problem, CS_EXPIRED,
                          "what changed before %s is not kept any more", text);
}

struct cs_json *cs_history_moment_json(const struct cs_command *command, int64_t ms)
{
    char text[CS_TIME_TEXT_MAX];
    if (ms == CS_HISTORY_LONG_SINCE || ms == CS_HISTORY_STILL || ms == 0) {
        return cs_json_null();
    }
    cs_instant_format(local(command, ms), text);
    return cs_json_text(cs_bytes_of_text(text));
}

/* ---- who ---- */

/* The directory's row of the device with this log, in the arena; exists = false where it is not known. */
static enum cs_status find_author(struct view *view, uint64_t log, struct cs_stored_row *out)
{
    struct cs_bytes device = cs_bytes_of_text("device");
    struct cs_id *ids = NULL;
    size_t count = 0;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, sizeof log);
    cs_buffer_append_u64(&bytes, log);
    struct cs_value value = cs_value_bytes(cs_buffer_bytes(&bytes));
    enum cs_status status = bytes.status != CS_OK
                                ? bytes.status
                                : cs_query_find(view->replica, device, cs_bytes_of_text("log_id"),
                                                &value, 1, &view->arena, &ids, &count, NULL);
    cs_buffer_release(&bytes);
    *out = (struct cs_stored_row){.exists = false};
    return status != CS_OK || count == 0
               ? status
               : cs_query_get(view->replica, device, &ids[0], &view->arena, out, NULL);
}

static struct cs_bytes text_of(const struct cs_stored_row *row, const char *field)
{
    int index = row->exists ? cs_entity_field_index(row->entity, cs_bytes_of_text(field)) : -1;
    return index < 0 ? CS_BYTES_NONE : row->values[index].bytes;
}

static enum cs_status put_author(struct view *view, const struct cs_version *author,
                                 struct cs_json *json)
{
    struct cs_stored_row device;
    char log[17];
    if (author->log == 0) {
        return CS_OK;
    }
    enum cs_status status = find_author(view, author->log, &device);
    (void)snprintf(log, sizeof log, "%016llx", (unsigned long long)author->log);
    if (status == CS_OK && device.exists) {
        cs_json_set(json, "author", cs_json_text(text_of(&device, "person_name")));
        cs_json_set(json, "device", cs_json_text(text_of(&device, "device_name")));
    }
    cs_json_set(json, "log", cs_json_text(cs_bytes_of_text(log)));
    return status;
}

/* ---- states ---- */

static const char *kind_of(const struct cs_past_state *earlier, const struct cs_past_state *later,
                           size_t differing)
{
    if (earlier == NULL && later->state.from_ms == CS_HISTORY_LONG_SINCE) {
        return "kept";
    }
    if (earlier == NULL) {
        return later->state.number == 0 ? "made" : "shown";
    }
    if (earlier->row.deleted != later->row.deleted) {
        return later->row.deleted ? "deleted" : "revived";
    }
    return differing > 0 ? "changed" : "weighed";
}

static enum cs_status put_waiting(struct view *view, const struct cs_past_state *state,
                                  struct cs_json *json)
{
    struct cs_json *list = cs_json_array();
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < state->state.head_count; i++) {
        const struct cs_history_head *head = &state->state.heads[i];
        struct cs_json *item = cs_json_object();
        int index = cs_entity_field_index(view->entity, head->unit);
        struct cs_value value;
        status = put_author(view, &head->version, item);
        cs_json_set(item, "field", cs_json_text(head->unit));
        if (index >= 0 && cs_unit_value_decode(head->value, &value, 1) == CS_OK) {
            cs_json_set(item, "value", cs_view_value_json(&view->entity->fields[index], &value));
        }
        cs_json_append(list, item);
    }
    cs_json_set(json, "waiting", list);
    return status;
}

static enum cs_status put_head(struct view *view, const struct cs_past_state *state,
                               struct cs_json *json)
{
    char claimed[CS_TIME_TEXT_MAX];
    cs_json_set(json, "change", cs_json_integer((int64_t)state->state.number));
    cs_json_set(json, "from", cs_history_moment_json(view->command, state->state.from_ms));
    cs_json_set(json, "until", cs_history_moment_json(view->command, state->state.until_ms));
    cs_json_set(json, "deleted", cs_json_boolean(state->row.deleted));
    if (state->state.received_ms != 0) {
        cs_instant_format(state->state.claimed, claimed);
        cs_json_set(json, "claimed", cs_json_text(cs_bytes_of_text(claimed)));
        cs_json_set(json, "received",
                    cs_history_moment_json(view->command, state->state.received_ms));
    }
    enum cs_status status = put_author(view, &state->state.author, json);
    return status != CS_OK ? status : put_waiting(view, state, json);
}

/* What differs from the state before, each with what it was; all that there is where nothing was before. */
static enum cs_status change_json(struct view *view, const struct cs_past_state *earlier,
                                  const struct cs_past_state *later, struct cs_json **out)
{
    static const struct cs_value nothing = {.kind = CS_VALUE_NULL};
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_object();
    size_t differing = 0;
    cs_require(later->row.values != NULL);
    for (size_t i = 0; i < view->entity->field_count; i++) {
        const struct cs_field *field = &view->entity->fields[i];
        const struct cs_value *before = earlier == NULL ? &nothing : &earlier->row.values[i];
        if (!cs_value_equal(before, &later->row.values[i])) {
            struct cs_json *change = cs_json_object();
            cs_json_set(change, "before", cs_view_value_json(field, before));
            cs_json_set(change, "after", cs_view_value_json(field, &later->row.values[i]));
            cs_json_set(fields, field->name, change);
            differing++;
        }
    }
    enum cs_status status = put_head(view, later, json);
    cs_json_set(json, "kind", cs_json_text(cs_bytes_of_text(kind_of(earlier, later, differing))));
    cs_json_set(json, "fields", fields);
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    *out = json;
    return CS_OK;
}

static enum cs_status state_json(struct view *view, const struct cs_past_state *state,
                                 struct cs_json **out)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *row = NULL;
    enum cs_status status = put_head(view, state, json);
    if (status == CS_OK) {
        status = cs_view_row_json(view->replica, &state->row, CS_VIEW_ALL, &row);
    }
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    cs_json_set(json, "row", row);
    *out = json;
    return CS_OK;
}

/* ---- for people ---- */

static void print_text(struct cs_command *command, const struct cs_json *json, const char *key,
                       const char *otherwise)
{
    struct cs_bytes text = cs_bytes_of_text(otherwise);
    (void)cs_json_get_text(cs_json_get(json, key), &text);
    cs_command_print_safe(command, text);
}

static const char *kind_words(const struct cs_command *command, struct cs_bytes kind)
{
    static const char *const words[][3] = {
        {"kept", "so since before what is kept", "早于保留期"},
        {"made", "made", "新建"},
        {"shown", "the first that is for this device", "本机可见的最早状态"},
        {"changed", "changed", "修改"},
        {"deleted", "deleted", "删除"},
        {"revived", "not deleted any more", "恢复"},
        {"weighed", "something waits or was decided", "冲突有变化"},
    };
    for (size_t i = 0; i < CS_COUNT(words); i++) {
        if (cs_bytes_equal_text(kind, words[i][0])) {
            return cs_command_words(command, words[i][1], words[i][2]);
        }
    }
    return "";
}

static void print_head(struct view *view, const struct cs_json *json)
{
    struct cs_command *command = view->command;
    struct cs_bytes kind = CS_BYTES_NONE;
    int64_t number = 0;
    (void)cs_json_get_integer(cs_json_get(json, "change"), &number);
    (void)cs_json_get_text(cs_json_get(json, "kind"), &kind);
    cs_command_print(command, "%lld  ", (long long)number);
    print_text(command, json, "from", cs_command_words(command, "long since", "很久以前"));
    cs_command_print(command, "  %s  ", kind_words(command, kind));
    if (cs_json_get(json, "log") != NULL) {
        print_text(command, json, "author", "?");
        cs_command_print(command, ", ");
        print_text(command, json, "device", "?");
        cs_command_print(command, "%s", cs_command_words(command, ", claimed ", ",本机时间 "));
        print_text(command, json, "claimed", "?");
    } else if (!cs_bytes_equal_text(kind, "kept")) {
        cs_command_print(command, "%s", cs_command_words(command, "the server", "服务器"));
    }
    cs_command_print(command, "\n");
}

static enum cs_status print_value(struct view *view, const struct cs_field *field,
                                  const struct cs_value *value)
{
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    enum cs_status status = cs_view_value(view->command, view->replica, field, value, &text);
    if (status == CS_OK) {
        cs_command_print_safe(view->command, cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    return status;
}

static enum cs_status print_fields(struct view *view, const struct cs_past_state *earlier,
                                   const struct cs_past_state *later)
{
    static const struct cs_value nothing = {.kind = CS_VALUE_NULL};
    struct cs_command *command = view->command;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < view->entity->field_count; i++) {
        const struct cs_field *field = &view->entity->fields[i];
        const struct cs_value *before = earlier == NULL ? &nothing : &earlier->row.values[i];
        if (cs_value_equal(before, &later->row.values[i])) {
            continue;
        }
        cs_command_print(command, "    %s: ", cs_view_field_name(command, field));
        if (before->kind != CS_VALUE_NULL) {
            status = print_value(view, field, before);
            cs_command_print(command, " -> ");
        }
        if (status == CS_OK) {
            status = print_value(view, field, &later->row.values[i]);
        }
        cs_command_print(command, "\n");
    }
    return status;
}

static void print_waiting(struct view *view, const struct cs_json *json)
{
    const struct cs_json *list = cs_json_get(json, "waiting");
    for (size_t i = 0; i < cs_json_count(list); i++) {
        cs_command_print(view->command, "    %s",
                         cs_command_words(view->command, "waits for a decision: ", "待决定:"));
        print_text(view->command, cs_json_at(list, i), "field", "?");
        cs_command_print(view->command, " (");
        print_text(view->command, cs_json_at(list, i), "author", "?");
        cs_command_print(view->command, ")\n");
    }
}

/* ---- answering ---- */

static struct cs_json *about_json(struct view *view)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(view->entity->name)));
    cs_json_set(json, "id", cs_command_json_id(&view->row));
    cs_json_set(json, "kept_since", cs_history_moment_json(view->command, view->past.reach_ms));
    return json;
}

static enum cs_status answer_changes(struct view *view)
{
    struct cs_json *list = cs_json_array();
    enum cs_status status = CS_OK;
    for (size_t i = view->past.count; status == CS_OK && i > 0; i--) {
        struct cs_json *item = NULL;
        const struct cs_past_state *earlier = i < view->past.count ? &view->past.items[i] : NULL;
        const struct cs_past_state *later = &view->past.items[i - 1];
        status = change_json(view, earlier, later, &item);
        if (status == CS_OK && !view->command->json) {
            print_head(view, item);
            status = print_fields(view, earlier, later);
            print_waiting(view, item);
            cs_json_destroy(item);
        } else {
            cs_json_append(list, item);
        }
    }
    if (status != CS_OK || !view->command->json) {
        cs_json_destroy(list);
        return status;
    }
    struct cs_json *json = about_json(view);
    cs_json_set(json, "changes", list);
    return cs_command_json(view->command, json);
}

static enum cs_status answer_state(struct view *view)
{
    struct cs_json *item = NULL;
    if (view->past.count == 0) {
        return cs_history_no_state(view->command, &view->past, view->at_ms);
    }
    enum cs_status status = view->command->json
                                ? state_json(view, &view->past.items[0], &item)
                                : change_json(view, NULL, &view->past.items[0], &item);
    if (status != CS_OK) {
        return status;
    }
    if (!view->command->json) {
        cs_json_set(
            item, "kind",
            cs_json_text(cs_bytes_of_text(view->past.items[0].row.deleted ? "deleted" : "")));
        print_head(view, item);
        status = print_fields(view, NULL, &view->past.items[0]);
        print_waiting(view, item);
        cs_json_destroy(item);
        return status;
    }
    struct cs_json *json = about_json(view);
    cs_json_set(json, "as_of", cs_history_moment_json(view->command, view->at_ms));
    cs_json_set(json, "state", item);
    return cs_command_json(view->command, json);
}

/* ---- what was deleted ---- */

struct deleted {
    struct view *view;
    struct cs_json *list; /* NULL: printed */
};

static enum cs_status list_deleted(void *context, const struct cs_stored_row *row)
{
    struct deleted *deleted = context;
    struct view *view = deleted->view;
    if (!row->deleted) {
        return CS_OK;
    }
    if (deleted->list != NULL) {
        struct cs_json *json = NULL;
        enum cs_status status = cs_view_row_json(view->replica, row, CS_VIEW_LISTED, &json);
        if (status == CS_OK) {
            cs_json_append(deleted->list, json);
        }
        return status;
    }
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    cs_command_print(view->command, "%s", id);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        if ((row->entity->fields[i].flags & CS_FIELD_LABEL) != 0 ||
            (row->entity->natural_key != NULL &&
             cs_bytes_equal_text(cs_bytes_of_text(row->entity->natural_key),
                                 row->entity->fields[i].name))) {
            cs_command_print(view->command, "  ");
            status = print_value(view, &row->entity->fields[i], &row->values[i]);
        }
    }
    cs_command_print(view->command, "\n");
    return status;
}

static enum cs_status answer_deleted(struct view *view)
{
    struct cs_command *command = view->command;
    struct deleted deleted = {view, command->json ? cs_json_array() : NULL};
    if (command->json && deleted.list == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_row_scan(cs_replica_tables(view->replica), view->entity, NULL, 0,
                                        CS_ROWS_WITH_DELETED, list_deleted, &deleted);
    if (status != CS_OK || !command->json) {
        cs_json_destroy(deleted.list);
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(view->entity->name)));
    cs_json_set(json, "deleted", deleted.list);
    return cs_command_json(command, json);
}

static enum cs_status answer(struct view *view)
{
    struct cs_command *command = view->command;
    enum cs_status status = cs_history_row(command, view->replica, view->entity,
                                           cs_command_argument(command, 1), &view->row);
    if (status == CS_OK) {
        status = cs_past_read(view->replica, view->entity, &view->row, view->at_ms, &view->arena,
                              &view->past, &command->problem);
    }
    if (status != CS_OK) {
        return status;
    }
    if (view->at_ms != CS_HISTORY_STILL) {
        return answer_state(view);
    }
    if (!command->json && view->past.reach_ms != CS_HISTORY_LONG_SINCE) {
        char text[CS_TIME_TEXT_MAX];
        cs_instant_format(local(command, view->past.reach_ms), text);
        cs_command_note(command,
                        CS_WORDS(command, "what changed before %s is not kept any more",
                                 "%s 之前的修改已不再保留"),
                        text);
    }
    return answer_changes(view);
}

enum cs_status cs_command_history(struct cs_command *command)
{
    struct view view = {.command = command, .at_ms = CS_HISTORY_STILL};
    const char *moment = NULL;
    bool deleted = cs_command_flag(command, "--deleted");
    enum cs_status status = cs_command_option(command, "--as-of", &moment);
    if (status == CS_OK) {
        status = cs_command_expect(command, deleted ? 1 : 2, deleted ? 1 : 2);
    }
    if (status == CS_OK && moment != NULL &&
        (deleted || !cs_history_moment(command, moment, &view.at_ms))) {
        status = cs_command_usage(command, "\"%.60s\" is no moment: 2026-11-30 17:05", moment);
    }
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &view.entity);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &view.replica);
    }
    if (status == CS_OK) {
        status = cs_command_go_online(command, CS_ONLINE_ALONE);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&view.arena, CS_MESSAGE_ARENA_MAX);
    status = deleted ? answer_deleted(&view) : answer(&view);
    cs_arena_release(&view.arena);
    return status;
}
