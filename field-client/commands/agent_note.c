/* The agent in `status`, see agent_note.h. */
#include "field-client/commands/agent_note.h"

#include "shared/base/text.h"

static struct cs_json *time_json(int64_t wall_ms)
{
    char text[CS_TIME_TEXT_MAX];
    if (wall_ms == 0) {
        return cs_json_null();
    }
    cs_instant_format(cs_instant_make(wall_ms, 0), text);
    return cs_json_text(cs_bytes_of_text(text));
}

static struct cs_json *progress_json(const struct cs_host_state *state)
{
    if (!state->syncing) {
        return cs_json_null();
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "pages", cs_json_integer((int64_t)state->pages));
    cs_json_set(json, "rows", cs_json_integer((int64_t)state->rows));
    cs_json_set(json, "rows_expected", cs_json_integer((int64_t)state->rows_expected));
    cs_json_set(json, "bytes", cs_json_integer((int64_t)state->bytes));
    return json;
}

void cs_agent_note_json(struct cs_command *command, struct cs_json *object)
{
    const struct cs_host *host = command->host;
    struct cs_host_state state = {.locks_at_ms = 0};
    if (host == NULL) {
        cs_json_set(object, "agent", cs_json_null());
        return;
    }
    host->describe(host->context, &state);
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "locks_at", time_json(state.locks_at_ms));
    cs_json_set(json, "syncing", progress_json(&state));
    cs_json_set(json, "next_sync_at", time_json(state.next_sync_ms));
    cs_json_set(json, "failures", cs_json_integer((int64_t)state.failures));
    cs_json_set(object, "agent", json);
}

static void print_sync(struct cs_command *command, const struct cs_host_state *state)
{
    const struct cs_world *world = command->world;
    int64_t seconds = (state->next_sync_ms - world->wall_ms(world->context) + 999) / 1000;
    if (state->syncing && state->rows_expected > 0) {
        cs_command_print(command,
                         CS_WORDS(command, "a sync runs: %llu of about %llu rows (%.1f MB)\n",
                                  "正在同步:已接收 %llu 行,共约 %llu 行(%.1f MB)\n"),
                         (unsigned long long)state->rows, (unsigned long long)state->rows_expected,
                         (double)state->bytes / 1e6);
    } else if (state->syncing) {
        cs_command_print(command, "%s\n", cs_command_words(command, "a sync runs", "正在同步"));
    } else if (state->syncs) {
        cs_command_print(command, CS_WORDS(command, "next sync in %lld s", "%lld 秒后自动同步"),
                         (long long)(seconds < 0 ? 0 : seconds));
        if (state->failures > 0) {
            cs_command_print(command,
                             CS_WORDS(command, " (%llu failed in a row)", "(已连续失败 %llu 次)"),
                             (unsigned long long)state->failures);
        }
        cs_command_print(command, "\n");
    } else {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "it does not sync by itself", "不自动同步"));
    }
}

void cs_agent_note_print(struct cs_command *command)
{
    const struct cs_host *host = command->host;
    struct cs_host_state state = {.locks_at_ms = 0};
    if (host == NULL) {
        return;
    }
    host->describe(host->context, &state);
    cs_command_print(command, "%s", cs_command_words(command, "agent:         ", "代理程序:     "));
    print_sync(command, &state);
}
