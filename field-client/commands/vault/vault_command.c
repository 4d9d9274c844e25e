/* Book and exchange with the server for the subcommands of vault, and words; see vault_command.h. */
#include "field-client/commands/vault/vault_command.h"

#include "field-client/replica/query.h"
#include "field-client/sync/session.h"
#include "shared/base/text.h"

enum cs_status cs_vault_work_begin(struct cs_command *command, struct cs_vault_work *work)
{
    *work = (struct cs_vault_work){.command = command};
    cs_arena_init(&work->arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_command_open_replica(command, &work->replica);
    return status != CS_OK ? status : cs_vault_book_open(work->replica, &work->book);
}

void cs_vault_work_end(struct cs_vault_work *work)
{
    cs_vault_book_close(work->book);
    work->book = NULL;
    cs_arena_release(&work->arena);
}

/* ---- the server ---- */

static enum cs_status sync_rows(struct cs_vault_work *work)
{
    struct cs_sync_session *session = NULL;
    enum cs_status status = cs_sync_run(work->replica, &session, &work->command->problem);
    cs_sync_end(session);
    return status;
}

static enum cs_status run_exchange(struct cs_vault_work *work, bool rows_first)
{
    struct cs_vault_sync_result result = {.sent = 0};
    struct cs_command *command = work->command;
    enum cs_status status = rows_first ? sync_rows(work) : CS_OK;
    if (status == CS_OK) {
        status = cs_vault_sync_run(work->replica, &result, &command->problem);
    }
    if (!rows_first && (status == CS_BUSY || status == CS_UNKNOWN_DEVICE)) {
        return run_exchange(work, true);
    }
    if (result.findings > 0) {
        cs_command_note(command,
                        CS_WORDS(command,
                                 "something of a vault does not hold and was not taken: see "
                                 "countersign status",
                                 "密码库有内容未通过验证,未予采用:见 countersign status"));
    }
    return status;
}

static enum cs_status exchange(struct cs_vault_work *work, bool rows_first)
{
    cs_vault_book_close(work->book);
    work->book = NULL;
    enum cs_status status = cs_command_go_online(work->command, CS_ONLINE_SHARED);
    if (status == CS_OK) {
        status = run_exchange(work, rows_first);
    }
    enum cs_status opened = cs_vault_book_open(work->replica, &work->book);
    return status != CS_OK ? status : opened;
}

enum cs_status cs_vault_work_sync(struct cs_vault_work *work)
{
    return exchange(work, false);
}

enum cs_status cs_vault_work_sync_all(struct cs_vault_work *work)
{
    return exchange(work, true);
}

enum cs_status cs_vault_work_outcome(struct cs_vault_work *work,
                                     const uint8_t id[static CS_HASH_SIZE])
{
    struct cs_arena arena;
    struct cs_queued_record queued;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_queued_record_get(work->replica, id, &arena, &queued);
    if (status == CS_NOT_FOUND) {
        status = CS_OK;
    } else if (status == CS_OK && queued.status == CS_OK) {
        status = cs_problem_set(&work->command->problem, CS_BUSY,
                                "the server has not taken it yet: it goes with the next sync");
    } else if (status == CS_OK) {
        status =
            cs_problem_set(&work->command->problem, queued.status, "%.*s", (int)queued.text.size,
                           queued.text.size == 0 ? "" : (const char *)queued.text.data);
        enum cs_status removed = cs_queued_record_remove(work->replica, queued.id);
        status = removed != CS_OK ? removed : status;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_work_put_aside(struct cs_vault_work *work,
                                       const uint8_t id[static CS_HASH_SIZE])
{
    struct cs_arena arena;
    struct cs_queued_record queued;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_queued_record_get(work->replica, id, &arena, &queued);
    if (status == CS_OK) {
        status = cs_queued_record_remove(work->replica, queued.id);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_work_send(struct cs_vault_work *work, const uint8_t id[static CS_HASH_SIZE])
{
    enum cs_status status = cs_vault_work_sync(work);
    return status != CS_OK ? status : cs_vault_work_outcome(work, id);
}

/* ---- words ---- */

enum cs_status cs_vault_work_project_name(struct cs_vault_work *work, const struct cs_id *project,
                                          struct cs_bytes *out)
{
    const struct cs_entity *entity =
        cs_registry_find(work->command->registry, cs_bytes_of_text("project"));
    struct cs_buffer label;
    cs_buffer_init(&label, 64 * CS_KIBI);
    enum cs_status status =
        entity == NULL ? CS_UNSUPPORTED : cs_query_label(work->replica, entity, project, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&label), out);
    }
    cs_buffer_release(&label);
    return status;
}

const char *cs_vault_state_words(const struct cs_command *command, enum cs_vault_state state)
{
    if (!command->chinese) {
        return cs_vault_state_name(state);
    }
    switch (state) {
    case CS_VAULT_PENDING:
        return "待生效";
    case CS_VAULT_APPLIED:
        return "已下发";
    case CS_VAULT_VERIFIED:
        return "已验证";
    case CS_VAULT_CONFIRMED:
        return "已确认";
    case CS_VAULT_ARCHIVED:
        return "已归档";
    }
    return "未知";
}

struct cs_json *cs_vault_time_json(int64_t ms)
{
    char text[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(ms, 0), text);
    return cs_json_text(cs_bytes_of_text(text));
}
