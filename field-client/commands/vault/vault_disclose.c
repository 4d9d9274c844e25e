/* Asking for a secret, online, under a lease, or going on with a request that waits; see vault_disclose.h. */
#include "field-client/commands/vault/vault_disclose.h"

#include "field-client/vault/lease.h"
#include "field-client/vault/waiting.h"
#include "shared/base/text.h"

#include <string.h>

#define VERSION_TYPED_MIN ((size_t)4)

void cs_vault_disclosed_release(struct cs_vault_disclosed *disclosed)
{
    cs_secret_destroy(disclosed->secret);
    disclosed->secret = NULL;
}

/* ---- what was typed ---- */

static enum cs_status check_typed(struct cs_command *command, const struct cs_vault_typed *typed)
{
    bool other = typed->project != NULL || typed->field != NULL || typed->version != NULL ||
                 typed->reason != NULL || typed->work_order != NULL || typed->emergency;
    if (typed->request != NULL) {
        return other || command->argument_count > 0
                   ? cs_command_usage(command, "--request goes on with what was asked for then: "
                                               "nothing else is said with it")
                   : CS_OK;
    }
    if (typed->reason == NULL || typed->reason[0] == '\0') {
        return cs_command_usage(command, "say why with --reason: it stands in the record");
    }
    if (strlen(typed->reason) > CS_VAULT_REASON_MAX) {
        return cs_command_usage(command, "a reason has at most %zu bytes", CS_VAULT_REASON_MAX);
    }
    return CS_OK;
}

enum cs_status cs_vault_typed_take(struct cs_command *command, struct cs_vault_typed *out)
{
    struct cs_vault_typed typed = {.emergency = cs_command_flag(command, "--emergency")};
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--project", &typed.project},       {"--field", &typed.field},
                   {"--version", &typed.version},       {"--reason", &typed.reason},
                   {"--work-order", &typed.work_order}, {"--request", &typed.request}};
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(options); i++) {
        status = cs_command_option(command, options[i].name, options[i].value);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, typed.request == NULL ? 1 : 0, 1);
    }
    if (status == CS_OK) {
        status = check_typed(command, &typed);
    }
    if (status == CS_OK) {
        *out = typed;
    }
    return status;
}

/* ---- which version ---- */

static bool begins_like(const char *typed, const struct cs_id *id)
{
    char text[CS_ID_TEXT_SIZE];
    size_t size = strlen(typed);
    cs_id_format(id, text);
    return size >= VERSION_TYPED_MIN && size < sizeof text && strncmp(typed, text, size) == 0;
}

/* What is in force comes before what may be, and that before what is to come. */
static int rank(enum cs_vault_state state)
{
    switch (state) {
    case CS_VAULT_CONFIRMED:
        return 4;
    case CS_VAULT_VERIFIED:
        return 3;
    case CS_VAULT_APPLIED:
        return 2;
    case CS_VAULT_PENDING:
        return 1;
    case CS_VAULT_ARCHIVED:
        break;
    }
    return 0;
}

static const struct cs_vault_kept_version *choose(const struct cs_vault_kept_version *list,
                                                  size_t count, const char *field,
                                                  const char *version, size_t *out_fitting)
{
    const struct cs_vault_kept_version *best = NULL;
    *out_fitting = 0;
    for (size_t i = 0; i < count; i++) {
        bool fits = cs_bytes_equal_text(list[i].version.field, field) &&
                    (version == NULL ? rank(list[i].state) > 0
                                     : begins_like(version, &list[i].version.version));
        *out_fitting += fits ? 1 : 0;
        if (fits && (best == NULL || rank(list[i].state) >= rank(best->state))) {
            best = &list[i];
        }
    }
    return best;
}

