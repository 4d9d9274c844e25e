/* Files of attachments, as sync, status and the command attachment show them. */
#ifndef CS_COMMANDS_ATTACHMENT_COMMAND_H
#define CS_COMMANDS_ATTACHMENT_COMMAND_H

#include "field-client/attachments/attachment_sync.h"
#include "field-client/console/command.h"

/* {"here", "bytes", "to_send", "bytes_to_send", "wanted"} */
struct cs_json *cs_attachment_sums_json(const struct cs_kept_attachment_sums *sums);
/* One attachment, see field-client/commands/README.md. */
struct cs_json *cs_attachment_found_json(const struct cs_attachment_found *found);

/* The last part of a sync. */
struct cs_attachment_part {
    struct cs_attachment_sync_result result;
    enum cs_status stopped; /* why it ended before its end; CS_OK: it did not */
    struct cs_problem why;
};
/* Files that wait are no failure of the sync: records are through. CS_REVOKED, CS_NO_MEMORY. */
enum cs_status cs_attachment_part_of_sync(struct cs_command *command, struct cs_replica *replica,
                                          struct cs_attachment_part *out) CS_MUST_USE;
/* Sets the members "attachments_…". */
void cs_attachment_part_json(const struct cs_attachment_part *part, struct cs_json *json);
void cs_attachment_part_print(struct cs_command *command, const struct cs_attachment_part *part);

cs_command_function cs_attachment_command_fetch;

#endif
