/* vault create: a vault for a project, with a key, and grants of it to all of one's devices; and vault rekey. */
#include "field-client/commands/vault/vault_change.h"
#include "field-client/vault/due.h"

#include <string.h>

/* ---- create ---- */

struct creation {
    struct cs_id project;
    bool four_eyes;
};

/* What this device may, or every right for who has just made the vault. */
static int64_t own_rights(struct cs_vault_work *work, const struct cs_vault_log *log)
{
    const struct cs_vault_holder self = cs_vault_book_holder(work->book);
    const struct cs_vault_grant *grant =
        cs_vault_log_grant(log, self.certificate, cs_vault_log_position(log));
    return grant == NULL || grant->epoch == 0 ? CS_VAULT_RIGHTS_ALL : grant->rights;
}

/* For every device of one's own that is in force and has no key: this one first, so that the key can be opened again. */
static enum cs_status grant_to_self(struct cs_vault_work *work, struct cs_vault_draft *draft)
{
    struct cs_arena arena;
    struct cs_vault_person self;
    const struct cs_vault_log *log = cs_vault_draft_log(draft);
    const struct cs_vault_directory *directory = cs_vault_book_directory(work->book);
    const struct cs_vault_holder holder = cs_vault_book_holder(work->book);
    const int64_t rights = own_rights(work, log);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_book_person(work->book, holder.certificate, &arena, &self);
    for (size_t i = 0; status == CS_OK && i < self.count; i++) {
        const struct cs_chain *chain = NULL;
        const uint8_t *id = self.devices[i]->leaf_id;
        const struct cs_vault_grant *grant =
            cs_vault_log_grant(log, id, cs_vault_log_position(log));
        enum cs_status found = directory->find(directory->context, id, &chain);
        if (found == CS_OK && (grant == NULL || grant->epoch == 0)) {
            status = cs_vault_draft_grant(draft, id, rights, 0, &work->command->problem);
        } else if (found != CS_OK && found != CS_REVOKED) {
            status = found;
        }
    }
    cs_arena_release(&arena);
    return status;
}

/* As far as it is not there: the creation, a key, the own grants. */
static enum cs_status draft_creation(struct cs_vault_work *work, struct cs_vault_draft *draft,
                                     void *context)
{
    const struct creation *creation = context;
    const struct cs_vault_log *log = cs_vault_draft_log(draft);
    struct cs_problem *problem = &work->command->problem;
    enum cs_status status = CS_OK;
    if (cs_vault_log_position(log) == 0) {
        status = cs_vault_draft_create(draft, &creation->project, problem);
    }
    if (status == CS_OK && cs_vault_log_epoch(log, 1) == NULL) {
        status = cs_vault_draft_epoch(draft, creation->four_eyes, problem);
    }
    return status != CS_OK ? status : grant_to_self(work, draft);
}

/* A vault that is there already is gone on with by who manages it. */
static enum cs_status find_vault(struct cs_vault_work *work, const struct creation *creation,
                                 struct cs_id *out, bool *out_there)
{
    struct cs_vault_log *log = NULL;
    struct cs_problem *problem = &work->command->problem;
    const struct cs_vault_holder self = cs_vault_book_holder(work->book);
    enum cs_status status = cs_vault_catalog_find(work->book, &creation->project, out);
    *out_there = status == CS_OK;
    if (status == CS_NOT_FOUND) {
        *out = cs_replica_draw_id(work->replica);
        return CS_OK;
    }
    if (status == CS_OK) {
        status = cs_vault_book_log(work->book, out, &log, problem);
    }
    if (status == CS_OK &&
        cs_vault_log_permits(log, self.certificate, CS_VAULT_MAY_MANAGE, cs_vault_log_position(log),
                             work->command->world->wall_ms(work->command->world->context),
                             problem) != CS_OK) {
        status = cs_problem_set(problem, CS_EXISTS,
                                "the project has a vault already: who manages it can let you in, "
                                "with countersign vault grant");
    }
    return status;
}

static enum cs_status answer_created(struct cs_vault_work *work, const struct creation *creation,
                                     const struct cs_vault_change *change, bool there)
{
    struct cs_command *command = work->command;
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&change->vault, id);
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "vault", cs_command_json_id(&change->vault));
        cs_json_set(json, "project", cs_command_json_id(&creation->project));
        cs_json_set(json, "already", cs_json_boolean(there && change->records == 0));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n", id);
    if (there) {
        cs_command_note(command,
                        change->records == 0
                            ? CS_WORDS(command, "the vault was there already", "密码库已存在")
                            : CS_WORDS(command, "the vault was begun before and is complete now",
                                       "此前开始建立的密码库现已完成"));
    }
    return CS_OK;
}

static enum cs_status create(struct cs_vault_work *work, struct cs_bytes project,
                             struct creation *creation)
{
    struct cs_vault_change change = {.draft = draft_creation, .context = creation};
    bool there = false;
    enum cs_status status = cs_vault_work_project(work, project, &creation->project);
    if (status == CS_OK) {
        status = cs_vault_work_sync_all(work);
    }
    if (status == CS_OK) {
        status = find_vault(work, creation, &change.vault, &there);
    }
    if (status == CS_OK) {
        status = cs_vault_work_change(work, &change);
    }
    return status != CS_OK ? status : answer_created(work, creation, &change, there);
}

