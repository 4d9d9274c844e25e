/* Campaigns of rotation, see campaign.h. */
#include "field-client/vault/campaign.h"

#include "shared/base/text.h"

#include <string.h>

#define QUEUED_MAX ((size_t)65536)

static const char *const step_names[CS_CAMPAIGN_STEP_COUNT] = {
    [CS_CAMPAIGN_UNPREPARED] = "unprepared",
    [CS_CAMPAIGN_PENDING] = "pending",
    [CS_CAMPAIGN_APPLIED] = "applied",
    [CS_CAMPAIGN_VERIFIED] = "verified",
    [CS_CAMPAIGN_DONE] = "done",
    [CS_CAMPAIGN_APART] = "apart",
};

const char *cs_vault_campaign_step_name(enum cs_vault_campaign_step step)
{
    cs_require((unsigned)step < CS_CAMPAIGN_STEP_COUNT);
    return step_names[step];
}

/* ---- beginning and ending ---- */

enum cs_status cs_vault_campaign_find(struct cs_vault_book *book, const struct cs_id *vault,
                                      struct cs_arena *arena, struct cs_vault_campaign *out,
                                      struct cs_problem *problem)
{
    static const uint8_t none[CS_HASH_SIZE];
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_kept_record begun;
    struct cs_kept_record ended;
    struct cs_vault_record record;
    struct cs_kept_filter filter = {.vault = *vault, .kind = CS_VAULT_CAMPAIGN, .request = none};
    enum cs_status status = cs_kept_record_newest(replica, &filter, arena, &begun);
    if (status == CS_OK) {
        filter.request = begun.id;
        status = cs_kept_record_newest(replica, &filter, arena, &ended);
        status = status == CS_OK ? CS_NOT_FOUND : status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK) {
        status = cs_vault_record_decode(begun.record, &record);
    }
    if (status != CS_OK) {
        return status == CS_NOT_FOUND
                   ? cs_problem_set(problem, status, "no campaign of rotation is open")
                   : status;
    }
    *out = (struct cs_vault_campaign){.vault = *vault,
                                      .begun_ms = begun.moment.logged_ms,
                                      .feed = begun.feed,
                                      .consent = record.reason};
    memcpy(out->id, begun.id, CS_HASH_SIZE);
    memcpy(out->author, record.author, CS_HASH_SIZE);
    return CS_OK;
}

