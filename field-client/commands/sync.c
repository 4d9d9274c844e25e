/* The command sync: one session with the server, and what it came to. */
#include "field-client/commands/attachment_command.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/last_sync.h"
#include "field-client/commands/revoked.h"
#include "field-client/commands/vault/vault_notes.h"
#include "field-client/replica/query.h"
#include "field-client/sync/session.h"
#include "field-client/sync/vault_sync.h"

struct outcome {
    enum cs_status status;
    const struct cs_sync_result *result;
    struct cs_pending_counts waiting; /* afterwards */
    bool vaults_ran;                  /* there was, or could be, something new of vaults */
    struct cs_vault_sync_result vaults;
    struct cs_vault_notes *vault_notes; /* owned; NULL: not gathered */
    struct cs_attachment_part attachments;
};

static struct cs_json *refusals_json(const struct cs_sync_result *result)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < result->refusal_count; i++) {
        const struct cs_sync_refusal *refusal = &result->refusals[i];
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "number", cs_json_integer((int64_t)refusal->counter));
        cs_json_set(json, "status",
                    cs_json_text(cs_bytes_of_text(cs_status_name(refusal->status))));
        cs_json_set(json, "text", cs_json_text(refusal->text));
        cs_json_append(list, json);
    }
    return list;
}

static struct cs_json *went_back_json(const struct cs_sync_result *result)
{
    if (!result->went_back) {
        return cs_json_null();
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "change_sets_resent", cs_json_integer((int64_t)result->resent));
    cs_json_set(json, "rows_kept", cs_json_integer((int64_t)result->kept));
    return json;
}

static struct cs_json *outcome_json(struct cs_command *command, const struct outcome *outcome)
{
    struct cs_json *json = cs_json_object();
    if (cs_revoked_json(command, json) != CS_OK) {
        cs_json_destroy(json);
        return NULL;
    }
    cs_sync_result_json(outcome->result, json);
    cs_json_set(json, "waiting",
                cs_json_integer(outcome->waiting.waiting + outcome->waiting.packed));
    cs_json_set(json, "server_went_back", went_back_json(outcome->result));
    cs_json_set(json, "rows_returned", cs_json_integer((int64_t)outcome->result->returned));
    cs_json_set(json, "refusals", refusals_json(outcome->result));
    cs_json_set(json, "vaults",
                outcome->vaults_ran ? cs_vault_sync_json(&outcome->vaults) : cs_json_null());
    cs_attachment_part_json(&outcome->attachments, json);
    cs_json_set(json, "vault_notes",
                outcome->vault_notes == NULL ? cs_json_null()
                                             : cs_vault_notes_json(outcome->vault_notes));
    return json;
}

static void print_numbers(struct cs_command *command, const struct outcome *outcome)
{
    const struct cs_sync_result *result = outcome->result;
    cs_command_print(
        command,
        CS_WORDS(command, "sent %llu %s, received %llu %s", "发送 %llu 项%s,接收 %llu 行%s"),
        (unsigned long long)result->pushed,
        command->chinese ? "修改" : (result->pushed == 1 ? "change" : "changes"),
        (unsigned long long)result->pulled,
        command->chinese ? "" : (result->pulled == 1 ? "row" : "rows"));
    if (result->digest == CS_SYNC_DIGEST_EQUAL) {
        cs_command_print(
            command, "%s",
            cs_command_words(command, ", all equal with the server", ",与服务器完全一致"));
    }
    cs_command_print(command, "\n");
}

static void print_line(struct cs_command *command, uint64_t count, const char *english,
                       const char *chinese)
{
    if (count > 0) {
        cs_command_print(command, "%llu %s\n", (unsigned long long)count,
                         cs_command_words(command, english, chinese));
    }
}

static void print_went_back(struct cs_command *command, const struct cs_sync_result *result)
{
    if (result->went_back) {
        cs_command_print(
            command,
            CS_WORDS(
                command,
                "THE SERVER WENT BACK IN TIME: %llu change-sets of this laptop that it had lost "
                "were sent again; %llu rows that it lacks are kept here and offered to it; the "
                "office is told\n",
                "服务器回到了旧状态:本机已重新发送其丢失的 %llu 个修改集;其缺少的 %llu "
                "行保留在本机并将提供给服务器;办公室已收到通知\n"),
            (unsigned long long)result->resent, (unsigned long long)result->kept);
    }
    if (result->returned + result->reported > 0) {
        cs_command_print(
            command,
            CS_WORDS(
                command,
                "%llu rows that the server had lost came back from here; of %llu it has an older "
                "state, which the office was told\n",
                "服务器丢失的 %llu 行已由本机提供;另有 %llu 行服务器只有旧状态,已告知办公室\n"),
            (unsigned long long)result->returned, (unsigned long long)result->reported);
    }
}

