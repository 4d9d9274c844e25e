/* Files that stay here though nothing sends them any more, and dropping files; see attachments.h. */
#include "field-client/attachments/attachments_internal.h"

#include "field-client/replica/query.h"
#include "shared/base/limits.h"

#include <string.h>

#define ARENA_MAX CS_MESSAGE_ARENA_MAX
/* So many are looked at in one reading. */
#define LOOKED_AT_ONCE 64

/* ---- which they are ---- */

/* Does the record that names this file stand in view? */
static enum cs_status has_record(struct cs_replica *replica, const struct cs_kept_attachment *kept,
                                 bool *out)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_attachment_row read;
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_query_get(replica, cs_bytes_of_text(CS_ATTACHMENT_ENTITY),
                                         &kept->row, &arena, &row, NULL);
    if (status == CS_OK || status == CS_NOT_FOUND) {
        *out = status == CS_OK && row.values != NULL &&
               cs_attachment_row_read(row.entity, row.values, &read) == CS_OK &&
               memcmp(read.address, kept->address, sizeof read.address) == 0;
        status = CS_OK;
    }
    cs_arena_release_wiped(&arena);
    return status;
}

/* What was refused keeps its values: among them the key, without which nobody opens the file. */
struct search {
    const struct cs_entity *entity;
    struct cs_arena *arena;
    struct cs_attachment_left *left;
};

static enum cs_status read_values(const struct search *search, const struct cs_operation *operation,
                                  struct cs_attachment_row *out)
{
    const struct cs_entity *entity = search->entity;
    struct cs_value *values =
        cs_arena_take_array(search->arena, entity->field_count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < operation->change_count; i++) {
        int field = cs_entity_field_index(entity, operation->changes[i].field);
        if (field >= 0) {
            values[field] = operation->changes[i].value;
        }
    }
    return cs_attachment_row_read(entity, values, out);
}

static enum cs_status look_at(void *context, const struct cs_pending *pending)
{
    const struct search *search = context;
    struct cs_attachment_left *left = search->left;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < pending->transaction.operation_count; i++) {
        const struct cs_operation *operation = &pending->transaction.operations[i];
        struct cs_attachment_row row;
        if (operation->kind != CS_OPERATION_INSERT ||
            !cs_bytes_equal_text(operation->entity, CS_ATTACHMENT_ENTITY)) {
            continue;
        }
        status = read_values(search, operation, &row);
        if (status == CS_OK && memcmp(row.address, left->kept.address, CS_HASH_SIZE) == 0) {
            left->row = row;
            left->readable = true;
            left->refusal = pending->state == CS_PENDING_REFUSED ? pending->counter : 0;
            status = cs_arena_copy(search->arena, row.file_name, &left->row.file_name);
            left->row.media_type = CS_BYTES_NONE;
        }
        status = status == CS_MALFORMED ? CS_OK : status; /* it names no file */
    }
    return status;
}

static enum cs_status find_reason(struct cs_replica *replica, struct cs_arena *arena,
                                  struct cs_attachment_left *left)
{
    struct search search = {
        cs_registry_find(cs_replica_registry(replica), cs_bytes_of_text(CS_ATTACHMENT_ENTITY)),
        arena, left};
    cs_require(search.entity != NULL);
    enum cs_status status = cs_query_settled(replica, look_at, &search);
    return status != CS_OK ? status
                           : cs_query_pending(replica, CS_PENDING_REFUSED, look_at, &search);
}

/* A row that was deleted keeps its last values, as long as it is in a scope of this laptop. */
static enum cs_status read_deleted(struct cs_replica *replica, struct cs_arena *arena,
                                   struct cs_attachment_left *left)
{
    struct cs_stored_row row;
    struct cs_attachment_row read;
    enum cs_status status =
        cs_row_load(cs_replica_tables(replica), cs_bytes_of_text(CS_ATTACHMENT_ENTITY),
                    &left->kept.row, arena, &row);
    if (status == CS_OK && row.exists && row.values != NULL &&
        cs_attachment_row_read(row.entity, row.values, &read) == CS_OK &&
        memcmp(read.address, left->kept.address, sizeof read.address) == 0) {
        left->readable = true;
        left->row = read;
        left->row.media_type = CS_BYTES_NONE;
    }
    return status;
}

