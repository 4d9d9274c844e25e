/*
 * The note that this replica once differed from the server (replica/repair_note.h), as `status` and `doctor` show it.
 */
#ifndef CS_COMMANDS_DIFFERENCE_NOTE_H
#define CS_COMMANDS_DIFFERENCE_NOTE_H

#include "field-client/console/command.h"

/* An object with times, at, outcome, rows, departed, sums, reported, text; null if it never differed. *out is owned by the caller. */
enum cs_status cs_difference_note_json(struct cs_replica *replica,
                                       struct cs_json **out) CS_MUST_USE;
/* One line; nothing if it never differed. */
enum cs_status cs_difference_note_print(struct cs_command *command,
                                        struct cs_replica *replica) CS_MUST_USE;

#endif
