/* The organisation's devices, see device_list.h. */
#include "field-client/commands/device_list.h"

#include "field-client/replica/query.h"

#include <stdlib.h>
#include <string.h>

#define DEVICE "device"
#define REVOCATION "revocation"
#define DEVICES_MAX ((size_t)100000)
#define ID_DIGITS_MIN ((size_t)4)
/* Candidates that an ambiguous name lists. */
#define NAMED_MAX ((size_t)4)

struct gathering {
    struct cs_replica *replica;
    struct cs_arena *arena;
    struct cs_device_item *items;
    size_t count;
    size_t capacity;
};

static struct cs_value value_of(const struct cs_stored_row *row, const char *field)
{
    int index = row->exists && row->entity != NULL
                    ? cs_entity_field_index(row->entity, cs_bytes_of_text(field))
                    : -1;
    return index < 0 ? CS_NULL : row->values[index];
}

static enum cs_status keep(struct cs_arena *arena, const struct cs_stored_row *row,
                           const char *field, struct cs_bytes *out)
{
    return cs_arena_copy(arena, value_of(row, field).bytes, out);
}

static enum cs_status count_one(void *context, const struct cs_stored_row *row)
{
    (void)row;
    ++*(size_t *)context;
    return CS_OK;
}

/* Devices whose chain does not verify here (of a newer version) are left out. */
static enum cs_status gather(void *context, const struct cs_stored_row *row)
{
    struct gathering *gathering = context;
    struct cs_bytes chain;
    if (gathering->count == gathering->capacity) {
        return CS_OK;
    }
    struct cs_device_item *item = &gathering->items[gathering->count];
    const struct cs_identity *identity = cs_replica_identity(gathering->replica);
    enum cs_status status = keep(gathering->arena, row, "chain", &chain);
    if (status != CS_OK) {
        return status;
    }
    status = cs_chain_verify(chain, cs_identity_organisation(identity), &item->chain, NULL);
    if (status != CS_OK) {
        return status == CS_NO_MEMORY ? status : CS_OK;
    }
    item->id = row->id;
    item->own =
        memcmp(item->chain.leaf_id, cs_identity_certificate_id(identity), CS_HASH_SIZE) == 0;
    item->joined_at = value_of(row, "joined_at");
    item->revoked_sequence = value_of(row, "revoked_sequence");
    cs_certificate_fingerprint(item->chain.leaf_id, item->fingerprint);
    status = keep(gathering->arena, row, "device_name", &item->device_name);
    if (status == CS_OK) {
        status = keep(gathering->arena, row, "roles", &item->roles);
    }
    if (status == CS_OK) {
        status = keep(gathering->arena, row, "state", &item->state);
    }
    gathering->count += status == CS_OK ? 1 : 0;
    return status;
}

/* The revocation that the device's row names, or else one that was made here. */
static enum cs_status add_revocation(struct cs_replica *replica, struct cs_arena *arena,
                                     struct cs_device_item *item)
{
    struct cs_stored_row device;
    struct cs_stored_row row;
    struct cs_id *ids = NULL;
    size_t count = 0;
    struct cs_value certificate = cs_value_bytes(cs_bytes_of_array(item->chain.leaf_id));
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text(REVOCATION), cs_bytes_of_text("certificate"),
                      &certificate, 1, arena, &ids, &count, NULL);
    item->revoked = cs_bytes_equal_text(item->state, "revoked");
    if (status != CS_OK || (count == 0 && !item->revoked)) {
        return status;
    }
    struct cs_id id = count > 0 ? ids[0] : item->id;
    status = cs_query_get(replica, cs_bytes_of_text(DEVICE), &item->id, arena, &device, NULL);
    if (status == CS_OK) {
        (void)cs_id_from_bytes(value_of(&device, REVOCATION).bytes, &id);
        status =
            cs_row_load(cs_replica_tables(replica), cs_bytes_of_text(REVOCATION), &id, arena, &row);
    }
    if (status == CS_OK) {
        item->revoked = true;
        item->revoked_by = value_of(&row, "revoked_by").bytes;
        item->reason = value_of(&row, "reason").bytes;
        item->revoked_at = value_of(&row, "revoked_at");
        status = cs_query_is_unsent(replica, cs_bytes_of_text(REVOCATION), &id, &item->unsent);
    }
    return status;
}

static int compare_joined(const void *left, const void *right)
{
    const struct cs_device_item *a = left;
    const struct cs_device_item *b = right;
    return a->joined_at.integer != b->joined_at.integer
               ? (a->joined_at.integer < b->joined_at.integer ? -1 : 1)
               : memcmp(a->id.bytes, b->id.bytes, CS_ID_SIZE);
}