static enum cs_status find_version(struct cs_vault_work *work, const struct cs_vault_typed *typed,
                                   const char *field, struct cs_vault_disclosed *out)
{
    struct cs_problem *problem = &work->command->problem;
    struct cs_vault_kept_version *list = NULL;
    size_t count = 0;
    size_t fitting = 0;
    enum cs_status status =
        cs_vault_catalog_versions(work->book, &out->credential.vault.vault, &out->credential.item,
                                  &work->arena, &list, &count);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_vault_kept_version *found =
        choose(list, count, field, typed->version, &fitting);
    if (found == NULL || (typed->version != NULL && fitting > 1)) {
        work->command->exit_code = CS_EXIT_USAGE;
        return found == NULL
                   ? cs_problem_set(problem, CS_NOT_FOUND,
                                    "the credential has no such version of its field \"%.64s\": "
                                    "countersign vault show lists what there is",
                                    field)
                   : cs_problem_set(problem, CS_EXISTS, "several versions begin like that");
    }
    out->field = found->version.field;
    out->version = found->version.version;
    out->state = found->state;
    return CS_OK;
}

static enum cs_status find_wanted(struct cs_vault_work *work, struct cs_bytes credential,
                                  const struct cs_vault_typed *typed, const char *field,
                                  struct cs_vault_disclosed *out)
{
    enum cs_status status =
        cs_vault_work_credential(work, credential, typed->project, &out->credential);
    return status != CS_OK
               ? status
               : find_version(work, typed, typed->field != NULL ? typed->field : field, out);
}

/* A lease names one itself. */
static enum cs_status check_work_order(struct cs_vault_work *work,
                                       const struct cs_vault_typed *typed)
{
    cs_roles roles = cs_identity_roles(cs_replica_identity(work->replica));
    return typed->work_order != NULL || (roles & CS_ROLES_OFFICER) != 0
               ? CS_OK
               : cs_command_usage(work->command,
                                  "name the work order that the password is needed for "
                                  "with --work-order");
}

static enum cs_status find_work_order(struct cs_vault_work *work,
                                      const struct cs_vault_typed *typed, struct cs_id *room,
                                      struct cs_bytes *out)
{
    struct cs_command *command = work->command;
    const struct cs_entity *entity =
        cs_registry_find(command->registry, cs_bytes_of_text("work_order"));
    *out = CS_BYTES_NONE;
    if (typed->work_order == NULL) {
        return CS_OK;
    }
    enum cs_status status =
        entity == NULL ? CS_UNSUPPORTED
                       : cs_command_row(command, entity, cs_bytes_of_text(typed->work_order), room);
    if (status == CS_OK) {
        *out = cs_id_bytes(room);
    } else if (status == CS_NOT_FOUND) {
        command->exit_code = CS_EXIT_USAGE;
    }
    return status;
}

/* ---- online ---- */

/* Under which id it goes on later. */
static enum cs_status tell_waiting(struct cs_command *command, const uint8_t *request)
{
    char id[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_make(request, CS_HASH_SIZE), id);
    cs_json_destroy(command->failure);
    command->failure = cs_json_object();
    cs_json_set(command->failure, "waits", cs_json_boolean(true));
    cs_json_set(command->failure, "request", cs_json_text(cs_bytes_of_text(id)));
    command->exit_code = CS_EXIT_FAILED;
    return cs_problem_set(&command->problem, CS_LOCKED,
                          CS_WORDS(command,
                                   "the request is logged and waits for somebody else's approval; "
                                   "then: countersign vault reveal --request %.12s",
                                   "请求已登记,等待他人批准;之后执行: countersign vault "
                                   "reveal --request %.12s"),
                          id);
}

/* Of two commands that go on with one request at once, one shows it. */
static enum cs_status spend(struct cs_command *command, struct cs_vault_disclosure *disclosure)
{
    enum cs_status status = cs_vault_disclosure_spend(disclosure);
    return status == CS_NOT_FOUND
               ? cs_problem_set(&command->problem, CS_USED,
                                "the request was opened or given up by another command meanwhile")
               : status;
}

