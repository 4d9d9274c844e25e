/* Then and now, see compare.h. */
#include "field-client/visit/compare.h"

#include "field-client/visit/visit_internal.h"

#include <inttypes.h>

static void add_difference(struct cs_lines *lines, const char *what, struct cs_bytes then,
                           struct cs_bytes now)
{
    if (cs_bytes_equal(then, now)) {
        return;
    }
    cs_lines_put(lines, what);
    cs_lines_put(lines, ": signed ");
    if (then.size == 0) {
        cs_lines_put(lines, "nothing");
    } else {
        cs_lines_put_quoted(lines, then);
    }
    cs_lines_put(lines, ", now ");
    if (now.size == 0) {
        cs_lines_put(lines, "nothing");
    } else {
        cs_lines_put_quoted(lines, now);
    }
    cs_lines_end(lines);
}

/* Both sides were written by the same code, so they compare as texts. */
static void compare_fields(const struct cs_json *then, const struct cs_json *now,
                           const struct cs_entity *visit, struct cs_lines *lines)
{
    for (size_t i = 0; i < visit->field_count; i++) {
        const struct cs_field *field = &visit->fields[i];
        /* A newer schema may sign fields that this snapshot never had. */
        if ((field->flags & CS_FIELD_SIGNED) != 0 && cs_json_get(then, field->name) != NULL) {
            add_difference(lines, field->name, cs_snapshot_text(then, field->name),
                           cs_snapshot_text(now, field->name));
        }
    }
    const struct cs_json *order_now = cs_json_get(now, "work_order");
    struct cs_bytes fault_now = cs_snapshot_text(now, "reported_fault");
    if (fault_now.size > 0) {
        add_difference(lines, "reported_fault", cs_snapshot_text(then, "reported_fault"),
                       fault_now);
    }
    const struct cs_json *order_then = cs_json_get(then, "work_order");
    struct cs_bytes id_now = cs_snapshot_text(order_now, "id");
    if (id_now.size > 0 && !cs_bytes_equal(cs_snapshot_text(order_then, "id"), id_now)) {
        add_difference(lines, "work_order", cs_snapshot_text(order_then, "number"),
                       cs_snapshot_text(order_now, "number"));
    }
}

/* The quantity of a part (with one serial number) on one side. */
static int64_t quantity_of(const struct cs_json *parts, struct cs_bytes part,
                           struct cs_bytes serial)
{
    int64_t sum = 0;
    for (size_t i = 0; i < cs_json_count(parts); i++) {
        const struct cs_json *line = cs_json_at(parts, i);
        int64_t quantity = 0;
        if (cs_bytes_equal(cs_snapshot_text(line, "part"), part) &&
            cs_bytes_equal(cs_snapshot_text(line, "serial"), serial) &&
            cs_json_get_integer(cs_json_get(line, "quantity"), &quantity)) {
            bool back = cs_bytes_equal_text(cs_snapshot_text(line, "reason"), "returned");
            sum += back ? -quantity : quantity;
        }
    }
    return sum;
}

/* The first line of this part with this serial number in the list? */
static bool seen_before(const struct cs_json *parts, size_t end, struct cs_bytes part,
                        struct cs_bytes serial)
{
    for (size_t i = 0; i < end; i++) {
        const struct cs_json *line = cs_json_at(parts, i);
        if (cs_bytes_equal(cs_snapshot_text(line, "part"), part) &&
            cs_bytes_equal(cs_snapshot_text(line, "serial"), serial)) {
            return true;
        }
    }
    return false;
}

static void compare_part(const struct cs_json *line, const struct cs_json *then,
                         const struct cs_json *now, struct cs_lines *lines)
{
    struct cs_bytes part = cs_snapshot_text(line, "part");
    struct cs_bytes serial = cs_snapshot_text(line, "serial");
    int64_t before = quantity_of(then, part, serial);
    int64_t after = quantity_of(now, part, serial);
    if (before == after) {
        return;
    }
    struct cs_bytes code = cs_snapshot_text(line, "code");
    cs_lines_put(lines, "part ");
    cs_buffer_append_bytes(&lines->text, code.size > 0 ? code : part);
    if (serial.size > 0) {
        cs_lines_put(lines, " serial ");
        cs_buffer_append_bytes(&lines->text, serial);
    }
    cs_buffer_append_format(&lines->text, ": signed quantity %" PRId64 ", now %" PRId64, before,
                            after);
    cs_lines_end(lines);
}

/* Every part of either side once: those signed, then those that came later. */
static void compare_parts(const struct cs_json *then, const struct cs_json *now,
                          struct cs_lines *lines)
{
    const struct cs_json *sides[] = {then, now};
    for (size_t side = 0; side < CS_COUNT(sides); side++) {
        for (size_t i = 0; i < cs_json_count(sides[side]); i++) {
            const struct cs_json *line = cs_json_at(sides[side], i);
            struct cs_bytes part = cs_snapshot_text(line, "part");
            struct cs_bytes serial = cs_snapshot_text(line, "serial");
            bool done = seen_before(sides[side], i, part, serial) ||
                        (side == 1 && seen_before(then, cs_json_count(then), part, serial));
            if (!done) {
                compare_part(line, then, now, lines);
            }
        }
    }
}

enum cs_status cs_snapshot_compare(struct cs_replica *replica, const struct cs_json *snapshot,
                                   const struct cs_stored_row *visit, struct cs_lines *differences)
{
    struct cs_buffer text;
    cs_buffer_init(&text, CS_MESSAGE_ARENA_MAX);
    struct cs_json *now = NULL;
    struct cs_snapshot_about about = {"", CS_BYTES_NONE, 0};
    enum cs_status status = cs_snapshot_write(replica, visit, &about, &text);
    if (status == CS_OK) {
        status = cs_snapshot_parse(cs_buffer_bytes(&text), &now);
    }
    if (status == CS_OK) {
        compare_fields(snapshot, now, visit->entity, differences);
        compare_parts(cs_json_get(snapshot, "parts"), cs_json_get(now, "parts"), differences);
        status = differences->text.status;
    }
    cs_json_destroy(now);
    cs_buffer_release(&text);
    return status;
}
