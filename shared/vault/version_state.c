/* In which state a version is, see version_state.h. */
#include "shared/vault/version_state.h"

#include <string.h>

void cs_version_state_begin(struct cs_version_state *out, const uint8_t record[static CS_HASH_SIZE],
                            const uint8_t author[static CS_HASH_SIZE])
{
    *out = (struct cs_version_state){.now = CS_VAULT_PENDING};
    memcpy(out->record, record, CS_HASH_SIZE);
    memcpy(out->author, author, CS_HASH_SIZE);
}

void cs_version_state_take(struct cs_version_state *state, int64_t to,
                           const uint8_t record[static CS_HASH_SIZE],
                           const uint8_t author[static CS_HASH_SIZE])
{
    cs_require(to >= CS_VAULT_PENDING && to <= CS_VAULT_ARCHIVED);
    state->now = (enum cs_vault_state)to;
    state->tried = state->tried || (to >= CS_VAULT_APPLIED && to <= CS_VAULT_CONFIRMED);
    state->confirmed = state->confirmed || to == CS_VAULT_CONFIRMED;
    memcpy(state->record, record, CS_HASH_SIZE);
    memcpy(state->author, author, CS_HASH_SIZE);
}

bool cs_version_state_goes_on(const struct cs_version_state *state,
                              const struct cs_vault_record *next)
{
    return memcmp(next->previous, state->record, CS_HASH_SIZE) == 0;
}

bool cs_version_state_counts(const struct cs_version_state *state)
{
    return state->tried || state->now != CS_VAULT_ARCHIVED;
}

bool cs_vault_state_is_coming(enum cs_vault_state state)
{
    return state < CS_VAULT_CONFIRMED;
}
