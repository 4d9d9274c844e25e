/* vault reveal: one secret, logged first, shown once. vault code: the one-time password of a seed; the seed counts as disclosed. */
#include "field-client/commands/vault/vault_disclose.h"
#include "field-client/vault/totp.h"

#include <stdio.h>
#include <string.h>

static enum cs_status begin(struct cs_command *command, struct cs_vault_typed *typed,
                            struct cs_vault_giving *giving)
{
    enum cs_status status = cs_vault_giving_take(command, giving);
    return status != CS_OK ? status : cs_vault_typed_take(command, typed);
}

enum cs_status cs_vault_command_reveal(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_vault_typed typed;
    struct cs_vault_giving giving;
    struct cs_vault_disclosed disclosed = {.secret = NULL};
    enum cs_status status = begin(command, &typed, &giving);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = cs_vault_disclose(&work, cs_command_argument(command, 0), &typed, "password",
                                   &disclosed);
    }
    if (status == CS_OK) {
        status = cs_vault_give(command, &giving, &disclosed, cs_vault_disclosed_json(&disclosed),
                               "value", cs_secret_bytes(disclosed.secret));
    }
    cs_vault_disclosed_release(&disclosed);
    cs_vault_work_end(&work);
    return status;
}

static enum cs_status give_code(struct cs_command *command, const struct cs_vault_giving *giving,
                                const struct cs_vault_disclosed *disclosed)
{
    struct cs_totp totp;
    struct cs_secret *seed = NULL;
    struct cs_secret *code = NULL;
    int64_t now_ms = command->world->wall_ms(command->world->context);
    enum cs_status status =
        cs_totp_parse(cs_secret_bytes(disclosed->secret), &totp, &seed, &command->problem);
    if (status == CS_OK) {
        status = cs_secret_create(CS_TOTP_DIGITS_MAX + 1, &code);
    }
    if (status == CS_OK) {
        status = cs_totp_code(&totp, now_ms, (char *)cs_secret_data(code));
    }
    if (status == CS_OK) {
        struct cs_json *json = cs_vault_disclosed_json(disclosed);
        int64_t left = totp.period_s - now_ms / 1000 % totp.period_s;
        cs_json_set(json, "valid_seconds", cs_json_integer(left));
        cs_command_note(command, CS_WORDS(command, "valid for %lld s", "有效期 %lld 秒"),
                        (long long)left);
        status = cs_vault_give(command, giving, disclosed, json, "code",
                               cs_bytes_make(cs_secret_data(code), totp.digits));
    }
    cs_secret_destroy(code);
    cs_secret_destroy(seed);
    return status;
}

enum cs_status cs_vault_command_code(struct cs_command *command)
{
    struct cs_vault_work work;
    struct cs_vault_typed typed;
    struct cs_vault_giving giving;
    struct cs_vault_disclosed disclosed = {.secret = NULL};
    enum cs_status status = begin(command, &typed, &giving);
    if (status != CS_OK) {
        return status;
    }
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status =
            cs_vault_disclose(&work, cs_command_argument(command, 0), &typed, "totp", &disclosed);
    }
    if (status == CS_OK) {
        status = give_code(command, &giving, &disclosed);
    }
    cs_vault_disclosed_release(&disclosed);
    cs_vault_work_end(&work);
    return status;
}
