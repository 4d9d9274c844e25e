/* What of the vaults needs a person, see vault_notes.h. */
#include "field-client/commands/vault/vault_notes.h"

#include "field-client/commands/vault/vault_lease.h"
#include "field-client/commands/vault/vault_recovery.h"
#include "field-client/commands/vault/vault_told.h"
#include "field-client/replica/kept_leases.h"
#include "field-client/vault/due.h"
#include "field-client/vault/lease.h"
#include "field-client/vault/waiting.h"
#include "shared/base/text.h"

#define SHOWN_MAX ((size_t)100)
#define WAITING_MAX ((size_t)65536)

struct due_vault {
    struct due_vault *next;
    struct cs_vault_of_project vault;
    struct cs_bytes project_name;
    struct cs_vault_due due;
};

struct cs_vault_notes {
    struct cs_vault_work work; /* its book is closed when everything is gathered */
    size_t waiting;
    struct cs_queued_record *refused;
    size_t refused_count;
    struct cs_vault_told *findings;
    size_t finding_count;
    size_t to_approve; /* wait for this person */
    size_t to_open;    /* his own, approved */
    struct due_vault *due;
    size_t lease_count;    /* that are not over */
    int64_t lease_ends_ms; /* the first of them */
};

/* ---- gathering ---- */

static enum cs_status gather_leases(struct cs_vault_notes *notes)
{
    struct cs_kept_lease *leases = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_kept_leases(notes->work.replica, false, &notes->work.arena, &leases, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (leases[i].end != CS_VAULT_LEASE_LIVE) {
            continue;
        }
        if (notes->lease_count == 0 || leases[i].expires_ms < notes->lease_ends_ms) {
            notes->lease_ends_ms = leases[i].expires_ms;
        }
        notes->lease_count++;
    }
    return status;
}

static enum cs_status need_book(struct cs_vault_work *work)
{
    return work->book == NULL ? cs_vault_book_open(work->replica, &work->book) : CS_OK;
}

static bool manages(const struct cs_vault_book *book, const struct cs_vault_log *log)
{
    struct cs_problem problem = {""};
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(book));
    const struct cs_vault_holder self = cs_vault_book_holder(book);
    return cs_vault_log_permits(log, self.certificate, CS_VAULT_MAY_MANAGE,
                                cs_vault_log_position(log), world->wall_ms(world->context),
                                &problem) == CS_OK;
}

static enum cs_status gather_due(struct cs_vault_notes *notes,
                                 const struct cs_vault_of_project *vault)
{
    struct cs_problem problem = {""};
    struct cs_vault_log *log = NULL;
    struct cs_vault_due due;
    struct cs_vault_work *work = &notes->work;
    enum cs_status status = cs_vault_book_log(work->book, &vault->vault, &log, &problem);
    if (status != CS_OK || !manages(work->book, log)) {
        return status;
    }
    status = cs_vault_due_of(work->book, log, &due);
    if (status != CS_OK || !cs_vault_due_any(&due)) {
        return status;
    }
    struct due_vault *next = cs_arena_take(&work->arena, sizeof *next);
    if (next == NULL) {
        return CS_NO_MEMORY;
    }
    *next = (struct due_vault){.next = notes->due, .vault = *vault, .due = due};
    notes->due = next;
    return cs_vault_work_project_name(work, &vault->project, &next->project_name);
}

