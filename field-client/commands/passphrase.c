/*
 * passphrase: another passphrase for this laptop, and with --new-key another master key, under which the replica is written anew.
 *
 * What must stay true: the present passphrase was given to this very command, even where an agent has all of it open; identities of before a
 * joining again that were under it come under the new one; at every moment the identity on disk opens the replica on disk.
 */
#include "field-client/commands/command_table.h"
#include "field-client/commands/identity_files.h"
#include "field-client/console/passphrase_prompt.h"

#define KIB_PER_MIB 1024

struct changing {
    struct cs_command *command;
    struct cs_identity *identity; /* that is being written */
    struct cs_secret *present;
    struct cs_secret *next;
    bool new_key;
    int64_t memory_mib;
    size_t former_changed;
    size_t former_left;
};

static uint32_t memory_kib(const struct changing *changing)
{
    return (uint32_t)changing->memory_mib * KIB_PER_MIB;
}

static enum cs_status ask(struct changing *changing)
{
    struct cs_command *command = changing->command;
    enum cs_status status = cs_passphrase_read(command->console, CS_PASSPHRASE_UNLOCK,
                                               &changing->present, &command->problem);
    if (status == CS_OK) {
        status = cs_identity_unlock(command->world, command->home, CS_IDENTITY_FILE,
                                    cs_secret_bytes(changing->present), &changing->identity,
                                    &command->problem);
    }
    if (status == CS_OK) {
        status = cs_identity_check_no_join(command, changing->identity);
    }
    if (status == CS_OK) {
        status = cs_passphrase_read(command->console, CS_PASSPHRASE_CHANGE, &changing->next,
                                    &command->problem);
    }
    bool same = status == CS_OK && cs_secret_equal(cs_secret_bytes(changing->present),
                                                   cs_secret_bytes(changing->next));
    return !same || changing->new_key
               ? status
               : cs_problem_set(&command->problem, CS_INVALID,
                                "the new passphrase is the present one: nothing was changed");
}

/* The replica is held while the identity is written: nobody else writes it meanwhile. Of an agent, its own identity is changed. */
static enum cs_status hold(struct changing *changing)
{
    struct cs_command *command = changing->command;
    struct cs_replica *replica = NULL;
    if (command->host == NULL) {
        command->identity = changing->identity;
        changing->identity = NULL;
        return cs_replica_open(command->world, command->home, command->registry, command->identity,
                               &command->replica, &command->problem);
    }
    if (changing->new_key) {
        return cs_problem_set(&command->problem, CS_BUSY,
                              "an agent works with this replica: end it first, then give it a new "
                              "key");
    }
    return cs_command_open_replica(command, &replica);
}

static enum cs_status save_changed(void *context, const char *name)
{
    struct changing *changing = context;
    struct cs_command *command = changing->command;
    return cs_identity_change_passphrase(command->world, changing->identity,
                                         cs_secret_bytes(changing->next), memory_kib(changing),
                                         command->home, name);
}

/* A run that was cut off has brought some under the next one already. */
static enum cs_status look_whether_left(struct changing *changing, const char *name)
{
    struct cs_command *command = changing->command;
    struct cs_identity *identity = NULL;
    enum cs_status status = cs_identity_unlock(command->world, command->home, name,
                                               cs_secret_bytes(changing->next), &identity, NULL);
    cs_identity_destroy(identity);
    changing->former_left += status == CS_WRONG_PASSPHRASE ? 1 : 0;
    return status == CS_WRONG_PASSPHRASE ? CS_OK : status;
}

static enum cs_status change_former(struct changing *changing, const char *name)
{
    struct cs_command *command = changing->command;
    enum cs_status status =
        cs_identity_unlock(command->world, command->home, name, cs_secret_bytes(changing->present),
                           &changing->identity, &command->problem);
    if (status == CS_WRONG_PASSPHRASE) {
        return look_whether_left(changing, name);
    }
    if (status == CS_OK) {
        status = cs_identity_replace(command, name, save_changed, changing);
        changing->former_changed++;
    }
    cs_identity_destroy(changing->identity);
    changing->identity = NULL;
    return status;
}

