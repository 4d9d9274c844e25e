/* What is due of a vault's members, see due.h. */
#include "field-client/vault/due.h"

#include "field-client/replica/revocation.h"

#include <string.h>

struct gathering {
    struct cs_arena *arena;
    struct cs_vault_standing_grant *list;
    size_t count;
    size_t capacity;
    enum cs_status status;
};

static void gather(void *context, const struct cs_vault_grant *grant)
{
    struct gathering *gathering = context;
    struct cs_vault_standing_grant *list =
        gathering->status != CS_OK
            ? NULL
            : cs_arena_grow(gathering->arena, gathering->list, gathering->count,
                            &gathering->capacity, sizeof *list);
    if (list == NULL) {
        gathering->status = CS_NO_MEMORY;
        return;
    }
    gathering->list = list;
    list[gathering->count++] = (struct cs_vault_standing_grant){.grant = *grant};
}

enum cs_status cs_vault_due_grants(struct cs_vault_book *book, const struct cs_vault_log *log,
                                   struct cs_arena *arena, struct cs_vault_standing_grant **out,
                                   size_t *out_count)
{
    struct gathering gathering = {.arena = arena, .status = CS_OK};
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_world *world = cs_replica_world(replica);
    const int64_t now_ms = world->wall_ms(world->context);
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    cs_vault_log_members(log, gather, &gathering);
    for (size_t i = 0; gathering.status == CS_OK && i < gathering.count; i++) {
        struct cs_vault_standing_grant *one = &gathering.list[i];
        struct cs_standing standing = {.known = false};
        gathering.status = cs_standing_of(replica, one->grant.recipient, &standing);
        one->revoked = standing.revoked;
        one->expired = one->grant.expires_ms != 0 && one->grant.expires_ms <= now_ms;
        one->lacks = epoch != NULL && one->grant.epoch < epoch->number;
    }
    if (gathering.status == CS_OK) {
        *out = gathering.list;
        *out_count = gathering.count;
    }
    return gathering.status;
}

static enum cs_status is_new_recovery(struct cs_vault_book *book,
                                      const struct cs_vault_epoch *epoch, bool *out)
{
    struct cs_vault_recovery recovery;
    enum cs_status status = cs_vault_book_recovery(book, &recovery);
    *out = status == CS_OK && memcmp(recovery.id, epoch->recovery, CS_HASH_SIZE) != 0;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_vault_due_of(struct cs_vault_book *book, const struct cs_vault_log *log,
                               struct cs_vault_due *out)
{
    struct cs_arena arena;
    struct cs_vault_standing_grant *grants = NULL;
    size_t count = 0;
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    struct cs_vault_due due = {.no_key = epoch == NULL,
                               .removed = epoch != NULL && epoch->withdrawn != 0};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_due_grants(book, log, &arena, &grants, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        due.revoked += grants[i].revoked ? 1 : 0;
        due.lacking += grants[i].lacks && !grants[i].revoked && !grants[i].expired ? 1 : 0;
    }
    cs_arena_release(&arena);
    if (status == CS_OK && epoch != NULL) {
        status = is_new_recovery(book, epoch, &due.new_recovery);
    }
    if (status == CS_OK) {
        *out = due;
    }
    return status;
}

bool cs_vault_due_epoch(const struct cs_vault_due *due)
{
    return due->no_key || due->removed || due->new_recovery || due->revoked > 0;
}

bool cs_vault_due_any(const struct cs_vault_due *due)
{
    return cs_vault_due_epoch(due) || due->lacking > 0;
}
