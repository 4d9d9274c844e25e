/* What of the command attachment others show too. */
#ifndef CS_COMMANDS_ATTACHMENT_COMMAND_H
#define CS_COMMANDS_ATTACHMENT_COMMAND_H

#include "field-client/console/command.h"
#include "field-client/replica/kept_attachments.h"

/* {"here", "bytes", "to_send", "bytes_to_send", "wanted"} */
struct cs_json *cs_attachment_sums_json(const struct cs_kept_attachment_sums *sums);

#endif