static enum cs_status change_all_former(struct changing *changing)
{
    struct cs_former_identities former;
    enum cs_status status = cs_former_identities_list(changing->command, &former);
    for (size_t i = 0; status == CS_OK && i < former.count; i++) {
        status = change_former(changing, former.names[i]);
    }
    return status;
}

static enum cs_status save_renewed(void *context, const char *name)
{
    struct changing *changing = context;
    return cs_identity_save(changing->command->world, changing->identity, changing->command->home,
                            name);
}

/* The new replica is whole before the identity is saved; what is under the old key is destroyed when it is opened with the new one. */
static enum cs_status renew_key(struct changing *changing)
{
    struct cs_command *command = changing->command;
    enum cs_status status =
        cs_identity_renew(command->world, command->identity, cs_secret_bytes(changing->next),
                          memory_kib(changing), &changing->identity);
    if (status == CS_OK) {
        status = cs_replica_renew(command->replica, changing->identity, NULL, &command->problem);
    }
    if (status == CS_OK) {
        status = cs_identity_replace(command, CS_IDENTITY_FILE, save_renewed, changing);
    }
    cs_replica_close(command->replica);
    command->replica = NULL;
    if (status != CS_OK) {
        return status;
    }
    cs_identity_destroy(command->identity);
    command->identity = changing->identity;
    changing->identity = NULL;
    return cs_replica_open(command->world, command->home, command->registry, command->identity,
                           &command->replica, &command->problem);
}

static enum cs_status change_own(struct changing *changing)
{
    if (changing->new_key) {
        return renew_key(changing);
    }
    changing->identity = changing->command->identity;
    enum cs_status status =
        cs_identity_replace(changing->command, CS_IDENTITY_FILE, save_changed, changing);
    changing->identity = NULL;
    return status;
}

static enum cs_status answer(const struct changing *changing)
{
    struct cs_command *command = changing->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "changed", cs_json_boolean(true));
        cs_json_set(json, "new_key", cs_json_boolean(changing->new_key));
        cs_json_set(json, "former_changed", cs_json_integer((int64_t)changing->former_changed));
        cs_json_set(json, "former_left", cs_json_integer((int64_t)changing->former_left));
        return cs_command_json(command, json);
    }
    cs_command_print(
        command, "%s\n",
        changing->new_key
            ? cs_command_words(command,
                               "the passphrase was changed, and the replica is under a new key: "
                               "copies of this folder that were made before do not open it",
                               "口令已更改,本机数据已换用新密钥:此前的文件夹副本无法打开它")
            : cs_command_words(command,
                               "the passphrase was changed. A copy of this folder that was made "
                               "before still opens with the old one, and with it the replica of "
                               "now: --new-key prevents that",
                               "口令已更改。此前的文件夹副本仍可用旧口令打开,并可借此打开当前数据;"
                               "使用 --new-key 可避免"));
    if (changing->former_left > 0) {
        cs_command_note(command,
                        CS_WORDS(command, "%zu former identities are under another passphrase",
                                 "有 %zu 个旧身份文件使用其他口令"),
                        changing->former_left);
    }
    return CS_OK;
}

enum cs_status cs_command_passphrase(struct cs_command *command)
{
    struct changing changing = {.command = command,
                                .new_key = cs_command_flag(command, "--new-key")};
    enum cs_status status =
        cs_command_option_number(command, "--kdf-memory-mib", CS_KDF_MEMORY_KIB_MIN / KIB_PER_MIB,
                                 CS_KDF_MEMORY_KIB_MAX / KIB_PER_MIB, &changing.memory_mib);
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (status == CS_OK) {
        status = ask(&changing);
    }
    if (status == CS_OK) {
        status = hold(&changing);
    }
    cs_identity_destroy(changing.identity);
    changing.identity = NULL;
    if (status == CS_OK) {
        status = change_all_former(&changing);
    }
    if (status == CS_OK) {
        status = change_own(&changing);
    }
    cs_identity_destroy(changing.identity);
    cs_secret_destroy(changing.present);
    cs_secret_destroy(changing.next);
    return status != CS_OK ? status : answer(&changing);
}
