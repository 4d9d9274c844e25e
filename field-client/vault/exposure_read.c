/* Who knows what of a vault that is kept here, see exposure_read.h. */
#include "field-client/vault/exposure_read.h"

#include "field-client/replica/revocation.h"
#include "shared/base/text.h"

#define OVERSEEING (CS_VAULT_MAY_MANAGE | CS_VAULT_MAY_APPROVE)

static enum cs_status stand(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                            struct cs_exposure_standing *out)
{
    struct cs_vault_book *book = context;
    struct cs_standing standing = {.known = false};
    enum cs_status status = cs_standing_of(cs_vault_book_replica(book), certificate, &standing);
    if (status == CS_OK) {
        *out = (struct cs_exposure_standing){
            .revoked = standing.revoked,
            .revoked_ms = standing.revoked ? cs_instant_utc_ms(standing.revoked_at) : 0,
            .suspended = standing.suspended};
    }
    return status;
}

static enum cs_status add(void *context, const struct cs_kept_record *kept)
{
    struct cs_vault_record record;
    enum cs_status status = cs_vault_record_decode(kept->record, &record);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
    }
    return cs_exposure_add(context, &record, kept->feed, kept->moment.logged_ms);
}

/* Listing data and epochs say nothing of who knows what, and are not read. */
static enum cs_status add_all(struct cs_vault_book *book, const struct cs_id *vault,
                              struct cs_exposure *exposure)
{
    enum cs_status status = CS_OK;
    for (int64_t kind = 0; kind < CS_VAULT_KIND_COUNT && status == CS_OK; kind++) {
        if (kind != CS_VAULT_EPOCH && kind != CS_VAULT_ENTRY && kind != CS_VAULT_APPROVAL) {
            status = cs_kept_records(cs_vault_book_replica(book), vault, kind, add, exposure);
        }
    }
    return status;
}

enum cs_status cs_exposure_read(struct cs_vault_book *book, const struct cs_id *vault,
                                struct cs_exposure **out, const struct cs_exposure_view **out_view,
                                struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(book));
    const struct cs_exposure_terms terms = {
        .now_ms = world->wall_ms(world->context), .context = book, .stand = stand};
    struct cs_vault_log *log = NULL;
    struct cs_exposure *exposure = NULL;
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    if (status == CS_OK) {
        status = cs_exposure_create(&exposure);
    }
    if (status == CS_OK) {
        status = add_all(book, vault, exposure);
    }
    if (status == CS_OK) {
        status = cs_exposure_settle(exposure, &terms, out_view);
    }
    if (status != CS_OK) {
        cs_exposure_destroy(exposure);
        return status;
    }
    *out = exposure;
    return CS_OK;
}

enum cs_status cs_exposure_is_whole(struct cs_vault_book *book, const struct cs_id *vault,
                                    bool *out, struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(book));
    struct cs_vault_log *log = NULL;
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_vault_grant *grant =
        cs_vault_log_grant(log, cs_vault_book_holder(book).certificate, cs_vault_log_position(log));
    *out = grant != NULL && (grant->rights & OVERSEEING) != 0 &&
           (grant->expires_ms == 0 || world->wall_ms(world->context) < grant->expires_ms);
    return CS_OK;
}
