/* A receipt as people read it, Chinese and English side by side; see receipt.h. Labels come from the descriptors. */
#include "field-client/visit/receipt.h"
#include "field-client/visit/snapshot.h"
#include "field-client/visit/visit_internal.h"
#include "shared/base/text.h"
#include "shared/domain/choices.h"

#include <inttypes.h>

#define LABEL_COLUMNS 27

static void put_line(struct cs_buffer *out, const char *label_zh, const char *label_en,
                     struct cs_bytes value)
{
    size_t columns = cs_utf8_columns(cs_bytes_of_text(label_zh)) + 1 +
                     cs_utf8_columns(cs_bytes_of_text(label_en));
    cs_buffer_append_format(out, "%s %s", label_zh, label_en);
    for (; columns < LABEL_COLUMNS; columns++) {
        cs_buffer_append_u8(out, ' ');
    }
    cs_buffer_append_text(out, "  ");
    if (value.size > 0) {
        cs_buffer_append_bytes(out, value);
    } else {
        cs_buffer_append_text(out, "-");
    }
    cs_buffer_append_u8(out, '\n');
}

static const struct cs_field *find_field(const struct cs_registry *registry, const char *entity,
                                         const char *field)
{
    const struct cs_entity *known = cs_registry_find(registry, cs_bytes_of_text(entity));
    int index = known == NULL ? -1 : cs_entity_field_index(known, cs_bytes_of_text(field));
    return index < 0 ? NULL : &known->fields[index];
}

/* Choices are shown by their Chinese and English names. */
static void put_value(struct cs_buffer *out, const struct cs_field *field, struct cs_bytes value)
{
    int choice = field->type == CS_FIELD_CHOICE ? cs_choices_find(field->choices, value) : -1;
    if (choice < 0) {
        put_line(out, field->label_zh, field->label_en, value);
        return;
    }
    struct cs_buffer both;
    cs_buffer_init(&both, CS_KIBI);
    cs_buffer_append_bytes(&both, cs_choices_at(field->choices_zh, (size_t)choice));
    cs_buffer_append_u8(&both, ' ');
    cs_buffer_append_bytes(&both, value);
    if (both.status != CS_OK && out->status == CS_OK) {
        out->status = both.status;
    }
    put_line(out, field->label_zh, field->label_en, cs_buffer_bytes(&both));
    cs_buffer_release(&both);
}

/* A field of a row in the snapshot, e.g. customer.name, under the entity's label. */
static void put_named(struct cs_buffer *out, const struct cs_registry *registry,
                      const struct cs_json *snapshot, const char *entity, const char *key,
                      const char *field)
{
    const struct cs_entity *known = cs_registry_find(registry, cs_bytes_of_text(entity));
    struct cs_bytes value = cs_snapshot_text(cs_json_get(snapshot, key), field);
    if (known != NULL && value.size > 0) {
        put_line(out, known->label_zh, known->label_en, value);
    }
}

static void put_field(struct cs_buffer *out, const struct cs_registry *registry,
                      const struct cs_json *object, const char *entity, const char *field_name)
{
    const struct cs_field *field = find_field(registry, entity, field_name);
    struct cs_bytes value = cs_snapshot_text(object, field_name);
    if (field != NULL && value.size > 0) {
        put_value(out, field, value);
    }
}

static void put_money(struct cs_buffer *out, int64_t cents)
{
    cs_buffer_append_format(out, "%" PRId64 ".%02d", cents / 100, (int)(cents % 100));
}

