/*
 * vault rotate apply: new passwords become the ones in force, by helper programs (field-client/rotation/FORMAT.md).
 *
 * For each: where it is, and with which helper, before a secret is asked for; both secrets; "applied", signed and on disk, and where there is a network
 * taken by the server, so that nobody else does the same; then the helper; what it answered. Cut off anywhere, the same command goes on.
 */
#include "field-client/commands/vault/vault_rotate_how.h"

#include "field-client/vault/campaign_apply.h"
#include "shared/base/text.h"

#include <string.h>

struct applying {
    struct cs_rotate rotate;
    struct cs_rotate_how how;
    struct cs_rotate_why why;
    bool asked_server;
    enum cs_status server; /* what came of asking it */
    struct cs_problem server_problem;
    size_t verified;
    size_t left;
    size_t by_hand; /* no helper is for them */
    struct cs_json *results;
};

/* One attempt: all that stays the same while it is prepared. */
struct one {
    struct applying *applying;
    const struct cs_rotate_item *item;
    struct cs_arena arena;
    const struct cs_vault_field *field; /* loaded anew after what was signed or synced */
    struct cs_rotate_pair pair;
    struct cs_rotation_request request;
    char helper[CS_ROTATE_HELPER_PATH_MAX];
    bool leased;
    struct cs_vault_attempt attempt;
};

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

/* Where it is not known which works, how to show each of them. */
static void print_how_to_show(struct one *one)
{
    struct cs_command *command = one->applying->rotate.work.command;
    const struct cs_vault_field_version *versions[] = {cs_vault_field_coming(one->field),
                                                       cs_vault_field_confirmed(one->field)};
    const char *const names[] = {cs_command_words(command, "new", "新密码"),
                                 cs_command_words(command, "old", "旧密码")};
    char item[CS_ID_TEXT_SIZE];
    cs_id_format(&one->field->item, item);
    for (size_t i = 0; i < CS_COUNT(versions); i++) {
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&versions[i]->id, id);
        cs_command_print(command, "  %s: countersign vault reveal %s --field ", names[i], item);
        cs_command_print_safe(command, one->field->name);
        cs_command_print(command, " --version %s --reason …\n", id);
    }
}

static void put_result(struct one *one, const char *text)
{
    struct applying *applying = one->applying;
    struct cs_command *command = applying->rotate.work.command;
    const struct cs_vault_attempt *attempt = &one->attempt;
    struct cs_json *json = cs_rotate_field_json(&applying->rotate, one->field);
    cs_json_set(json, "version", cs_command_json_id(&cs_vault_field_coming(one->field)->id));
    cs_json_set(json, "old_version", cs_command_json_id(&cs_vault_field_confirmed(one->field)->id));
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
        if (attempt->state == CS_VAULT_APPLIED) {
            print_how_to_show(one);
        }
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
    status = cs_rotate_how_request(&applying->rotate, &applying->how, one.item, &one.arena,
                                   &one.request, one.helper, &command->problem);
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
    enum cs_status status = cs_rotate_how_target(&applying->how, item, &arena, &target, NULL);
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
        status = cs_rotate_how_why(&applying->rotate, &applying->how, &applying->why);
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
    struct applying applying = {.verified = 0};
    enum cs_status status = cs_rotate_how_take(command, &applying.how);
    if (status == CS_OK) {
        status = cs_rotate_take(command, 0, &applying.rotate);
    }
    if (status == CS_OK) {
        applying.results = cs_json_array();
        status = run(command, &applying);
        cs_json_destroy(applying.results);
        cs_rotate_end(&applying.rotate);
    }
    cs_rotate_how_release(&applying.how);
    return status;
}
