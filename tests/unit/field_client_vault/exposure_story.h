/* Records of one vault for who knows what: only what exposure.h reads of them is set. */
#ifndef TESTS_UNIT_FIELD_CLIENT_VAULT_EXPOSURE_STORY_H
#define TESTS_UNIT_FIELD_CLIENT_VAULT_EXPOSURE_STORY_H

#include "field-client/vault/exposure.h"
#include "shared/base/text.h"
#include "tests/support/testing.h"

#include <stdlib.h>
#include <string.h>

#define STORY_DEVICES ((size_t)6)
#define KEY_RIGHTS (CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL | CS_VAULT_MAY_LEASE)

struct story_record {
    struct cs_vault_record record;
    uint64_t feed;
    int64_t logged_ms;
    uint8_t versions[4 * CS_ID_SIZE]; /* what record.versions shows */
};

struct story {
    struct story_record *records;
    size_t count;
    size_t capacity;
    int64_t now_ms; /* even, as all moments of records: so that nothing expires at one */
    int64_t revoked_ms[STORY_DEVICES]; /* 0: it was not */
    bool suspended[STORY_DEVICES];
    struct cs_exposure *exposure;
    const struct cs_exposure_view *view;
};

static inline void story_init(struct story *story)
{
    memset(story, 0, sizeof *story);
    story->now_ms = 1000;
}

static inline void story_release(struct story *story)
{
    cs_exposure_destroy(story->exposure);
    free(story->records);
    memset(story, 0, sizeof *story);
}

static inline struct cs_id story_id(uint64_t number)
{
    struct cs_id id = {{0}};
    for (size_t i = 0; i < 8; i++) {
        id.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
    }
    return id;
}

/* Another 32 bytes for each number, not ascending with it. */
static inline void story_hash(uint64_t number, uint8_t out[static CS_HASH_SIZE])
{
    uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    memset(out, 0, CS_HASH_SIZE);
    memcpy(out, &mixed, sizeof mixed);
    memcpy(out + 8, &number, sizeof number);
}

static inline size_t story_device_of(const uint8_t *certificate)
{
    uint64_t number;
    memcpy(&number, certificate + 8, sizeof number);
    return (size_t)number;
}

/* The next record, two milliseconds later; its id is its number. */
static inline struct story_record *story_add(struct story *story, enum cs_vault_kind kind,
                                             size_t author)
{
    if (story->count == story->capacity) {
        story->capacity = story->capacity == 0 ? 64 : 2 * story->capacity;
        story->records = realloc(story->records, story->capacity * sizeof *story->records);
        assert_non_null(story->records);
    }
    struct story_record *added = &story->records[story->count++];
    memset(added, 0, sizeof *added);
    story->now_ms += 2;
    added->feed = story->count;
    added->logged_ms = story->now_ms;
    added->record.kind = kind;
    added->record.claimed = cs_instant_make(story->now_ms, 0);
    story_hash(1000000 + story->count, added->record.id);
    story_hash(author, added->record.author);
    return added;
}

static inline void story_grant(struct story *story, size_t device, int64_t rights,
                               int64_t expires_ms)
{
    struct story_record *added =
        story_add(story, rights == 0 ? CS_VAULT_WITHDRAWAL : CS_VAULT_GRANT, 0);
    story_hash(device, added->record.recipient);
    added->record.rights = rights;
    added->record.expires_ms = expires_ms;
    added->record.reason = rights == 0 ? cs_bytes_of_text("left") : CS_BYTES_NONE;
}

static inline void story_version(struct story *story, size_t author, uint64_t item,
                                 const char *field, uint64_t version)
{
    struct story_record *added = story_add(story, CS_VAULT_VERSION, author);
    added->record.item = story_id(item);
    added->record.field = cs_bytes_of_text(field);
    added->record.version = story_id(version);
}

static inline void story_state(struct story *story, size_t author, uint64_t version,
                               enum cs_vault_state state)
{
    struct story_record *added = story_add(story, CS_VAULT_STATE, author);
    added->record.version = story_id(version);
    added->record.state = state;
}

/* A version that is in force. */
static inline void story_confirmed(struct story *story, size_t author, uint64_t item,
                                   uint64_t version)
{
    story_version(story, author, item, "password", version);
    story_state(story, author, version, CS_VAULT_CONFIRMED);
}

/* Asked for up to four versions; the number of the record is returned. */
static inline size_t story_ask(struct story *story, enum cs_vault_kind kind, size_t author,
                               const uint64_t *versions, size_t count, int64_t expires_ms)
{
    struct story_record *added = story_add(story, kind, author);
    for (size_t i = 0; i < count; i++) {
        struct cs_id id = story_id(versions[i]);
        memcpy(added->versions + i * CS_ID_SIZE, id.bytes, CS_ID_SIZE);
    }
    added->record.versions.size = count * CS_ID_SIZE; /* the view follows when it is read */
    added->record.reason = cs_bytes_of_text("repair");
    added->record.expires_ms = expires_ms;
    return story->count - 1;
}

static inline void story_answer(struct story *story, enum cs_vault_kind kind, size_t author,
                                size_t asked)
{
    struct story_record *added = story_add(story, kind, author);
    memcpy(added->record.request, story->records[asked].record.id, CS_HASH_SIZE);
}

static inline size_t story_shown(struct story *story, enum cs_vault_kind kind, size_t author,
                                 uint64_t version, int64_t expires_ms)
{
    size_t asked = story_ask(story, kind, author, &version, 1, expires_ms);
    story_answer(story, CS_VAULT_RELEASE, 0, asked);
    return asked;
}

static inline void story_one_version(struct story *story, enum cs_vault_kind kind, size_t author,
                                     uint64_t version)
{
    struct story_record *added = story_add(story, kind, author);
    added->record.version = story_id(version);
    added->record.reason = cs_bytes_of_text("seen");
}

static inline enum cs_status story_stand(void *context,
                                         const uint8_t certificate[static CS_HASH_SIZE],
                                         struct cs_exposure_standing *out)
{
    const struct story *story = context;
    size_t device = story_device_of(certificate);
    out->revoked = story->revoked_ms[device] != 0;
    out->revoked_ms = story->revoked_ms[device];
    out->suspended = story->suspended[device];
    return CS_OK;
}

static inline struct cs_vault_record story_view_of(const struct story_record *added)
{
    struct cs_vault_record record = added->record;
    record.versions.data = added->versions;
    return record;
}

/* All records in this order, every one once. */
static inline void story_settle(struct story *story, const size_t *order)
{
    const struct cs_exposure_terms terms = {
        .now_ms = story->now_ms, .context = story, .stand = story_stand};
    cs_exposure_destroy(story->exposure);
    assert_ok(cs_exposure_create(&story->exposure));
    for (size_t i = 0; i < story->count; i++) {
        const struct story_record *added = &story->records[order == NULL ? i : order[i]];
        struct cs_vault_record record = story_view_of(added);
        assert_ok(cs_exposure_add(story->exposure, &record, added->feed, added->logged_ms));
    }
    assert_ok(cs_exposure_settle(story->exposure, &terms, &story->view));
}

#endif
