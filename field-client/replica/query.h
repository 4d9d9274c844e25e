/*
 * Reading the replica: rows by id, key or filter, labels, and what has not been sent or was
 * refused.
 *
 * Used by commands, visit and the user interface. Reads the view: confirmed state with unsent edits
 * laid over. Nothing here writes. Callbacks must not call into this file for the same entity's
 * list.
 */
#ifndef CS_REPLICA_QUERY_H
#define CS_REPLICA_QUERY_H

#include "field-client/replica/replica.h"
#include "shared/wire/change_set.h"

/*
 * The live row with this id. CS_NOT_FOUND if it is missing or deleted; also for an unknown entity.
 * Row and views in the arena.
 */
enum cs_status cs_query_get(struct cs_replica *replica, struct cs_bytes entity,
                            const struct cs_id *id, struct cs_arena *arena,
                            struct cs_stored_row *out, struct cs_problem *problem) CS_MUST_USE;
/*
 * The live row people mean: whole id, natural key, or an id prefix of at least 4 hexadecimal digits
 * that fits one row only. CS_NOT_FOUND; CS_EXISTS "fits several rows" naming the first ones.
 */
enum cs_status cs_query_resolve(struct cs_replica *replica, struct cs_bytes entity,
                                struct cs_bytes text, struct cs_id *out,
                                struct cs_problem *problem) CS_MUST_USE;
/*
 * Ids of live rows with field = value, ascending, at most `limit`; in the arena. CS_NOT_FOUND for
 * an unknown name only.
 */
enum cs_status cs_query_find(struct cs_replica *replica, struct cs_bytes entity,
                             struct cs_bytes field, const struct cs_value *value, size_t limit,
                             struct cs_arena *arena, struct cs_id **out_ids, size_t *out_count,
                             struct cs_problem *problem) CS_MUST_USE;

/*
 * "field" and "value" as typed; parsed as cs_edit_parse does, so references may be keys. Empty
 * text: the field is not set.
 */
struct cs_query_filter {
    struct cs_bytes field;
    struct cs_bytes text;
};
/*
 * Live rows in ascending order of ids; the visitor's status other than CS_OK ends the list and is
 * returned.
 */
enum cs_status cs_query_list(struct cs_replica *replica, struct cs_bytes entity,
                             const struct cs_query_filter *filters, size_t filter_count,
                             cs_row_visitor *visit, void *context,
                             struct cs_problem *problem) CS_MUST_USE;

/*
 * What people see in place of an id: appends the label field's text, else the id. A missing row
 * gives its id.
 */
enum cs_status cs_query_label(struct cs_replica *replica, const struct cs_entity *entity,
                              const struct cs_id *id, struct cs_buffer *out) CS_MUST_USE;
/* Does a transaction not yet accepted by the server touch this row? */
enum cs_status cs_query_is_unsent(struct cs_replica *replica, struct cs_bytes entity,
                                  const struct cs_id *id, bool *out) CS_MUST_USE;

enum cs_pending_state {
    CS_PENDING_WAITING = 1, /* committed here, in no change-set yet */
    CS_PENDING_PACKED = 2,  /* in a stored change-set, outcome unknown */
    CS_PENDING_REFUSED = 3, /* refused: off the view, values kept for correction */
    CS_PENDING_HELD = 4,    /* on the server, waiting for something it is based on */
    /* Off the refusal list, for cs_query_settled only. */
    CS_PENDING_CORRECTED = 5, /* sent anew with other values */
    CS_PENDING_DISMISSED = 6, /* put aside by a person */
};
struct cs_pending_counts {
    int64_t waiting, packed, refused, held;
};
enum cs_status cs_query_pending_counts(struct cs_replica *replica,
                                       struct cs_pending_counts *out) CS_MUST_USE;

struct cs_pending {
    uint64_t counter;
    enum cs_pending_state state;
    uint64_t change_set;               /* sequence, 0 = none */
    struct cs_transaction transaction; /* decoded */
    enum cs_status refusal_status;     /* the rest for what was refused only */
    struct cs_bytes refusal_text;
    uint32_t refusal_operation;
    struct cs_bytes refusal_field;
    int64_t settled_ms; /* own clock when it was corrected or dismissed, else 0 */
};
typedef enum cs_status cs_pending_visitor(void *context, const struct cs_pending *pending);
/*
 * In counter order; `state` 0 = all. Valid during the call only. The refusal list is state
 * CS_PENDING_REFUSED.
 */
enum cs_status cs_query_pending(struct cs_replica *replica, int state, cs_pending_visitor *visit,
                                void *context) CS_MUST_USE;
/* Likewise all that were corrected or dismissed, in the order in which they were. */
enum cs_status cs_query_settled(struct cs_replica *replica, cs_pending_visitor *visit,
                                void *context) CS_MUST_USE;

/*
 * Until the first pull of a replica is complete its rows are not all there: whoever shows rows says so. Pages that have come stand
 * aside until then.
 */
struct cs_first_sync {
    bool done;
    int64_t pages; /* that stand aside */
    int64_t rows;  /* in them */
};
enum cs_status cs_query_first_sync(struct cs_replica *replica,
                                   struct cs_first_sync *out) CS_MUST_USE;

/*
 * Live rows of an entity where a choice or text field has this value; an unknown entity or field
 * counts 0.
 */
enum cs_status cs_query_count(struct cs_replica *replica, const char *entity, const char *field,
                              const char *text, int64_t *out) CS_MUST_USE;

/*
 * Up to four names near `name`, comma-separated, for "did you mean"; all names when none is near.
 * Appends.
 */
void cs_query_near_entities(const struct cs_registry *registry, struct cs_bytes name,
                            struct cs_buffer *out);
void cs_query_near_fields(const struct cs_entity *entity, struct cs_bytes name,
                          struct cs_buffer *out);

#endif
