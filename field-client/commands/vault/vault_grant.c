/* vault grant, vault revoke: a person with all devices into a vault, and out of it. */
#include "field-client/commands/vault/vault_change.h"
#include "field-client/vault/due.h"
#include "shared/base/text.h"

#include <string.h>

#define DAY_MS (INT64_C(86400) * 1000)

/* ---- what is shared ---- */

struct membership {
    struct cs_bytes project;
    struct cs_bytes person;
    int64_t rights;     /* 0: as the person has already */
    int64_t expires_ms; /* 0: never */
    struct cs_bytes reason;
    size_t devices; /* out: of the person, that were looked at */
};

static bool is_of(struct cs_vault_work *work, const uint8_t *certificate,
                  const struct cs_id *person)
{
    const struct cs_chain *chain = NULL;
    return cs_vault_book_chain(work->book, certificate, &chain) == CS_OK &&
           cs_id_equal(&chain->leaf.person, person);
}

static enum cs_status run(struct cs_vault_work *work, struct membership *membership,
                          struct cs_vault_change *change)
{
    struct cs_vault_of_project vault;
    change->context = membership;
    enum cs_status status = cs_vault_work_sync_all(work);
    if (status == CS_OK) {
        status = cs_vault_work_vault(work, membership->project, &vault);
    }
    if (status == CS_OK) {
        change->vault = vault.vault;
        status = cs_vault_work_change(work, change);
    }
    return status;
}

static enum cs_status answer(struct cs_command *command, const struct membership *membership,
                             const struct cs_vault_change *change)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "vault", cs_command_json_id(&change->vault));
        cs_json_set(json, "devices", cs_json_integer((int64_t)membership->devices));
        cs_json_set(json, "records", cs_json_integer((int64_t)change->records));
        return cs_command_json(command, json);
    }
    if (change->records == 0) {
        cs_command_note(command, CS_WORDS(command, "it was so already", "此前已是如此"));
    } else {
        cs_command_print(command,
                         CS_WORDS(command, "%zu devices, %zu records\n", "%zu 台设备,%zu 条记录\n"),
                         membership->devices, change->records);
    }
    return CS_OK;
}

/* ---- grant ---- */

/* What the person's devices have: all rights of them together, and the longest time. */
static enum cs_status inherit(struct cs_vault_work *work, const struct cs_vault_log *log,
                              const struct cs_id *person, struct membership *membership)
{
    struct cs_vault_standing_grant *grants = NULL;
    size_t count = 0;
    bool ever = false;
    enum cs_status status = cs_vault_due_grants(work->book, log, &work->arena, &grants, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_vault_grant *grant = &grants[i].grant;
        if (!grants[i].expired && is_of(work, grant->recipient, person)) {
            membership->rights |= grant->rights;
            ever = ever || grant->expires_ms == 0;
            membership->expires_ms = grant->expires_ms > membership->expires_ms
                                         ? grant->expires_ms
                                         : membership->expires_ms;
        }
    }
    membership->expires_ms = ever ? 0 : membership->expires_ms;
    return status == CS_OK && membership->rights == 0
               ? cs_command_usage(work->command,
                                  "the person has no rights in this vault yet: say which with "
                                  "--rights")
               : status;
}

static bool has_it(const struct cs_vault_log *log, const uint8_t *certificate,
                   const struct membership *wanted)
{
    const uint64_t end = cs_vault_log_position(log);
    const struct cs_vault_grant *grant = cs_vault_log_grant(log, certificate, end);
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, end);
    return grant != NULL && epoch != NULL && grant->epoch == epoch->number &&
           grant->rights == wanted->rights && grant->expires_ms == wanted->expires_ms;
}

static enum cs_status draft_grants(struct cs_vault_work *work, struct cs_vault_draft *draft,
                                   void *context)
{
    struct membership *membership = context;
    struct membership wanted = *membership;
    struct cs_vault_person_found person;
    const struct cs_vault_log *log = cs_vault_draft_log(draft);
    struct cs_problem *problem = &work->command->problem;
    enum cs_status status = cs_vault_work_person(work, membership->person, &person);
    if (status == CS_OK && person.count == 0) {
        status = cs_problem_set(problem, CS_NOT_FOUND,
                                "%.*s has no device that is in force: nobody can be given a key",
                                (int)person.name.size, (const char *)person.name.data);
    }
    if (status == CS_OK && wanted.rights == 0) {
        status = inherit(work, log, &person.person, &wanted);
    }
    for (size_t i = 0; status == CS_OK && i < person.count; i++) {
        const uint8_t *id = person.devices[i]->leaf_id;
        if (!has_it(log, id, &wanted)) {
            status = cs_vault_draft_grant(draft, id, wanted.rights, wanted.expires_ms, problem);
        }
    }
    membership->devices = status == CS_OK ? person.count : 0;
    return status;
}

