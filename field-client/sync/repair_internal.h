/* What repair.c (course), repair_ranges.c (where) and repair_rows.c (what) share. */
#ifndef CS_SYNC_REPAIR_INTERNAL_H
#define CS_SYNC_REPAIR_INTERNAL_H

#include "field-client/replica/repair_note.h"
#include "field-client/sync/repair.h"

/* A range that differs and has not been dealt with. */
struct cs_repair_range {
    struct cs_compare_range range;
    uint64_t own; /* rows */
    uint64_t theirs;
    bool listed; /* small enough for its rows to be listed; otherwise to be divided */
};

struct cs_repair {
    struct cs_replica *replica;
    struct cs_repair_checkpoint checkpoint;
    bool over;
    bool wants_pull;
    bool equal;
    bool server_sum; /* the rows are the same, the server's digest is not theirs */
    enum cs_compare_step step;
    struct cs_repair_note note; /* as kept, with what this repair did */
    bool noted;                 /* this difference has been counted */
    /* This replica's scopes, ascending, with their local numbers. */
    struct cs_scope_name *scopes;
    uint64_t *numbers;
    size_t scope_count;
    struct cs_repair_range *ranges;
    size_t range_count;
    size_t range_capacity;
    unsigned rounds;
    unsigned passes;                   /* times that the scopes were compared */
    struct cs_compare_request request; /* the last one */
    struct cs_arena arena;             /* of the request */
    uint64_t repaired;
    uint64_t sums;
    struct cs_problem problem;
};

/* It stays unequal for this time. Noted, and told to the server. */
enum cs_status cs_repair_give_up(struct cs_repair *repair, const char *text) CS_MUST_USE;
/* Keeps the note; the first time in this repair it begins a new one. In a transaction of the caller. */
enum cs_status cs_repair_keep_note(struct cs_repair *repair) CS_MUST_USE;

/* Calls `visit` for every confirmed row that has not moved, once for each of the replica's scopes that hold it. */
struct cs_repair_seen {
    const struct cs_stored_row *row;
    uint32_t scope; /* index */
    uint64_t key;
    uint8_t hash[CS_HASH_SIZE];
};
typedef enum cs_status cs_repair_visitor(void *context, const struct cs_repair_seen *seen);
enum cs_status cs_repair_scan(struct cs_repair *repair, const struct cs_compare_response *response,
                              cs_repair_visitor *visit, void *context) CS_MUST_USE;

/* Which ranges the next request is about: fills request.step and request.ranges. */
enum cs_status cs_repair_choose(struct cs_repair *repair) CS_MUST_USE;
/* Ranges out of the sums of scopes; *out_any: any scope differs. *out_unsound: and cannot be repaired from this server. */
enum cs_status cs_repair_take_sums(struct cs_repair *repair,
                                   const struct cs_compare_response *response, bool *out_any,
                                   bool *out_unsound) CS_MUST_USE;
enum cs_status cs_repair_take_children(struct cs_repair *repair,
                                       const struct cs_compare_response *response) CS_MUST_USE;
/* Forgets ranges of the last request: the first `count` of them. */
void cs_repair_forget(struct cs_repair *repair, size_t count);

/* Lists the rows of the ranges of a request. */
enum cs_status cs_repair_list(struct cs_repair *repair) CS_MUST_USE;
/* Checks, and applies in a transaction of its own, with the note. */
enum cs_status cs_repair_take_rows(struct cs_repair *repair,
                                   const struct cs_compare_response *response,
                                   struct cs_problem *problem) CS_MUST_USE;
/* Is the digest that of the checkpoint? */
enum cs_status cs_repair_is_equal(struct cs_repair *repair, bool *out) CS_MUST_USE;

#endif
