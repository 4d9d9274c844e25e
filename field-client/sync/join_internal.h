/* What join.c (the exchange) and join_keys.c (making or finding the keys) share. */
#ifndef CS_SYNC_JOIN_INTERNAL_H
#define CS_SYNC_JOIN_INTERNAL_H

#include "field-client/sync/join.h"
#include "shared/evidence/invite_text.h"

struct cs_join {
    const struct cs_join_input *input;
    struct cs_arena arena; /* of the package */
    struct cs_invite_package package;
    struct cs_chain inviter; /* not for the first device */
    struct cs_invite invite; /* likewise */
    struct cs_identity *identity;
    struct cs_identity *former; /* joining again: who this laptop was until now; otherwise NULL */
    uint64_t carried;           /* transactions taken over from it */
    uint8_t request_hash[CS_HASH_SIZE];
    bool awaiting;
    char warning[128];
};

/* With the root key from shares, in a home that has nothing. */
bool cs_join_returns(const struct cs_join *join);
/* Checks what the invite says, and by whom. */
enum cs_status cs_join_check_invite(struct cs_join *join, struct cs_problem *problem) CS_MUST_USE;
/* The identity of an unfinished join with this invite, or a new one, stored. */
enum cs_status cs_join_prepare_identity(struct cs_join *join,
                                        struct cs_problem *problem) CS_MUST_USE;

/*
 * Joining again (join_again.c). Finds the identity that this home has already, if any: CS_EXISTS
 * when its log can go on.
 */
enum cs_status cs_join_open_former(struct cs_join *join, struct cs_problem *problem) CS_MUST_USE;
/* The new invite must be for the same person of the same organisation. */
enum cs_status cs_join_check_former(const struct cs_join *join,
                                    struct cs_problem *problem) CS_MUST_USE;
/* Archives the former identity, lets the replica know the new one, and puts that in its place. */
enum cs_status cs_join_replace_former(struct cs_join *join, struct cs_problem *problem) CS_MUST_USE;

#endif
