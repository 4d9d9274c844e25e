/* What the customer was shown, see snapshot.h. */
#include "field-client/visit/snapshot.h"

#include "field-client/visit/visit_internal.h"
#include "shared/base/text.h"
#include "shared/domain/value_text.h"

#define FORM "countersign receipt 1"
#define VALUE_TEXT_MAX (8 * CS_KIBI)

/* A request may name the site only, or the system only. */
static enum cs_status follow_request(struct cs_replica *replica, struct cs_arena *arena,
                                     struct cs_snapshot_rows *rows)
{
    enum cs_status status =
        cs_visit_follow(replica, &rows->request, "system", "system", arena, &rows->system);
    if (status == CS_OK) {
        status = cs_visit_follow(replica, &rows->request, "site", "site", arena, &rows->site);
    }
    if (status == CS_OK && !rows->site.exists) {
        status = cs_visit_follow(replica, &rows->system, "site", "site", arena, &rows->site);
    }
    if (status == CS_OK) {
        status = cs_visit_follow(replica, &rows->request, "customer", "customer", arena,
                                 &rows->customer);
    }
    if (status == CS_OK && !rows->customer.exists) {
        status =
            cs_visit_follow(replica, &rows->site, "customer", "customer", arena, &rows->customer);
    }
    return status;
}

enum cs_status cs_snapshot_load_rows(struct cs_replica *replica, const struct cs_stored_row *visit,
                                     struct cs_arena *arena, struct cs_snapshot_rows *out)
{
    enum cs_status status =
        cs_visit_follow(replica, visit, "technician", "person", arena, &out->technician);
    if (status == CS_OK) {
        status =
            cs_visit_follow(replica, visit, "work_order", "work_order", arena, &out->work_order);
    }
    if (status == CS_OK) {
        status = cs_visit_follow(replica, &out->work_order, "request", "service_request", arena,
                                 &out->request);
    }
    return status != CS_OK ? status : follow_request(replica, arena, out);
}

/* The field as people read it. */
static struct cs_json *field_text(const struct cs_stored_row *row, const char *name)
{
    const struct cs_value *value = cs_visit_value(row, name);
    if (value->kind == CS_VALUE_NULL) {
        return cs_json_null();
    }
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(name));
    struct cs_buffer text;
    cs_buffer_init(&text, VALUE_TEXT_MAX);
    cs_value_format(&row->entity->fields[index], value, &text);
    struct cs_json *json = text.status == CS_OK ? cs_json_text(cs_buffer_bytes(&text)) : NULL;
    cs_buffer_release(&text);
    return json;
}

static struct cs_json *field_number(const struct cs_stored_row *row, const char *name)
{
    const struct cs_value *value = cs_visit_value(row, name);
    return value->kind == CS_VALUE_INTEGER ? cs_json_integer(value->integer) : cs_json_null();
}

static struct cs_json *id_text(const struct cs_id *id)
{
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(id, text);
    return cs_json_text(cs_bytes_of_text(text));
}

/* The row's id and these fields (NULL-terminated list); null where there is no such row. */
static struct cs_json *row_json(const struct cs_stored_row *row, const char *const *fields)
{
    if (!row->exists) {
        return cs_json_null();
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "id", id_text(&row->id));
    for (; *fields != NULL; fields++) {
        cs_json_set(json, *fields, field_text(row, *fields));
    }
    return json;
}

static void put_rows(struct cs_json *json, const struct cs_snapshot_rows *rows)
{
    static const char *const order_fields[] = {"number", "instruction", NULL};
    static const char *const customer_fields[] = {"name", "address", "phone", NULL};
    static const char *const site_fields[] = {"name", "address", "contact", "phone", NULL};
    static const char *const system_fields[] = {"name", "kind", NULL};
    static const char *const person_fields[] = {"name", NULL};
    cs_json_set(json, "work_order", row_json(&rows->work_order, order_fields));
    cs_json_set(json, "customer", row_json(&rows->customer, customer_fields));
    cs_json_set(json, "site", row_json(&rows->site, site_fields));
    cs_json_set(json, "system", row_json(&rows->system, system_fields));
    cs_json_set(json, "technician", row_json(&rows->technician, person_fields));
    cs_json_set(json, "reported_fault", field_text(&rows->request, "reported_fault"));
}

