/* States of a row and changes between them as JSON; see history.h. */
#include "sync-server/commands/history.h"

#include "shared/base/text.h"
#include "shared/domain/value_text.h"
#include "shared/merge/row_versions.h"

#include <string.h>

#define VALUE_TEXT_MAX (4 * CS_VALUE_MAX)

struct cs_json *cs_admin_history_value(const struct cs_entity *entity, struct cs_bytes field,
                                       const struct cs_value *value)
{
    int index = cs_entity_field_index(entity, field);
    if (value->kind == CS_VALUE_NULL) {
        return cs_json_null();
    }
    if (index < 0) {
        return value->kind == CS_VALUE_TEXT ? cs_json_text(value->bytes)
                                            : cs_admin_json_text("(not known here)");
    }
    struct cs_buffer text;
    cs_buffer_init(&text, VALUE_TEXT_MAX);
    cs_value_format(&entity->fields[index], value, &text);
    struct cs_json *json = NULL;
    if (text.status == CS_OK) {
        json = cs_utf8_valid(cs_buffer_bytes(&text)) ? cs_json_text(cs_buffer_bytes(&text))
                                                     : cs_admin_json_text("(not text)");
    }
    cs_buffer_release(&text);
    return json;
}

void cs_admin_history_author(const struct cs_admin_history *history, uint64_t log,
                             struct cs_json *json)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)log);
    for (size_t i = 0; i < history->device_count; i++) {
        if (history->devices[i].log == log) {
            cs_json_set(json, "author", cs_json_text(history->devices[i].person_name));
            cs_json_set(json, "device", cs_json_text(history->devices[i].device_name));
        }
    }
    cs_json_set(json, "log", cs_admin_json_text(text));
}

static struct cs_json *moment(int64_t at_ms)
{
    bool none = at_ms == CS_STATE_LONG_SINCE || at_ms == CS_STATE_STILL;
    return none ? cs_json_null() : cs_admin_json_time(at_ms);
}

/* Who, when by the device's clock, when it came. */
static enum cs_status put_author(const struct cs_admin_history *history,
                                 const struct cs_version *author, struct cs_arena *arena,
                                 struct cs_json *json)
{
    struct cs_logged_transaction logged;
    char claimed[CS_TIME_TEXT_MAX];
    if (author->log == 0) {
        return CS_OK;
    }
    cs_admin_history_author(history, author->log, json);
    cs_json_set(json, "counter", cs_json_integer((int64_t)author->counter));
    enum cs_status status = cs_store_transaction(history->store, author, arena, &logged);
    if (status == CS_OK) {
        cs_instant_format(logged.claimed, claimed);
        cs_json_set(json, "claimed", cs_admin_json_text(claimed));
        cs_json_set(json, "received", cs_admin_json_time(logged.received_ms));
    }
    /* A version that a device brought back has no transaction here. */
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* The work order and the visit that the row belongs to. */
static void put_work(const struct cs_row_state *state, struct cs_json *json)
{
    static const char *const kinds[] = {"work_order", "visit"};
    const struct cs_entity *entity = state->row.entity;
    struct cs_json *work = cs_json_object();
    for (size_t kind = 0; kind < CS_COUNT(kinds); kind++) {
        char text[CS_ID_TEXT_SIZE];
        struct cs_id id;
        if (strcmp(entity->name, kinds[kind]) == 0) {
            cs_id_format(&state->row.id, text);
            cs_json_set(work, kinds[kind], cs_admin_json_text(text));
        }
        for (size_t i = 0; i < entity->field_count; i++) {
            const struct cs_field *field = &entity->fields[i];
            if (field->type == CS_FIELD_REFERENCE && strcmp(field->references, kinds[kind]) == 0 &&
                cs_id_from_bytes(state->row.values[i].bytes, &id)) {
                cs_id_format(&id, text);
                cs_json_set(work, kinds[kind], cs_admin_json_text(text));
            }
        }
    }
    cs_json_set(json, "work", work);
}

/* Values of the unit that a version which waits for a decision gave, by field. */
static struct cs_json *waiting_fields(const struct cs_entity *entity,
                                      const struct cs_stored_head *head)
{
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    struct cs_json *fields = cs_json_object();
    int first = cs_entity_field_index(entity, head->unit);
    size_t members[CS_FIELDS_PER_ENTITY_MAX];
    size_t count = 0;
    for (size_t i = 0; first >= 0 && i < entity->field_count; i++) {
        if (cs_entity_unit(entity, i) == (size_t)first) {
            members[count++] = i;
        }
    }
    if (count > 0 && cs_unit_value_decode(head->value, values, count) == CS_OK) {
        for (size_t i = 0; i < count; i++) {
            const char *name = entity->fields[members[i]].name;
            cs_json_set(fields, name,
                        cs_admin_history_value(entity, cs_bytes_of_text(name), &values[i]));
        }
    }
    return fields;
}

static enum cs_status put_waiting(const struct cs_admin_history *history,
                                  const struct cs_row_state *state, struct cs_arena *arena,
                                  struct cs_json *json)
{
    struct cs_json *list = cs_json_array();
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < state->head_count; i++) {
        const struct cs_stored_head *head = &state->heads[i];
        bool is_delete = cs_bytes_equal_text(head->unit, CS_UNIT_DELETED);
        if (is_delete && state->row.deleted) {
            continue; /* it is what is shown */
        }
        struct cs_json *item = cs_json_object();
        status = put_author(history, &head->version, arena, item);
        cs_json_set(item, "delete", cs_json_boolean(is_delete));
        cs_json_set(item, "fields", waiting_fields(history->entity, head));
        cs_json_append(list, item);
    }
    cs_json_set(json, "waiting", list);
    return status;
}