/* What differed is never silent, also when it is equal again. */
static void print_difference(struct cs_command *command, const struct cs_sync_result *result)
{
    print_line(command, result->repaired,
               result->repaired == 1
                   ? "row differed from the server and was put right: see countersign status"
                   : "rows differed from the server and were put right: see countersign status",
               "行与服务器不一致,已补正:见 countersign status,如再次出现请告知办公室");
    print_line(command, result->sums_mended,
               result->sums_mended == 1
                   ? "sum on this laptop was wrong and was counted anew: see countersign status"
                   : "sums on this laptop were wrong and were counted anew: see countersign status",
               "个本机校验和有误,已重新计算:见 countersign status");
    if (result->digest == CS_SYNC_DIGEST_UNEQUAL) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(
                command, "NOT equal with the server: run countersign doctor and tell your office",
                "与服务器不一致:请运行 countersign doctor 并告知办公室"));
        if (result->unequal_text != NULL && result->unequal_text[0] != '\0') {
            cs_command_print(command, "  ");
            cs_command_print_safe(command, cs_bytes_of_text(result->unequal_text));
            cs_command_print(command, "\n");
        }
    }
}

static void print_outcome(struct cs_command *command, const struct outcome *outcome)
{
    const struct cs_sync_result *result = outcome->result;
    print_went_back(command, result);
    print_numbers(command, outcome);
    print_difference(command, result);
    print_line(command, result->refused,
               "refused: see countersign refusals, nothing you typed is lost",
               "项被拒绝:见 countersign refusals,录入内容未丢失");
    for (size_t i = 0; i < result->refusal_count; i++) {
        cs_command_print(command, "  #%llu: ", (unsigned long long)result->refusals[i].counter);
        cs_command_print_safe(command, result->refusals[i].text);
        cs_command_print(command, "\n");
    }
    print_line(command, result->held,
               "held by the server until something they are based on arrives",
               "项由服务器暂存,等待其所依据的修改");
    print_line(command, result->conflicts < 0 ? 0 : (uint64_t)result->conflicts,
               "open conflicts: see countersign conflicts",
               "个冲突待处理:见 countersign conflicts");
    int64_t waiting = outcome->waiting.waiting + outcome->waiting.packed;
    print_line(command, waiting < 0 ? 0 : (uint64_t)waiting, "still wait to be sent", "项仍待发送");
    const struct cs_vault_sync_result *vaults = &outcome->vaults;
    if (vaults->sent + vaults->received + vaults->refused + vaults->findings > 0) {
        cs_command_print(
            command,
            CS_WORDS(command, "vaults: sent %llu, received %llu\n", "密码库:发送 %llu,接收 %llu\n"),
            (unsigned long long)vaults->sent, (unsigned long long)vaults->received);
    }
    cs_attachment_part_print(command, &outcome->attachments);
    if (outcome->vault_notes != NULL) {
        cs_vault_notes_print(command, outcome->vault_notes);
    }
}

/* A failure says what went wrong and that nothing is lost. */
static enum cs_status fail(struct cs_command *command, const struct outcome *outcome)
{
    long long left = outcome->waiting.waiting + outcome->waiting.packed;
    if (outcome->status == CS_REVOKED && left == 0) {
        return outcome->status; /* its text says it all */
    }
    struct cs_problem problem = command->problem;
    const char *text = problem.text[0] == '\0' ? cs_status_text(outcome->status) : problem.text;
    return cs_problem_set(
        &command->problem, outcome->status,
        CS_WORDS(command, "%s; nothing is lost: %lld %s to be sent",
                 "%s;没有丢失任何内容:%lld 项%s待发送"),
        text, left, command->chinese ? "修改" : (left == 1 ? "change waits" : "changes wait"));
}

static enum cs_status answer(struct cs_command *command, const struct outcome *outcome)
{
    if (outcome->status != CS_OK) {
        if (command->json) {
            command->failure = outcome_json(command, outcome);
        }
        return fail(command, outcome);
    }
    if (outcome->result->digest == CS_SYNC_DIGEST_UNEQUAL || outcome->vaults.findings > 0) {
        command->exit_code = CS_EXIT_FAILED;
    }
    if (command->json) {
        return cs_command_json(command, outcome_json(command, outcome));
    }
    print_outcome(command, outcome);
    return CS_OK;
}

