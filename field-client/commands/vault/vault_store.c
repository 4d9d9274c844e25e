/* vault add, edit, set: what is stored. The secret comes from a terminal without echo, standard input or the generator. */
#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/secret_input.h"
#include "field-client/vault/password_generator.h"
#include "field-client/vault/storing.h"

#include <string.h>

#define LENGTH_USUAL 20
#define SECRET_SIZE_MAX ((size_t)(CS_VAULT_SECRET_MAX - 4))

struct wish {
    const char *name;
    const char *user;
    const char *address;
    const char *field;
    const char *project;
    bool generate;
    bool no_symbols;
    bool pending;
    bool replace;
    bool no_secret;
    int64_t length;
};

/* ---- options ---- */

static enum cs_status take_listing_options(struct cs_command *command, struct wish *wish)
{
    enum cs_status status = cs_command_option(command, "--name", &wish->name);
    if (status == CS_OK) {
        status = cs_command_option(command, "--user", &wish->user);
    }
    return status != CS_OK ? status : cs_command_option(command, "--address", &wish->address);
}

static enum cs_status take_secret_options(struct cs_command *command, struct wish *wish)
{
    wish->field = "password";
    wish->length = LENGTH_USUAL;
    wish->generate = cs_command_flag(command, "--generate");
    wish->no_symbols = cs_command_flag(command, "--no-symbols");
    wish->pending = cs_command_flag(command, "--pending");
    wish->replace = cs_command_flag(command, "--replace");
    const char *field = NULL;
    enum cs_status status = cs_command_option(command, "--field", &field);
    wish->field = field == NULL ? wish->field : field;
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--length", (int64_t)CS_PASSWORD_SIZE_MIN,
                                          (int64_t)CS_PASSWORD_SIZE_MAX, &wish->length);
    }
    if (status == CS_OK && (wish->field[0] == '\0' || strlen(wish->field) > CS_NAME_MAX)) {
        status = cs_command_usage(command, "--field: a name of 1 to %d bytes", (int)CS_NAME_MAX);
    }
    return status;
}

/* ---- the secret ---- */

static enum cs_status generate(struct cs_command *command, const struct wish *wish,
                               struct cs_secret **out)
{
    const unsigned classes = wish->no_symbols
                                 ? CS_PASSWORD_CLASSES_ALL & ~(unsigned)CS_PASSWORD_SYMBOL
                                 : CS_PASSWORD_CLASSES_ALL;
    const struct cs_password_policy policy = {.size = (size_t)wish->length,
                                              .allowed = classes,
                                              .required = classes,
                                              .no_look_alikes = true};
    return cs_password_generate(command->world, &policy, out);
}

static enum cs_status obtain(struct cs_command *command, const struct wish *wish,
                             struct cs_secret **out)
{
    const struct cs_secret_question question = {
        .prompt = CS_WORDS(command, "Secret to store: ", "要存储的密码:"),
        .again = CS_WORDS(command, "The same again: ", "再输入一次:"),
        .what = "secret",
        .size_max = SECRET_SIZE_MAX,
        .use = CS_SECRET_TWICE};
    return wish->generate ? generate(command, wish, out)
                          : cs_secret_input(command->console, &question, out, &command->problem);
}

/* ---- storing and sending ---- */

static bool later(enum cs_status status)
{
    return status != CS_OK && cs_status_class(status) == CS_CLASS_LATER;
}

/* The newest key is wanted, or what is stored would be refused. Without network what is known here has to do. */
static enum cs_status refresh(struct cs_vault_work *work)
{
    enum cs_status status = cs_vault_work_sync(work);
    return later(status) ? CS_OK : status;
}

/* What became of all the records: the first refusal, and the others are put aside with it. */
static enum cs_status outcome_of(struct cs_vault_work *work, const struct cs_vault_stored *stored)
{
    struct cs_problem first = {""};
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < stored->count; i++) {
        enum cs_status one = cs_vault_work_outcome(work, stored->ids[i]);
        if (status == CS_OK && one != CS_OK) {
            status = one;
            first = work->command->problem;
        }
    }
    work->command->problem = first;
    return status;
}

static enum cs_status send(struct cs_vault_work *work, const struct cs_vault_stored *stored,
                           bool *out_sent)
{
    enum cs_status status = cs_vault_work_sync(work);
    if (status == CS_OK) {
        status = outcome_of(work, stored);
    }
    *out_sent = status == CS_OK;
    if (later(status) && status != CS_OUTDATED) {
        cs_command_note(work->command,
                        CS_WORDS(work->command, "it is stored here and goes with the next sync",
                                 "已保存在本机,下次同步时发送"));
        return CS_OK;
    }
    return status;
}

