/*
 * Joining: from an invite to an identity that the server knows.
 *
 * Keys are made here and stored (HOME/identity.joining, under the passphrase) before anything is
 * sent, so that a lost response costs nothing: joining again in the same home with the same invite
 * and passphrase continues with the same certificate, which the server accepts again. On success
 * the identity becomes HOME/identity.
 *
 * The first device (invite of the server itself) makes the organisation's root key, the owner's
 * person id and a certificate signed by root, and lets root state which server it is. Every other
 * device checks the inviter's chain, root's statement about the server and the server's statement
 * before it makes any key.
 *
 * When every owner's device is lost, a new laptop joins with the server's invite for that (sync-server/handlers/owner_return.h) and the root
 * key, put together from its shares: the same organisation, a certificate signed by root, and no root key kept. Root says nothing of the server
 * to anybody then: the server has to show what root said of it before.
 *
 * A home whose log cannot go on (its disk was copied or set back) joins again the same way, with a
 * fresh invite for the same person: new keys, the same replica, and what was not confirmed goes out
 * under the new log (replica/rejoin.h). The old identity stays as HOME/identity.former-LOG.
 */
#ifndef CS_SYNC_JOIN_H
#define CS_SYNC_JOIN_H

#include "field-client/replica/replica.h"

struct cs_join_input {
    const struct cs_world *world;
    const char *home; /* an existing folder */
    const struct cs_registry *registry;
    struct cs_bytes invite_text;
    struct cs_bytes
        person_name; /* first device, and with the root key in a new home: required; otherwise must be empty or what the invite says */
    struct cs_bytes device_name; /* ≤ CS_PERSON_NAME_MAX */
    struct cs_bytes passphrase;
    uint32_t kdf_memory_mib;            /* 0 = 256; floor 64 */
    const struct cs_sign_key *root_key; /* put together from shares; NULL: none was */
    struct cs_bytes root_statement; /* of those shares (shared/vault/root_split.h), to be kept */
    const struct cs_id *person;     /* with the root key in a new home: who this was before; NULL: a
                                           new person of person_name */
};

struct cs_join; /* opaque */

/*
 * Checks the invite, makes (or finds again) the keys and stores them. CS_EXISTS: this home has
 * joined already and its log can go on, or holds the unfinished join of a first device for another server; CS_MALFORMED,
 * CS_FORGED, … for the invite; CS_INVALID; CS_WRONG_PASSPHRASE: an unfinished join was begun with
 * another passphrase. Everything in `input` is borrowed until cs_join_end.
 */
enum cs_status cs_join_begin(const struct cs_join_input *input, struct cs_join **out,
                             struct cs_problem *problem) CS_MUST_USE;
/* Appends a request; may be called again after a failed exchange. */
enum cs_status cs_join_next(struct cs_join *join, struct cs_buffer *out_request) CS_MUST_USE;
/*
 * Verifies the response to the last request, writes HOME/identity, opens the replica (first device:
 * inserts the owner's person row) and closes it again. CS_USED, CS_EXPIRED, … as the server
 * answered.
 */
enum cs_status cs_join_receive(struct cs_join *join, struct cs_bytes response,
                               struct cs_problem *problem) CS_MUST_USE;
const struct cs_peer *cs_join_peer(const struct cs_join *join);
/* Borrowed until end. */
const struct cs_identity *cs_join_identity(const struct cs_join *join);
bool cs_join_is_first(const struct cs_join *join);
/* Something people should know (the invite has expired by this clock), or "". */
const char *cs_join_warning(const struct cs_join *join);
/* NULL is accepted. Leaves identity.joining in place if the join was not finished. */
void cs_join_end(struct cs_join *owned_join);

struct cs_join_result {
    char fingerprint[24]; /* what the person reads out to the inviter */
    struct cs_id person;
    cs_roles roles;
    bool first;
    bool returned;    /* with the root key, in a new home */
    bool again;       /* this home had an identity, which was replaced */
    uint64_t carried; /* again: transactions that wait to be sent anew */
    char warning[128];
};
/* The whole join over world->exchange. */
enum cs_status cs_join_run(const struct cs_join_input *input, struct cs_join_result *out,
                           struct cs_problem *problem) CS_MUST_USE;

#endif
