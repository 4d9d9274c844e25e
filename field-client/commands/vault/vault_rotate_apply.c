/*
 * vault rotate apply: new passwords become the ones in force, by helper programs (field-client/rotation/FORMAT.md).
 *
 * For each: where it is, and with which helper, before a secret is asked for; both secrets; "applied", signed and on disk, and where there is a network
 * taken by the server, so that nobody else does the same; then the helper; what it answered. Cut off anywhere, the same command goes on.
 */
#include "field-client/commands/vault/vault_rotate_secrets.h"

#include "field-client/rotation/target.h"
#include "field-client/vault/campaign_apply.h"
#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_USUAL 60
#define PATH_MAX_SIZE ((size_t)4096)
#define OPTION_FILE_MAX (16 * CS_KIBI)

struct applying {
    struct cs_rotate rotate;
    struct cs_rotate_why why;
    const char *reason;
    const char *work_order;
    const char *helper; /* --helper */
    struct cs_rotation_option options[CS_ROTATION_OPTIONS_MAX];
    size_t option_count;
    int64_t seconds;
    struct cs_arena arena; /* of the options */
    struct cs_id work_order_id;
    bool asked_server;
    enum cs_status server; /* what came of asking it */
    struct cs_problem server_problem;
    size_t verified;
    size_t left;
    size_t by_hand; /* no helper is for them */
    struct cs_json *results;
};

/* ---- options ---- */

static enum cs_status read_value(struct cs_command *command, struct applying *applying,
                                 struct cs_bytes *value)
{
    char path[PATH_MAX_SIZE];
    struct cs_buffer content;
    if (value->size == 0 || value->data[0] != '@') {
        return CS_OK;
    }
    (void)snprintf(path, sizeof path, "%.*s", (int)(value->size - 1),
                   (const char *)value->data + 1);
    cs_buffer_init(&content, OPTION_FILE_MAX);
    enum cs_status status = cs_command_read_file(command, path, &content);
    while (status == CS_OK && content.size > 0 && content.data[content.size - 1] == '\n') {
        content.size--;
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&applying->arena, cs_buffer_bytes(&content), value);
    }
    cs_buffer_release(&content);
    return status;
}

static enum cs_status take_option(struct cs_command *command, struct applying *applying,
                                  const char *text)
{
    struct cs_rotation_option option;
    if (!cs_command_split_assignment(cs_bytes_of_text(text), &option.name, &option.value)) {
        return cs_command_usage(command, "--option takes NAME=VALUE or NAME=@FILE");
    }
    if (applying->option_count == CS_ROTATION_OPTIONS_MAX) {
        return cs_command_usage(command, "there are more than %d options",
                                (int)CS_ROTATION_OPTIONS_MAX);
    }
    enum cs_status status = read_value(command, applying, &option.value);
    if (status == CS_OK) {
        applying->options[applying->option_count++] = option;
    }
    return status;
}

/* --option stands as often as it is wanted; each time the first is taken alone. */
static enum cs_status take_options(struct cs_command *command, struct applying *applying)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < command->argument_count && i < command->operand_start;
         i++) {
        char **arguments = command->arguments;
        if (strcmp(arguments[i], "--option") != 0) {
            continue;
        }
        if (i + 1 == command->argument_count) {
            return cs_command_usage(command, "--option takes NAME=VALUE or NAME=@FILE");
        }
        status = take_option(command, applying, arguments[i + 1]);
        memmove(&arguments[i], &arguments[i + 2],
                (command->argument_count - i - 2) * sizeof *arguments);
        command->argument_count -= 2;
        command->operand_start -= command->operand_start == SIZE_MAX ? 0 : 2;
        i--;
    }
    return status;
}

static enum cs_status take_all(struct cs_command *command, struct applying *applying)
{
    enum cs_status status = take_options(command, applying);
    if (status == CS_OK) {
        status = cs_command_option(command, "--helper", &applying->helper);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--reason", &applying->reason);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--work-order", &applying->work_order);
    }
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--seconds", 1, CS_ROTATION_SECONDS_MAX,
                                          &applying->seconds);
    }
    if (status == CS_OK) {
        status = cs_rotate_take(command, 0, &applying->rotate);
    }
    if (status == CS_OK && applying->helper != NULL && applying->helper[0] != '/') {
        status = cs_command_usage(command, "--helper takes the absolute path of a program");
    }
    return status;
}

