/* Refusal rows, see refusals.h. */
#include "sync-server/reconcile/refusals.h"

#include "shared/base/text.h"
#include "shared/domain/value_text.h"
#include "shared/text/json.h"
#include "sync-server/reconcile/computed.h"

/* As the descriptor of refusal.operations allows. */
#define OPERATIONS_TEXT_MAX (64 * CS_KIBI)

static const char *kind_name(enum cs_operation_kind kind)
{
    switch (kind) {
    case CS_OPERATION_INSERT:
        return "insert";
    case CS_OPERATION_UPDATE:
        return "update";
    case CS_OPERATION_DELETE:
        break;
    }
    return "delete";
}

/* The value as people type it; what is no text that can be shown is null. NULL: out of memory, no value may get lost for that. */
static struct cs_json *value_json(const struct cs_entity *entity,
                                  const struct cs_field_change *change)
{
    int index = entity == NULL ? -1 : cs_entity_field_index(entity, change->field);
    if (index < 0) {
        return change->value.kind == CS_VALUE_TEXT ? cs_json_text(change->value.bytes)
                                                   : cs_json_null();
    }
    struct cs_json *json = NULL;
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    cs_value_format(&entity->fields[index], &change->value, &text);
    if (text.status != CS_NO_MEMORY) {
        bool shown = text.status == CS_OK && cs_utf8_valid(cs_buffer_bytes(&text));
        json = shown ? cs_json_text(cs_buffer_bytes(&text)) : cs_json_null();
    }
    cs_buffer_release(&text);
    return json;
}

static struct cs_json *operation_json(struct cs_reconcile *reconcile,
                                      const struct cs_operation *operation)
{
    const struct cs_entity *entity = cs_registry_find(reconcile->registry, operation->entity);
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_object();
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&operation->row, id);
    for (size_t i = 0; i < operation->change_count; i++) {
        char *name = cs_arena_text(reconcile->arena, operation->changes[i].field);
        if (name == NULL) {
            cs_json_destroy(fields);
            cs_json_destroy(json);
            return NULL;
        }
        cs_json_set(fields, name, value_json(entity, &operation->changes[i]));
    }
    cs_json_set(json, "kind", cs_json_text(cs_bytes_of_text(kind_name(operation->kind))));
    cs_json_set(json, "entity", cs_json_text(operation->entity));
    cs_json_set(json, "id", cs_json_text(cs_bytes_of_text(id)));
    cs_json_set(json, "fields", fields);
    return json;
}

/* JSON of all operations; of a transaction too large for it, an empty list (the author's device has the values). */
enum cs_status cs_operations_text(struct cs_reconcile *reconcile,
                                  const struct cs_transaction *transaction, struct cs_value *out)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < transaction->operation_count; i++) {
        cs_json_append(list, operation_json(reconcile, &transaction->operations[i]));
    }
    struct cs_buffer text;
    cs_buffer_init(&text, OPERATIONS_TEXT_MAX);
    enum cs_status status = cs_json_write(list, 0, &text);
    cs_json_destroy(list);
    struct cs_bytes bytes = cs_bytes_of_text("[]");
    if (status == CS_OK) {
        bytes = cs_buffer_bytes(&text);
    }
    if (status != CS_NO_MEMORY) {
        struct cs_bytes copy;
        status = cs_arena_copy(reconcile->arena, bytes, &copy);
        *out = cs_value_text(copy);
    }
    cs_buffer_release(&text);
    return status;
}

/* What the refused operation was about. */
static enum cs_status refused_row(struct cs_reconcile *reconcile,
                                  const struct cs_transaction *transaction,
                                  const struct cs_verdict *verdict, struct cs_value *out_entity,
                                  struct cs_value *out_row)
{
    if (verdict->operation >= transaction->operation_count) {
        return CS_OK;
    }
    const struct cs_operation *operation = &transaction->operations[verdict->operation];
    struct cs_bytes entity;
    struct cs_bytes row;
    enum cs_status status = cs_arena_copy(reconcile->arena, operation->entity, &entity);
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_id_bytes(&operation->row), &row);
    }
    if (status == CS_OK) {
        *out_entity = cs_value_text(entity);
        *out_row = cs_value_bytes(row);
    }
    return status;
}

enum cs_status cs_refusal_put(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                              const struct cs_id *person, const struct cs_verdict *verdict)
{
    struct cs_buffer name;
    cs_buffer_init(&name, 16);
    cs_buffer_append_u64(&name, edit->version.log);
    cs_buffer_append_u64(&name, edit->version.counter);
    struct cs_bytes name_bytes;
    struct cs_value operations;
    struct cs_value detail;
    enum cs_status status = name.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&name), &name_bytes);
    }
    cs_buffer_release(&name);
    if (status == CS_OK) {
        status = cs_operations_text(reconcile, edit->transaction, &operations);
    }
    if (status == CS_OK) {
        status = cs_computed_text(reconcile->arena, &detail, "%s", verdict->problem.text);
    }
    struct cs_bytes author;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_id_bytes(person), &author);
    }
    struct cs_bytes transaction;
    if (status == CS_OK) {
        status =
            cs_arena_copy(reconcile->arena, cs_bytes_of_array(edit->transaction->id), &transaction);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_value entity = CS_NULL;
    struct cs_value row = CS_NULL;
    status = refused_row(reconcile, edit->transaction, verdict, &entity, &row);
    if (status != CS_OK) {
        return status;
    }
    struct cs_id id;
    cs_computed_id("countersign refusal", &name_bytes, 1, &id);
    const struct cs_computed_value values[] = {
        {"transaction", cs_value_bytes(transaction)},
        {"log", cs_value_bytes(cs_bytes_make(name_bytes.data, 8))},
        {"counter", cs_value_integer((int64_t)edit->version.counter)},
        {"author", cs_value_bytes(author)},
        {"reason", cs_value_text(cs_bytes_of_text(cs_status_name(verdict->status)))},
        {"detail", detail},
        {"operations", operations},
        {"refused_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
        {"state", cs_value_text(cs_bytes_of_text("open"))},
        {"entity", entity},
        {"row", row},
        {"field", verdict->field.size == 0 ? CS_NULL : cs_value_text(verdict->field)},
    };
    return cs_computed_put(reconcile, "refusal", &id, values, CS_COUNT(values));
}