bool cs_snapshot_shows(const struct cs_field *field)
{
    struct cs_bytes name = cs_bytes_of_text(field->name);
    return field->type != CS_FIELD_REFERENCE && !cs_bytes_equal_text(name, "note") &&
           !cs_bytes_equal_text(name, "status");
}

static void put_visit(struct cs_json *json, const struct cs_stored_row *visit)
{
    for (size_t i = 0; i < visit->entity->field_count; i++) {
        const struct cs_field *field = &visit->entity->fields[i];
        if (cs_snapshot_shows(field)) {
            cs_json_set(json, field->name, field_text(visit, field->name));
        }
    }
}

static enum cs_status append_part(struct cs_replica *replica, const struct cs_id *id,
                                  struct cs_arena *arena, struct cs_json *list)
{
    static const char *const movement_fields[] = {"serial", "reason", NULL};
    static const char *const part_fields[] = {"code", "name", "spec", "unit"};
    struct cs_stored_row movement;
    struct cs_stored_row part;
    enum cs_status status = cs_visit_load(replica, "stock_movement", id, arena, &movement);
    if (status == CS_OK) {
        status = cs_visit_follow(replica, &movement, "part", "part", arena, &part);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_id part_id;
    struct cs_json *json = row_json(&movement, movement_fields);
    bool known = cs_visit_reference(&movement, "part", &part_id);
    if (movement.exists) {
        cs_json_set(json, "part", known ? id_text(&part_id) : cs_json_null());
        cs_json_set(json, "quantity", field_number(&movement, "quantity"));
        cs_json_set(json, "price_cents", field_number(&part, "price_cents"));
        for (size_t i = 0; i < CS_COUNT(part_fields); i++) {
            cs_json_set(json, part_fields[i], field_text(&part, part_fields[i]));
        }
    }
    cs_json_append(list, json);
    return CS_OK;
}

static enum cs_status put_parts(struct cs_replica *replica, const struct cs_id *visit,
                                struct cs_arena *arena, struct cs_json *json)
{
    struct cs_id *ids;
    size_t count = 0;
    struct cs_json *list = cs_json_array();
    enum cs_status status = cs_visit_list_parts(replica, visit, arena, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = append_part(replica, &ids[i], arena, list);
    }
    cs_json_set(json, "parts", list);
    return status;
}

static enum cs_status write_in(struct cs_replica *replica, const struct cs_stored_row *visit,
                               const struct cs_snapshot_about *about, struct cs_arena *arena,
                               struct cs_json *json, struct cs_buffer *out)
{
    struct cs_snapshot_rows rows;
    enum cs_status status = cs_snapshot_load_rows(replica, visit, arena, &rows);
    if (status != CS_OK) {
        return status;
    }
    cs_json_set(json, "form", cs_json_text(cs_bytes_of_text(FORM)));
    cs_json_set(json, "number", cs_json_text(cs_bytes_of_text(about->number)));
    cs_json_set(json, "visit", id_text(&visit->id));
    put_rows(json, &rows);
    put_visit(json, visit);
    status = put_parts(replica, &visit->id, arena, json);
    char signed_at[CS_TIME_TEXT_MAX];
    cs_instant_format(about->signed_at, signed_at);
    cs_json_set(json, "signer", cs_json_text(about->signer));
    cs_json_set(json, "signed_at", cs_json_text(cs_bytes_of_text(signed_at)));
    return status != CS_OK ? status : cs_json_write(json, 0, out);
}

enum cs_status cs_snapshot_write(struct cs_replica *replica, const struct cs_stored_row *visit,
                                 const struct cs_snapshot_about *about, struct cs_buffer *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct cs_json *json = cs_json_object();
    enum cs_status status = write_in(replica, visit, about, &arena, json, out);
    cs_json_destroy(json);
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_snapshot_parse(struct cs_bytes text, struct cs_json **out)
{
    struct cs_json *json;
    enum cs_status status = cs_json_parse(text, &json);
    if (status == CS_OK && !cs_bytes_equal_text(cs_snapshot_text(json, "form"), FORM)) {
        cs_json_destroy(json);
        status = CS_MALFORMED;
    }
    *out = status == CS_OK ? json : NULL;
    return status;
}

struct cs_bytes cs_snapshot_text(const struct cs_json *object, const char *key)
{
    struct cs_bytes text;
    return cs_json_get_text(cs_json_get(object, key), &text) ? text : CS_BYTES_NONE;
}
