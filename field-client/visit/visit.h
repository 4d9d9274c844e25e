/*
 * What a technician does on site: start a visit, record parts and texts, have it signed, leave (requirements D, A7).
 *
 * Used by the commands and the user interface. Works on the view through the replica's edit and query functions, without a network;
 * every function that changes something is one local edit of one transaction, on disk when it returns.
 *
 * What must stay true: what happened on site is recorded. Where it looks odd (a cancelled order, a van that holds too little, a
 * change after the signature) the caller gets a warning and the office an exception, not a refusal.
 */
#ifndef CS_VISIT_VISIT_H
#define CS_VISIT_VISIT_H

#include "field-client/replica/replica.h"
#include "field-client/visit/lines.h"
#include "shared/domain/receipt_number.h"

/* A time that people may give in place of now. */
struct cs_visit_time {
    bool given;
    int64_t instant;
};

/*
 * The visit people mean: id, unique prefix of one, or the number (id, prefix) of a work order on which this person has one visit that was not
 * left yet. CS_NOT_FOUND; CS_EXISTS: several fit.
 */
enum cs_status cs_visit_resolve(struct cs_replica *replica, struct cs_bytes text, struct cs_id *out,
                                struct cs_problem *problem) CS_MUST_USE;

struct cs_visit_start {
    struct cs_bytes work_order; /* number, id or prefix */
    bool another;               /* also when an unfinished visit of this person on it exists */
    struct cs_visit_time departed;
    struct cs_visit_time arrived; /* otherwise now */
};
struct cs_visit_started {
    struct cs_id visit;
    struct cs_id work_order;
    bool existed; /* an unfinished visit was found; nothing was changed */
};
/* Inserts the visit and sets the work order to on_site. `warnings` may be NULL here and below. */
enum cs_status cs_visit_start(struct cs_replica *replica, const struct cs_visit_start *start,
                              struct cs_lines *warnings, struct cs_visit_started *out,
                              struct cs_problem *problem) CS_MUST_USE;

struct cs_visit_part {
    struct cs_bytes part; /* code, id or prefix */
    int64_t quantity;
    struct cs_bytes serial; /* empty: none */
    struct cs_bytes from;   /* code, name, id or prefix of a stock location; empty: the own van */
};
struct cs_visit_parted {
    struct cs_id movement;
    struct cs_id from;
    int64_t balance; /* what the place holds of the part afterwards, by the movements in view */
};
/*
 * A movement out of the own van (or `from`) with reason "used" and nowhere to go to: used up at the customer's. CS_NOT_FOUND: this
 * person has no van; CS_EXISTS: several. A balance below zero is recorded with a warning.
 */
enum cs_status cs_visit_use_part(struct cs_replica *replica, const struct cs_id *visit,
                                 const struct cs_visit_part *use, struct cs_lines *warnings,
                                 struct cs_visit_parted *out,
                                 struct cs_problem *problem) CS_MUST_USE;

/* Appends a line to the visit's note. CS_INVALID for an empty text. */
enum cs_status cs_visit_add_note(struct cs_replica *replica, const struct cs_id *visit,
                                 struct cs_bytes text, struct cs_problem *problem) CS_MUST_USE;
/* Sets actual_fault, work_done or result as typed. CS_INVALID for an empty text; a warning when the visit was signed already. */
enum cs_status cs_visit_record(struct cs_replica *replica, const struct cs_id *visit,
                               struct cs_bytes field, struct cs_bytes text,
                               struct cs_lines *warnings, struct cs_problem *problem) CS_MUST_USE;

#define CS_RECEIPT_NUMBER_MAX CS_RECEIPT_NUMBER_TEXT_MAX
struct cs_visit_sign {
    struct cs_bytes signer;  /* the customer's name */
    struct cs_bytes strokes; /* JSON, see strokes.h; kept as it is */
};
struct cs_visit_signed {
    struct cs_id receipt;
    char number[CS_RECEIPT_NUMBER_MAX];
    int64_t signed_at;
};
/*
 * Draws the next number of this device's series, writes down what the customer was shown, signs it with the device's key and stores the receipt;
 * the visit becomes signed. CS_EXISTS: signed already, naming the receipt; CS_INVALID: work_done or result is missing, saying which
 * command sets it, or what cs_strokes_check says.
 */
enum cs_status cs_visit_sign(struct cs_replica *replica, const struct cs_id *visit,
                             const struct cs_visit_sign *sign, struct cs_visit_signed *out,
                             struct cs_problem *problem) CS_MUST_USE;

struct cs_visit_finish {
    struct cs_visit_time left;       /* otherwise now, unless it is set */
    struct cs_bytes unsigned_reason; /* goes into the note; needed where there is no receipt */
};
/* Sets left_at, and the work order to finished. CS_INVALID: not signed and no reason given; left before it arrived. */
enum cs_status cs_visit_finish(struct cs_replica *replica, const struct cs_id *visit,
                               const struct cs_visit_finish *finish, struct cs_lines *warnings,
                               struct cs_problem *problem) CS_MUST_USE;

/* The visits of this person that were not left yet, in ascending order of ids; in the arena. */
enum cs_status cs_visit_list_open(struct cs_replica *replica, struct cs_arena *arena,
                                  struct cs_id **out_ids, size_t *out_count) CS_MUST_USE;
/* The movements of a visit, in ascending order of ids; in the arena. */
enum cs_status cs_visit_list_parts(struct cs_replica *replica, const struct cs_id *visit,
                                   struct cs_arena *arena, struct cs_id **out_ids,
                                   size_t *out_count) CS_MUST_USE;
/* The visit's first receipt that was not declared void; *out_found tells whether there is one. */
enum cs_status cs_visit_receipt(struct cs_replica *replica, const struct cs_id *visit,
                                struct cs_id *out, bool *out_found) CS_MUST_USE;

#endif