/* A second one of a kind that the server takes once would only be refused. */
static enum cs_status check_none_waits(struct cs_vault_book *book, const struct cs_id *vault,
                                       struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_queued_record *waiting = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_queued_records(cs_vault_book_replica(book), false, QUEUED_MAX, &arena, &waiting, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_vault_record record;
        status = cs_vault_record_decode(waiting[i].record, &record);
        if (status == CS_OK && record.kind == CS_VAULT_CAMPAIGN &&
            cs_id_equal(&record.vault, vault)) {
            status =
                cs_problem_set(problem, CS_BUSY,
                               "the beginning or end of a campaign waits to be sent: sync first");
        }
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status check_right(struct cs_vault_book *book, const struct cs_id *vault,
                                  struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_vault_book_signer(book, &signer);
    return cs_vault_log_permits(log, signer.certificate, CS_VAULT_MAY_EDIT,
                                cs_vault_log_position(log), cs_instant_utc_ms(signer.claimed),
                                problem);
}

static enum cs_status check_officer(struct cs_vault_book *book, const struct cs_id *vault,
                                    struct cs_problem *problem)
{
    const struct cs_chain *own =
        cs_identity_chain_parsed(cs_replica_identity(cs_vault_book_replica(book)));
    if ((own->leaf.roles & CS_ROLES_OFFICER) == 0) {
        return cs_problem_set(problem, CS_DENIED,
                              "only owner and security begin and end campaigns of rotation");
    }
    enum cs_status status = check_right(book, vault, problem);
    return status != CS_OK ? status : check_none_waits(book, vault, problem);
}

enum cs_status cs_vault_campaign_begin(struct cs_vault_book *book, const struct cs_id *vault,
                                       struct cs_bytes consent, uint8_t *out_id,
                                       struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_vault_campaign open;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = check_officer(book, vault, problem);
    if (status == CS_OK) {
        status = cs_vault_campaign_find(book, vault, &arena, &open, NULL);
        status = status == CS_NOT_FOUND ? CS_OK
                 : status != CS_OK      ? status
                                        : cs_problem_set(problem, CS_EXISTS,
                                                         "a campaign of this project is open: go on "
                                                              "with it, or end it first");
    }
    if (status == CS_OK) {
        status = cs_vault_act_campaign(book, vault, NULL, consent, out_id, problem);
        if (status == CS_INVALID) {
            status = cs_problem_set(problem, status,
                                    "the customer's consent is missing: who agreed, how and when, "
                                    "in 1 to %d bytes of readable text",
                                    (int)CS_VAULT_REASON_MAX);
        }
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_campaign_end(struct cs_vault_book *book, const struct cs_id *vault,
                                     struct cs_bytes reason, uint8_t *out_id,
                                     struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_vault_campaign open;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = check_officer(book, vault, problem);
    if (status == CS_OK) {
        status = cs_vault_campaign_find(book, vault, &arena, &open, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_act_campaign(book, vault, open.id, reason, out_id, problem);
        if (status == CS_INVALID) {
            status = cs_problem_set(problem, status,
                                    "why the campaign ends is missing: 1 to %d bytes of readable "
                                    "text",
                                    (int)CS_VAULT_REASON_MAX);
        }
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- progress ---- */

enum cs_vault_campaign_step cs_vault_campaign_step_of(const struct cs_vault_campaign *campaign,
                                                      const struct cs_vault_field *field)
{
    const struct cs_vault_field_version *coming = cs_vault_field_coming(field);
    const struct cs_vault_field_version *confirmed = cs_vault_field_confirmed(field);
    if (coming != NULL) {
        return coming->state == CS_VAULT_PENDING   ? CS_CAMPAIGN_PENDING
               : coming->state == CS_VAULT_APPLIED ? CS_CAMPAIGN_APPLIED
                                                   : CS_CAMPAIGN_VERIFIED;
    }
    if (confirmed == NULL) {
        return CS_CAMPAIGN_APART;
    }
    if (confirmed->feed > campaign->feed) {
        return CS_CAMPAIGN_DONE;
    }
    bool belongs = cs_bytes_equal_text(field->name, CS_VAULT_CAMPAIGN_FIELD) ||
                   field->versions[0].feed > campaign->feed; /* one that was dropped */
    return belongs ? CS_CAMPAIGN_UNPREPARED : CS_CAMPAIGN_APART;
}

enum cs_status cs_vault_campaign_progress(struct cs_vault_book *book,
                                          const struct cs_vault_campaign *campaign,
                                          struct cs_arena *arena,
                                          struct cs_vault_campaign_progress *out)
{
    struct cs_vault_field *fields = NULL;
    struct cs_vault_campaign_progress progress = {.field_count = 0};
    enum cs_status status =
        cs_vault_fields_load(book, &campaign->vault, NULL, arena, &fields, &progress.field_count);
    if (status != CS_OK) {
        return status;
    }
    enum cs_vault_campaign_step *steps =
        cs_arena_take_array(arena, progress.field_count, sizeof *steps);
    if (steps == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < progress.field_count; i++) {
        steps[i] = cs_vault_campaign_step_of(campaign, &fields[i]);
        progress.counts[steps[i]]++;
    }
    progress.fields = fields;
    progress.steps = steps;
    *out = progress;
    return CS_OK;
}

/* ---- preparing ---- */

enum cs_status cs_vault_campaign_prepare(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         const struct cs_password_policy *policy,
                                         struct cs_id *out_version, uint8_t *out_id,
                                         struct cs_problem *problem)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    struct cs_secret *secret = NULL;
    if (cs_vault_field_coming(field) != NULL) {
        return cs_problem_set(problem, CS_EXISTS,
                              "a new version is to come already: nothing is generated until it is "
                              "confirmed or dropped");
    }
    if (cs_vault_field_confirmed(field) == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "no version of it is confirmed: there is nothing to change");
    }
    enum cs_status status = check_right(book, &field->vault, problem);
    if (status == CS_OK) {
        status = cs_password_generate(cs_replica_world(replica), policy, &secret);
    }
    if (status == CS_OK) {
        const struct cs_vault_secret_wish wish = {.item = field->item,
                                                  .field = field->name,
                                                  .version = cs_replica_draw_id(replica),
                                                  .secret = cs_secret_bytes(secret)};
        status = cs_vault_act_version(book, &field->vault, &wish, out_id, problem);
        if (status == CS_OK) {
            *out_version = wish.version;
        }
    }
    cs_secret_destroy(secret);
    return status;
}

/* ---- what happened ---- */

static enum cs_status find_coming(const struct cs_vault_field *field,
                                  const struct cs_vault_field_version **out,
                                  struct cs_problem *problem)
{
    *out = cs_vault_field_coming(field);
    return *out != NULL ? CS_OK
                        : cs_problem_set(problem, CS_NOT_FOUND,
                                         "no new version is to come: prepare one first");
}

static enum cs_status sign(struct cs_vault_book *book, const struct cs_vault_field *field,
                           const struct cs_vault_field_version *version, enum cs_vault_state state,
                           struct cs_problem *problem)
{
    return cs_vault_act_state(book, &field->vault, &version->id, state, NULL, problem);
}

static enum cs_status check_acknowledged(const struct cs_vault_field_version *version,
                                         struct cs_problem *problem)
{
    return version->acknowledged
               ? CS_OK
               : cs_problem_set(problem, CS_BUSY,
                                "the server has not acknowledged the new version yet, so it could "
                                "be lost with this device: sync first");
}

enum cs_status cs_vault_campaign_applied(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = NULL;
    enum cs_status status = find_coming(field, &coming, problem);
    if (status == CS_OK) {
        status = check_acknowledged(coming, problem);
    }
    if (status != CS_OK || coming->state == CS_VAULT_APPLIED) {
        return status;
    }
    return coming->state == CS_VAULT_VERIFIED
               ? cs_problem_set(problem, CS_USED,
                                "the new version works already: it waits to be confirmed")
               : sign(book, field, coming, CS_VAULT_APPLIED, problem);
}

enum cs_status cs_vault_campaign_failed(struct cs_vault_book *book,
                                        const struct cs_vault_field *field,
                                        struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = NULL;
    enum cs_status status = find_coming(field, &coming, problem);
    if (status != CS_OK || coming->state == CS_VAULT_PENDING) {
        return status;
    }
    return coming->state == CS_VAULT_VERIFIED
               ? cs_problem_set(problem, CS_USED,
                                "somebody has logged in with the new version: it did not fail")
               : sign(book, field, coming, CS_VAULT_PENDING, problem);
}

enum cs_status cs_vault_campaign_verified(struct cs_vault_book *book,
                                          const struct cs_vault_field *field,
                                          struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = NULL;
    enum cs_status status = find_coming(field, &coming, problem);
    if (status == CS_OK) {
        status = check_acknowledged(coming, problem);
    }
    if (status == CS_OK && coming->state == CS_VAULT_PENDING) {
        status = sign(book, field, coming, CS_VAULT_APPLIED, problem);
    }
    return status != CS_OK || coming->state == CS_VAULT_VERIFIED
               ? status
               : sign(book, field, coming, CS_VAULT_VERIFIED, problem);
}

/* What was confirmed before this one: no more of it is in force. */
static enum cs_status archive_older(struct cs_vault_book *book, const struct cs_vault_field *field,
                                    const struct cs_vault_field_version *current,
                                    struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < field->version_count; i++) {
        const struct cs_vault_field_version *version = &field->versions[i];
        if (version != current && version->state == CS_VAULT_CONFIRMED) {
            status = sign(book, field, version, CS_VAULT_ARCHIVED, problem);
        }
    }
    return status;
}

enum cs_status cs_vault_campaign_confirm(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         enum cs_vault_campaign_trust trust,
                                         struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = cs_vault_field_coming(field);
    const struct cs_vault_field_version *confirmed = cs_vault_field_confirmed(field);
    enum cs_status status = check_right(book, &field->vault, problem);
    if (status != CS_OK) {
        return status;
    }
    if (coming == NULL) {
        return confirmed != NULL ? archive_older(book, field, confirmed, problem)
                                 : find_coming(field, &coming, problem);
    }
    if (coming->state != CS_VAULT_VERIFIED && trust == CS_CAMPAIGN_VERIFIED_ONLY) {
        return cs_problem_set(
            problem, CS_USED,
            "nobody has logged in with the new version: confirmed by mistake, the "
            "password that works would be archived");
    }
    status = check_acknowledged(coming, problem);
    if (status == CS_OK) {
        status = sign(book, field, coming, CS_VAULT_CONFIRMED, problem);
    }
    return status != CS_OK ? status : archive_older(book, field, coming, problem);
}

enum cs_status cs_vault_campaign_drop(struct cs_vault_book *book,
                                      const struct cs_vault_field *field,
                                      struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = NULL;
    enum cs_status status = check_right(book, &field->vault, problem);
    if (status == CS_OK) {
        status = find_coming(field, &coming, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    return coming->state != CS_VAULT_PENDING
               ? cs_problem_set(problem, CS_USED,
                                "the new version may be in force: say first that it failed")
               : sign(book, field, coming, CS_VAULT_ARCHIVED, problem);
}