static enum cs_status gather_all_due(struct cs_vault_notes *notes)
{
    struct cs_vault_of_project *vaults = NULL;
    size_t count = 0;
    struct cs_vault_work *work = &notes->work;
    enum cs_status status = need_book(work);
    if (status == CS_OK) {
        status = cs_vault_catalog_vaults(work->book, &work->arena, &vaults, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = gather_due(notes, &vaults[i]);
    }
    return status;
}

static enum cs_status gather_waiting(struct cs_vault_notes *notes)
{
    struct cs_vault_work *work = &notes->work;
    struct cs_vault_waiting *list = NULL;
    size_t count = 0;
    bool any = false;
    enum cs_status status = cs_vault_waiting_any(work->replica, &any);
    if (status != CS_OK || !any) {
        return status;
    }
    status = need_book(work);
    if (status == CS_OK) {
        status = cs_vault_waiting_list(work->book, &work->arena, &list, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        notes->to_approve += list[i].state == CS_VAULT_WAITS_FOR_ME ? 1 : 0;
        notes->to_open += list[i].state == CS_VAULT_WAITS_TO_BE_OPENED ? 1 : 0;
    }
    return status;
}

enum cs_status cs_vault_notes_gather(struct cs_command *command, struct cs_replica *replica,
                                     enum cs_vault_notes_extent extent, struct cs_vault_notes **out)
{
    struct cs_queued_record *waiting = NULL;
    struct cs_vault_notes *notes = cs_alloc_zero(1, sizeof *notes);
    if (notes == NULL) {
        return CS_NO_MEMORY;
    }
    notes->work = (struct cs_vault_work){.command = command, .replica = replica};
    cs_arena_init(&notes->work.arena, CS_MESSAGE_ARENA_MAX);
    struct cs_arena *arena = &notes->work.arena;
    enum cs_status status =
        cs_queued_records(replica, false, WAITING_MAX, arena, &waiting, &notes->waiting);
    if (status == CS_OK) {
        status = cs_queued_records(replica, true, SHOWN_MAX, arena, &notes->refused,
                                   &notes->refused_count);
    }
    if (status == CS_OK) {
        status = cs_vault_told_list(&notes->work, &notes->findings, &notes->finding_count);
    }
    if (status == CS_OK) {
        status = gather_waiting(notes);
    }
    if (status == CS_OK) {
        status = gather_leases(notes);
    }
    if (status == CS_OK && extent == CS_VAULT_NOTES_ALL) {
        status = gather_all_due(notes);
    }
    cs_vault_book_close(notes->work.book);
    notes->work.book = NULL;
    if (status == CS_OK) {
        *out = notes;
    } else {
        cs_vault_notes_destroy(notes);
    }
    return status;
}

void cs_vault_notes_destroy(struct cs_vault_notes *notes)
{
    if (notes != NULL) {
        cs_vault_work_end(&notes->work);
        cs_free(notes);
    }
}

/* ---- JSON ---- */

struct cs_json *cs_vault_refused_json(const struct cs_queued_record *refused)
{
    struct cs_vault_record record;
    struct cs_json *json = cs_json_object();
    bool read = cs_vault_record_decode(refused->record, &record) == CS_OK;
    cs_json_set(json, "number", cs_json_integer(refused->number));
    cs_json_set(json, "kind",
                read ? cs_json_text(cs_bytes_of_text(cs_vault_kind_name(record.kind)))
                     : cs_json_null());
    cs_json_set(json, "vault", read ? cs_command_json_id(&record.vault) : cs_json_null());
    cs_json_set(json, "status", cs_json_text(cs_bytes_of_text(cs_status_name(refused->status))));
    cs_json_set(json, "text", cs_json_text(refused->text));
    return json;
}

static struct cs_json *due_json(const struct due_vault *due)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "project", cs_command_json_id(&due->vault.project));
    cs_json_set(json, "project_name", cs_json_text(due->project_name));
    cs_json_set(json, "vault", cs_command_json_id(&due->vault.vault));
    cs_json_set(json, "rekey", cs_json_boolean(cs_vault_due_epoch(&due->due)));
    cs_json_set(json, "revoked_devices", cs_json_integer((int64_t)due->due.revoked));
    cs_json_set(json, "removed", cs_json_boolean(due->due.removed));
    cs_json_set(json, "new_recovery_key", cs_json_boolean(due->due.new_recovery));
    cs_json_set(json, "without_key", cs_json_integer((int64_t)due->due.lacking));
    return json;
}

struct cs_json *cs_vault_notes_json(const struct cs_vault_notes *notes)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *refused = cs_json_array();
    struct cs_json *findings = cs_json_array();
    struct cs_json *due = cs_json_array();
    for (size_t i = 0; i < notes->refused_count; i++) {
        cs_json_append(refused, cs_vault_refused_json(&notes->refused[i]));
    }
    for (size_t i = 0; i < notes->finding_count; i++) {
        cs_json_append(findings, cs_vault_told_json(&notes->findings[i]));
    }
    for (const struct due_vault *one = notes->due; one != NULL; one = one->next) {
        cs_json_append(due, due_json(one));
    }
    cs_json_set(json, "to_send", cs_json_integer((int64_t)notes->waiting));
    cs_json_set(json, "refused", refused);
    cs_json_set(json, "findings", findings);
    cs_json_set(json, "due", due);
    cs_json_set(json, "to_approve", cs_json_integer((int64_t)notes->to_approve));
    cs_json_set(json, "to_open", cs_json_integer((int64_t)notes->to_open));
    cs_json_set(json, "leases", cs_json_integer((int64_t)notes->lease_count));
    cs_json_set(json, "lease_ends",
                notes->lease_count > 0 ? cs_vault_time_json(notes->lease_ends_ms) : cs_json_null());
    return json;
}

/* ---- words ---- */

static void print_text(struct cs_command *command, const char *before, struct cs_bytes text)
{
    cs_command_print(command, "%s", before);
    cs_command_print_safe(command, text);
}