static enum cs_status find_why(struct cs_command *command, struct applying *applying)
{
    struct cs_vault_campaign campaign;
    struct cs_rotate *rotate = &applying->rotate;
    enum cs_status status = CS_OK;
    applying->why.reason = cs_bytes_of_text(
        applying->reason != NULL ? applying->reason
                                 : cs_command_words(command, "rotation campaign", "统一修改密码"));
    if (applying->reason == NULL) {
        status = cs_vault_campaign_find(rotate->work.book, &rotate->vault.vault,
                                        &rotate->work.arena, &campaign, NULL);
        applying->why.reason = status == CS_OK ? campaign.consent : applying->why.reason;
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK && applying->work_order != NULL) {
        const struct cs_entity *entity =
            cs_registry_find(command->registry, cs_bytes_of_text("work_order"));
        status = entity == NULL
                     ? CS_UNSUPPORTED
                     : cs_command_row(command, entity, cs_bytes_of_text(applying->work_order),
                                      &applying->work_order_id);
        applying->why.work_order = cs_id_bytes(&applying->work_order_id);
    }
    return status;
}

/* ---- where it is ---- */

/* Our helpers stand beside this program. One that was typed is for the credentials that were, or else for those that none of ours is for. */
static enum cs_status helper_path(const struct applying *applying, const char *name,
                                  char out[static PATH_MAX_SIZE], struct cs_problem *problem)
{
    if (applying->helper != NULL && (name == NULL || applying->rotate.named_count > 0)) {
        (void)snprintf(out, PATH_MAX_SIZE, "%s", applying->helper);
        return CS_OK;
    }
    ssize_t size = readlink("/proc/self/exe", out, PATH_MAX_SIZE);
    size_t length = size < 0 ? 0 : (size_t)size;
    while (length > 0 && out[length - 1] != '/') {
        length--;
    }
    if (length == 0 || length + strlen(name) >= PATH_MAX_SIZE) {
        return cs_problem_set(problem, CS_IO, "where the helpers are cannot be told");
    }
    memcpy(out + length, name, strlen(name) + 1);
    return CS_OK;
}

static enum cs_status find_target(const struct applying *applying,
                                  const struct cs_rotate_item *item, struct cs_arena *arena,
                                  struct cs_rotation_target *out, struct cs_problem *problem)
{
    enum cs_status status = cs_rotation_target_parse(item->listing.address, arena, out, problem);
    for (size_t i = 0; status == CS_OK && i < applying->option_count; i++) {
        status = cs_rotation_target_option(out, applying->options[i].name,
                                           applying->options[i].value, problem);
    }
    if (status == CS_OK && out->helper == NULL && applying->helper == NULL) {
        status = cs_problem_set(problem, CS_UNSUPPORTED,
                                "no helper is for this address: change it by hand and say "
                                "\"vault rotate applied\" before and \"verified\" or \"failed\" "
                                "after, or name a helper with --helper");
    }
    return status;
}

/* One attempt: all that stays the same while it is prepared. */
struct one {
    struct applying *applying;
    const struct cs_rotate_item *item;
    struct cs_arena arena;
    const struct cs_vault_field *field; /* loaded anew after what was signed or synced */
    struct cs_rotate_pair pair;
    struct cs_rotation_request request;
    char helper[PATH_MAX_SIZE];
    bool leased;
    struct cs_vault_attempt attempt;
};

static enum cs_status make_request(struct one *one, struct cs_problem *problem)
{
    struct cs_rotation_target target;
    enum cs_status status = find_target(one->applying, one->item, &one->arena, &target, problem);
    if (status == CS_OK) {
        status = helper_path(one->applying, target.helper, one->helper, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_bytes user = one->item->listing.user;
    one->request = (struct cs_rotation_request){.host = target.host,
                                                .port = target.port,
                                                .user = user.size > 0 ? user : target.user,
                                                .old_secret = cs_bytes_of_text("old"),
                                                .new_secret = cs_bytes_of_text("new"),
                                                .seconds = (uint32_t)one->applying->seconds,
                                                .option_count = target.option_count};
    memcpy(one->request.options, target.options, sizeof target.options);
    return cs_rotation_request_check(&one->request, problem); /* the secrets come later */
}

/* ---- one field ---- */

static enum cs_status reload(struct one *one)
{
    struct cs_rotate *rotate = &one->applying->rotate;
    return cs_rotate_field(rotate, &one->item->item, cs_bytes_of_text(rotate->field), &one->arena,
                           &one->field);
}

static enum cs_status find_pair(struct one *one, struct cs_problem *problem)
{
    one->pair.new_version = cs_vault_field_coming(one->field);
    one->pair.old_version = cs_vault_field_confirmed(one->field);
    if (one->pair.new_version == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "no new version is to come: prepare one first");
    }
    if (one->pair.new_version->state == CS_VAULT_VERIFIED) {
        return cs_problem_set(problem, CS_USED,
                              "the new version works already: it waits to be confirmed");
    }
    if (one->pair.old_version == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "no version is confirmed: which password works now is not known");
    }
    return CS_OK;
}

