/*
 * Campaigns of rotation (统一修改密码, design §10): after a handover, and with the customer's consent, every password of a project becomes another one.
 *
 *   unprepared ── prepare ──> pending ── applied ──> applied ── verified ──> verified ── confirm ──> done; the one before is archived
 *                                  ^────── failed ──────┘
 *
 * A campaign is a signed record; what is done in it follows from the versions that were logged since (FORMAT.md), so it is computed anew
 * each time, and a run that was cut off goes on where it was. What must stay true:
 *
 * 1. Nothing is generated while a version is to come: pending, applied or verified.
 * 2. Only what the server has acknowledged is applied: a new password that is on one laptop alone can be lost with it.
 * 3. "Applied" is signed and on disk before the first attempt, so whoever finds it knows that either may be in force.
 * 4. No version is ever dropped because of an answer; old and new stay readable under disclosure in every state.
 *
 * Everything here signs and queues, as actions.h; field-client/sync/vault_sync.h sends it. Of two who do the same at once, the second is
 * refused by the server (CS_OUTDATED, cs_queued_records): nothing of his was applied.
 */
#ifndef CS_FIELD_CLIENT_VAULT_CAMPAIGN_H
#define CS_FIELD_CLIENT_VAULT_CAMPAIGN_H

#include "field-client/vault/actions.h"
#include "field-client/vault/password_generator.h"

/* The field that a campaign always is about. Others are in it from when somebody prepares them or stores a new version. */
#define CS_VAULT_CAMPAIGN_FIELD "password"

struct cs_vault_campaign {
    struct cs_id vault;
    uint8_t id[CS_HASH_SIZE];
    uint8_t author[CS_HASH_SIZE]; /* certificate id */
    int64_t begun_ms;
    uint64_t feed;
    struct cs_bytes consent;
};
/* The campaign that is open, as the server has it; the text is in the arena. CS_NOT_FOUND: none is. */
enum cs_status cs_vault_campaign_find(struct cs_vault_book *book, const struct cs_id *vault,
                                      struct cs_arena *arena, struct cs_vault_campaign *out,
                                      struct cs_problem *problem) CS_MUST_USE;
/* Begins one. `consent`: who of the customer agreed, how and when; 1 to CS_VAULT_REASON_MAX bytes. CS_EXISTS: one is open; CS_BUSY: the
 * beginning or end of one waits to be sent; CS_INVALID; as cs_vault_log_permits for edit, and CS_DENIED for who is no officer. */
enum cs_status cs_vault_campaign_begin(struct cs_vault_book *book, const struct cs_id *vault,
                                       struct cs_bytes consent, uint8_t *out_id,
                                       struct cs_problem *problem) CS_MUST_USE;
/* Ends the open one, whatever is left; `reason` as the consent. CS_NOT_FOUND, CS_BUSY, … */
enum cs_status cs_vault_campaign_end(struct cs_vault_book *book, const struct cs_id *vault,
                                     struct cs_bytes reason, uint8_t *out_id,
                                     struct cs_problem *problem) CS_MUST_USE;

enum cs_vault_campaign_step {
    CS_CAMPAIGN_UNPREPARED, /* nothing was prepared yet */
    CS_CAMPAIGN_PENDING,    /* there is a new one, in force nowhere */
    CS_CAMPAIGN_APPLIED,    /* it was tried: either may be in force */
    CS_CAMPAIGN_VERIFIED,   /* it works; to be confirmed */
    CS_CAMPAIGN_DONE,       /* confirmed since the campaign began */
    CS_CAMPAIGN_APART, /* a field that nobody changes in this campaign, or with nothing in force */
    CS_CAMPAIGN_STEP_COUNT
};
/* "unprepared", …; static. */
const char *cs_vault_campaign_step_name(enum cs_vault_campaign_step step);
/* Where one field stands in the campaign. */
enum cs_vault_campaign_step cs_vault_campaign_step_of(const struct cs_vault_campaign *campaign,
                                                      const struct cs_vault_field *field);

struct cs_vault_campaign_progress {
    const struct cs_vault_field *fields; /* of all items, by item and name */
    size_t field_count;
    const enum cs_vault_campaign_step *steps; /* of each */
    size_t counts[CS_CAMPAIGN_STEP_COUNT];
};
/* In the arena. */
enum cs_status cs_vault_campaign_progress(struct cs_vault_book *book,
                                          const struct cs_vault_campaign *campaign,
                                          struct cs_arena *arena,
                                          struct cs_vault_campaign_progress *out) CS_MUST_USE;

/* Draws a new secret for a field by the policy, seals and queues it: a version that is pending. *out_version: its id. CS_EXISTS: one is to
 * come already; CS_NOT_FOUND: no version of it is confirmed, so there is nothing to change; as cs_password_generate and cs_vault_act_version. */
enum cs_status cs_vault_campaign_prepare(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         const struct cs_password_policy *policy,
                                         struct cs_id *out_version, uint8_t *out_id,
                                         struct cs_problem *problem) CS_MUST_USE;

/*
 * What happened to the version that is to come, signed and queued. All of them: CS_NOT_FOUND: none is to come; CS_OK without a new record if it
 * says so already. The field is loaded anew afterwards.
 *
 * applied: before the first attempt. CS_BUSY: the server has not acknowledged the version; CS_USED: it is verified already.
 */
enum cs_status cs_vault_campaign_applied(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         struct cs_problem *problem) CS_MUST_USE;
/* Back to pending: it was seen that the old one is in force. CS_USED: somebody has logged in with the new one. */
enum cs_status cs_vault_campaign_failed(struct cs_vault_book *book,
                                        const struct cs_vault_field *field,
                                        struct cs_problem *problem) CS_MUST_USE;
/* Somebody has logged in with it; of one that is pending: it was applied before, by hand. CS_BUSY as above. */
enum cs_status cs_vault_campaign_verified(struct cs_vault_book *book,
                                          const struct cs_vault_field *field,
                                          struct cs_problem *problem) CS_MUST_USE;
/* It is the one in force, and what was confirmed before is archived. What an earlier run has left is done too: a version that is confirmed
 * while an older one is still. CS_USED: nobody has logged in with it, and `unverified` does not say that this is known. */
enum cs_vault_campaign_trust { CS_CAMPAIGN_VERIFIED_ONLY, CS_CAMPAIGN_UNVERIFIED_TOO };
enum cs_status cs_vault_campaign_confirm(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         enum cs_vault_campaign_trust trust,
                                         struct cs_problem *problem) CS_MUST_USE;
/* It will not be used: archived, and still readable. CS_USED: it may be in force, "failed" has to say first that it is not. */
enum cs_status cs_vault_campaign_drop(struct cs_vault_book *book,
                                      const struct cs_vault_field *field,
                                      struct cs_problem *problem) CS_MUST_USE;

#endif
