/* Inviting another person or device: offline, signed by this device (design §9). */
#ifndef CS_REPLICA_INVITE_H
#define CS_REPLICA_INVITE_H

#include "field-client/replica/replica.h"

struct cs_invite_made {
    struct cs_id person;
    bool person_is_new; /* a person row was inserted */
};

/*
 * Appends the invite's text (a secret: release wipes it) for `person`, an exact person name or an
 * id. Nobody of that name: a person row is inserted. Several: CS_EXISTS, saying to give the id.
 * CS_DENIED for roles that the own ones may not give; CS_INVALID for no roles, a name over
 * CS_PERSON_NAME_MAX, or an expiry that has passed.
 */
enum cs_status cs_invite_make(struct cs_replica *replica, struct cs_bytes person, cs_roles roles,
                              int64_t expires_ms, struct cs_buffer *out_text,
                              struct cs_invite_made *out, struct cs_problem *problem) CS_MUST_USE;

/*
 * Inserts a person row with this id (NULL: draws one) through an open edit-less replica: the
 * owner's own after the first join.
 */
enum cs_status cs_invite_insert_person(struct cs_replica *replica, const struct cs_id *id,
                                       struct cs_bytes name, struct cs_id *out_id,
                                       struct cs_problem *problem) CS_MUST_USE;

#endif
