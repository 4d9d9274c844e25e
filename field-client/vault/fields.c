/* How the secrets of a vault stand, see fields.h. */
#include "field-client/vault/fields.h"

#include "shared/vault/version_state.h"

#include <stdlib.h>
#include <string.h>

/* Behind everything that was logged, in the order of the queue. */
#define FEED_QUEUED ((uint64_t)1 << 62)
#define QUEUED_MAX ((size_t)65536)

struct known {
    struct cs_vault_field_version version;
    struct cs_version_state state;
    struct cs_id item;
    struct cs_bytes field;
};

struct gathering {
    struct cs_vault_book *book;
    const struct cs_id *vault;
    const struct cs_id *item; /* NULL: all */
    struct cs_arena *arena;
    struct known *list;
    size_t count;
    size_t capacity;
};

/* ---- versions ---- */

/* Thousands of fields have few names. */
static enum cs_status keep_name(struct gathering *gathering, struct cs_bytes name,
                                struct cs_bytes *out)
{
    const struct known *last =
        gathering->count == 0 ? NULL : &gathering->list[gathering->count - 1];
    if (last != NULL && cs_bytes_equal(last->field, name)) {
        *out = last->field;
        return CS_OK;
    }
    return cs_arena_copy(gathering->arena, name, out);
}

static enum cs_status add_version(struct gathering *gathering, const struct known *known)
{
    struct known *list = cs_arena_grow(gathering->arena, gathering->list, gathering->count,
                                       &gathering->capacity, sizeof *list);
    struct cs_bytes name;
    enum cs_status status = list == NULL ? CS_NO_MEMORY : keep_name(gathering, known->field, &name);
    if (status == CS_OK) {
        gathering->list = list;
        list[gathering->count] = *known;
        list[gathering->count++].field = name;
    }
    return status;
}

/* It was verified when it came; what cannot be read was damaged since. */
static enum cs_status decode(struct cs_bytes bytes, struct cs_vault_record *out)
{
    enum cs_status status = cs_vault_record_decode(bytes, out);
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
}

static enum cs_status kept_version(void *context, const struct cs_kept_record *kept)
{
    struct gathering *gathering = context;
    struct cs_vault_record record;
    enum cs_status status = decode(kept->record, &record);
    struct known known = {.version = {.id = kept->version,
                                      .feed = kept->feed,
                                      .logged_ms = kept->moment.logged_ms,
                                      .state_ms = kept->moment.logged_ms,
                                      .acknowledged = kept->confirmed},
                          .item = kept->item,
                          .field = kept->field};
    if (status == CS_OK) {
        cs_version_state_begin(&known.state, record.id, record.author);
        status = add_version(gathering, &known);
    }
    return status;
}

static enum cs_status queued_version(struct gathering *gathering, size_t number,
                                     const struct cs_vault_record *record)
{
    struct known known = {
        .version = {.id = record->version, .feed = FEED_QUEUED + number, .state_waits = true},
        .item = record->item,
        .field = record->field};
    cs_version_state_begin(&known.state, record->id, record->author);
    return add_version(gathering, &known);
}

/* ---- states ---- */

static int by_version(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;
    int order = memcmp(one->version.id.bytes, other->version.id.bytes, CS_ID_SIZE);
    return order != 0                                ? order
           : one->version.feed < other->version.feed ? -1
                                                     : one->version.feed > other->version.feed;
}

/* Sorted by id; one that is kept and waits to be sent again, to a server that went back, is there once. */
static void sort_versions(struct gathering *gathering)
{
    size_t kept = 0;
    if (gathering->count == 0) {
        return;
    }
    qsort(gathering->list, gathering->count, sizeof *gathering->list, by_version);
    for (size_t i = 1; i < gathering->count; i++) {
        if (!cs_id_equal(&gathering->list[i].version.id, &gathering->list[kept].version.id)) {
            gathering->list[++kept] = gathering->list[i];
        }
    }
    gathering->count = kept + 1;
}

