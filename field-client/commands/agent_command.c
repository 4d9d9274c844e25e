/* The commands agent, lock and unlock: a process that stays and owns the replica (field-client/agent). */
#include "field-client/commands/agent_process.h"
#include "field-client/commands/command_table.h"
#include "field-client/console/passphrase_prompt.h"

/* ---- words ---- */

static enum cs_status say_state(struct cs_command *command, bool unlocked, const char *english,
                                const char *chinese)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "unlocked", cs_json_boolean(unlocked));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n", cs_command_words(command, english, chinese));
    return CS_OK;
}

static enum cs_status nobody_runs(struct cs_command *command)
{
    return cs_problem_set(&command->problem, CS_NOT_FOUND, "%s",
                          cs_command_words(command,
                                           "no agent runs: every command asks for the passphrase; "
                                           "countersign agent starts one",
                                           "未运行代理程序,每条命令都会要求口令;用 countersign "
                                           "agent 启动"));
}

/* ---- lock and unlock ---- */

enum cs_status cs_command_lock(struct cs_command *command)
{
    const struct cs_host *host = command->host;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    if (host == NULL) {
        return say_state(
            command, false,
            "nothing is unlocked: no agent runs, every command asks for the passphrase",
            "没有已解锁的内容:未运行代理程序,每条命令都会要求口令");
    }
    host->lock(host->context);
    return say_state(command, false, "locked", "已锁定");
}

enum cs_status cs_command_unlock(struct cs_command *command)
{
    const struct cs_host *host = command->host;
    struct cs_secret *passphrase = NULL;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status != CS_OK) {
        return status;
    }
    if (host == NULL) {
        return nobody_runs(command);
    }
    if (host->is_locked(host->context)) {
        status = cs_passphrase_read(command->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
        if (status == CS_OK) {
            status = host->unlock(host->context, cs_secret_bytes(passphrase), &command->problem);
        }
        cs_secret_destroy(passphrase);
    }
    return status == CS_OK ? say_state(command, true, "unlocked", "已解锁") : status;
}

/* ---- agent ---- */

static enum cs_status say_started(struct cs_command *command,
                                  const struct cs_agent_options *options)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "unlocked", cs_json_boolean(!options->locked));
        cs_json_set(json, "lock_after_minutes", cs_json_integer(options->lock_after_minutes));
        cs_json_set(json, "sync_every_minutes", cs_json_integer(options->sync_every_minutes));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s", cs_command_words(command, "the agent runs", "代理程序已运行"));
    if (options->locked) {
        cs_command_print(command, "%s",
                         cs_command_words(command, ", locked: countersign unlock",
                                          ",已锁定:countersign unlock"));
    }
    if (options->lock_after_minutes > 0) {
        cs_command_print(command,
                         CS_WORDS(command, "; it locks after %lld minutes without a command",
                                  ";%lld 分钟无命令后锁定"),
                         (long long)options->lock_after_minutes);
    }
    cs_command_print(command, "\n");
    return CS_OK;
}

/* In one that runs already. */
static enum cs_status answer_inside(struct cs_command *command, bool stop)
{
    const struct cs_host *host = command->host;
    if (!stop) {
        return cs_problem_set(&command->problem, CS_EXISTS, "an agent runs already for this home%s",
                              host->is_locked(host->context) ? ", and is locked: countersign unlock"
                                                             : "");
    }
    host->stop(host->context);
    return say_state(command, false, "the agent ends", "代理程序已结束");
}

enum cs_status cs_command_agent(struct cs_command *command)
{
    struct cs_agent_options options;
    bool started = false;
    bool stop = cs_command_flag(command, "--stop");
    enum cs_status status = cs_agent_options_take(command, &options);
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->host != NULL) {
        return answer_inside(command, stop);
    }
    if (stop) {
        return nobody_runs(command);
    }
    status = cs_agent_process_run(command, &options, &started);
    return started ? say_started(command, &options) : status;
}