enum cs_status cs_device_list(struct cs_command *command, struct cs_replica *replica,
                              struct cs_arena *arena, struct cs_device_item **out,
                              size_t *out_count)
{
    struct gathering gathering = {.replica = replica, .arena = arena};
    struct cs_bytes entity = cs_bytes_of_text(DEVICE);
    enum cs_status status =
        cs_query_list(replica, entity, NULL, 0, count_one, &gathering.capacity, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    if (gathering.capacity > DEVICES_MAX) {
        return CS_LIMIT;
    }
    gathering.items = cs_arena_take_array(arena, gathering.capacity, sizeof *gathering.items);
    if (gathering.items == NULL) {
        return CS_NO_MEMORY;
    }
    status = cs_query_list(replica, entity, NULL, 0, gather, &gathering, &command->problem);
    for (size_t i = 0; status == CS_OK && i < gathering.count; i++) {
        status = add_revocation(replica, arena, &gathering.items[i]);
    }
    if (status == CS_OK) {
        qsort(gathering.items, gathering.count, sizeof *gathering.items, compare_joined);
        *out = gathering.items;
        *out_count = gathering.count;
    }
    return status;
}

bool cs_device_let_in(const struct cs_device_item *inviter, const struct cs_device_item *item)
{
    for (size_t i = 1; i < item->chain.length; i++) {
        if (memcmp(item->chain.certificate_ids[i], inviter->chain.leaf_id, CS_HASH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- by what people type ---- */

static bool begins(struct cs_bytes text, struct cs_bytes with)
{
    return with.size > 0 && with.size <= text.size && memcmp(text.data, with.data, with.size) == 0;
}

/* The better the smaller: 0 exactly, 1 by a beginning, 2 not at all. */
static int fit(const struct cs_device_item *item, struct cs_bytes text)
{
    char id[CS_ID_TEXT_SIZE];
    char person[CS_ID_TEXT_SIZE];
    cs_id_format(&item->id, id);
    cs_id_format(&item->chain.leaf.person, person);
    struct cs_bytes person_name = item->chain.leaf.person_name;
    if (cs_bytes_equal_text(text, id) || cs_bytes_equal_text(text, person) ||
        cs_bytes_equal_text(text, item->fingerprint) || cs_bytes_equal(text, item->device_name) ||
        cs_bytes_equal(text, person_name)) {
        return 0;
    }
    bool by_id = text.size >= ID_DIGITS_MIN && begins(cs_bytes_of_text(id), text);
    return by_id || begins(item->device_name, text) || begins(person_name, text) ? 1 : 2;
}

struct candidates {
    const struct cs_device_item *items[NAMED_MAX];
    size_t count; /* may be more than are in the list */
};

static void select_fitting(const struct cs_device_item *items, size_t count, struct cs_bytes text,
                           int fit_max, bool revoked_too, struct candidates *out)
{
    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (fit(&items[i], text) <= fit_max && (revoked_too || !items[i].revoked)) {
            if (out->count < NAMED_MAX) {
                out->items[out->count] = &items[i];
            }
            out->count++;
        }
    }
}

static enum cs_status refuse_several(struct cs_command *command,
                                     const struct candidates *candidates)
{
    struct cs_buffer names;
    cs_buffer_init(&names, 4 * CS_KIBI);
    for (size_t i = 0; i < candidates->count && i < NAMED_MAX; i++) {
        const struct cs_device_item *item = candidates->items[i];
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&item->id, id);
        cs_buffer_append_format(&names, "%s%s (", i == 0 ? "" : ", ", id);
        cs_buffer_append_bytes(&names, item->chain.leaf.person_name);
        cs_buffer_append_text(&names, ", ");
        cs_buffer_append_bytes(&names, item->device_name);
        cs_buffer_append_text(&names, ")");
    }
    const char *text = cs_buffer_text(&names);
    enum cs_status status = cs_problem_set(
        &command->problem, CS_EXISTS, "this fits several devices: %s", text == NULL ? "" : text);
    cs_buffer_release(&names);
    return status;
}

enum cs_status cs_device_find(struct cs_command *command, const struct cs_device_item *items,
                              size_t count, struct cs_bytes text, const struct cs_device_item **out)
{
    struct candidates candidates;
    for (int fit_max = 0; fit_max <= 1; fit_max++) {
        select_fitting(items, count, text, fit_max, false, &candidates);
        if (candidates.count == 0) {
            select_fitting(items, count, text, fit_max, true, &candidates);
        }
        if (candidates.count == 1) {
            *out = candidates.items[0];
            return CS_OK;
        }
        if (candidates.count > 1) {
            return refuse_several(command, &candidates);
        }
    }
    return cs_problem_set(&command->problem, CS_NOT_FOUND,
                          "there is no device or person \"%.*s\": see countersign devices",
                          (int)(text.size < CS_NAME_MAX ? text.size : CS_NAME_MAX),
                          text.size == 0 ? "" : (const char *)text.data);
}
