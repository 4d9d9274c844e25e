/*
 * Numbers of receipts that stand for nothing (作废), and the account of a whole series: every number is used, void, missing or on
 * several receipts (requirement D4). Used by the command receipt.
 */
#ifndef CS_VISIT_VOID_H
#define CS_VISIT_VOID_H

#include "field-client/replica/replica.h"
#include "field-client/visit/visit.h"

#define CS_RECEIPT_VOID_KIND "receipt_void"

struct cs_receipt_voided {
    struct cs_id row; /* of receipt_void */
    char number[CS_RECEIPT_NUMBER_MAX];
    bool has_receipt; /* a receipt had it */
    struct cs_id receipt;
};
/*
 * Declares a number void, or the receipt that has it: a signed row of its own, in one transaction. `text` is a number, or the id of a
 * receipt or the beginning of it. The visit of a void receipt may be signed again.
 * CS_INVALID: no reason, or a number that was not given yet; CS_NOT_FOUND: no such receipt or series; CS_EXISTS: void already, or
 * several receipts have the number, naming their ids; CS_DENIED.
 */
enum cs_status cs_receipt_void(struct cs_replica *replica, struct cs_bytes text,
                               struct cs_bytes reason, struct cs_receipt_voided *out,
                               struct cs_problem *problem) CS_MUST_USE;
/* The reason why a receipt is void, in the arena; *out is empty where it stands. */
enum cs_status cs_receipt_void_reason(struct cs_replica *replica, const struct cs_id *receipt,
                                      struct cs_arena *arena, struct cs_bytes *out) CS_MUST_USE;

enum cs_number_state {
    CS_NUMBER_USED,      /* one receipt that stands */
    CS_NUMBER_VOID,      /* declared so; no receipt of the number stands */
    CS_NUMBER_GAP,       /* below the greatest one accounted for, and neither */
    CS_NUMBER_DUPLICATE, /* several receipts stand */
};
/* "used", "void", "gap", "duplicate"; Chinese. */
const char *cs_number_state_name(enum cs_number_state state);
const char *cs_number_state_label_zh(enum cs_number_state state);

/* What stands for a number: a receipt, or a declaration. */
struct cs_number_item {
    int64_t number;
    struct cs_id row;
    bool is_void; /* a declaration, or a receipt that was declared void */
    bool is_receipt;
    struct cs_bytes reason; /* of a declaration */
};
struct cs_number_range {
    enum cs_number_state state;
    int64_t first, last;
};
struct cs_series_account {
    struct cs_id series;
    struct cs_bytes prefix;
    struct cs_id person; /* zero: none */
    int64_t counts[4];   /* numbers by state */
    struct cs_number_range *ranges;
    size_t range_count;
    struct cs_number_item *items; /* ascending by number */
    size_t item_count;
};
/*
 * The account of a series by what is in view (a technician sees the own ones, the office all); everything in the arena.
 * CS_LIMIT: more receipts than are read.
 */
enum cs_status cs_series_account(struct cs_replica *replica, const struct cs_id *series,
                                 struct cs_arena *arena, struct cs_series_account *out,
                                 struct cs_problem *problem) CS_MUST_USE;

#endif