static void put_part(struct cs_buffer *out, const struct cs_json *part)
{
    int64_t quantity = 0;
    int64_t cents = 0;
    (void)cs_json_get_integer(cs_json_get(part, "quantity"), &quantity);
    bool priced = cs_json_get_integer(cs_json_get(part, "price_cents"), &cents) && cents >= 0;
    struct cs_bytes serial = cs_snapshot_text(part, "serial");
    cs_buffer_append_text(out, "  ");
    cs_buffer_append_bytes(out, cs_snapshot_text(part, "code"));
    cs_buffer_append_text(out, "  ");
    cs_buffer_append_bytes(out, cs_snapshot_text(part, "name"));
    cs_buffer_append_format(out, "  × %" PRId64 " ", quantity);
    cs_buffer_append_bytes(out, cs_snapshot_text(part, "unit"));
    if (serial.size > 0) {
        cs_buffer_append_text(out, "  序列号 serial ");
        cs_buffer_append_bytes(out, serial);
    }
    if (cs_bytes_equal_text(cs_snapshot_text(part, "reason"), "returned")) {
        cs_buffer_append_text(out, "  退回 returned");
    }
    if (priced) {
        cs_buffer_append_text(out, "  单价 price ");
        put_money(out, cents);
    }
    cs_buffer_append_u8(out, '\n');
}

static void put_content(struct cs_buffer *out, const struct cs_registry *registry,
                        const struct cs_json *snapshot)
{
    put_named(out, registry, snapshot, "work_order", "work_order", "number");
    put_named(out, registry, snapshot, "customer", "customer", "name");
    put_named(out, registry, snapshot, "site", "site", "name");
    put_field(out, registry, cs_json_get(snapshot, "site"), "site", "address");
    put_named(out, registry, snapshot, "system", "system", "name");
    const struct cs_field *technician = find_field(registry, "visit", "technician");
    if (technician != NULL) {
        put_line(out, technician->label_zh, technician->label_en,
                 cs_snapshot_text(cs_json_get(snapshot, "technician"), "name"));
    }
    put_field(out, registry, snapshot, "service_request", "reported_fault");
    const struct cs_entity *visit = cs_registry_find(registry, cs_bytes_of_text("visit"));
    for (size_t i = 0; visit != NULL && i < visit->field_count; i++) {
        if (cs_snapshot_shows(&visit->fields[i])) {
            put_field(out, registry, snapshot, "visit", visit->fields[i].name);
        }
    }
    const struct cs_json *parts = cs_json_get(snapshot, "parts");
    cs_buffer_append_text(out,
                          cs_json_count(parts) > 0 ? "备件 parts:\n" : "备件 parts: 无 none\n");
    for (size_t i = 0; i < cs_json_count(parts); i++) {
        put_part(out, cs_json_at(parts, i));
    }
}

enum cs_status cs_receipt_render(const struct cs_registry *registry,
                                 const struct cs_stored_row *receipt, struct cs_buffer *out)
{
    struct cs_json *snapshot = NULL;
    enum cs_status status =
        cs_snapshot_parse(cs_visit_value(receipt, "snapshot")->bytes, &snapshot);
    if (status != CS_OK && status != CS_MALFORMED) {
        return status;
    }
    put_line(out, receipt->entity->label_zh, receipt->entity->label_en,
             cs_visit_text(receipt, "number"));
    if (snapshot != NULL) {
        put_content(out, registry, snapshot);
    } else {
        cs_buffer_append_text(out, "签字内容无法读取 the content as signed cannot be read\n");
    }
    const struct cs_value *signed_at = cs_visit_value(receipt, "signed_at");
    char time[CS_TIME_TEXT_MAX] = "";
    if (signed_at->kind == CS_VALUE_INTEGER && cs_instant_valid(signed_at->integer)) {
        cs_instant_format(signed_at->integer, time);
    }
    const struct cs_field *signer = find_field(registry, "receipt", "signer");
    const struct cs_field *when = find_field(registry, "receipt", "signed_at");
    if (signer != NULL && when != NULL) {
        put_line(out, signer->label_zh, signer->label_en, cs_visit_text(receipt, "signer"));
        put_line(out, when->label_zh, when->label_en, cs_bytes_of_text(time));
    }
    cs_json_destroy(snapshot);
    return out->status;
}