/* A lease works without network; else the server is asked what is new, once in a run. */
static enum cs_status choose_way(struct one *one, struct cs_problem *problem)
{
    struct cs_rotate *rotate = &one->applying->rotate;
    enum cs_status status = find_pair(one, problem);
    if (status == CS_OK) {
        status = cs_rotate_pair_leased(rotate, &one->pair, &one->leased);
    }
    if (cs_status_class(status) == CS_CLASS_LOCAL || one->leased) {
        return status;
    }
    if (!one->applying->asked_server) {
        problem->text[0] = '\0';
        one->applying->server = cs_vault_work_sync(&rotate->work);
        one->applying->server_problem = *problem;
        one->applying->asked_server = true;
    }
    if (one->applying->server != CS_OK) {
        *problem = one->applying->server_problem;
        return one->applying->server;
    }
    status = reload(one);
    return status != CS_OK ? status : find_pair(one, problem);
}

/* What was disclosed is still what is in force and to come. */
static enum cs_status check_same(const struct one *one, struct cs_problem *problem)
{
    const struct cs_vault_field_version *coming = cs_vault_field_coming(one->field);
    const struct cs_vault_field_version *confirmed = cs_vault_field_confirmed(one->field);
    bool same = coming != NULL && confirmed != NULL &&
                cs_id_equal(&coming->id, &one->pair.new_version->id) &&
                cs_id_equal(&confirmed->id, &one->pair.old_version->id);
    return same ? CS_OK
                : cs_problem_set(problem, CS_OUTDATED,
                                 "somebody else has stored or settled a version meanwhile: look at "
                                 "vault rotate status");
}

/* Signed before the first attempt; with a network also taken by the server: of two at once, one is told here. */
static enum cs_status sign_applied(struct one *one, struct cs_problem *problem)
{
    struct cs_rotate *rotate = &one->applying->rotate;
    uint8_t id[CS_HASH_SIZE];
    enum cs_status status = cs_vault_campaign_applied(rotate->work.book, one->field, problem);
    if (status == CS_OK) {
        status = reload(one);
    }
    if (status != CS_OK || one->leased || !cs_vault_field_coming(one->field)->state_waits) {
        return status;
    }
    memcpy(id, cs_vault_field_coming(one->field)->current, sizeof id);
    status = cs_vault_work_send(&rotate->work, id);
    if (status == CS_OK) {
        status = reload(one);
    }
    return status != CS_OK ? status : check_same(one, problem);
}

static enum cs_status attempt(struct one *one, struct cs_problem *problem)
{
    struct cs_rotate *rotate = &one->applying->rotate;
    enum cs_vault_attempt_kind kind =
        one->pair.new_version->state == CS_VAULT_PENDING ? CS_ATTEMPT_FIRST : CS_ATTEMPT_AGAIN;
    enum cs_status status = one->leased
                                ? cs_rotate_pair_reveal(rotate, &one->applying->why, &one->pair)
                                : cs_rotate_pair_ask(rotate, &one->applying->why, &one->pair);
    if (status == CS_OK) {
        status = reload(one);
    }
    if (status == CS_OK) {
        status = check_same(one, problem);
    }
    if (status == CS_OK) {
        kind = cs_vault_field_coming(one->field)->state == CS_VAULT_PENDING ? CS_ATTEMPT_FIRST
                                                                            : CS_ATTEMPT_AGAIN;
        status = sign_applied(one, problem);
    }
    if (status == CS_OK) {
        one->request.old_secret = cs_secret_bytes(one->pair.old_secret);
        one->request.new_secret = cs_secret_bytes(one->pair.new_secret);
        status = cs_vault_campaign_attempt(rotate->work.book, one->field, kind, one->helper,
                                           &one->request, &one->attempt, problem);
    }
    cs_rotate_pair_release(&one->pair);
    return status;
}

/* ---- what came of it ---- */

