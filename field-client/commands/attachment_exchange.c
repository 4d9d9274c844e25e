/* Files of attachments with the server: the last part of a sync, and attachment fetch. */
#include "field-client/commands/attachment_command.h"
#include "field-client/console/console.h"
#include "field-client/console/host.h"
#include "shared/base/limits.h"

#include <stdio.h>

#define ARENA_MAX CS_MESSAGE_ARENA_MAX

/* One line on a terminal, written over with every chunk. */
struct display {
    struct cs_command *command;
    bool shown;
};

static void show_progress(void *context, const struct cs_attachment_progress *progress)
{
    struct display *display = context;
    display->shown = true;
    (void)fprintf(display->command->err,
                  CS_WORDS(display->command, "\r\033[Kfiles: %.1f of about %.1f MB",
                           "\r\033[K文件:%.1f MB,共约 %.1f MB"),
                  (double)progress->done / 1e6, (double)progress->expected / 1e6);
    (void)fflush(display->command->err);
}

/* What cannot be done for lack of a network waits, and is no failure of whatever came before. */
static enum cs_status run(struct cs_command *command, struct cs_replica *replica,
                          struct cs_attachment_part *out)
{
    struct display display = {.command = command};
    struct cs_attachment_watch watch = {.context = &display};
    struct cs_problem problem = {""};
    if (!command->json && cs_console_errors_are_terminal(command->console, command->err)) {
        watch.tell = show_progress;
    }
    enum cs_status status = cs_attachment_sync_run(replica, &watch, &out->result, &problem);
    if (display.shown) {
        (void)fprintf(command->err, "\r\033[K");
        (void)fflush(command->err);
    }
    if (status == CS_OK) {
        return CS_OK;
    }
    out->stopped = status;
    if (status == CS_NO_MEMORY || status == CS_REVOKED || status == CS_INTERRUPTED) {
        return cs_problem_set(&command->problem, status, "%s", problem.text);
    }
    out->why = problem;
    return CS_OK;
}

enum cs_status cs_attachment_part_of_sync(struct cs_command *command, struct cs_replica *replica,
                                          struct cs_attachment_part *out)
{
    *out = (struct cs_attachment_part){.stopped = CS_OK};
    return run(command, replica, out);
}

void cs_attachment_part_json(const struct cs_attachment_part *part, struct cs_json *json)
{
    const struct cs_attachment_sync_result *result = &part->result;
    cs_json_set(json, "attachments_sent", cs_json_integer((int64_t)result->sent));
    cs_json_set(json, "attachments_received", cs_json_integer((int64_t)result->received));
    cs_json_set(json, "attachments_waiting", cs_json_integer((int64_t)result->waiting));
    cs_json_set(json, "attachments_bytes_up", cs_json_integer((int64_t)result->bytes_up));
    cs_json_set(json, "attachments_bytes_down", cs_json_integer((int64_t)result->bytes_down));
    cs_json_set(json, "attachments_stopped",
                part->stopped == CS_OK
                    ? cs_json_null()
                    : cs_json_text(cs_bytes_of_text(cs_status_name(part->stopped))));
}

void cs_attachment_part_print(struct cs_command *command, const struct cs_attachment_part *part)
{
    const struct cs_attachment_sync_result *result = &part->result;
    if (result->sent + result->received > 0) {
        cs_command_print(
            command,
            CS_WORDS(command, "files: sent %llu, received %llu\n", "文件:发送 %llu,接收 %llu\n"),
            (unsigned long long)result->sent, (unsigned long long)result->received);
    }
    if (result->waiting > 0) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "%llu files still wait: see countersign attachment list\n",
                                  "%llu 个文件仍在等待:见 countersign attachment list\n"),
                         (unsigned long long)result->waiting);
    }
    if (part->stopped != CS_OK) {
        cs_command_note(command, CS_WORDS(command, "files: %s", "文件:%s"), part->why.text);
    }
}

/* ---- fetch ---- */

static enum cs_status want(struct cs_command *command, struct cs_replica *replica,
                           struct cs_arena *arena, struct cs_attachment_found *out)
{
    enum cs_status status =
        cs_attachment_find(replica, cs_command_argument(command, 0), arena, out, &command->problem);
    return status != CS_OK ? status : cs_attachment_want(replica, out);
}

static enum cs_status fetch(struct cs_command *command, struct cs_replica *replica,
                            struct cs_arena *arena)
{
    struct cs_attachment_part part = {.stopped = CS_OK};
    struct cs_attachment_found found;
    enum cs_status status = want(command, replica, arena, &found);
    if (status == CS_OK && !found.kept.held) {
        status = cs_command_go_online(command, CS_ONLINE_SHARED);
        if (status == CS_OK) {
            status = run(command, replica, &part);
        }
        if (status == CS_OK) {
            status = cs_attachment_find(replica, cs_command_argument(command, 0), arena, &found,
                                        &command->problem);
        }
    }
    if (status == CS_OK && !found.kept.held) {
        const char *why = part.stopped != CS_OK         ? part.why.text
                          : found.kept.trouble != CS_OK ? cs_status_text(found.kept.trouble)
                                                        : "it has not come";
        status =
            cs_problem_set(&command->problem, part.stopped != CS_OK ? part.stopped : CS_UNAVAILABLE,
                           "%s; it is fetched by the next sync that can", why);
    }
    if (status == CS_OK && command->json) {
        status = cs_command_json(command, cs_attachment_found_json(&found));
    } else if (status == CS_OK) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "it is on this laptop", "文件已在本机"));
    }
    cs_wipe(&found.row.key, sizeof found.row.key);
    return status;
}

enum cs_status cs_attachment_command_fetch(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_arena arena;
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, ARENA_MAX);
    status = fetch(command, replica, &arena);
    cs_arena_release_wiped(&arena);
    return status;
}
