/* What the commands history and revert share: which row, which moment. */
#ifndef CS_COMMANDS_HISTORY_H
#define CS_COMMANDS_HISTORY_H

#include "field-client/console/command.h"
#include "field-client/sync/history.h"

/* The row that was typed: as cs_command_row, also one that was deleted; a whole id is taken as it is, for only the server may know the row. */
enum cs_status cs_history_row(struct cs_command *command, struct cs_replica *replica,
                              const struct cs_entity *entity, struct cs_bytes text,
                              struct cs_id *out) CS_MUST_USE;
/* "2026-11-30 17:05" in the local zone, or RFC 3339. false: it is no moment. */
bool cs_history_moment(const struct cs_command *command, const char *text, int64_t *out_ms);
/* CS_EXPIRED, CS_NOT_FOUND: why there is no state at this moment. */
enum cs_status cs_history_no_state(struct cs_command *command, const struct cs_past *past,
                                   int64_t at_ms) CS_MUST_USE;
/* A moment in the local zone. */
struct cs_json *cs_history_moment_json(const struct cs_command *command, int64_t ms);

#endif
