/* The command vault: which of its subcommands, and what the help says of each. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/commands/vault/vault_rotate.h"
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
    "vault code CREDENTIAL --reason T    a one-time password; its seed counts as disclosed\n"
    "vault access [PROJECT|PERSON]       who may do what\n"
    "vault audit [PROJECT|CREDENTIAL|PERSON] [--since DAY]\n"
    "                                    what happened: who was shown what, when and why\n"
    "vault exposed PERSON|DEVICE         what somebody knows\n"
    "vault due [PROJECT]                 what is to be changed, and why\n"
    "vault leak CREDENTIAL [--project P] [--field F] [--version V] [--reason T]\n"
    "                                    who knew a password; with a reason: declares that it "
    "leaked\n"
    "    access, audit, exposed, due and leak also answer with --csv\n"
    "vault rotate begin PROJECT --consent TEXT\n"
    "                                    all passwords of a project are to be changed; who of the "
    "customer\n"
    "                                    agreed, how and when\n"
    "vault rotate prepare PROJECT [CREDENTIAL…] [--policy 24,lower,upper,digit] [--exclude "
    "CHARACTERS]\n"
    "                                    new passwords, stored before anybody uses one\n"
    "vault rotate apply PROJECT [CREDENTIAL…] [--helper PATH] [--option NAME=VALUE|NAME=@FILE]…\n"
    "                                    changes them where they are used; again after a failure "
    "goes on\n"
    "vault rotate applied|verified|failed PROJECT CREDENTIAL…\n"
    "                                    what was done by hand; failed --drop gives one up\n"
    "vault rotate confirm PROJECT [CREDENTIAL…]\n"
    "                                    those that work are in force, and what they replace is "
    "archived\n"
    "vault rotate status [PROJECT], vault rotate end PROJECT --reason TEXT";

enum cs_status cs_command_vault(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"list", cs_vault_command_list, "[PROJECT]"},
        {"reveal", cs_vault_command_reveal,
         "CREDENTIAL --reason TEXT [--work-order W] [--field F] [--version V] [--project P] "
         "[--clipboard SECONDS] [--seconds N] [--emergency] | --request ID"},
        {"code", cs_vault_command_code,
         "CREDENTIAL --reason TEXT [--work-order W] [--clipboard SECONDS] | --request ID"},
        {"access", cs_vault_command_access, "[PROJECT|PERSON] [--csv]"},
        {"audit", cs_vault_command_audit, "[PROJECT|CREDENTIAL|PERSON] [--since DAY] [--csv]"},
        {"exposed", cs_vault_command_exposed, "PERSON|DEVICE [--csv]"},
        {"due", cs_vault_command_due, "[PROJECT] [--csv]"},
        {"leak", cs_vault_command_leak,
         "CREDENTIAL [--project P] [--field F] [--version V] [--reason T] [--csv]"},
        {"rotate", cs_vault_command_rotate,
         "begin|prepare|status|apply|applied|verified|failed|confirm|end …"},
    };
    return cs_subcommand_run(command, list, CS_COUNT(list));
}
