/*
 * In which state a version of a secret is: the one place where that follows from records (FORMAT.md, States). Pure.
 *
 * Server and client both judge by it what may come next; lists, campaigns, leases and reports say by it what is in force. Whoever walks
 * records calls cs_version_state_begin for a version and cs_version_state_take for each of its states, in the order in which they were
 * logged; the newest alone gives the same state, and by the same record, but not what the version once was.
 */
#ifndef CS_VAULT_VERSION_STATE_H
#define CS_VAULT_VERSION_STATE_H

#include "shared/vault/record.h"

struct cs_version_state {
    enum cs_vault_state now;
    bool tried;                   /* is or was applied, verified or confirmed */
    bool confirmed;               /* is or was */
    uint8_t record[CS_HASH_SIZE]; /* by which it is: of the version, or of its newest state */
    uint8_t author[CS_HASH_SIZE]; /* certificate id of who signed that */
};

/* A version begins as pending, by its own record. */
void cs_version_state_begin(struct cs_version_state *out, const uint8_t record[static CS_HASH_SIZE],
                            const uint8_t author[static CS_HASH_SIZE]);
/* A later record says that it is in this state. `to` is what cs_vault_record_decode lets through. */
void cs_version_state_take(struct cs_version_state *state, int64_t to,
                           const uint8_t record[static CS_HASH_SIZE],
                           const uint8_t author[static CS_HASH_SIZE]);
/* Does a state go on from here? What waits to be sent and does not will be refused, so it says nothing. */
bool cs_version_state_goes_on(const struct cs_version_state *state,
                              const struct cs_vault_record *next);
/* Was it perhaps in force, now or once: everything but what was archived without ever having been tried. */
bool cs_version_state_counts(const struct cs_version_state *state);

/* To come, and perhaps in force already: pending, applied, verified. */
bool cs_vault_state_is_coming(enum cs_vault_state state);

#endif