static struct known *find_version(struct gathering *gathering, const struct cs_id *version)
{
    size_t low = 0;
    size_t high = gathering->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(gathering->list[middle].version.id.bytes, version->bytes, CS_ID_SIZE);
        if (order == 0) {
            return &gathering->list[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* They come in the order in which they were logged. */
static enum cs_status kept_state(void *context, const struct cs_kept_record *kept)
{
    struct gathering *gathering = context;
    struct cs_vault_record record;
    struct known *known = find_version(gathering, &kept->version);
    if (known == NULL) {
        return CS_OK; /* its version was left out with what this person may no longer see */
    }
    enum cs_status status = decode(kept->record, &record);
    if (status == CS_OK) {
        cs_version_state_take(&known->state, record.state, record.id, record.author);
        known->version.state_ms = kept->moment.logged_ms;
    }
    return status;
}

static void queued_state(struct gathering *gathering, const struct cs_vault_record *record)
{
    struct known *known = find_version(gathering, &record->version);
    if (known != NULL && cs_version_state_goes_on(&known->state, record)) {
        cs_version_state_take(&known->state, record->state, record->id, record->author);
        known->version.state_ms = 0;
        known->version.state_waits = true;
    }
}

/* ---- all of it ---- */

struct queue {
    struct cs_queued_record *list;
    size_t count;
};

/* The records of this kind and vault that wait to be sent. */
static enum cs_status walk_queue(struct gathering *gathering, const struct queue *queue,
                                 enum cs_vault_kind kind)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < queue->count; i++) {
        struct cs_vault_record record;
        status = decode(queue->list[i].record, &record);
        if (status != CS_OK || record.kind != kind ||
            !cs_id_equal(&record.vault, gathering->vault) ||
            (gathering->item != NULL && !cs_id_equal(&record.item, gathering->item))) {
            continue;
        }
        if (kind == CS_VAULT_STATE) {
            queued_state(gathering, &record);
        } else {
            status = queued_version(gathering, i, &record);
        }
    }
    return status;
}

static enum cs_status walk_kept(struct gathering *gathering, enum cs_vault_kind kind,
                                cs_kept_record_visitor *visit)
{
    struct cs_replica *replica = cs_vault_book_replica(gathering->book);
    return gathering->item == NULL
               ? cs_kept_records(replica, gathering->vault, kind, visit, gathering)
               : cs_kept_records_of_item(replica, gathering->vault, kind, gathering->item, visit,
                                         gathering);
}

static enum cs_status gather(struct gathering *gathering)
{
    struct cs_replica *replica = cs_vault_book_replica(gathering->book);
    struct queue queue = {.count = 0};
    enum cs_status status =
        cs_queued_records(replica, false, QUEUED_MAX, gathering->arena, &queue.list, &queue.count);
    if (status == CS_OK) {
        status = walk_kept(gathering, CS_VAULT_VERSION, kept_version);
    }
    if (status == CS_OK) {
        status = walk_queue(gathering, &queue, CS_VAULT_VERSION);
    }
    if (status == CS_OK) {
        sort_versions(gathering);
        status = walk_kept(gathering, CS_VAULT_STATE, kept_state);
    }
    return status != CS_OK ? status : walk_queue(gathering, &queue, CS_VAULT_STATE);
}

static int by_field(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;
    int order = memcmp(one->item.bytes, other->item.bytes, CS_ID_SIZE);
    if (order == 0) {
        order = cs_bytes_compare(one->field, other->field);
    }
    return order != 0                                ? order
           : one->version.feed > other->version.feed ? -1
                                                     : one->version.feed < other->version.feed;
}

/* From known versions, by field, to fields with their versions. */
static enum cs_status group(const struct gathering *gathering, struct cs_vault_field **out,
                            size_t *out_count)
{
    size_t count = 0;
    struct cs_vault_field *fields =
        cs_arena_take_array(gathering->arena, gathering->count, sizeof *fields);
    struct cs_vault_field_version *versions =
        cs_arena_take_array(gathering->arena, gathering->count, sizeof *versions);
    if (fields == NULL || versions == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < gathering->count; i++) {
        const struct known *known = &gathering->list[i];
        versions[i] = known->version;
        versions[i].state = known->state.now;
        memcpy(versions[i].current, known->state.record, CS_HASH_SIZE);
        memcpy(versions[i].author, known->state.author, CS_HASH_SIZE);
        if (count == 0 || !cs_id_equal(&fields[count - 1].item, &known->item) ||
            !cs_bytes_equal(fields[count - 1].name, known->field)) {
            fields[count++] = (struct cs_vault_field){.vault = *gathering->vault,
                                                      .item = known->item,
                                                      .name = known->field,
                                                      .versions = &versions[i]};
        }
        fields[count - 1].version_count++;
    }
    *out = fields;
    *out_count = count;
    return CS_OK;
}

enum cs_status cs_vault_fields_load(struct cs_vault_book *book, const struct cs_id *vault,
                                    const struct cs_id *item, struct cs_arena *arena,
                                    struct cs_vault_field **out, size_t *out_count)
{
    struct gathering gathering = {.book = book, .vault = vault, .item = item, .arena = arena};
    enum cs_status status = gather(&gathering);
    if (status != CS_OK) {
        return status;
    }
    if (gathering.count > 0) {
        qsort(gathering.list, gathering.count, sizeof *gathering.list, by_field);
    }
    return group(&gathering, out, out_count);
}

const struct cs_vault_field *cs_vault_fields_find(const struct cs_vault_field *list, size_t count,
                                                  const struct cs_id *item, struct cs_bytes name)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(list[middle].item.bytes, item->bytes, CS_ID_SIZE);
        if (order == 0) {
            order = cs_bytes_compare(list[middle].name, name);
        }
        if (order == 0) {
            return &list[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct cs_vault_field_version *cs_vault_field_confirmed(const struct cs_vault_field *field)
{
    for (size_t i = 0; i < field->version_count; i++) {
        if (field->versions[i].state == CS_VAULT_CONFIRMED) {
            return &field->versions[i];
        }
    }
    return NULL;
}

const struct cs_vault_field_version *cs_vault_field_coming(const struct cs_vault_field *field)
{
    for (size_t i = 0; i < field->version_count; i++) {
        if (cs_vault_state_is_coming(field->versions[i].state)) {
            return &field->versions[i];
        }
    }
    return NULL;
}
