/* What the commands visit and receipt share: times, the visit that was typed, warnings. Used by visit_*.c and receipt_*.c. */
#ifndef CS_COMMANDS_VISIT_COMMAND_H
#define CS_COMMANDS_VISIT_COMMAND_H

#include "field-client/console/command.h"
#include "field-client/visit/visit.h"

/* The option `name` ("--left") as a time; CS_USAGE when it is none. */
enum cs_status cs_visit_option_time(struct cs_command *command, const char *name,
                                    struct cs_visit_time *out) CS_MUST_USE;
/* Opens the replica and finds the visit that stands in the first argument. */
enum cs_status cs_visit_argument(struct cs_command *command, struct cs_replica **out_replica,
                                 struct cs_id *out) CS_MUST_USE;
/* An array of texts; NULL: no memory. */
struct cs_json *cs_lines_json(const struct cs_lines *lines);
/* {"entity": …, "id": …} */
struct cs_json *cs_visit_answer(const char *entity, const struct cs_id *id);
/* Answers: with --json the object with "warnings" set; otherwise `text` to standard output and the warnings to standard error. */
enum cs_status cs_visit_conclude(struct cs_command *command, struct cs_json *owned_json,
                                 const char *text, const struct cs_lines *warnings) CS_MUST_USE;

/* The subcommands; argument 0 is what follows the subcommand's name. */
cs_command_function cs_visit_command_start;
cs_command_function cs_visit_command_part;
cs_command_function cs_visit_command_note;
cs_command_function cs_visit_command_fault;
cs_command_function cs_visit_command_work;
cs_command_function cs_visit_command_result;
cs_command_function cs_visit_command_attach;
cs_command_function cs_visit_command_sign;
cs_command_function cs_visit_command_finish;
cs_command_function cs_visit_command_list;
cs_command_function cs_visit_command_show;
cs_command_function cs_receipt_command_show;
cs_command_function cs_receipt_command_verify;
cs_command_function cs_receipt_command_void;
cs_command_function cs_receipt_command_series;

#endif
