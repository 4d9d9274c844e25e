/*
 * What waits for somebody's approval: requests, leases and exports that have no answer yet. Those that this person may approve, and the own
 * ones whose key is kept on this laptop (waiting_key.h), also when they are answered and only have to be opened.
 */
#ifndef CS_FIELD_CLIENT_VAULT_WAITING_H
#define CS_FIELD_CLIENT_VAULT_WAITING_H

#include "field-client/vault/book.h"

enum cs_vault_waiting_state {
    CS_VAULT_WAITS_TO_BE_SENT,   /* own: the next sync sends it */
    CS_VAULT_WAITS_FOR_OTHERS,   /* own: logged, nobody has approved it yet */
    CS_VAULT_WAITS_TO_BE_OPENED, /* own: approved and released */
    CS_VAULT_WAITS_REFUSED,      /* own: the server did not take it */
    CS_VAULT_WAITS_FOR_ME,       /* somebody else's, for this person to approve */
};

struct cs_vault_waiting {
    enum cs_vault_waiting_state state;
    struct cs_vault_record record;
    struct cs_id person; /* who asked */
    int64_t logged_ms;   /* 0: not yet */
    int64_t
        ends_ms; /* then it is over, if nobody has approved it (rules.h); 0: not logged yet, or approved */
    enum cs_status refusal;
    struct cs_bytes refusal_text;
};

/* Can it still be approved, and would the answer open? CS_EXPIRED: it is over, or was given up; `problem` says which. */
enum cs_status cs_vault_waiting_check(struct cs_vault_book *book,
                                      const struct cs_vault_record *request, int64_t logged_ms,
                                      struct cs_problem *problem) CS_MUST_USE;
/* Can there be anything? Costs little, whatever was asked for before: only what is recent is looked at. */
enum cs_status cs_vault_waiting_any(struct cs_replica *replica, bool *out) CS_MUST_USE;
/* In all vaults; own ones first, each in the order in which they came. Everything is in the arena. A vault that does not verify
 * (cs_vault_book_log) is left out: it is a finding already. */
enum cs_status cs_vault_waiting_list(struct cs_vault_book *book, struct cs_arena *arena,
                                     struct cs_vault_waiting **out, size_t *out_count) CS_MUST_USE;
/*
 * The one that was typed: the id of a request in hexadecimal or the beginning of it, at least 4 characters.
 * CS_NOT_FOUND, also where several begin like that; the text says which.
 */
enum cs_status cs_vault_waiting_find(const struct cs_vault_waiting *list, size_t count,
                                     struct cs_bytes text, const struct cs_vault_waiting **out,
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
