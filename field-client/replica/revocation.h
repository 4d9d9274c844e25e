/*
 * Revoking devices, deciding about what they sent afterwards, and being revoked (design §9).
 *
 * Making revocations and reviews works offline: they are signed rows that go out with the next sync. How a device stands is
 * read from its `device` row, which says what the server fixed when it took a revocation: positions in the log, never
 * times.
 */
#ifndef CS_REPLICA_REVOCATION_H
#define CS_REPLICA_REVOCATION_H

#include "field-client/replica/replica.h"
#include "shared/wire/revoked.h"

/* How the device of a certificate stands, as far as this replica knows. */
struct cs_standing {
    bool known;               /* there is a row of it */
    bool revoked;             /* the server has taken a revocation */
    bool suspended;           /* two of it were seen: it has to join again */
    uint64_t joined_position; /* 0: not known */
    uint64_t revoked_position;
    uint64_t revoked_counter; /* its last transaction before that */
    int64_t revoked_at;       /* instant, the server's */
};
enum cs_status cs_standing_of(struct cs_replica *replica,
                              const uint8_t certificate[static CS_HASH_SIZE],
                              struct cs_standing *out) CS_MUST_USE;

/*
 * The signed row that revokes a device, `device` being the id of its row: on disk when this returns. *out_row is the revocation's id.
 * CS_EXISTS: it is revoked already, here or on the server, and nothing was made. CS_NOT_FOUND, CS_DENIED (no right; oneself;
 * the last device of an owner), CS_INVALID (no reason), CS_REVOKED (this device itself was revoked).
 */
enum cs_status cs_revocation_make(struct cs_replica *replica, const struct cs_id *device,
                                  struct cs_bytes reason, struct cs_id *out_row,
                                  struct cs_problem *problem) CS_MUST_USE;

/*
 * One signed review per row of `held_work`, each its own transaction, in one commit. `decision` as in evidence/revocation.h. CS_USED:
 * one of them was decided before; nothing was made. CS_NOT_FOUND, CS_DENIED, CS_REVOKED.
 */
enum cs_status cs_review_make(struct cs_replica *replica, const struct cs_id *works, size_t count,
                              const char *decision, struct cs_bytes reason,
                              struct cs_problem *problem) CS_MUST_USE;

/*
 * This device was revoked: keeps the server's answer, and what of the own log it has taken counts as sent and held, for nothing more
 * will be learned of it. Nothing is deleted. In the caller's database transaction; *out_taken: transactions that were still to
 * be sent.
 */
enum cs_status cs_own_revocation_note(struct cs_replica *replica,
                                      const struct cs_revoked_response *response,
                                      uint64_t *out_taken) CS_MUST_USE;
/* The kept answer; CS_NOT_FOUND: this device was not revoked, as far as it knows. Texts in the arena. */
enum cs_status cs_own_revocation_load(struct cs_replica *replica, struct cs_arena *arena,
                                      struct cs_revoked_response *out) CS_MUST_USE;

#endif
