/* Refusals corrected or put aside. Used by refusals.c only. */
#ifndef CS_COMMANDS_REFUSALS_H
#define CS_COMMANDS_REFUSALS_H

#include "field-client/console/row_view.h"
#include "field-client/replica/refusal_unit.h"

/* Makes the unit again with the field=value arguments from `first` on laid over the refused operation, in one edit. */
enum cs_status cs_refused_correct(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_refusal_unit *unit, size_t first) CS_MUST_USE;
enum cs_status cs_refused_dismiss(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_refusal_unit *unit) CS_MUST_USE;

#endif