/* Opens, and destroys what could open it again, before anybody sees it. */
static enum cs_status open_once(struct cs_command *command, struct cs_vault_disclosure *disclosure,
                                const struct cs_id *version, struct cs_secret **out)
{
    struct cs_secret *secret = NULL;
    enum cs_status status =
        cs_vault_disclosure_open(disclosure, version, &secret, &command->problem);
    if (status == CS_LOCKED && cs_vault_disclosure_waits(disclosure)) {
        return tell_waiting(command, cs_vault_disclosure_id(disclosure));
    }
    if (status == CS_OK) {
        status = spend(command, disclosure);
    }
    if (status == CS_OK) {
        *out = secret;
    } else {
        cs_secret_destroy(secret);
    }
    return status;
}

/* What the server refused is told by this command, so it is not told again. */
static void put_refusal_aside(struct cs_vault_work *work, struct cs_vault_disclosure *disclosure)
{
    struct cs_arena arena;
    struct cs_queued_record queued;
    cs_arena_init(&arena, CS_MEBI);
    if (cs_queued_record_get(work->replica, cs_vault_disclosure_id(disclosure), &arena, &queued) ==
            CS_OK &&
        queued.status != CS_OK) {
        /* Where that fails it is told once more. */
        (void)!cs_queued_record_remove(work->replica, queued.id);
        (void)!cs_vault_disclosure_spend(disclosure);
    }
    cs_arena_release(&arena);
}

static void close_book(struct cs_vault_work *work)
{
    cs_vault_book_close(work->book);
    work->book = NULL;
}

