/* One refused transaction: loaded, typed again with corrections, or put aside. Used by refusals.c only. */
#ifndef CS_COMMANDS_REFUSALS_H
#define CS_COMMANDS_REFUSALS_H

#include "field-client/commands/row_view.h"
#include "field-client/replica/query.h"

struct cs_refused {
    struct cs_pending pending; /* texts and transaction in the arena */
    struct cs_arena arena;
};

/* CS_NOT_FOUND: no refusal has this number. */
enum cs_status cs_refused_load(struct cs_command *command, struct cs_replica *replica,
                               uint64_t number, struct cs_refused *out) CS_MUST_USE;
void cs_refused_release(struct cs_refused *refused);
/* The operation the server refused; NULL if it named none that there is. */
const struct cs_operation *cs_refused_operation(const struct cs_pending *pending);
/*
 * Makes all its operations again, with the field=value arguments from `first` on laid over the refused one, and takes it off the list, in one
 * edit.
 */
enum cs_status cs_refused_retry(struct cs_command *command, struct cs_replica *replica,
                                const struct cs_refused *refused, size_t first) CS_MUST_USE;
enum cs_status cs_refused_dismiss(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_refused *refused) CS_MUST_USE;

#endif
