/* Changing a password by a helper, see campaign_apply.h. */
#include "field-client/vault/campaign_apply.h"

struct attempt {
    struct cs_vault_book *book;
    const struct cs_vault_field *field;
    enum cs_vault_attempt_kind kind;
    const char *helper;
    struct cs_rotation_request *request;
    struct cs_vault_attempt *out;
    struct cs_problem *problem;
};

static enum cs_status run(const struct attempt *attempt, enum cs_rotation_operation operation)
{
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(attempt->book));
    struct cs_problem reason = {""};
    attempt->request->operation = operation;
    enum cs_status status =
        cs_rotation_run(world, attempt->helper, attempt->request, &attempt->out->answer, &reason);
    if (status == CS_OK) {
        attempt->out->reason = reason;
        return CS_OK;
    }
    return cs_problem_set(attempt->problem, status, "the helper was not started: %s",
                          reason.text[0] != '\0' ? reason.text : cs_status_text(status));
}

static enum cs_status verified(const struct attempt *attempt)
{
    enum cs_status status =
        cs_vault_campaign_verified(attempt->book, attempt->field, attempt->problem);
    if (status == CS_OK) {
        attempt->out->state = CS_VAULT_VERIFIED;
    }
    return status;
}

/* This run changed nothing. Only of a first one does that say which password is in force. */
static enum cs_status nothing_changed(const struct attempt *attempt)
{
    if (attempt->kind != CS_ATTEMPT_FIRST) {
        return CS_OK;
    }
    enum cs_status status =
        cs_vault_campaign_failed(attempt->book, attempt->field, attempt->problem);
    if (status == CS_OK) {
        attempt->out->state = CS_VAULT_PENDING;
    }
    return status;
}

static enum cs_status apply(const struct attempt *attempt)
{
    enum cs_status status = run(attempt, CS_ROTATION_APPLY);
    if (status != CS_OK) {
        struct cs_problem ignored;
        struct attempt quiet = *attempt;
        quiet.problem = &ignored; /* why it was not started is what is told */
        return nothing_changed(&quiet) == CS_OK ? status : CS_IO;
    }
    if (attempt->out->answer == CS_ROTATION_APPLIED) {
        return verified(attempt);
    }
    return attempt->out->answer == CS_ROTATION_FAILED ? nothing_changed(attempt) : CS_OK;
}

/* An earlier attempt was cut off: which of the two works? Only where it is the old one alone is it tried again. */
static enum cs_status apply_again(const struct attempt *attempt)
{
    enum cs_status status = run(attempt, CS_ROTATION_VERIFY);
    if (status != CS_OK) {
        return status;
    }
    if (attempt->out->answer == CS_ROTATION_NEW) {
        return verified(attempt);
    }
    return attempt->out->answer == CS_ROTATION_OLD ? apply(attempt) : CS_OK;
}

enum cs_status cs_vault_campaign_attempt(struct cs_vault_book *book,
                                         const struct cs_vault_field *field,
                                         enum cs_vault_attempt_kind kind, const char *helper,
                                         struct cs_rotation_request *request,
                                         struct cs_vault_attempt *out, struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = cs_vault_field_coming(field);
    const struct attempt attempt = {book, field, kind, helper, request, out, problem};
    if (coming == NULL || coming->state != CS_VAULT_APPLIED) {
        return cs_problem_set(problem, CS_INVALID,
                              "that the new version is applied is not signed yet");
    }
    *out = (struct cs_vault_attempt){.answer = CS_ROTATION_UNKNOWN, .state = CS_VAULT_APPLIED};
    return kind == CS_ATTEMPT_FIRST ? apply(&attempt) : apply_again(&attempt);
}
