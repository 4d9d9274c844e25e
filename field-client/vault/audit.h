/*
 * The history of a vault, as its records tell it: who was let in, who wrote, asked, was shown, approved, tried and confirmed what, when
 * and why. In the order of the server's log; every record was verified when it came.
 *
 * A record that asks for several versions is one event for each, so that the history of one credential, or of one person, is a plain
 * selection. What the server released and who approved stands with what was asked.
 */
#ifndef CS_FIELD_CLIENT_VAULT_AUDIT_H
#define CS_FIELD_CLIENT_VAULT_AUDIT_H

#include "field-client/vault/book.h"

struct cs_audit_event {
    enum cs_vault_kind kind; /* never release or approval */
    uint64_t feed;
    int64_t logged_ms;  /* by the server */
    int64_t claimed_ms; /* by the author: when he says that it happened */
    uint8_t record[CS_HASH_SIZE];
    uint8_t author[CS_HASH_SIZE];    /* certificate id */
    struct cs_id item;               /* zero: it is about no item */
    struct cs_bytes field;           /* empty: listing data, or no item */
    struct cs_id version;            /* zero: none */
    int64_t state;                   /* state */
    uint8_t recipient[CS_HASH_SIZE]; /* grant, withdrawal */
    int64_t rights;                  /* grant */
    int64_t expires_ms;              /* grant, lease */
    bool ends;                       /* campaign: it ends one */
    struct cs_bytes reason;
    struct cs_bytes work_order; /* id, or empty */
    bool released;              /* asked, and answered by the server */
    int64_t released_ms;
    bool approved;
    uint8_t approver[CS_HASH_SIZE];
};
/* All events; list and texts are in the arena. As cs_vault_book_log; CS_CORRUPT. */
enum cs_status cs_audit_read(struct cs_vault_book *book, const struct cs_id *vault,
                             struct cs_arena *arena, struct cs_audit_event **out, size_t *out_count,
                             struct cs_problem *problem) CS_MUST_USE;

#endif
