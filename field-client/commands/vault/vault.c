/* The command vault: which of its subcommands, and what the help says of each. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/subcommand.h"

const char cs_vault_details[] =
    "PROJECT: a project's id, the beginning of it, or its code. CREDENTIAL: an item's id, the "
    "beginning of\n"
    "it, or its exact name. PERSON: a name, an id or the beginning of it; it stands for all of "
    "the person's\n"
    "devices. Secrets are asked for without echo, or read from standard input; they are never "
    "arguments.\n"
    "vault list [PROJECT]                what is stored, without secrets";

enum cs_status cs_command_vault(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"list", cs_vault_command_list, "[PROJECT]"},
    };
    return cs_subcommand_run(command, list, CS_COUNT(list));
}
