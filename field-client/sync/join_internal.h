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
    uint8_t request_hash[CS_HASH_SIZE];
    bool awaiting;
    char warning[128];
};

/* Checks what the invite says, and by whom. */
enum cs_status cs_join_check_invite(struct cs_join *join, struct cs_problem *problem) CS_MUST_USE;
/* The identity of an unfinished join with this invite, or a new one, stored. */
enum cs_status cs_join_prepare_identity(struct cs_join *join,
                                        struct cs_problem *problem) CS_MUST_USE;

#endif
