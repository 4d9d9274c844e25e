/* The files of a laptop that hold the root key, written anew without it; see root_forget.h. */
#include "field-client/commands/root_forget.h"

#include "field-client/commands/identity_files.h"
#include "field-client/console/passphrase_prompt.h"

struct forgetting {
    struct cs_command *command;
    struct cs_identity *identity;
};

static enum cs_status save_without(void *context, const char *name)
{
    struct forgetting *forgetting = context;
    cs_identity_forget_root(forgetting->identity);
    return cs_identity_save(forgetting->command->world, forgetting->identity,
                            forgetting->command->home, name);
}

static enum cs_status forget_in(struct cs_command *command, struct cs_identity *identity,
                                const char *name)
{
    struct forgetting forgetting = {command, identity};
    return cs_identity_replace(command, name, save_without, &forgetting);
}

/* With the passphrase of now, or, where that was changed without reaching this file, with the one of before. */
static enum cs_status unlock_former(struct cs_command *command, const char *name,
                                    struct cs_bytes passphrase, struct cs_identity **out)
{
    struct cs_secret *former = NULL;
    enum cs_status status =
        cs_identity_unlock(command->world, command->home, name, passphrase, out, &command->problem);
    if (status != CS_WRONG_PASSPHRASE) {
        return status;
    }
    status = cs_passphrase_read(command->console, CS_PASSPHRASE_FORMER, &former, &command->problem);
    if (status == CS_OK) {
        status = cs_identity_unlock(command->world, command->home, name, cs_secret_bytes(former),
                                    out, &command->problem);
    }
    cs_secret_destroy(former);
    return status != CS_WRONG_PASSPHRASE
               ? status
               : cs_problem_set(&command->problem, status,
                                "%s is under another passphrase than both: the root key may still "
                                "be in it",
                                name);
}

static enum cs_status forget_former(struct cs_command *command, const char *name,
                                    struct cs_bytes passphrase, size_t *in_out_files)
{
    struct cs_identity *identity = NULL;
    enum cs_status status = unlock_former(command, name, passphrase, &identity);
    if (status == CS_OK && cs_identity_root_key(identity) != NULL) {
        status = forget_in(command, identity, name);
        *in_out_files += status == CS_OK ? 1 : 0;
    }
    cs_identity_destroy(identity);
    return status;
}

static enum cs_status forget_all_former(struct cs_command *command, size_t *in_out_files)
{
    struct cs_former_identities former;
    struct cs_secret *passphrase = NULL;
    enum cs_status status = cs_former_identities_list(command, &former);
    if (status == CS_OK && former.count > 0) {
        status = cs_passphrase_read(command->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
    }
    for (size_t i = 0; status == CS_OK && i < former.count; i++) {
        status = forget_former(command, former.names[i], cs_secret_bytes(passphrase), in_out_files);
    }
    cs_secret_destroy(passphrase);
    return status;
}

enum cs_status cs_root_forget(struct cs_command *command, size_t *out_files)
{
    size_t files = 0;
    enum cs_status status = cs_identity_check_no_join(command, command->identity);
    if (status == CS_OK) {
        status = forget_all_former(command, &files);
    }
    if (status == CS_OK) {
        status = forget_in(command, command->identity, CS_IDENTITY_FILE);
    }
    if (status == CS_OK) {
        *out_files = files + 1;
    }
    return status;
}
