/* What intake.c (records) and release.c (answers) share. */
#ifndef CS_SERVER_VAULT_INTAKE_INTERNAL_H
#define CS_SERVER_VAULT_INTAKE_INTERNAL_H

#include "shared/vault/rules.h"
#include "sync-server/vault/intake.h"

/* One record on its way in. */
struct cs_vault_attempt {
    const struct cs_vault_intake *intake;
    struct cs_bytes bytes;
    struct cs_vault_record record;
    const struct cs_chain *author;
    struct cs_vault_log *log;
    struct cs_vault_moment moment; /* now */
    struct cs_vault_row row;
    struct cs_problem *problem;
};

/* A record of this vault by its id, verified when it was taken: of this kind, or CS_NOT_FOUND. Views into the arena. */
enum cs_status cs_vault_attempt_find(const struct cs_vault_attempt *attempt, const uint8_t *id,
                                     struct cs_vault_record *out) CS_MUST_USE;
/* The same with the moment at which it was logged. */
enum cs_status cs_vault_attempt_find_logged(const struct cs_vault_attempt *attempt,
                                            const uint8_t *id, struct cs_vault_record *out,
                                            int64_t *out_logged_ms) CS_MUST_USE;
/* The newest that the filter matches. */
enum cs_status cs_vault_attempt_newest(const struct cs_vault_attempt *attempt,
                                       const struct cs_vault_filter *filter,
                                       struct cs_vault_record *out) CS_MUST_USE;
/* Stores a row with its leaf, and moves the vault's end. */
enum cs_status cs_vault_attempt_enter(const struct cs_vault_attempt *attempt,
                                      struct cs_vault_row *row) CS_MUST_USE;

/* A request, lease, export or emergency that is being taken: the versions are there; if nothing more is wanted, it is answered. */
enum cs_status cs_vault_answer_request(struct cs_vault_attempt *attempt) CS_MUST_USE;
enum cs_status cs_vault_check_asked(const struct cs_vault_attempt *attempt) CS_MUST_USE;
/* An approval that is being taken: is it one, and then the answer to what it approves. */
enum cs_status cs_vault_check_approved(struct cs_vault_attempt *attempt) CS_MUST_USE;
enum cs_status cs_vault_answer_approved(struct cs_vault_attempt *attempt) CS_MUST_USE;

#endif