static void print_due(struct cs_command *command, const struct due_vault *one)
{
    const struct cs_vault_due *due = &one->due;
    print_text(command, cs_command_words(command, "vault of ", "密码库 "), one->project_name);
    if (due->revoked > 0) {
        cs_command_print(command,
                         CS_WORDS(command, ": REKEY, %zu revoked devices still have its key",
                                  ":需换钥,%zu 台已吊销设备仍持有密钥"),
                         due->revoked);
    } else if (cs_vault_due_epoch(due)) {
        cs_command_print(
            command, "%s",
            due->no_key ? cs_command_words(command, ": it was begun and has no key yet",
                                           ":已建立但尚无密钥")
            : due->removed
                ? cs_command_words(command,
                                   ": REKEY, a member was removed; nothing can be stored before",
                                   ":需换钥,有成员已移除;此前无法存入")
                : cs_command_words(command, ": rekey, there is a newer recovery key",
                                   ":需换钥,恢复密钥已更新"));
    } else {
        cs_command_print(command,
                         CS_WORDS(command, ": %zu devices of members lack the newest key",
                                  ":%zu 台成员设备缺少最新密钥"),
                         due->lacking);
    }
    cs_command_print(command, "  (countersign vault rekey)\n");
}

static void print_asked(struct cs_command *command, const struct cs_vault_notes *notes)
{
    if (notes->to_approve > 0) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "requests for passwords that wait for your approval: %zu  "
                                  "(countersign vault waiting)\n",
                                  "等待您批准的密码查看请求:%zu 项  (countersign vault waiting)\n"),
                         notes->to_approve);
    }
    if (notes->to_open > 0) {
        cs_command_print(command,
                         CS_WORDS(command,
                                  "requests of yours that were approved and can be opened: %zu  "
                                  "(countersign vault waiting)\n",
                                  "您的请求已获批准,可查看:%zu 项  (countersign vault waiting)\n"),
                         notes->to_open);
    }
}

void cs_vault_notes_print(struct cs_command *command, const struct cs_vault_notes *notes)
{
    for (size_t i = 0; i < notes->finding_count; i++) {
        print_text(command,
                   notes->findings[i].alarm
                       ? cs_command_words(command, "ALARM: ", "警报:")
                       : cs_command_words(command, "WARNING: a vault: ", "警告:密码库:"),
                   notes->findings[i].text);
        cs_command_print(command, "  (countersign vault findings)\n");
    }
    for (const struct due_vault *one = notes->due; one != NULL; one = one->next) {
        print_due(command, one);
    }
    print_asked(command, notes);
    for (size_t i = 0; i < notes->refused_count; i++) {
        print_text(command, cs_command_words(command, "refused for a vault: ", "密码库记录被拒绝:"),
                   notes->refused[i].text);
        cs_command_print(command, "  (countersign vault refused)\n");
    }
    if (notes->lease_count > 0) {
        char ends[CS_TIME_TEXT_MAX];
        cs_vault_lease_until(command, notes->lease_ends_ms, ends);
        cs_command_print(command,
                         CS_WORDS(command,
                                  "passwords taken along: %zu, the first until %s  (countersign "
                                  "vault leases)\n",
                                  "已借用密码 %zu 份,最早至 %s  (countersign vault leases)\n"),
                         notes->lease_count, ends);
    }
    if (notes->waiting > 0) {
        cs_command_print(command,
                         CS_WORDS(command, "%zu %s of vaults to be sent  (countersign sync)\n",
                                  "%zu 条密码库%s待发送  (countersign sync)\n"),
                         notes->waiting,
                         command->chinese      ? "记录"
                         : notes->waiting == 1 ? "record"
                                               : "records");
    }
}

/* ---- sync ---- */

enum cs_status cs_vault_part_of_sync(struct cs_command *command, struct cs_replica *replica,
                                     bool *out_ran, struct cs_vault_sync_result *out)
{
    bool due = false;
    *out = (struct cs_vault_sync_result){.sent = 0};
    *out_ran = false;
    enum cs_status status = cs_vault_recovery_announce(replica, out_ran, &command->problem);
    if (status == CS_OK) {
        status = cs_vault_sync_due(replica, &due);
    }
    if (status != CS_OK || !due) {
        return status;
    }
    *out_ran = true;
    return cs_vault_sync_run(replica, out, &command->problem);
}

struct cs_json *cs_vault_sync_json(const struct cs_vault_sync_result *result)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "sent", cs_json_integer((int64_t)result->sent));
    cs_json_set(json, "refused", cs_json_integer((int64_t)result->refused));
    cs_json_set(json, "received", cs_json_integer((int64_t)result->received));
    cs_json_set(json, "findings", cs_json_integer((int64_t)result->findings));
    cs_json_set(json, "bytes_up", cs_json_integer((int64_t)result->bytes_up));
    cs_json_set(json, "bytes_down", cs_json_integer((int64_t)result->bytes_down));
    cs_json_set(json, "round_trips", cs_json_integer((int64_t)result->round_trips));
    return json;
}