enum cs_status cs_vault_command_create(struct cs_command *command)
{
    struct cs_vault_work work;
    struct creation creation = {.four_eyes = cs_command_flag(command, "--four-eyes")};
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = create(&work, cs_command_argument(command, 0), &creation);
    }
    cs_vault_work_end(&work);
    return status;
}

/* ---- rekey ---- */

static enum cs_status draft_rekey(struct cs_vault_work *work, struct cs_vault_draft *draft,
                                  void *context)
{
    struct cs_vault_settlement *settlement = context;
    enum cs_status status = cs_vault_draft_settle(draft, settlement, &work->command->problem);
    if (status == CS_OK && cs_vault_draft_count(draft) > 0) {
        settlement->always = false; /* again only what another officer left to be done */
    }
    return status;
}

struct rekeyed {
    struct cs_json *list; /* owned until it is answered */
    size_t count;
};

static enum cs_status rekey(struct cs_vault_work *work, const struct cs_vault_of_project *vault,
                            const struct cs_vault_settlement *wanted, struct rekeyed *rekeyed)
{
    struct cs_bytes name = CS_BYTES_NONE;
    struct cs_command *command = work->command;
    struct cs_vault_settlement settlement = *wanted;
    struct cs_vault_change change = {
        .draft = draft_rekey, .context = &settlement, .vault = vault->vault};
    enum cs_status status = cs_vault_work_change(work, &change);
    if (status == CS_OK) {
        status = cs_vault_work_project_name(work, &vault->project, &name);
    }
    if (status != CS_OK || change.records == 0) {
        return status;
    }
    rekeyed->count++;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "vault", cs_command_json_id(&vault->vault));
        cs_json_set(json, "project", cs_command_json_id(&vault->project));
        cs_json_set(json, "records", cs_json_integer((int64_t)change.records));
        cs_json_append(rekeyed->list, json);
    } else {
        cs_command_print_safe(command, name);
        cs_command_print(command, CS_WORDS(command, ": %zu records\n", ":%zu 条记录\n"),
                         change.records);
    }
    return CS_OK;
}

static bool manages(struct cs_vault_work *work, const struct cs_id *vault)
{
    struct cs_vault_log *log = NULL;
    struct cs_problem problem = {""};
    const struct cs_world *world = work->command->world;
    const struct cs_vault_holder self = cs_vault_book_holder(work->book);
    return cs_vault_book_log(work->book, vault, &log, &problem) == CS_OK &&
           cs_vault_log_permits(log, self.certificate, CS_VAULT_MAY_MANAGE,
                                cs_vault_log_position(log), world->wall_ms(world->context),
                                &problem) == CS_OK;
}

static enum cs_status rekey_all(struct cs_vault_work *work,
                                const struct cs_vault_settlement *settlement,
                                struct rekeyed *rekeyed)
{
    struct cs_vault_of_project *vaults = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_catalog_vaults(work->book, &work->arena, &vaults, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (manages(work, &vaults[i].vault)) {
            status = rekey(work, &vaults[i], settlement, rekeyed);
        }
    }
    return status;
}

static enum cs_status run_rekey(struct cs_vault_work *work,
                                const struct cs_vault_settlement *settlement,
                                struct rekeyed *rekeyed)
{
    struct cs_vault_of_project vault;
    struct cs_command *command = work->command;
    enum cs_status status = cs_vault_work_sync_all(work);
    if (status == CS_OK && command->argument_count == 0) {
        status = rekey_all(work, settlement, rekeyed);
    } else if (status == CS_OK) {
        status = cs_vault_work_vault(work, cs_command_argument(command, 0), &vault);
        status = status != CS_OK ? status : rekey(work, &vault, settlement, rekeyed);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "rekeyed", rekeyed->list);
        rekeyed->list = NULL;
        return cs_command_json(command, json);
    }
    if (rekeyed->count == 0) {
        cs_command_note(command,
                        CS_WORDS(command, "no new key is due; --always makes one all the same",
                                 "无需换钥;如仍要换钥请加 --always"));
    }
    return CS_OK;
}

static enum cs_status take_four_eyes(struct cs_command *command,
                                     struct cs_vault_settlement *settlement)
{
    const char *text = NULL;
    enum cs_status status = cs_command_option(command, "--four-eyes", &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    settlement->decide_four_eyes = true;
    settlement->four_eyes = strcmp(text, "yes") == 0;
    return settlement->four_eyes || strcmp(text, "no") == 0
               ? CS_OK
               : cs_command_usage(command, "--four-eyes is yes or no");
}

enum cs_status cs_vault_command_rekey(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_vault_settlement settlement = {.always = cs_command_flag(command, "--always")};
    enum cs_status status = take_four_eyes(command, &settlement);
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 1);
    }
    if (status == CS_OK && command->argument_count == 0 &&
        (settlement.always || settlement.decide_four_eyes)) {
        status = cs_command_usage(command, "--always and --four-eyes are for one PROJECT");
    }
    if (status != CS_OK) {
        return status;
    }
    struct rekeyed rekeyed = {.list = cs_json_array()};
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = run_rekey(&work, &settlement, &rekeyed);
    }
    cs_json_destroy(rekeyed.list);
    cs_vault_work_end(&work);
    return status;
}
