/* What the customer signs, see signed_content.h. */
#include "shared/rows/signed_content.h"

#include <string.h>

static bool has_signed_fields(const struct cs_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if ((entity->fields[i].flags & CS_FIELD_SIGNED) != 0) {
            return true;
        }
    }
    return false;
}

static bool counts(const struct cs_stored_row *row, size_t field)
{
    return (row->entity->fields[field].flags & CS_FIELD_SIGNED) != 0 &&
           row->values[field].kind != CS_VALUE_NULL;
}

static void put_row(struct cs_buffer *content, const struct cs_stored_row *row)
{
    uint32_t count = 0;
    for (size_t i = 0; i < row->entity->field_count; i++) {
        count += counts(row, i) ? 1 : 0;
    }
    cs_buffer_append_prefixed(content, row->name);
    cs_buffer_append_prefixed(content, cs_id_bytes(&row->id));
    cs_buffer_append_u32(content, count);
    for (size_t i = 0; i < row->entity->field_count; i++) {
        if (counts(row, i)) {
            cs_buffer_append_prefixed(content, cs_bytes_of_text(row->entity->fields[i].name));
            cs_unit_value_encode(&row->values[i], 1, content);
        }
    }
}

static enum cs_status put_followers(struct cs_row_tables *tables, const struct cs_entity *follower,
                                    size_t field, const struct cs_id *id, struct cs_arena *arena,
                                    struct cs_buffer *content)
{
    struct cs_value value = cs_value_bytes(cs_id_bytes(id));
    struct cs_id *ids;
    size_t count;
    enum cs_status status = cs_row_find(tables, follower, field, &value,
                                        CS_OPERATIONS_PER_TRANSACTION_MAX + 1, arena, &ids, &count);
    if (status == CS_OK && count > CS_OPERATIONS_PER_TRANSACTION_MAX) {
        return CS_LIMIT; /* a hash of the first ones would say that the rest was signed too */
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row row;
        status = cs_row_load(tables, cs_bytes_of_text(follower->name), &ids[i], arena, &row);
        if (status == CS_OK) {
            put_row(content, &row);
        }
    }
    return status;
}

/* The entity whose name comes next after `name`; NULL after the last. A registry's own order may change, names do not. */
static const struct cs_entity *next_by_name(const struct cs_registry *registry, const char *name)
{
    const struct cs_entity *next = NULL;
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        if (strcmp(entity->name, name) > 0 &&
            (next == NULL || strcmp(entity->name, next->name) < 0)) {
            next = entity;
        }
    }
    return next;
}

static enum cs_status put_entity(struct cs_row_tables *tables, const struct cs_entity *follower,
                                 const char *followed, const struct cs_id *id,
                                 struct cs_arena *arena, struct cs_buffer *content)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < follower->field_count; i++) {
        const struct cs_field *field = &follower->fields[i];
        if ((field->flags & CS_FIELD_FOLLOWS) != 0 && strcmp(field->references, followed) == 0) {
            status = put_followers(tables, follower, i, id, arena, content);
        }
    }
    return status;
}

static enum cs_status put_all(struct cs_row_tables *tables, const struct cs_entity *entity,
                              const struct cs_id *id, struct cs_arena *arena,
                              struct cs_buffer *content)
{
    struct cs_stored_row row;
    enum cs_status status = cs_row_load(tables, cs_bytes_of_text(entity->name), id, arena, &row);
    if (status != CS_OK) {
        return status;
    }
    if (!row.exists || row.deleted) {
        return CS_NOT_FOUND;
    }
    put_row(content, &row);
    const struct cs_registry *registry = cs_row_tables_registry(tables);
    const struct cs_entity *follower = next_by_name(registry, "");
    for (; status == CS_OK && follower != NULL; follower = next_by_name(registry, follower->name)) {
        if (has_signed_fields(follower)) {
            status = put_entity(tables, follower, entity->name, id, arena, content);
        }
    }
    return status != CS_OK ? status : content->status;
}

enum cs_status cs_signed_content_hash(struct cs_row_tables *tables, const struct cs_entity *entity,
                                      const struct cs_id *id, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_buffer content;
    cs_buffer_init(&content, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = put_all(tables, entity, id, &arena, &content);
    if (status == CS_OK) {
        cs_hash("countersign signed content 1", cs_buffer_bytes(&content), out);
    }
    cs_buffer_release(&content);
    cs_arena_release(&arena);
    return status;
}
