/*
 * A device whose client obeys no rules: it joined like any other and has real keys, but makes its change-sets by hand.
 *
 * Wraps a laptop that has joined and whose own client has sent nothing; that client is not used any more. Transactions are
 * collected, sealed into inners and sent; what the server answered stays readable until the next request.
 */
#ifndef TESTS_SIMULATION_HOSTILE_H
#define TESTS_SIMULATION_HOSTILE_H

#include "tests/simulation/universe.h"

#include "shared/wire/messages.h"

#define HOSTILE_TRANSACTIONS_MAX 20000
#define HOSTILE_CHANGES_MAX 16

struct hostile {
    struct laptop *laptop;
    uint64_t sequence; /* last one sealed */
    uint8_t head[CS_HASH_SIZE];
    uint64_t counter;
    uint64_t request_counter;
    struct cs_arena arena;
    struct cs_transaction *transactions; /* collected */
    size_t transaction_count;
    size_t operations_max; /* per transaction, for those begun from now on */
    long fail_after;  /* allocations of the server that succeed before one fails; -1: none does */
    long allocations; /* of the server, for the last request */
    bool without_log; /* requests of format 1 */
    /* The last answer. */
    struct cs_arena answer_arena;
    struct cs_sync_response response;
    struct cs_failure_response failure;
};

void hostile_open(struct hostile *hostile, struct laptop *laptop);
void hostile_close(struct hostile *hostile);

/* Collecting: a transaction, in it operations, in them changes, in them versions seen. Values are copied, names are not. */
struct cs_transaction *hostile_begin(struct hostile *hostile);
struct cs_operation *hostile_operation(struct hostile *hostile, enum cs_operation_kind kind,
                                       const char *entity, struct cs_id row);
void hostile_change(struct hostile *hostile, const char *field, struct cs_value value);
void hostile_text(struct hostile *hostile, const char *field, const char *text);
void hostile_base(struct hostile *hostile, uint64_t log, uint64_t counter);
/* Version of the transaction begun last. */
struct cs_version hostile_version(const struct hostile *hostile);
/* An id nobody has. */
struct cs_id hostile_id(struct hostile *hostile);
/* One whole transaction: a part with this code. */
struct cs_id hostile_part(struct hostile *hostile, const char *code);

/* The header that an honest client would give the collected transactions. */
struct cs_inner_header hostile_header(const struct hostile *hostile);
/* Signs header and body as they are. */
void hostile_sign(struct hostile *hostile, const struct cs_inner_header *header,
                  struct cs_bytes body, struct cs_buffer *inner);
/* Encodes what was collected as an honest client would and counts on. */
void hostile_seal(struct hostile *hostile, struct cs_buffer *inner);

/* Sends. CS_OK and `response`; the status in `failure`; CS_MALFORMED when the server gave no answer at all. */
enum cs_status hostile_send(struct hostile *hostile, const struct cs_bytes *inners,
                            size_t count) CS_MUST_USE;
/* Seals and sends what was collected. */
enum cs_status hostile_push(struct hostile *hostile) CS_MUST_USE;
/* What became of the nth transaction of the last answer. */
enum cs_outcome hostile_outcome(const struct hostile *hostile, uint64_t index);

#endif