/* What a person does next, in plain words. */
static const char *advice(const struct cs_command *command, const struct cs_vault_attempt *attempt)
{
    if (attempt->state == CS_VAULT_VERIFIED) {
        return cs_command_words(
            command,
            "changed: a login with the new password worked; an officer confirms "
            "it with vault rotate confirm",
            "已修改:新密码登录成功;由安全员执行 vault rotate confirm 确认");
    }
    if (attempt->state == CS_VAULT_PENDING) {
        return cs_command_words(command, "not changed: the old password stays in force",
                                "未修改:旧密码仍有效");
    }
    if (attempt->answer == CS_ROTATION_BOTH) {
        return cs_command_words(command,
                                "the system takes both passwords: somebody has to look at it. Both "
                                "are kept",
                                "系统接受两个密码:须人工检查。两个密码均保留");
    }
    if (attempt->answer == CS_ROTATION_NEITHER) {
        return cs_command_words(command,
                                "the system takes neither password: the account may be locked, or "
                                "somebody else changed it. Both are kept",
                                "系统不接受任一密码:账号可能被锁定或被他人修改。两个密码均保留");
    }
    return cs_command_words(command,
                            "it is NOT known which password is in force. Both are kept and can be "
                            "shown: try the new one, then the old one. When the system can be "
                            "reached again run the same command: it looks first. Or say what you "
                            "saw: vault rotate verified, or failed",
                            "无法确定哪个密码有效!两个密码均保留、均可查阅:先试新密码,再试旧密码。"
                            "系统恢复后重新执行同一命令(先检查再修改),或按所见执行 vault rotate "
                            "verified 或 failed");
}

static void put_result(struct one *one, const char *text)
{
    struct applying *applying = one->applying;
    struct cs_command *command = applying->rotate.work.command;
    const struct cs_vault_attempt *attempt = &one->attempt;
    struct cs_json *json = cs_rotate_field_json(&applying->rotate, one->field);
    cs_json_set(json, "version", cs_command_json_id(&cs_vault_field_coming(one->field)->id));
    cs_json_set(json, "state", cs_json_text(cs_bytes_of_text(cs_vault_state_name(attempt->state))));
    cs_json_set(json, "answer",
                cs_json_text(cs_bytes_of_text(cs_rotation_answer_text(attempt->answer))));
    cs_json_set(json, "reason", cs_json_text(cs_bytes_of_text(attempt->reason.text)));
    cs_json_set(json, "text", cs_json_text(cs_bytes_of_text(text)));
    cs_json_append(applying->results, json);
    if (!command->json) {
        cs_command_print_safe(
            command, cs_bytes_of_text(cs_rotate_field_text(&applying->rotate, one->field)));
        cs_command_print(command, ": %s", text);
        if (attempt->reason.text[0] != '\0') {
            cs_command_print(command, " (");
            cs_command_print_safe(command, cs_bytes_of_text(attempt->reason.text));
            cs_command_print(command, ")");
        }
        cs_command_print(command, "\n");
    }
}

static void put_failure(struct one *one, enum cs_status status)
{
    struct applying *applying = one->applying;
    struct cs_command *command = applying->rotate.work.command;
    const char *text =
        command->problem.text[0] != '\0' ? command->problem.text : cs_status_text(status);
    const char *name = cs_rotate_field_text(&applying->rotate, one->field);
    struct cs_json *json = cs_rotate_field_json(&applying->rotate, one->field);
    struct cs_json *waits = cs_json_array();
    cs_json_set(json, "status", cs_json_text(cs_bytes_of_text(cs_status_name(status))));
    cs_json_set(json, "text", cs_json_text(cs_bytes_of_text(text)));
    cs_command_note(command, "%s: %s", name, text);
    for (size_t i = 0; i < one->pair.waiting_count; i++) {
        char id[2 * CS_HASH_SIZE + 1];
        cs_hex_encode(cs_bytes_make(one->pair.requests[i], CS_HASH_SIZE), id);
        cs_json_append(waits, cs_json_text(cs_bytes_of_text(id)));
        cs_command_note(command,
                        CS_WORDS(command,
                                 "somebody else runs: countersign vault approve %.12s; then run "
                                 "this command again",
                                 "请他人执行: countersign vault approve %.12s;之后重新执行本命令"),
                        id);
    }
    cs_json_set(json, "waits", waits);
    cs_json_append(applying->results, json);
    command->problem.text[0] = '\0';
    applying->left++;
}

static enum cs_status conclude(struct one *one, enum cs_status status)
{
    struct applying *applying = one->applying;
    struct cs_command *command = applying->rotate.work.command;
    if (status != CS_OK) {
        bool local = cs_status_class(status) == CS_CLASS_LOCAL;
        if (!local) {
            put_failure(one, status);
        }
        return local ? status : CS_OK;
    }
    put_result(one, advice(command, &one->attempt));
    if (one->attempt.state == CS_VAULT_VERIFIED) {
        applying->verified++;
    } else {
        applying->left++;
    }
    return CS_OK;
}

