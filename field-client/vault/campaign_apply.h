/*
 * Changing a password where it is used, by a helper program, with what comes of it signed (campaign.h; field-client/rotation/FORMAT.md says what each
 * answer obliges to).
 *
 * With four eyes, somebody else has to agree to each of the two secrets, or once to a lease that has both. Beginning, preparing, saying what
 * happened and confirming open nothing, and need nobody.
 */
#ifndef CS_FIELD_CLIENT_VAULT_CAMPAIGN_APPLY_H
#define CS_FIELD_CLIENT_VAULT_CAMPAIGN_APPLY_H

#include "field-client/rotation/runner.h"
#include "field-client/vault/campaign.h"

/* What is known of the first attempt: whether an earlier one was cut off, so that the old password may not be in force any more. */
enum cs_vault_attempt_kind {
    CS_ATTEMPT_FIRST, /* cs_vault_campaign_applied was just called on a pending version */
    CS_ATTEMPT_AGAIN, /* the version was applied before: it is asked first which of the two works */
};

struct cs_vault_attempt {
    enum cs_rotation_answer answer; /* the last one that was given */
    enum cs_vault_state state;      /* of the version now: pending, applied or verified */
    struct cs_problem reason;       /* what the helper said; may be empty */
};

/*
 * Runs the helper for a field whose version to come is applied. `request` holds both secrets, and all but the operation. Signs and queues what
 * the answer allows: verified when the new one works; pending again when a first attempt changed nothing; nothing else, so that the
 * version stays applied, and both secrets are kept.
 *
 * CS_OK: the helper ran, `out` says what came of it. Otherwise it was not started and changed nothing (of a first attempt: pending again), or
 * its answer could not be written down (CS_DISK_FULL, …: the version stays applied). CS_INVALID: the version is not applied.
 */
enum cs_status cs_vault_campaign_attempt(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         enum cs_vault_attempt_kind kind, const char *helper,
                                         struct cs_rotation_request *request,
                                         struct cs_vault_attempt *out,
                                         struct cs_problem *problem) CS_MUST_USE;

#endif