static enum cs_status ask_server(struct cs_vault_work *work, const struct cs_vault_typed *typed,
                                 struct cs_bytes work_order, struct cs_vault_disclosed *out)
{
    struct cs_command *command = work->command;
    struct cs_vault_disclosure *disclosure = NULL;
    const struct cs_vault_ask ask = {.kind =
                                         typed->emergency ? CS_VAULT_EMERGENCY : CS_VAULT_REQUEST,
                                     .versions = cs_id_bytes(&out->version),
                                     .reason = cs_bytes_of_text(typed->reason),
                                     .work_order = work_order};
    close_book(work);
    enum cs_status status = cs_vault_disclosure_begin(work->replica, &out->credential.vault.vault,
                                                      &ask, &disclosure, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    memcpy(out->request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    status = open_once(command, disclosure, &out->version, &out->secret);
    if (status != CS_OK) {
        put_refusal_aside(work, disclosure);
    }
    cs_vault_disclosure_end(disclosure);
    return status;
}

/* ---- under a lease ---- */

static enum cs_status try_lease(struct cs_vault_work *work, const struct cs_vault_typed *typed,
                                struct cs_bytes work_order, struct cs_vault_disclosed *out)
{
    const struct cs_vault_lease_view view = {.vault = out->credential.vault.vault,
                                             .version = out->version,
                                             .reason = cs_bytes_of_text(typed->reason),
                                             .work_order = work_order};
    bool covered = false;
    enum cs_status status = cs_vault_lease_covers(work->book, &view.vault, &view.version, &covered);
    if (status == CS_OK && !covered) {
        return CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        status = cs_vault_lease_reveal(work->book, &view, &out->secret, &work->command->problem);
    }
    out->leased = status == CS_OK;
    return status;
}

/* ---- one that waits ---- */

static enum cs_status find_item_name(struct cs_vault_work *work, const struct cs_id *vault,
                                     const struct cs_id *version, struct cs_vault_disclosed *out)
{
    struct cs_vault_record found;
    char id[CS_ID_TEXT_SIZE];
    const struct cs_kept_filter filter = {
        .vault = *vault, .kind = CS_VAULT_VERSION, .version = version};
    enum cs_status status = cs_vault_book_newest(work->book, &filter, &work->arena, &found);
    if (status != CS_OK) {
        return status;
    }
    out->field = found.field;
    out->version = found.version;
    cs_id_format(&found.item, id);
    return cs_vault_work_credential(work, cs_bytes_of_text(id), NULL, &out->credential);
}

static enum cs_status find_own_request(struct cs_vault_work *work, const char *typed,
                                       struct cs_vault_disclosed *out)
{
    struct cs_command *command = work->command;
    struct cs_vault_waiting *list = NULL;
    const struct cs_vault_waiting *found = NULL;
    size_t count = 0;
    struct cs_id version;
    enum cs_status status = cs_vault_waiting_list(work->book, &work->arena, &list, &count);
    if (status == CS_OK) {
        status =
            cs_vault_waiting_find(list, count, cs_bytes_of_text(typed), &found, &command->problem);
        command->exit_code = status == CS_NOT_FOUND ? CS_EXIT_USAGE : command->exit_code;
    }
    if (status != CS_OK) {
        return status;
    }
    if (found->state == CS_VAULT_WAITS_FOR_ME || found->record.kind != CS_VAULT_REQUEST) {
        return cs_command_usage(command, found->state == CS_VAULT_WAITS_FOR_ME
                                             ? "that is somebody else's request: vault approve"
                                             : "that is an export: vault export --request");
    }
    memcpy(version.bytes, found->record.versions.data, CS_ID_SIZE);
    memcpy(out->request, found->record.id, CS_HASH_SIZE);
    return find_item_name(work, &found->record.vault, &version, out);
}

static enum cs_status go_on(struct cs_vault_work *work, const char *typed, const char *field,
                            struct cs_vault_disclosed *out)
{
    struct cs_command *command = work->command;
    struct cs_vault_disclosure *disclosure = NULL;
    enum cs_status status = find_own_request(work, typed, out);
    if (status == CS_OK && strcmp(field, "totp") == 0 &&
        cs_bytes_equal_text(out->field, "password")) {
        /* It would be spent for nothing. */
        return cs_command_usage(command, "that request is for a password: vault reveal --request");
    }
    if (status == CS_OK) {
        close_book(work);
        status = cs_command_go_online(command, CS_ONLINE_SHARED);
    }
    if (status == CS_OK) {
        status =
            cs_vault_disclosure_resume(work->replica, out->request, &disclosure, &command->problem);
    }
    if (status == CS_OK) {
        status = open_once(command, disclosure, &out->version, &out->secret);
    }
    if (status != CS_OK && disclosure != NULL) {
        put_refusal_aside(work, disclosure);
    }
    cs_vault_disclosure_end(disclosure);
    return status;
}

/* ---- all of it ---- */

/* A lease first: it works without network, and what it covers counts as disclosed already. Then with what the server has now. */
static enum cs_status disclose_new(struct cs_vault_work *work, struct cs_bytes credential,
                                   const struct cs_vault_typed *typed, const char *field,
                                   struct cs_vault_disclosed *out)
{
    struct cs_id room;
    struct cs_bytes work_order;
    enum cs_status status = find_work_order(work, typed, &room, &work_order);
    if (status != CS_OK) {
        return status;
    }
    if (!typed->emergency) {
        status = find_wanted(work, credential, typed, field, out);
        if (status == CS_OK) {
            status = try_lease(work, typed, work_order, out);
        }
        if (status == CS_OK || cs_status_class(status) != CS_CLASS_CALLER) {
            return status;
        }
        work->command->exit_code = CS_EXIT_DONE;
    }
    status = check_work_order(work, typed);
    if (status == CS_OK) {
        status = cs_vault_work_sync(work);
    }
    if (status == CS_OK) {
        work->command->problem.text[0] = '\0';
        status = find_wanted(work, credential, typed, field, out);
    }
    return status != CS_OK ? status : ask_server(work, typed, work_order, out);
}

enum cs_status cs_vault_disclose(struct cs_vault_work *work, struct cs_bytes credential,
                                 const struct cs_vault_typed *typed, const char *field,
                                 struct cs_vault_disclosed *out)
{
    struct cs_vault_disclosed disclosed = {.leased = false};
    enum cs_status status = typed->request != NULL
                                ? go_on(work, typed->request, field, &disclosed)
                                : disclose_new(work, credential, typed, field, &disclosed);
    if (status == CS_OK) {
        *out = disclosed;
    } else {
        cs_vault_disclosed_release(&disclosed);
    }
    return status;
}