/* Where the network is there, others see at once what was done; where not, that is said once at the end. */
static enum cs_status apply_one(struct applying *applying, const struct cs_id *item)
{
    struct cs_command *command = applying->rotate.work.command;
    struct one one = {.applying = applying, .item = cs_rotate_item(&applying->rotate, item)};
    cs_arena_init(&one.arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = reload(&one);
    if (status != CS_OK) {
        cs_arena_release(&one.arena);
        return status;
    }
    status = make_request(&one, &command->problem);
    if (status == CS_OK) {
        status = choose_way(&one, &command->problem);
    }
    if (status == CS_OK) {
        status = attempt(&one, &command->problem);
    }
    status = conclude(&one, status);
    cs_arena_release(&one.arena);
    return status;
}

/* ---- all of them ---- */

/* Without names: those that are to come, and that a helper is for; for the others it is said that they are left. A wrong address counts, so that
 * it is told. */
static enum cs_status is_wanted(struct applying *applying, const struct cs_vault_field *field,
                                bool *out)
{
    struct cs_rotate *rotate = &applying->rotate;
    const struct cs_vault_field_version *coming = cs_vault_field_coming(field);
    struct cs_rotation_target target;
    struct cs_arena arena;
    *out = cs_rotate_means(rotate, field);
    if (!*out || rotate->named_count > 0) {
        return CS_OK;
    }
    *out = coming != NULL && coming->state != CS_VAULT_VERIFIED;
    if (!*out) {
        return CS_OK;
    }
    cs_arena_init(&arena, CS_MEBI);
    const struct cs_rotate_item *item = cs_rotate_item(rotate, &field->item);
    enum cs_status status = find_target(applying, item, &arena, &target, NULL);
    cs_arena_release(&arena);
    *out = status == CS_OK || (status == CS_INVALID && item->listing.address.size > 0);
    applying->by_hand += *out ? 0 : 1;
    return status == CS_NO_MEMORY ? status : CS_OK;
}

static enum cs_status apply_all(struct applying *applying)
{
    struct cs_rotate *rotate = &applying->rotate;
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    enum cs_status status = cs_rotate_fields(rotate, &fields, &count);
    if (status == CS_OK) {
        status = cs_rotate_check_named(rotate, fields, count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        bool wanted = false;
        status = is_wanted(applying, &fields[i], &wanted);
        if (status == CS_OK && wanted) {
            status = apply_one(applying, &fields[i].item);
        }
    }
    return status;
}

static enum cs_status answer(struct applying *applying)
{
    struct cs_command *command = applying->rotate.work.command;
    if (applying->left > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (!command->json) {
        cs_command_print(command,
                         CS_WORDS(command, "%zu changed, %zu left, %zu to be changed by hand\n",
                                  "已修改 %zu 个,未完成 %zu 个,须人工修改 %zu 个\n"),
                         applying->verified, applying->left, applying->by_hand);
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "verified", cs_json_integer((int64_t)applying->verified));
    cs_json_set(json, "left", cs_json_integer((int64_t)applying->left));
    cs_json_set(json, "by_hand", cs_json_integer((int64_t)applying->by_hand));
    cs_json_set(json, "results", applying->results);
    applying->results = NULL;
    return cs_command_json(command, json);
}

static enum cs_status run(struct cs_command *command, struct applying *applying)
{
    size_t refused = 0;
    enum cs_status status = cs_rotate_open(command, CS_ROTATE_HERE, &applying->rotate);
    if (status == CS_OK) {
        status = find_why(command, applying);
    }
    if (status == CS_OK) {
        status = apply_all(applying);
    }
    if (status == CS_OK && applying->verified + applying->left > 0) {
        status = cs_rotate_send_if_possible(&applying->rotate);
    }
    if (status == CS_OK) {
        status = cs_rotate_refusals(&applying->rotate, &refused);
        applying->left += refused;
    }
    return status != CS_OK ? status : answer(applying);
}

enum cs_status cs_vault_rotate_apply(struct cs_command *command)
{
    struct applying applying = {.seconds = SECONDS_USUAL};
    cs_arena_init(&applying.arena, CS_MEBI);
    enum cs_status status = take_all(command, &applying);
    if (status == CS_OK) {
        applying.results = cs_json_array();
        status = run(command, &applying);
        cs_json_destroy(applying.results);
        cs_rotate_end(&applying.rotate);
    }
    cs_arena_release(&applying.arena);
    return status;
}