static enum cs_status answer(struct cs_vault_work *work, const struct cs_vault_storing *storing,
                             const struct cs_vault_stored *stored, bool sent)
{
    struct cs_command *command = work->command;
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&storing->item, id);
    if (!command->json) {
        cs_command_print(command, "%s\n", id);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "id", cs_command_json_id(&storing->item));
    cs_json_set(json, "field",
                storing->field.size == 0 ? cs_json_null() : cs_json_text(storing->field));
    cs_json_set(json, "version",
                storing->field.size == 0 ? cs_json_null() : cs_command_json_id(&stored->version));
    cs_json_set(json, "sent", cs_json_boolean(sent));
    return cs_command_json(command, json);
}

static enum cs_status store(struct cs_vault_work *work, const struct cs_id *vault,
                            struct cs_vault_storing *storing, const struct wish *wish)
{
    struct cs_vault_stored stored;
    struct cs_secret *secret = NULL;
    bool sent = false;
    enum cs_status status = CS_OK;
    if (!wish->no_secret) {
        storing->field = cs_bytes_of_text(wish->field);
        storing->in_force = !wish->pending;
        storing->replace = wish->replace;
        status = obtain(work->command, wish, &secret);
    }
    if (status == CS_OK) {
        storing->secret = secret == NULL ? CS_BYTES_NONE : cs_secret_bytes(secret);
        status = cs_vault_store(work->book, vault, storing, &stored, &work->command->problem);
    }
    cs_secret_destroy(secret);
    if (status == CS_OK) {
        status = send(work, &stored, &sent);
    }
    return status != CS_OK ? status : answer(work, storing, &stored, sent);
}

/* ---- add ---- */

static struct cs_bytes text_or(const char *text, struct cs_bytes otherwise)
{
    return text == NULL ? otherwise : cs_bytes_of_text(text);
}

static enum cs_status add(struct cs_vault_work *work, const struct wish *wish)
{
    struct cs_vault_of_project vault;
    const struct cs_vault_listing listing = {.name = text_or(wish->name, CS_BYTES_NONE),
                                             .user = text_or(wish->user, CS_BYTES_NONE),
                                             .address = text_or(wish->address, CS_BYTES_NONE)};
    struct cs_vault_storing storing = {.item = cs_replica_draw_id(work->replica),
                                       .listing = &listing};
    enum cs_status status = refresh(work);
    if (status == CS_OK) {
        status = cs_vault_work_vault(work, cs_command_argument(work->command, 0), &vault);
    }
    return status != CS_OK ? status : store(work, &vault.vault, &storing, wish);
}

enum cs_status cs_vault_command_add(struct cs_command *command)
{
    struct cs_vault_work work;
    struct wish wish = {.no_secret = cs_command_flag(command, "--no-secret")};
    enum cs_status status = take_listing_options(command, &wish);
    if (status == CS_OK) {
        status = take_secret_options(command, &wish);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && wish.name == NULL) {
        status = cs_command_usage(command, "--name NAME is needed");
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = add(&work, &wish);
    }
    cs_vault_work_end(&work);
    return status;
}

/* ---- edit ---- */

static enum cs_status edit(struct cs_vault_work *work, const struct wish *wish)
{
    struct cs_vault_credential credential;
    struct cs_vault_listing listing;
    enum cs_status status = refresh(work);
    if (status == CS_OK) {
        status = cs_vault_work_credential(work, cs_command_argument(work->command, 0),
                                          wish->project, &credential);
    }
    if (status != CS_OK) {
        return status;
    }
    listing.name = text_or(wish->name, credential.listing.name);
    listing.user = text_or(wish->user, credential.listing.user);
    listing.address = text_or(wish->address, credential.listing.address);
    struct cs_vault_storing storing = {.item = credential.item, .listing = &listing};
    return store(work, &credential.vault.vault, &storing, wish);
}

enum cs_status cs_vault_command_edit(struct cs_command *command)
{
    struct cs_vault_work work;
    struct wish wish = {.no_secret = true};
    enum cs_status status = take_listing_options(command, &wish);
    if (status == CS_OK) {
        status = cs_command_option(command, "--project", &wish.project);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && wish.name == NULL && wish.user == NULL && wish.address == NULL) {
        status = cs_command_usage(command, "nothing to change: give --name, --user or --address");
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = edit(&work, &wish);
    }
    cs_vault_work_end(&work);
    return status;
}

/* ---- set ---- */

static enum cs_status set(struct cs_vault_work *work, const struct wish *wish)
{
    struct cs_vault_credential credential;
    enum cs_status status = refresh(work);
    if (status == CS_OK) {
        status = cs_vault_work_credential(work, cs_command_argument(work->command, 0),
                                          wish->project, &credential);
    }
    struct cs_vault_storing storing = {.listing = NULL};
    if (status == CS_OK) {
        storing.item = credential.item;
        status = store(work, &credential.vault.vault, &storing, wish);
    }
    return status;
}

enum cs_status cs_vault_command_set(struct cs_command *command)
{
    struct cs_vault_work work;
    struct wish wish = {.no_secret = false};
    enum cs_status status = take_secret_options(command, &wish);
    if (status == CS_OK) {
        status = cs_command_option(command, "--project", &wish.project);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = set(&work, &wish);
    }
    cs_vault_work_end(&work);
    return status;
}
