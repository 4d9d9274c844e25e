/* The history of a vault, see audit.h. */
#include "field-client/vault/audit.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

struct known_version {
    struct cs_id id;
    struct cs_id item;
    struct cs_bytes field;
};
struct known_answer {
    uint8_t request[CS_HASH_SIZE];
    enum cs_vault_kind kind; /* release or approval */
    uint8_t author[CS_HASH_SIZE];
    int64_t ms;
};

struct reading {
    struct cs_arena *arena;
    struct cs_audit_event *events;
    size_t event_count;
    size_t event_capacity;
    struct known_version *versions; /* by id once sorted */
    size_t version_count;
    size_t version_capacity;
    struct known_answer *answers; /* by request and kind once sorted */
    size_t answer_count;
    size_t answer_capacity;
};

/* ---- gathering ---- */

static struct cs_audit_event *add_event(struct reading *reading)
{
    reading->events = cs_arena_grow(reading->arena, reading->events, reading->event_count,
                                    &reading->event_capacity, sizeof *reading->events);
    return reading->events == NULL ? NULL : &reading->events[reading->event_count++];
}

static enum cs_status add_version(struct reading *reading, const struct cs_vault_record *record)
{
    reading->versions = cs_arena_grow(reading->arena, reading->versions, reading->version_count,
                                      &reading->version_capacity, sizeof *reading->versions);
    if (reading->versions == NULL) {
        return CS_NO_MEMORY;
    }
    struct known_version *version = &reading->versions[reading->version_count++];
    version->id = record->version;
    version->item = record->item;
    return cs_arena_copy(reading->arena, record->field, &version->field);
}

static enum cs_status add_answer(struct reading *reading, const struct cs_vault_record *record,
                                 int64_t logged_ms)
{
    reading->answers = cs_arena_grow(reading->arena, reading->answers, reading->answer_count,
                                     &reading->answer_capacity, sizeof *reading->answers);
    if (reading->answers == NULL) {
        return CS_NO_MEMORY;
    }
    struct known_answer *answer = &reading->answers[reading->answer_count++];
    answer->kind = record->kind;
    answer->ms = logged_ms;
    memcpy(answer->request, record->request, CS_HASH_SIZE);
    memcpy(answer->author, record->author, CS_HASH_SIZE);
    return CS_OK;
}

static enum cs_status event_of(struct reading *reading, const struct cs_vault_record *record,
                               const struct cs_kept_record *kept, struct cs_audit_event *out)
{
    *out = (struct cs_audit_event){.kind = record->kind,
                                   .feed = kept->feed,
                                   .logged_ms = kept->moment.logged_ms,
                                   .claimed_ms = cs_instant_utc_ms(record->claimed),
                                   .item = record->item,
                                   .version = record->version,
                                   .state = record->state,
                                   .rights = record->rights,
                                   .expires_ms = record->expires_ms,
                                   .ends = record->kind == CS_VAULT_CAMPAIGN &&
                                           !cs_vault_campaign_begins(record)};
    memcpy(out->record, record->id, CS_HASH_SIZE);
    memcpy(out->author, record->author, CS_HASH_SIZE);
    memcpy(out->recipient, record->recipient, CS_HASH_SIZE);
    enum cs_status status = cs_arena_copy(reading->arena, record->field, &out->field);
    if (status == CS_OK) {
        status = cs_arena_copy(reading->arena, record->reason, &out->reason);
    }
    return status != CS_OK ? status
                           : cs_arena_copy(reading->arena, record->work_order, &out->work_order);
}

/* One event, or one for each version that is asked for. */
static enum cs_status add_events(struct reading *reading, const struct cs_vault_record *record,
                                 const struct cs_kept_record *kept)
{
    struct cs_audit_event event;
    size_t count =
        cs_vault_kind_asks(record->kind) ? record->versions.size / CS_ID_SIZE : (size_t)1;
    enum cs_status status = event_of(reading, record, kept, &event);
    for (size_t i = 0; i < count && status == CS_OK; i++) {
        struct cs_audit_event *place = add_event(reading);
        if (place == NULL) {
            return CS_NO_MEMORY;
        }
        *place = event;
        if (cs_vault_kind_asks(record->kind)) {
            memcpy(place->version.bytes, record->versions.data + i * CS_ID_SIZE, CS_ID_SIZE);
        }
    }
    return status;
}

