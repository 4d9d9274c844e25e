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
    "vault recovery make [--shares N] [--needed K] [--output DIR|-] [--root-shares]\n"
    "vault recovery rehearse\n"
    "vault recovery restore PROJECT [--into PROJECT]   with shares, when the devices that managed "
    "it\n"
    "                                    are lost and revoked: on a new device of one of those "
    "people\n"
    "vault create PROJECT [--four-eyes]  a vault, its key, and all rights for one's own devices\n"
    "vault members PROJECT               who may what, and which devices lack the key\n"
    "vault grant PROJECT PERSON [--rights list,reveal,lease,edit,approve,manage] [--until DATE]\n"
    "                                    without --rights: for a new device of a member\n"
    "vault revoke PROJECT PERSON --reason T   out with all devices, and a new key for the rest\n"
    "vault rekey [PROJECT [--always] [--four-eyes yes|no]]   new keys where they are due\n"
    "vault add PROJECT --name N [--user U] [--address A] [--field F] [--generate] [--no-secret]\n"
    "vault edit CREDENTIAL [--name N] [--user U] [--address A]\n"
    "vault set CREDENTIAL [--field F] [--generate] [--pending] [--replace]   a new secret\n"
    "  --generate [--length N] [--no-symbols]; --pending: it is not in force yet\n"
    "vault list [PROJECT]; vault show CREDENTIAL   what is stored, without secrets\n"
    "vault refused [--dismiss]; vault findings [--dismiss]   what was refused; what did not hold\n"
    "vault reveal CREDENTIAL --reason T [--work-order W] [--clipboard N]   shows a secret once, "
    "logged first;\n"
    "    --request ID when it was approved; --emergency, of which whoever manages is told\n"
    "vault lease [--days N] [--reason T] [--yes] [WORK_ORDER…]\n"
    "    takes along the passwords for your work orders of the next days (3), to be shown without "
    "network\n"
    "vault leases [--all]; vault return [LEASE]   what is taken along; giving it back\n"
    "vault code CREDENTIAL --reason T    a one-time password\n"
    "vault waiting [--give-up REQUEST]; vault approve REQUEST…\n"
    "                                    what waits for approval, at most 7 days; agreeing to it\n"
    "vault import FILE|- --project P [--dry-run]   KeePass, Bitwarden or CSV\n"
    "vault export --project P --reason T; FILE|- --request ID   by two officers\n"
    "    --password-file -: the first line of standard input, before the file\n"
    "vault access [PROJECT|PERSON]       who may do what\n"
    "vault audit [PROJECT|CREDENTIAL|PERSON] [--since DAY]\n"
    "                                    what happened: who was shown what, when and why\n"
    "vault exposed PERSON|DEVICE         what somebody knows\n"
    "vault due [PROJECT]                 what is to be changed, and why\n"
    "vault leak CREDENTIAL [--project P] [--field F] [--version V] [--reason T]\n"
    "                                    who knew a password; with a reason: declares that it "
    "leaked\n"
    "    access, audit, exposed, due and leak also answer with --csv";

const char cs_vault_details_of_rotation[] =
    "vault rotate begin PROJECT --consent TEXT\n"
    "                                    all passwords of a project are to be changed; who of the "
    "customer\n"
    "                                    agreed, how and when\n"
    "vault rotate prepare PROJECT [CREDENTIAL…] [--due] [--policy 24,lower,upper,digit] [--exclude "
    "CHARACTERS]\n"
    "                                    new passwords, stored before anybody uses one\n"
    "vault rotate apply PROJECT [CREDENTIAL…] [--helper PATH] [--option NAME=VALUE|NAME=@FILE]…\n"
    "                                    changes them where they are used; again after a failure "
    "goes on.\n"
    "                                    With four eyes both passwords want an approval, or one "
    "lease of both\n"
    "vault rotate applied|verified|failed PROJECT CREDENTIAL…\n"
    "                                    what was done by hand; failed --drop gives one up\n"
    "vault rotate confirm PROJECT [CREDENTIAL…]\n"
    "                                    those that work are in force, and what they replace is "
    "archived\n"
    "vault rotate status [PROJECT], vault rotate end PROJECT --reason TEXT";

enum cs_status cs_command_vault(struct cs_command *command)
{
    static const struct cs_subcommand list[] = {
        {"recovery", cs_vault_command_recovery, "make|rehearse|restore …"},
        {"create", cs_vault_command_create, "PROJECT [--four-eyes]"},
        {"members", cs_vault_command_members, "PROJECT"},
        {"grant", cs_vault_command_grant, "PROJECT PERSON [--rights RIGHT,…] [--until DATE]"},
        {"revoke", cs_vault_command_revoke, "PROJECT PERSON --reason TEXT"},
        {"rekey", cs_vault_command_rekey, "[PROJECT [--always] [--four-eyes yes|no]]"},
        {"add", cs_vault_command_add,
         "PROJECT --name NAME [--user USER] [--address ADDRESS] [--field FIELD] [--generate]"},
        {"edit", cs_vault_command_edit,
         "CREDENTIAL [--name NAME] [--user USER] [--address ADDRESS] [--project PROJECT]"},
        {"set", cs_vault_command_set,
         "CREDENTIAL [--field FIELD] [--generate] [--pending] [--replace] [--project PROJECT]"},
        {"list", cs_vault_command_list, "[PROJECT]"},
        {"show", cs_vault_command_show, "CREDENTIAL [--project PROJECT]"},
        {"refused", cs_vault_command_refused, "[--dismiss]"},
        {"findings", cs_vault_command_findings, "[--dismiss]"},
        {"reveal", cs_vault_command_reveal,
         "CREDENTIAL --reason TEXT [--work-order W] [--field F] [--version V] [--project P] "
         "[--clipboard SECONDS] [--seconds N] [--emergency] | --request ID"},
        {"lease", cs_vault_command_lease, "[--days N] [--reason T] [--yes] [WORK_ORDER…]"},
        {"leases", cs_vault_command_leases, "[--all]"},
        {"return", cs_vault_command_return, "[LEASE]"},
        {"code", cs_vault_command_code,
         "CREDENTIAL --reason TEXT [--work-order W] [--clipboard SECONDS] | --request ID"},
        {"waiting", cs_vault_command_waiting, "[--give-up REQUEST]"},
        {"approve", cs_vault_command_approve, "REQUEST…"},
        {"import", cs_vault_command_import,
         "FILE|- --project PROJECT [--format kdbx|bitwarden|csv] [--password-file F|-] "
         "[--key-file F] [--no-password] [--dry-run]"},
        {"export", cs_vault_command_export,
         "--project PROJECT --reason TEXT | FILE|- --request ID [--format kdbx|csv] "
         "[--password-file F|-] [--key-file F]"},
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