/* One line on a terminal, written over with every page; small syncs, of one page, need none. */
struct display {
    struct cs_command *command;
    bool on_terminal;
    bool shown;
};

static void show_progress(void *context, const struct cs_sync_progress *progress)
{
    struct display *display = context;
    const struct cs_host *host = display->command->host;
    if (host != NULL) {
        const struct cs_host_state state = {.pages = progress->pages,
                                            .rows = progress->rows,
                                            .rows_expected = progress->rows_expected,
                                            .bytes = progress->bytes};
        host->tell(host->context, &state);
    }
    if (!display->on_terminal) {
        return;
    }
    if (progress->pages < 2 && progress->rows_expected <= progress->rows) {
        return;
    }
    display->shown = true;
    (void)fprintf(display->command->err,
                  CS_WORDS(display->command, "\r\033[Kreceived %llu of about %llu rows (%.1f MB)",
                           "\r\033[K已接收 %llu 行,共约 %llu 行(%.1f MB)"),
                  (unsigned long long)progress->rows, (unsigned long long)progress->rows_expected,
                  (double)progress->bytes / 1e6);
    (void)fflush(display->command->err);
}

/* Told that it was revoked, it says what it did with what it had leased. */
static enum cs_status tell_last_words(struct cs_command *command, struct cs_replica *replica,
                                      enum cs_status outcome)
{
    struct cs_vault_sync_result words;
    if (outcome != CS_REVOKED) {
        return CS_OK;
    }
    enum cs_status status = cs_command_go_online(command, CS_ONLINE_SHARED);
    return status == CS_OK ? cs_vault_last_words(replica, &words) : status;
}

static enum cs_status run(struct cs_command *command, struct cs_replica *replica,
                          struct cs_sync_session **out)
{
    struct display display = {.command = command};
    const struct cs_sync_watch watch = {show_progress, &display};
    bool shown = !command->json && cs_console_errors_are_terminal(command->console, command->err);
    display.on_terminal = shown;
    enum cs_status status = cs_command_go_online(command, CS_ONLINE_SYNC);
    if (status == CS_OK) {
        status = shown || command->host != NULL
                     ? cs_sync_run_watched(replica, &watch, out, &command->problem)
                     : cs_sync_run(replica, out, &command->problem);
    }
    if (display.shown) {
        (void)fprintf(command->err, "\r\033[K");
        (void)fflush(command->err);
    }
    return status;
}

/* Vaults come behind the rows, which have the devices that signed their records. What a key is due for is looked at only when something
 * may have changed. */
static enum cs_status sync_vaults(struct cs_command *command, struct cs_replica *replica,
                                  struct outcome *outcome)
{
    outcome->status =
        cs_vault_part_of_sync(command, replica, &outcome->vaults_ran, &outcome->vaults);
    return cs_vault_notes_gather(command, replica,
                                 outcome->vaults_ran ? CS_VAULT_NOTES_ALL : CS_VAULT_NOTES_QUICK,
                                 &outcome->vault_notes);
}

enum cs_status cs_command_sync(struct cs_command *command)
{
    struct cs_replica *replica;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    static const struct cs_sync_result nothing = {.digest = CS_SYNC_DIGEST_UNKNOWN};
    struct cs_sync_session *session = NULL;
    struct outcome outcome = {.status = run(command, replica, &session)};
    outcome.result = session == NULL ? &nothing : cs_sync_result(session);
    status = tell_last_words(command, replica, outcome.status);
    if (status == CS_OK) {
        status = cs_query_pending_counts(replica, &outcome.waiting);
    }
    /* What was broken off by a lock or by whoever asked is no outcome. */
    if (status == CS_OK && outcome.status != CS_INTERRUPTED) {
        status = cs_last_sync_store(command, replica, outcome.status, outcome.result);
    }
    if (status == CS_OK && outcome.status == CS_OK) {
        status = sync_vaults(command, replica, &outcome);
    }
    if (status == CS_OK && outcome.status == CS_OK) {
        outcome.status = cs_attachment_part_of_sync(command, replica, &outcome.attachments);
    }
    if (status == CS_OK || outcome.status != CS_OK) {
        status = answer(command, &outcome);
    }
    cs_vault_notes_destroy(outcome.vault_notes);
    cs_sync_end(session);
    return status;
}