static enum cs_status add(void *context, const struct cs_kept_record *kept)
{
    struct reading *reading = context;
    struct cs_vault_record record;
    enum cs_status status = cs_vault_record_decode(kept->record, &record);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
    }
    if (record.kind == CS_VAULT_RELEASE || record.kind == CS_VAULT_APPROVAL) {
        return add_answer(reading, &record, kept->moment.logged_ms);
    }
    if (record.kind == CS_VAULT_VERSION) {
        status = add_version(reading, &record);
    }
    return status != CS_OK ? status : add_events(reading, &record, kept);
}

/* ---- joining ---- */

static int by_id(const void *left, const void *right)
{
    const struct known_version *a = left;
    const struct known_version *b = right;
    return cs_id_compare(&a->id, &b->id);
}

static int by_request(const void *left, const void *right)
{
    const struct known_answer *a = left;
    const struct known_answer *b = right;
    int order = memcmp(a->request, b->request, CS_HASH_SIZE);
    return order != 0 ? order : (int)a->kind - (int)b->kind;
}

static int by_feed(const void *left, const void *right)
{
    const struct cs_audit_event *a = left;
    const struct cs_audit_event *b = right;
    return a->feed != b->feed ? (a->feed < b->feed ? -1 : 1)
                              : cs_id_compare(&a->version, &b->version);
}

static const struct known_answer *answer_to(const struct reading *reading,
                                            const struct cs_audit_event *event,
                                            enum cs_vault_kind kind)
{
    struct known_answer key = {.kind = kind};
    memcpy(key.request, event->record, CS_HASH_SIZE);
    return reading->answer_count == 0
               ? NULL
               : bsearch(&key, reading->answers, reading->answer_count, sizeof key, by_request);
}

static void join_answers(const struct reading *reading, struct cs_audit_event *event)
{
    const struct known_answer *release = answer_to(reading, event, CS_VAULT_RELEASE);
    const struct known_answer *approval = answer_to(reading, event, CS_VAULT_APPROVAL);
    if (release != NULL) {
        event->released = true;
        event->released_ms = release->ms;
    }
    if (approval != NULL) {
        event->approved = true;
        memcpy(event->approver, approval->author, CS_HASH_SIZE);
    }
}

static void join(struct reading *reading)
{
    if (reading->version_count > 0) {
        qsort(reading->versions, reading->version_count, sizeof *reading->versions, by_id);
    }
    if (reading->answer_count > 0) {
        qsort(reading->answers, reading->answer_count, sizeof *reading->answers, by_request);
    }
    if (reading->event_count > 0) {
        qsort(reading->events, reading->event_count, sizeof *reading->events, by_feed);
    }
    for (size_t i = 0; i < reading->event_count; i++) {
        struct cs_audit_event *event = &reading->events[i];
        const struct known_version key = {.id = event->version};
        const struct known_version *version =
            reading->version_count == 0 || cs_id_is_zero(&event->version)
                ? NULL
                : bsearch(&key, reading->versions, reading->version_count, sizeof key, by_id);
        if (version != NULL) {
            event->item = version->item;
            event->field = version->field;
        }
        if (cs_vault_kind_asks(event->kind)) {
            join_answers(reading, event);
        }
    }
}

enum cs_status cs_audit_read(struct cs_vault_book *book, const struct cs_id *vault,
                             struct cs_arena *arena, struct cs_audit_event **out, size_t *out_count,
                             struct cs_problem *problem)
{
    struct reading reading = {.arena = arena};
    struct cs_vault_log *log = NULL;
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    for (int64_t kind = 0; kind < CS_VAULT_KIND_COUNT && status == CS_OK; kind++) {
        status = cs_kept_records(cs_vault_book_replica(book), vault, kind, add, &reading);
    }
    if (status != CS_OK) {
        return status;
    }
    join(&reading);
    *out = reading.events;
    *out_count = reading.event_count;
    return CS_OK;
}
