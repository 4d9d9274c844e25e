/* Who knows which version, see exposure.h: collecting what the records say. */
#include "field-client/vault/exposure_internal.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

/* What the records of one vault may take here; each takes less than it does on disk. */
#define EXPOSURE_MEMORY_MAX (2048 * CS_MEBI)

enum cs_status cs_exposure_create(struct cs_exposure **out)
{
    struct cs_exposure *exposure = cs_alloc_zero(1, sizeof *exposure);
    *out = exposure;
    if (exposure == NULL) {
        return CS_NO_MEMORY;
    }
    cs_arena_init(&exposure->arena, EXPOSURE_MEMORY_MAX);
    exposure->writings.item_size = sizeof(struct exposed_writing);
    exposure->states.item_size = sizeof(struct exposed_state);
    exposure->asks.item_size = sizeof(struct exposed_ask);
    exposure->answers.item_size = sizeof(struct exposed_answer);
    exposure->grants.item_size = sizeof(struct exposed_grant);
    exposure->knowings.item_size = sizeof(struct cs_knowing);
    exposure->dues.item_size = sizeof(struct cs_due);
    return CS_OK;
}

void cs_exposure_destroy(struct cs_exposure *exposure)
{
    if (exposure != NULL) {
        cs_arena_release(&exposure->arena);
        cs_free(exposure);
    }
}

/* ---- lists ---- */

void *cs_exposed_add(struct cs_exposure *exposure, struct exposed_list *list)
{
    void *items =
        cs_arena_grow(&exposure->arena, list->items, list->count, &list->capacity, list->item_size);
    if (items == NULL) {
        return NULL;
    }
    list->items = items;
    void *item = (uint8_t *)items + list->count * list->item_size;
    memset(item, 0, list->item_size);
    list->count++;
    return item;
}

void cs_exposed_sort(struct exposed_list *list, int (*compare)(const void *a, const void *b))
{
    if (list->count > 1) {
        qsort(list->items, list->count, list->item_size, compare);
    }
}

/* ---- collecting ---- */

static enum cs_status add_writing(struct cs_exposure *exposure,
                                  const struct cs_vault_record *record, struct exposed_moment at)
{
    struct exposed_writing *writing = cs_exposed_add(exposure, &exposure->writings);
    if (writing == NULL) {
        return CS_NO_MEMORY;
    }
    writing->item = record->item;
    writing->version = record->version;
    writing->at = at;
    memcpy(writing->author, record->author, CS_HASH_SIZE);
    memcpy(writing->record, record->id, CS_HASH_SIZE);
    cs_version_state_begin(&writing->state, record->id, record->author);
    return cs_arena_copy(&exposure->arena, record->field, &writing->field);
}

static enum cs_status add_state(struct cs_exposure *exposure, const struct cs_vault_record *record,
                                struct exposed_moment at)
{
    struct exposed_state *state = cs_exposed_add(exposure, &exposure->states);
    if (state == NULL) {
        return CS_NO_MEMORY;
    }
    state->version = record->version;
    state->state = record->state;
    state->at = at;
    memcpy(state->author, record->author, CS_HASH_SIZE);
    memcpy(state->record, record->id, CS_HASH_SIZE);
    return CS_OK;
}

/* A reveal or leak is as good as released: it says itself what was seen. */
static enum cs_status add_ask(struct cs_exposure *exposure, const struct cs_vault_record *record,
                              struct exposed_moment at)
{
    bool asks = cs_vault_kind_asks(record->kind);
    struct exposed_ask *ask = cs_exposed_add(exposure, &exposure->asks);
    if (ask == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(ask->record, record->id, CS_HASH_SIZE);
    memcpy(ask->author, record->author, CS_HASH_SIZE);
    ask->kind = record->kind;
    ask->expires_ms = record->expires_ms;
    ask->at = at;
    ask->released = !asks;
    ask->released_at = at;
    if (record->kind == CS_VAULT_REVEAL) {
        int64_t claimed_ms = cs_instant_utc_ms(record->claimed);
        ask->released_at.ms = claimed_ms < at.ms ? claimed_ms : at.ms;
    }
    struct cs_bytes versions = asks ? record->versions : cs_id_bytes(&record->version);
    enum cs_status status = cs_arena_copy(&exposure->arena, versions, &ask->versions);
    if (status == CS_OK) {
        status = cs_arena_copy(&exposure->arena, record->reason, &ask->reason);
    }
    return status != CS_OK ? status
                           : cs_arena_copy(&exposure->arena, record->work_order, &ask->work_order);
}

static enum cs_status add_answer(struct cs_exposure *exposure, const struct cs_vault_record *record,
                                 struct exposed_moment at)
{
    struct exposed_answer *answer = cs_exposed_add(exposure, &exposure->answers);
    if (answer == NULL) {
        return CS_NO_MEMORY;
    }
    answer->kind = record->kind;
    answer->at = at;
    memcpy(answer->request, record->request, CS_HASH_SIZE);
    memcpy(answer->author, record->author, CS_HASH_SIZE);
    return CS_OK;
}

static enum cs_status add_grant(struct cs_exposure *exposure, const struct cs_vault_record *record,
                                struct exposed_moment at)
{
    struct exposed_grant *grant = cs_exposed_add(exposure, &exposure->grants);
    if (grant == NULL) {
        return CS_NO_MEMORY;
    }
    grant->rights = record->rights;
    grant->expires_ms = record->expires_ms;
    grant->at = at;
    memcpy(grant->recipient, record->recipient, CS_HASH_SIZE);
    if (record->kind == CS_VAULT_CREATION) {
        grant->rights = CS_VAULT_MAY_MANAGE;
        memcpy(grant->recipient, record->author, CS_HASH_SIZE);
    }
    return cs_arena_copy(&exposure->arena, record->reason, &grant->reason);
}

enum cs_status cs_exposure_add(struct cs_exposure *exposure, const struct cs_vault_record *record,
                               uint64_t feed, int64_t logged_ms)
{
    const struct exposed_moment at = {feed, logged_ms};
    cs_require(!exposure->settled);
    switch (record->kind) {
    case CS_VAULT_CREATION:
    case CS_VAULT_GRANT:
    case CS_VAULT_WITHDRAWAL:
        return add_grant(exposure, record, at);
    case CS_VAULT_VERSION:
        return add_writing(exposure, record, at);
    case CS_VAULT_STATE:
        return add_state(exposure, record, at);
    case CS_VAULT_REQUEST:
    case CS_VAULT_LEASE:
    case CS_VAULT_EXPORT:
    case CS_VAULT_EMERGENCY:
    case CS_VAULT_REVEAL:
    case CS_VAULT_LEAK:
        return add_ask(exposure, record, at);
    case CS_VAULT_RELEASE:
    case CS_VAULT_RETURN:
        return add_answer(exposure, record, at);
    case CS_VAULT_EPOCH:
    case CS_VAULT_ENTRY:
    case CS_VAULT_CAMPAIGN:
    case CS_VAULT_APPROVAL:
    case CS_VAULT_KIND_COUNT:
        break;
    }
    return CS_OK;
}
