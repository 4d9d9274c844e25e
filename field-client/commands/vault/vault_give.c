/* Giving a secret to whoever asked: screen, standard output, JSON, clipboard; see vault_disclose.h. */
#include "field-client/commands/vault/vault_disclose.h"
#include "field-client/console/secret_output.h"
#include "shared/base/text.h"

#include <fcntl.h>
#include <unistd.h>

#define SECONDS_ON_SCREEN 30
#define SECONDS_MAX 600

enum cs_status cs_vault_giving_take(struct cs_command *command, struct cs_vault_giving *out)
{
    struct cs_vault_giving giving = {.seconds = SECONDS_ON_SCREEN};
    int64_t clipboard_seconds = 0;
    enum cs_status status =
        cs_command_option_number(command, "--clipboard", 1, SECONDS_MAX, &clipboard_seconds);
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--seconds", 1, SECONDS_MAX, &giving.seconds);
    }
    /* Before anything counts as disclosed. */
    if (status == CS_OK && clipboard_seconds > 0) {
        giving.seconds = clipboard_seconds;
        status = cs_clipboard_find(command->console, &giving.clipboard, &command->problem);
    }
    if (status == CS_OK) {
        *out = giving;
    }
    return status;
}

struct cs_json *cs_vault_disclosed_json(const struct cs_vault_disclosed *disclosed)
{
    const struct cs_vault_credential *credential = &disclosed->credential;
    char request[2 * CS_HASH_SIZE + 1];
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "credential", cs_command_json_id(&credential->item));
    cs_json_set(json, "vault", cs_command_json_id(&credential->vault.vault));
    cs_json_set(json, "project", cs_command_json_id(&credential->vault.project));
    cs_json_set(json, "name", cs_json_text(credential->listing.name));
    cs_json_set(json, "user", cs_json_text(credential->listing.user));
    cs_json_set(json, "address", cs_json_text(credential->listing.address));
    cs_json_set(json, "field", cs_json_text(disclosed->field));
    cs_json_set(json, "version", cs_command_json_id(&disclosed->version));
    cs_json_set(json, "leased", cs_json_boolean(disclosed->leased));
    if (!disclosed->leased) {
        cs_hex_encode(cs_bytes_of_array(disclosed->request), request);
        cs_json_set(json, "request", cs_json_text(cs_bytes_of_text(request)));
    }
    return json;
}

/* ---- clipboard ---- */

struct copying {
    struct cs_command *command;
    const struct cs_vault_giving *giving;
    struct cs_bytes secret;
    bool terminal;
};

static enum cs_status put_there(void *context)
{
    struct copying *copying = context;
    struct cs_command *command = copying->command;
    const struct cs_clipboard_tool *tool = copying->giving->clipboard;
    enum cs_status status =
        cs_clipboard_put(command->console, tool, copying->secret, &command->problem);
    if (status == CS_OK) {
        cs_command_note(command,
                        CS_WORDS(command, "in the clipboard for %lld seconds (%s)%s",
                                 "已复制到剪贴板,%lld 秒后清除(%s)%s"),
                        (long long)copying->giving->seconds, cs_clipboard_name(tool),
                        copying->terminal
                            ? cs_command_words(command, "; any key clears it", ";按任意键清除")
                            : "");
        (void)fflush(command->err);
    }
    return status;
}

static enum cs_status clear_there(void *context)
{
    struct copying *copying = context;
    return cs_clipboard_clear(copying->command->console, copying->giving->clipboard,
                              &copying->command->problem);
}

static enum cs_status give_clipboard(struct cs_command *command,
                                     const struct cs_vault_giving *giving, struct cs_bytes secret)
{
    int terminal = cs_console_open_terminal(command->console);
    struct copying copying = {command, giving, secret, terminal >= 0};
    const struct cs_for_a_while what = {put_there, clear_there, &copying};
    enum cs_status status = cs_for_a_while(command->console, &what, terminal, (int)giving->seconds);
    if (terminal >= 0) {
        (void)close(terminal);
    }
    return status;
}

static enum cs_status answer_clipboard(struct cs_command *command,
                                       const struct cs_vault_giving *giving,
                                       struct cs_json *owned_json, struct cs_bytes secret)
{
    enum cs_status status = give_clipboard(command, giving, secret);
    if (status != CS_OK || !command->json) {
        cs_json_destroy(owned_json);
        return status;
    }
    cs_json_set(owned_json, "clipboard",
                cs_json_text(cs_bytes_of_text(cs_clipboard_name(giving->clipboard))));
    cs_json_set(owned_json, "seconds", cs_json_integer(giving->seconds));
    return cs_command_json(command, owned_json);
}

/* ---- screen ---- */

static enum cs_status title_of(const struct cs_vault_disclosed *disclosed, struct cs_buffer *out)
{
    const struct cs_vault_listing *listing = &disclosed->credential.listing;
    const struct cs_bytes parts[] = {listing->name, listing->user, listing->address};
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        if (parts[i].size > 0) {
            cs_buffer_append_bytes(out, parts[i]);
            cs_buffer_append_bytes(out, cs_bytes_of_text("  "));
        }
    }
    cs_buffer_append_bytes(out, disclosed->field);
    return out->status;
}

static enum cs_status give_screen(struct cs_command *command, const struct cs_vault_giving *giving,
                                  const struct cs_vault_disclosed *disclosed,
                                  struct cs_bytes secret)
{
    struct cs_buffer title;
    char hint[160];
    /* Standard output may be open for writing only. */
    int terminal = cs_console_open_terminal(command->console);
    if (terminal < 0) {
        return cs_problem_set(&command->problem, CS_IO, "there is no terminal to show it on");
    }
    cs_buffer_init(&title, 4 * CS_KIBI);
    (void)snprintf(
        hint, sizeof hint,
        CS_WORDS(command, "(any key clears it; %lld seconds)", "(按任意键清除;%lld 秒后自动清除)"),
        (long long)giving->seconds);
    enum cs_status status = title_of(disclosed, &title);
    if (status == CS_OK) {
        const struct cs_secret_screen screen = {cs_buffer_bytes(&title), hint,
                                                (int)giving->seconds};
        status = cs_secret_show(command->console, terminal, &screen, secret);
    }
    cs_buffer_release(&title);
    (void)close(terminal);
    return status;
}

enum cs_status cs_vault_give(struct cs_command *command, const struct cs_vault_giving *giving,
                             const struct cs_vault_disclosed *disclosed, struct cs_json *owned_json,
                             const char *name, struct cs_bytes secret)
{
    enum cs_status status = CS_OK;
    if (giving->clipboard != NULL) {
        return answer_clipboard(command, giving, owned_json, secret);
    }
    if (command->json) {
        status = owned_json == NULL ? CS_NO_MEMORY
                                    : cs_secret_print_json(command->console, command->out,
                                                           owned_json, name, secret);
    } else if (cs_console_output_is_terminal(command->console, command->out)) {
        status = give_screen(command, giving, disclosed, secret);
    } else {
        status = cs_secret_print(command->console, command->out, secret);
    }
    cs_json_destroy(owned_json);
    return status;
}