static enum cs_status take_until(struct cs_command *command, int64_t *out_ms)
{
    const char *text = NULL;
    int64_t days = 0;
    const struct cs_world *world = command->world;
    enum cs_status status = cs_command_option(command, "--until", &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    if (cs_date_parse(cs_bytes_of_text(text), &days) != CS_OK) {
        return cs_command_usage(command, "--until: \"%.40s\" is no date such as 2026-12-31", text);
    }
    const int64_t offset_ms = (int64_t)world->offset_minutes(world->context) * 60 * 1000;
    *out_ms = (days + 1) * DAY_MS - offset_ms; /* the end of that day, here */
    return *out_ms > world->wall_ms(world->context)
               ? CS_OK
               : cs_command_usage(command, "--until: %.40s is over", text);
}

enum cs_status cs_vault_command_grant(struct cs_command *command)
{
    struct cs_vault_work work;
    struct membership membership = {.rights = 0};
    struct cs_vault_change change = {.draft = draft_grants};
    const char *rights = NULL;
    enum cs_status status = cs_command_option(command, "--rights", &rights);
    if (status == CS_OK && rights != NULL) {
        status = cs_vault_rights_parse(command, rights, &membership.rights);
    }
    if (status == CS_OK) {
        status = take_until(command, &membership.expires_ms);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 2, 2);
    }
    if (status == CS_OK && membership.rights == 0 && membership.expires_ms != 0) {
        status = cs_command_usage(command, "--until needs --rights");
    }
    if (status != CS_OK) {
        return status;
    }
    membership.project = cs_command_argument(command, 0);
    membership.person = cs_command_argument(command, 1);
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = run(&work, &membership, &change);
    }
    if (status == CS_OK) {
        status = answer(command, &membership, &change);
    }
    cs_vault_work_end(&work);
    return status;
}

/* ---- revoke ---- */

/* Out with every device of the person, a new key, and grants of it to all that stay. */
static enum cs_status draft_revocation(struct cs_vault_work *work, struct cs_vault_draft *draft,
                                       void *context)
{
    struct membership *membership = context;
    struct cs_vault_person_found person;
    struct cs_vault_standing_grant *grants = NULL;
    const struct cs_vault_settlement settlement = {.always = false};
    struct cs_problem *problem = &work->command->problem;
    size_t count = 0;
    membership->devices = 0;
    enum cs_status status = cs_vault_work_person(work, membership->person, &person);
    if (status == CS_OK) {
        status = cs_vault_due_grants(work->book, cs_vault_draft_log(draft), &work->arena, &grants,
                                     &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const uint8_t *recipient = grants[i].grant.recipient;
        if (is_of(work, recipient, &person.person)) {
            status = cs_vault_draft_withdraw(draft, recipient, membership->reason, problem);
            membership->devices += status == CS_OK ? 1 : 0;
        }
    }
    return status != CS_OK ? status : cs_vault_draft_settle(draft, &settlement, problem);
}

enum cs_status cs_vault_command_revoke(struct cs_command *command)
{
    struct cs_vault_work work;
    struct membership membership = {.rights = 0};
    struct cs_vault_change change = {.draft = draft_revocation};
    const char *reason = NULL;
    enum cs_status status = cs_command_option(command, "--reason", &reason);
    if (status == CS_OK) {
        status = cs_command_expect(command, 2, 2);
    }
    if (status == CS_OK && (reason == NULL || reason[0] == '\0')) {
        status = cs_command_usage(command, "--reason TEXT is needed");
    }
    if (status != CS_OK) {
        return status;
    }
    membership.project = cs_command_argument(command, 0);
    membership.person = cs_command_argument(command, 1);
    membership.reason = cs_bytes_of_text(reason);
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = run(&work, &membership, &change);
    }
    if (status == CS_OK) {
        status = answer(command, &membership, &change);
    }
    cs_vault_work_end(&work);
    return status;
}
