/*
 * Repair: after a sync that ended unequal, finding out where this replica differs from the server and putting it right (design §8;
 * PROTOCOL.md, chapter "Compare"). A state machine, bytes in, bytes out, driven by the session.
 *
 * cs_repair_begin → while cs_repair_pending { cs_repair_next → exchange → cs_repair_receive } → cs_repair_end
 *
 * What must stay true: only confirmed state changes, through cs_applier; unsent edits and what lies over a row stay. What differed is
 * noted for good (replica/repair_note.h), told to the server, and never silent. A server that answers nonsense or without end is
 * left after CS_REPAIR_ROUNDS_MAX steps, with the difference reported.
 */
#ifndef CS_SYNC_REPAIR_H
#define CS_SYNC_REPAIR_H

#include "field-client/replica/replica.h"
#include "shared/wire/compare.h"

/* Steps in one sync at most; what was put right stays so, and the next sync goes on. */
#define CS_REPAIR_ROUNDS_MAX 128
/* All rows are counted anew after this time, so that a damaged row is found although no sum has changed. */
#define CS_REPAIR_RECOUNT_MS (INT64_C(24) * 3600 * 1000)

struct cs_repair; /* opaque */

/* The last page of a sync: the state that this replica should be in now. */
struct cs_repair_checkpoint {
    uint8_t incarnation[16];
    uint64_t position;
    uint8_t digest[CS_HASH_SIZE];
};

/*
 * After the last page was applied: counts anew if that is due or the digests differ, and compares them. Mends own sums at once. *out is
 * NULL if there is nothing to compare and nothing to tell: equal. Unequal while recovery is open: nothing to ask either.
 */
enum cs_status cs_repair_begin(struct cs_replica *replica,
                               const struct cs_repair_checkpoint *checkpoint,
                               struct cs_repair **out) CS_MUST_USE;
/*
 * Takes what cannot be read out of confirmed state, counts anew and keeps a note; *out_any: there was something. The next repair brings
 * it back.
 */
enum cs_status cs_repair_clean(struct cs_replica *replica, bool *out_any) CS_MUST_USE;
/*
 * What differs has moved on the server since: it comes with a pull. Not pending until the session has pulled and says so with resume, which
 * is begin with what was done so far.
 */
bool cs_repair_wants_pull(const struct cs_repair *repair);
enum cs_status cs_repair_resume(struct cs_repair *repair,
                                const struct cs_repair_checkpoint *checkpoint) CS_MUST_USE;
/* Is there anything to ask or tell? */
bool cs_repair_pending(const struct cs_repair *repair);
/* Appends the body of the next request. */
enum cs_status cs_repair_next(struct cs_repair *repair, struct cs_buffer *body) CS_MUST_USE;
/*
 * Takes the body of the answer to it and applies what it brings, all of it or nothing. CS_MALFORMED, CS_ROLLED_BACK: it makes no sense. On
 * failure the repair is over.
 */
enum cs_status cs_repair_receive(struct cs_repair *repair, struct cs_bytes body,
                                 struct cs_problem *problem) CS_MUST_USE;
/* The server answered that it cannot or will not: the repair is over for this time. */
enum cs_status cs_repair_refused(struct cs_repair *repair, struct cs_bytes text) CS_MUST_USE;

struct cs_repair_result {
    bool equal;
    uint64_t repaired; /* rows put right or taken away */
    uint64_t sums;     /* own ones that were wrong */
    const char *text;  /* why it is not equal; "" */
};
void cs_repair_result(const struct cs_repair *repair, struct cs_repair_result *out);
/* NULL is accepted. */
void cs_repair_end(struct cs_repair *owned_repair);

#endif
