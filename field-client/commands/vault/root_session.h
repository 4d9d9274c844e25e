/*
 * The organisation's root key for as long as one command runs: the one that this laptop has, or put together from shares.
 *
 * What must stay true: a key from shares is in secret memory only, and never written anywhere. A session has a key of its own: in an agent
 * another command may take the laptop's away (root forget) while this one is on the network.
 */
#ifndef CS_COMMANDS_VAULT_ROOT_SESSION_H
#define CS_COMMANDS_VAULT_ROOT_SESSION_H

#include "field-client/console/command.h"
#include "field-client/vault/root_shares.h"

struct cs_root_session {
    const struct cs_sign_key *key;
    struct cs_sign_key *owned;  /* the same: put together, or a copy of the laptop's own */
    struct cs_root_split split; /* if it was put together: of which set */
};

/*
 * The root key of this laptop's organisation. With `from_shares` people are asked for them in any case. CS_DENIED: it is not here, and
 * nobody said that shares are at hand; CS_WRONG_ORGANISATION: the shares are of another root key. Else as cs_share_paper_gather and
 * cs_root_gathering_finish. On failure there is nothing to close.
 */
enum cs_status cs_root_session_open(struct cs_command *command, struct cs_replica *replica,
                                    bool from_shares, struct cs_root_session *out) CS_MUST_USE;
void cs_root_session_close(struct cs_root_session *session);

/* The same from shares alone, which must be of the set `split` (may be NULL: of any). */
enum cs_status cs_root_session_from_shares(struct cs_command *command, struct cs_replica *replica,
                                           const struct cs_root_split *split,
                                           struct cs_root_session *out) CS_MUST_USE;
/* Where there is no organisation yet: asks for shares, and puts the key together; `split` (may be NULL: anything of it is unknown) is the set that they must be of. */
enum cs_status cs_root_session_gather(struct cs_command *command, const struct cs_root_split *split,
                                      struct cs_root_session *out) CS_MUST_USE;

/* What this laptop knows of the newest splitting. CS_NOT_FOUND: nothing. */
enum cs_status cs_root_split_load(struct cs_replica *replica,
                                  struct cs_root_split *out) CS_MUST_USE;
/* Remembers it: the root key's statement. */
enum cs_status cs_root_split_save(struct cs_replica *replica,
                                  struct cs_bytes statement) CS_MUST_USE;

#endif
