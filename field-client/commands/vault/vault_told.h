/* Findings of vaults as people are told of them: what did not hold, and alarms in the person's language. */
#ifndef CS_COMMANDS_VAULT_TOLD_H
#define CS_COMMANDS_VAULT_TOLD_H

#include "field-client/commands/vault/vault_command.h"
#include "field-client/vault/alarm.h"

struct cs_vault_told {
    const struct cs_vault_finding *finding;
    struct cs_bytes text; /* in words */
    /* Of an alarm: */
    bool alarm;
    struct cs_vault_alarm what; /* its author is of the book, and may be gone */
    struct cs_id person;        /* who did it */
    struct cs_bytes person_name;
    struct cs_bytes device_name;
    struct cs_bytes project_name;
    struct cs_bytes name; /* of the credential */
};
/* All that this person is to be told; texts in the work's arena. Opens the work's book where there is an alarm and it is closed. */
enum cs_status cs_vault_told_list(struct cs_vault_work *work, struct cs_vault_told **out,
                                  size_t *out_count) CS_MUST_USE;
/* {"number", "at", "vault", "status", "text", "alarm"}; see field-client/commands/README.md. */
struct cs_json *cs_vault_told_json(const struct cs_vault_told *told);

#endif