static enum cs_status begin(const struct cs_admin_history *history,
                            const struct cs_row_state *state, struct cs_arena *arena,
                            struct cs_json *json)
{
    cs_json_set(json, "change", cs_json_integer((int64_t)state->number));
    cs_json_set(json, "from", moment(state->from_ms));
    cs_json_set(json, "until", moment(state->until_ms));
    cs_json_set(json, "deleted", cs_json_boolean(state->row.deleted));
    enum cs_status status = put_author(history, &state->author, arena, json);
    put_work(state, json);
    return status == CS_OK ? put_waiting(history, state, arena, json) : status;
}

enum cs_status cs_admin_history_state(const struct cs_admin_history *history,
                                      const struct cs_row_state *state, struct cs_arena *arena,
                                      struct cs_json **out)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_object();
    struct cs_named_value *values = NULL;
    size_t count = 0;
    enum cs_status status = begin(history, state, arena, json);
    if (status == CS_OK) {
        status = cs_row_fields(&state->row, arena, &values, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        char name[CS_NAME_MAX + 1] = {0};
        if (values[i].name.size <= CS_NAME_MAX) {
            memcpy(name, values[i].name.data, values[i].name.size);
            cs_json_set(fields, name,
                        cs_admin_history_value(history->entity, values[i].name, &values[i].value));
        }
    }
    cs_json_set(json, "fields", fields);
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    *out = json;
    return CS_OK;
}

static const char *kind_of(const struct cs_row_state *earlier, const struct cs_row_state *later,
                           size_t differing)
{
    if (earlier == NULL) {
        return later->from_ms == CS_STATE_LONG_SINCE ? "kept" : "made";
    }
    if (earlier->row.deleted != later->row.deleted) {
        return later->row.deleted ? "deleted" : "revived";
    }
    return differing > 0 ? "changed" : "weighed";
}

enum cs_status cs_admin_history_change(const struct cs_admin_history *history,
                                       const struct cs_row_state *earlier,
                                       const struct cs_row_state *later, struct cs_arena *arena,
                                       struct cs_json **out)
{
    static const struct cs_value nothing = {.kind = CS_VALUE_NULL};
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_object();
    size_t differing = 0;
    for (size_t i = 0; i < history->entity->field_count; i++) {
        const struct cs_value *before = earlier == NULL ? &nothing : &earlier->row.values[i];
        const struct cs_value *after = &later->row.values[i];
        if (!cs_value_equal(before, after)) {
            const char *name = history->entity->fields[i].name;
            struct cs_json *field = cs_json_object();
            struct cs_bytes text = cs_bytes_of_text(name);
            cs_json_set(field, "before", cs_admin_history_value(history->entity, text, before));
            cs_json_set(field, "after", cs_admin_history_value(history->entity, text, after));
            cs_json_set(fields, name, field);
            differing++;
        }
    }
    enum cs_status status = begin(history, later, arena, json);
    cs_json_set(json, "kind", cs_admin_json_text(kind_of(earlier, later, differing)));
    cs_json_set(json, "fields", fields);
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    *out = json;
    return CS_OK;
}
