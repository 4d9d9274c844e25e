/* vault rotate applied, verified, failed, confirm: what happened to new passwords, said by people. */
#include "field-client/commands/vault/vault_rotate.h"

#include <string.h>

/* Signed at once, then sent: what waits is looked through for each further one. */
#define BATCH_MAX ((size_t)64)

typedef enum cs_status word(struct cs_vault_book *book, const struct cs_vault_field *field,
                            struct cs_problem *problem);

struct saying {
    struct cs_rotate *rotate;
    struct cs_json *list;
    size_t said;
    size_t left;    /* could not be said; each told on standard error */
    size_t refused; /* by the server */
};

/* One field after another: what is wrong with one does not hold up the others. */
static enum cs_status take_outcome(struct saying *saying, const struct cs_vault_field *field,
                                   enum cs_status status)
{
    struct cs_command *command = saying->rotate->work.command;
    if (status == CS_OK) {
        saying->said++;
        return CS_OK;
    }
    if (cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    cs_command_note(command, "%s: %s", cs_rotate_field_text(saying->rotate, field),
                    command->problem.text[0] != '\0' ? command->problem.text
                                                     : cs_status_text(status));
    command->problem.text[0] = '\0';
    saying->left++;
    return CS_OK;
}

/* How the fields stand after what was said was sent. */
static enum cs_status put_states(struct saying *saying)
{
    struct cs_rotate *rotate = saying->rotate;
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    enum cs_status status = cs_rotate_fields(rotate, &fields, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_vault_field *field = &fields[i];
        const struct cs_vault_field_version *coming = cs_vault_field_coming(field);
        const struct cs_vault_field_version *shown =
            coming != NULL ? coming : cs_vault_field_confirmed(field);
        if (!cs_rotate_means(rotate, field) || shown == NULL) {
            continue;
        }
        struct cs_json *json = cs_rotate_field_json(rotate, field);
        cs_json_set(json, "version", cs_command_json_id(&shown->id));
        cs_json_set(json, "state",
                    cs_json_text(cs_bytes_of_text(cs_vault_state_name(shown->state))));
        cs_json_set(json, "waits_to_be_sent", cs_json_boolean(shown->state_waits));
        cs_json_append(saying->list, json);
    }
    return status;
}

static enum cs_status answer(struct saying *saying, const char *english, const char *chinese)
{
    struct cs_command *command = saying->rotate->work.command;
    if (saying->left > 0 || saying->refused > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (!command->json) {
        cs_command_print(command, "%s: %zu\n", cs_command_words(command, english, chinese),
                         saying->said);
        return CS_OK;
    }
    enum cs_status status = put_states(saying);
    if (status != CS_OK) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "count", cs_json_integer((int64_t)saying->said));
    cs_json_set(json, "left", cs_json_integer((int64_t)saying->left));
    cs_json_set(json, "refused", cs_json_integer((int64_t)saying->refused));
    cs_json_set(json, "fields", saying->list);
    saying->list = NULL;
    return cs_command_json(command, json);
}

/* Signed for each field that is meant, then sent if the server can be reached. */
static enum cs_status say_all(struct saying *saying, word *say)
{
    struct cs_rotate *rotate = saying->rotate;
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    enum cs_status status = cs_rotate_fields(rotate, &fields, &count);
    if (status == CS_OK) {
        status = cs_rotate_check_named(rotate, fields, count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (cs_rotate_means(rotate, &fields[i])) {
            status =
                take_outcome(saying, &fields[i],
                             say(rotate->work.book, &fields[i], &rotate->work.command->problem));
        }
    }
    if (status == CS_OK) {
        status = cs_rotate_send_if_possible(rotate);
    }
    return status != CS_OK ? status : cs_rotate_refusals(rotate, &saying->refused);
}

static enum cs_status run_word(struct cs_command *command, word *say, const char *english,
                               const char *chinese)
{
    struct cs_rotate rotate;
    struct saying saying = {.rotate = &rotate};
    enum cs_status status = cs_rotate_take(command, 1, &rotate);
    if (status != CS_OK) {
        return status;
    }
    saying.list = cs_json_array();
    status = cs_rotate_open(command, CS_ROTATE_HERE, &rotate);
    if (status == CS_OK) {
        status = say_all(&saying, say);
    }
    if (status == CS_OK) {
        status = answer(&saying, english, chinese);
    }
    cs_json_destroy(saying.list);
    cs_rotate_end(&rotate);
    return status;
}

enum cs_status cs_vault_rotate_applied(struct cs_command *command)
{
    return run_word(command, cs_vault_campaign_applied, "applied, to be verified", "已下发,待验证");
}

enum cs_status cs_vault_rotate_verified(struct cs_command *command)
{
    return run_word(command, cs_vault_campaign_verified, "verified, to be confirmed",
                    "已验证,待确认");
}

enum cs_status cs_vault_rotate_failed(struct cs_command *command)
{
    return cs_command_flag(command, "--drop")
               ? run_word(command, cs_vault_campaign_drop, "dropped, and still readable",
                          "已弃用(仍可查阅)")
               : run_word(command, cs_vault_campaign_failed, "not applied, to be tried again",
                          "未生效,待重试");
}

/* ---- confirm ---- */

static word confirm_verified;
static word confirm_any;

static enum cs_status confirm_verified(struct cs_vault_book *book,
                                       const struct cs_vault_field *field,
                                       struct cs_problem *problem)
{
    return cs_vault_campaign_confirm(book, field, CS_CAMPAIGN_VERIFIED_ONLY, problem);
}

static enum cs_status confirm_any(struct cs_vault_book *book, const struct cs_vault_field *field,
                                  struct cs_problem *problem)
{
    return cs_vault_campaign_confirm(book, field, CS_CAMPAIGN_UNVERIFIED_TOO, problem);
}

/* Without names: all that are verified, and what a run that was cut off has left. */
static bool is_ready(const struct cs_vault_field *field)
{
    const struct cs_vault_field_version *coming = cs_vault_field_coming(field);
    size_t confirmed = 0;
    for (size_t i = 0; i < field->version_count; i++) {
        confirmed += field->versions[i].state == CS_VAULT_CONFIRMED ? 1 : 0;
    }
    return coming != NULL ? coming->state == CS_VAULT_VERIFIED : confirmed > 1;
}

static enum cs_status confirm_ready(struct saying *saying)
{
    struct cs_rotate *rotate = saying->rotate;
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    size_t waiting = 0;
    enum cs_status status = cs_rotate_fields(rotate, &fields, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if ((rotate->field_typed && !cs_rotate_means(rotate, &fields[i])) ||
            !is_ready(&fields[i])) {
            continue;
        }
        status = take_outcome(
            saying, &fields[i],
            confirm_verified(rotate->work.book, &fields[i], &rotate->work.command->problem));
        if (status == CS_OK && ++waiting == BATCH_MAX) {
            status = cs_vault_work_sync(&rotate->work);
            waiting = 0;
        }
    }
    if (status == CS_OK) {
        status = cs_vault_work_sync(&rotate->work);
    }
    return status != CS_OK ? status : cs_rotate_refusals(rotate, &saying->refused);
}

enum cs_status cs_vault_rotate_confirm(struct cs_command *command)
{
    struct cs_rotate rotate;
    struct saying saying = {.rotate = &rotate};
    bool unverified = cs_command_flag(command, "--unverified");
    enum cs_status status = cs_rotate_take(command, 0, &rotate);
    if (status == CS_OK && unverified && command->argument_count < 2) {
        status = cs_command_usage(command, "--unverified is for credentials that are named");
    }
    if (status != CS_OK) {
        return status;
    }
    saying.list = cs_json_array();
    status = cs_rotate_open(command, CS_ROTATE_SYNC, &rotate);
    if (status == CS_OK) {
        status = rotate.named_count == 0
                     ? confirm_ready(&saying)
                     : say_all(&saying, unverified ? confirm_any : confirm_verified);
    }
    if (status == CS_OK) {
        status = answer(&saying, "confirmed", "已确认");
    }
    cs_json_destroy(saying.list);
    cs_rotate_end(&rotate);
    return status;
}
