/*
 * Lists as people ask for them: rows that fulfil conditions and hold words, in the order of a field, a part at a time.
 *
 * Used by the command list and whatever shows tables. As query.h it reads the view: confirmed state with unsent edits laid over.
 */
#ifndef CS_REPLICA_QUERY_SELECT_H
#define CS_REPLICA_QUERY_SELECT_H

#include "field-client/replica/replica.h"

#define CS_QUERY_CONDITIONS_MAX ((size_t)32)
#define CS_QUERY_SEARCH_MAX ((size_t)256)
#define CS_QUERY_WORDS_MAX ((size_t)8)

enum cs_query_relation {
    CS_QUERY_EQUAL,    /* empty text: the field has no value */
    CS_QUERY_AT_LEAST, /* these two for integers, money, dates and instants */
    CS_QUERY_AT_MOST,
};
/* Texts as typed, parsed as cs_edit_parse does. For AT_LEAST and AT_MOST an instant may be a date: from its first, to its last
 * millisecond by the clock of this laptop. */
struct cs_query_condition {
    struct cs_bytes field;
    struct cs_bytes text;
    enum cs_query_relation relation;
};

enum cs_query_direction { CS_QUERY_ASCENDING, CS_QUERY_DESCENDING };

struct cs_query_selection {
    const struct cs_query_condition *conditions;
    size_t condition_count;
    /* Words between blanks. A row has each of them, as a part of one of its search fields or its label field, or of the label of a row
     * that a listed reference of it means. Latin letters are the same in both cases. Empty: every row. */
    struct cs_bytes search;
    /* A listed field; empty: by id, which is the order in which rows were made. References by label, choices in their order, rows
     * without a value last, equal ones by id. */
    struct cs_bytes sort;
    enum cs_query_direction direction;
    int64_t offset; /* rows left out at the beginning */
    int64_t limit;  /* INT64_MAX: all */
};

struct cs_query_extent {
    bool more;     /* there are rows behind the last one */
    int64_t total; /* rows without offset and limit */
};

/*
 * The visitor's status other than CS_OK ends the list and is returned; it may use the replica. `out` is written before the first row;
 * `total` only if asked for, since counting reads all rows. CS_NOT_FOUND: unknown names; CS_INVALID: a value, or a field that does
 * not suit; CS_LIMIT: too many conditions or words.
 */
enum cs_query_counting { CS_QUERY_UNCOUNTED, CS_QUERY_COUNTED };
enum cs_status cs_query_select(struct cs_replica *replica, struct cs_bytes entity,
                               const struct cs_query_selection *selection,
                               enum cs_query_counting counting, struct cs_query_extent *out,
                               cs_row_visitor *visit, void *context,
                               struct cs_problem *problem) CS_MUST_USE;

#endif