/* `*out_left` false: its record stands in view, and it is sent with that. */
static enum cs_status judge(struct cs_replica *replica, const struct cs_kept_attachment *kept,
                            struct cs_arena *arena, struct cs_attachment_left *out, bool *out_left)
{
    struct cs_attachment_left left = {.kept = *kept};
    bool recorded = false;
    enum cs_status status = has_record(replica, kept, &recorded);
    if (status == CS_OK && !recorded) {
        status = read_deleted(replica, arena, &left);
    }
    if (status == CS_OK && !recorded && !left.readable) {
        status = find_reason(replica, arena, &left);
    }
    if (status == CS_OK) {
        *out = left;
        *out_left = !recorded;
    }
    return status;
}

static enum cs_status visit_some(struct cs_replica *replica, const uint8_t *after,
                                 cs_attachment_left_visitor *visit, void *context,
                                 uint8_t out_last[static CS_HASH_SIZE], bool *out_more)
{
    struct cs_arena arena;
    struct cs_kept_attachment *list = NULL;
    size_t count = 0;
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status =
        cs_kept_attachments(replica, CS_KEPT_TO_SEND, after, LOOKED_AT_ONCE, &arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_attachment_left left;
        struct cs_arena values;
        bool is_left = false;
        cs_arena_init(&values, ARENA_MAX);
        status = judge(replica, &list[i], &values, &left, &is_left);
        if (status == CS_OK && is_left) {
            status = visit(context, &left);
        }
        cs_arena_release_wiped(&values);
        memcpy(out_last, list[i].address, CS_HASH_SIZE);
    }
    *out_more = count == LOOKED_AT_ONCE;
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_attachments_left(struct cs_replica *replica, cs_attachment_left_visitor *visit,
                                   void *context)
{
    uint8_t last[CS_HASH_SIZE];
    bool more = true;
    enum cs_status status = cs_attachment_settle_added(replica);
    for (const uint8_t *after = NULL; status == CS_OK && more; after = last) {
        status = visit_some(replica, after, visit, context, last, &more);
    }
    return status;
}

struct finding {
    struct cs_bytes text;
    struct cs_arena *arena;
    struct cs_attachment_left *out;
    size_t found;
};

static enum cs_status compare(void *context, const struct cs_attachment_left *left)
{
    struct finding *finding = context;
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&left->kept.row, id);
    if (finding->text.size < CS_ATTACHMENT_PREFIX_MIN || finding->text.size >= CS_ID_TEXT_SIZE ||
        memcmp(id, finding->text.data, finding->text.size) != 0) {
        return CS_OK;
    }
    finding->found++;
    *finding->out = *left;
    return cs_arena_copy(finding->arena, left->row.file_name, &finding->out->row.file_name);
}

enum cs_status cs_attachment_left_find(struct cs_replica *replica, struct cs_bytes text,
                                       struct cs_arena *arena, struct cs_attachment_left *out,
                                       struct cs_problem *problem)
{
    struct cs_attachment_left left = {.readable = false};
    struct finding finding = {.text = text, .arena = arena, .out = &left};
    enum cs_status status = cs_attachments_left(replica, compare, &finding);
    if (status == CS_OK && finding.found == 1) {
        *out = left;
    } else if (status == CS_OK) {
        status = finding.found == 0
                     ? cs_problem_set(problem, CS_NOT_FOUND, "there is no such attachment here")
                     : cs_problem_set(problem, CS_EXISTS, "%.*s fits several files", (int)text.size,
                                      (const char *)text.data);
    }
    cs_wipe(&left.row.key, sizeof left.row.key);
    return status;
}

enum cs_status cs_attachment_left_save(struct cs_replica *replica,
                                       const struct cs_attachment_left *left, const char *path,
                                       struct cs_problem *problem)
{
    const struct cs_attachment_found found = {left->kept.row, left->row, left->kept};
    return left->readable
               ? cs_attachment_save(replica, &found, path, problem)
               : cs_problem_set(problem, CS_NOT_FOUND,
                                "this file cannot be saved: its key went with its record");
}

/* ---- dropping ---- */

enum cs_status cs_attachment_drop(struct cs_replica *replica, const struct cs_kept_attachment *kept,
                                  struct cs_problem *problem)
{
    struct cs_kept_attachment dropped = *kept;
    bool recorded = false;
    if (!kept->held) {
        return cs_problem_set(problem, CS_NOT_FOUND, "this file is not on this laptop");
    }
    enum cs_status status = has_record(replica, kept, &recorded);
    if (status == CS_OK && recorded && !cs_attachment_is_safe(kept)) {
        return cs_problem_set(problem, CS_DENIED,
                              "the server has not confirmed that it has this file, and its record "
                              "is here: it is sent with the next sync");
    }
    dropped.wanted = false;
    return status != CS_OK ? status : cs_attachment_remove_copy(replica, &dropped);
}
