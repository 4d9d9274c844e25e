/*
 * Comparing what a device holds with what the server holds, when their digests differ (PROTOCOL.md, chapter "Compare"). Pure.
 *
 * The device asks at the position of its checkpoint: first for the sums of its scopes, then for the sums of ranges, then it lists
 * what it has in the smallest ranges that differ and is sent the rows it lacks or has otherwise. The server reads at a later
 * position; whatever moved between the two it names in `moved`, and both sides leave those rows out.
 *
 * Used by field-client/sync/repair and sync-server/handlers. Decoded messages borrow from their arena only.
 */
#ifndef CS_WIRE_COMPARE_H
#define CS_WIRE_COMPARE_H

#include "shared/wire/messages.h"

enum cs_compare_step {
    CS_COMPARE_SCOPES = 1, /* the sums of all scopes */
    CS_COMPARE_RANGES = 2, /* the sums of the children of each range */
    CS_COMPARE_ROWS = 3,   /* rows that differ from those listed for each range */
    CS_COMPARE_REPORT = 4, /* what it came to, for the office */
};

/*
 * A range of rows of one scope: those whose key begins with the 6 × depth bits of `prefix`. Depth 0 is the whole scope; a range has
 * CS_COMPARE_FANOUT children, one level deeper.
 */
struct cs_compare_range {
    uint32_t scope; /* index in the request's scopes */
    uint8_t depth;  /* ≤ CS_COMPARE_DEPTH_MAX */
    uint64_t prefix;
};
/* Where a row stands: the first 64 bits of a hash of entity and id, so that rows spread evenly whatever their ids. */
uint64_t cs_compare_key(struct cs_bytes entity, const struct cs_id *row);
/* By scope, depth, prefix. */
int cs_compare_range_order(const struct cs_compare_range *a, const struct cs_compare_range *b);
bool cs_compare_range_holds(const struct cs_compare_range *range, uint64_t key);
/* The child that holds the key; of a range above the deepest level. */
struct cs_compare_range cs_compare_range_child(const struct cs_compare_range *range, uint64_t key);
/* The one range of this scope that holds the key; `count` when there is none. `ranges`: ascending, none inside another. */
size_t cs_compare_range_find(const struct cs_compare_range *ranges, size_t count, uint32_t scope,
                             uint64_t key);
/* A row hash as ranges and lists carry it: its first 64 bits. They locate; what proves equality is the whole digest. */
uint64_t cs_compare_short(const uint8_t hash[static CS_HASH_SIZE]);

/* A row by name: entity, then id. */
int cs_compare_name_order(struct cs_bytes entity_a, const struct cs_id *row_a,
                          struct cs_bytes entity_b, const struct cs_id *row_b);

struct cs_compare_entry {
    struct cs_bytes entity;
    struct cs_id row;
    uint64_t hash; /* cs_compare_short */
};

/* What a device tells of a comparison once it is over. */
enum cs_compare_outcome {
    CS_COMPARE_REPAIRED = 1,    /* rows differed and are equal again */
    CS_COMPARE_SUMS_MENDED = 2, /* only its own stored sums were wrong */
    CS_COMPARE_SERVER_SUM = 3,  /* its rows are the server's: the server's stored sums are wrong */
    CS_COMPARE_UNREPAIRED = 4,  /* it still differs */
};
struct cs_compare_report {
    enum cs_compare_outcome outcome;
    uint64_t rows;     /* put right */
    uint64_t departed; /* taken away */
    uint64_t sums;     /* of the device that were wrong against its own rows */
};

struct cs_compare_request {
    enum cs_compare_step step;
    uint8_t incarnation[16];
    uint64_t position;            /* of the device's checkpoint */
    struct cs_scope_name *scopes; /* the device's, ascending */
    size_t scope_count;
    /* RANGES, ROWS: ascending, none inside another. */
    struct cs_compare_range *ranges;
    size_t range_count;
    /* ROWS: so many entries belong to each range, in the order of the ranges; in each ascending by name. */
    uint32_t *list_counts;
    struct cs_compare_entry *entries;
    size_t entry_count;
    /* REPORT */
    struct cs_compare_report report;
};

struct cs_compare_sum {
    uint64_t count;
    struct cs_multiset multiset;
    bool sound; /* the server's stored digest is that of the rows it holds now */
};
struct cs_compare_child {
    uint64_t count;
    uint64_t sum; /* of cs_compare_short, mod 2^64 */
};

struct cs_compare_response {
    uint8_t incarnation[16];
    uint64_t position;          /* that the server has read at */
    struct cs_departure *moved; /* rows that changed, came or left since the request's position */
    size_t moved_count;
    struct cs_compare_sum *sums; /* SCOPES: one per scope */
    size_t sum_count;
    struct cs_compare_child *children; /* RANGES: CS_COMPARE_FANOUT per range */
    size_t child_count;
    /* ROWS: the first `answered` lists are answered whole; the others did not fit. */
    size_t answered;
    struct cs_scope_set *scope_sets; /* of indexes in the request's scopes */
    size_t scope_set_count;
    struct cs_row *rows;
    size_t row_count;
    struct cs_departure *departures; /* listed, but in none of the device's scopes */
    size_t departure_count;
};

enum cs_status cs_compare_request_encode(const struct cs_compare_request *request,
                                         struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_compare_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_compare_request *out) CS_MUST_USE;
enum cs_status cs_compare_response_encode(const struct cs_compare_response *response,
                                          struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_compare_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_compare_response *out) CS_MUST_USE;

#endif
