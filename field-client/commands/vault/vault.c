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
    "vault list [PROJECT]                what is stored, without secrets\n"
    "vault reveal CREDENTIAL --reason T  shows a secret once, after it was logged; on a terminal "
    "until a key or\n"
    "    --seconds N, else to standard output; --clipboard N puts it there for N seconds. Whoever "
    "is no officer\n"
    "    names a --work-order. Where somebody else has to agree: --request ID afterwards\n"
    "vault code CREDENTIAL --reason T    a one-time password; its seed counts as disclosed";

enum cs_status cs_command_vault(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"list", cs_vault_command_list, "[PROJECT]"},
        {"reveal", cs_vault_command_reveal,
         "CREDENTIAL --reason TEXT [--work-order W] [--field F] [--version V] [--project P] "
         "[--clipboard SECONDS] [--seconds N] [--emergency] | --request ID"},
        {"code", cs_vault_command_code,
         "CREDENTIAL --reason TEXT [--work-order W] [--clipboard SECONDS] | --request ID"},
    };
    return cs_subcommand_run(command, list, CS_COUNT(list));
}
