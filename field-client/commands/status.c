/* The command status: who this is, what waits, what needs a person. */
#include "field-client/commands/agent_note.h"
#include "field-client/commands/attachment_command.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/difference_note.h"
#include "field-client/commands/last_sync.h"
#include "field-client/commands/revoked.h"
#include "field-client/commands/vault/root_session.h"
#include "field-client/commands/vault/vault_notes.h"
#include "field-client/console/row_view.h"
#include "field-client/replica/log_state.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/query.h"
#include "field-client/replica/rejoin.h"
#include "field-client/replica/renewal.h"
#include "shared/base/text.h"

#include <string.h>

/* How the organisation's root key stands, as far as this laptop knows. */
enum root_key {
    ROOT_KEY_UNKNOWN,     /* it is not here and never was */
    ROOT_KEY_NEVER_SPLIT, /* it is here, and nowhere else */
    ROOT_KEY_SPLIT,       /* in shares, and still here */
    ROOT_KEY_IN_SHARES,   /* and only there */
};

struct facts {
    const struct cs_certificate *certificate;
    char fingerprint[24];
    char organisation[2 * CS_HASH_SIZE + 1];
    const char *server;
    struct cs_pending_counts pending;
    struct cs_first_sync first_sync;
    struct cs_kept_attachment_sums attachments;
    int64_t conflicts;
    int64_t exceptions;
    enum root_key root_key;
    bool memory_locked;
    enum cs_status left; /* why this laptop must join again; CS_OK: it need not */
    struct cs_went_back went_back;
    struct cs_outbox_kept log_kept; /* for the server, of all logs of this laptop */
    struct cs_json *last_sync;      /* owned; NULL = never */
    struct cs_json *differed;       /* owned */
    struct cs_vault_notes *vaults;  /* owned */
    struct cs_log_state log;
    char digits[CS_CHECKPOINT_DIGITS_SIZE];
    char alarm[CS_PROBLEM_TEXT_MAX]; /* empty: none */
};

/* Tried on a secret of the usual size: that is what the system refuses or not. */
static bool can_lock_memory(void)
{
    struct cs_secret *secret = NULL;
    if (cs_secret_create(CS_SIGN_SEED_SIZE, &secret) != CS_OK) {
        return false;
    }
    bool locked = cs_secret_is_locked(secret);
    cs_secret_destroy(secret);
    return locked;
}

/* What the device knows of the server's evidence log, for officers to compare (design §4). */
static enum cs_status gather_history(struct cs_replica *replica, struct facts *out)
{
    struct cs_buffer alarm;
    cs_buffer_init(&alarm, sizeof out->alarm - 1);
    enum cs_status status = cs_log_state_load(replica, &out->log);
    if (status == CS_OK) {
        cs_checkpoint_digits(&out->log.checkpoint, out->digits);
        status = cs_log_alarm(replica, &alarm);
    }
    if (status == CS_OK && alarm.size > 0) {
        memcpy(out->alarm, alarm.data, alarm.size);
    }
    cs_buffer_release(&alarm);
    return status;
}

static enum cs_status gather_root_key(struct cs_replica *replica, enum root_key *out)
{
    struct cs_root_split split;
    bool here = cs_identity_root_key(cs_replica_identity(replica)) != NULL;
    enum cs_status status = cs_root_split_load(replica, &split);
    if (status == CS_NOT_FOUND) {
        *out = here ? ROOT_KEY_NEVER_SPLIT : ROOT_KEY_UNKNOWN;
        return CS_OK;
    }
    *out = here ? ROOT_KEY_SPLIT : ROOT_KEY_IN_SHARES;
    return status;
}

static enum cs_status gather(struct cs_replica *replica, struct facts *out)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    out->certificate = cs_identity_certificate(identity);
    cs_certificate_fingerprint(cs_identity_certificate_id(identity), out->fingerprint);
    cs_hex_encode(cs_bytes_make(cs_identity_organisation(identity), CS_HASH_SIZE),
                  out->organisation);
    out->server = cs_identity_peer(identity)->address;
    out->memory_locked = can_lock_memory();
    enum cs_status status = gather_root_key(replica, &out->root_key);
    if (status == CS_OK) {
        status = cs_query_pending_counts(replica, &out->pending);
    }
    if (status == CS_OK) {
        status = cs_query_first_sync(replica, &out->first_sync);
    }
    if (status == CS_OK) {
        status = cs_kept_attachment_sum(replica, &out->attachments);
    }
    if (status == CS_OK) {
        status = cs_query_count(replica, "conflict", "state", "open", &out->conflicts);
    }
    if (status == CS_OK) {
        status = cs_query_count(replica, "exception", "state", "open", &out->exceptions);
    }
    if (status == CS_OK) {
        status = cs_rejoin_reason(replica, &out->left);
    }
    if (status == CS_OK) {
        status = cs_difference_note_json(replica, &out->differed);
    }
    if (status == CS_OK) {
        status = gather_history(replica, out);
    }
    if (status == CS_OK) {
        status = cs_renewal_last(replica, &out->went_back);
    }
    if (status == CS_OK) {
        status = cs_outbox_kept(replica, &out->log_kept);
    }
    return status != CS_OK ? status : cs_last_sync_load(replica, &out->last_sync);
}

static struct cs_json *went_back_json(const struct cs_went_back *went_back)
{
    if (went_back->noticed_ms == 0) {
        return cs_json_null();
    }
    char at[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(went_back->noticed_ms, 0), at);
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "noticed_at", cs_json_text(cs_bytes_of_text(at)));
    cs_json_set(json, "change_sets_resent", cs_json_integer((int64_t)went_back->resent));
    cs_json_set(json, "rows_kept", cs_json_integer((int64_t)went_back->kept));
    return json;
}

static struct cs_json *history_json(const struct facts *facts)
{
    struct cs_json *json = cs_json_object();
    if (facts->log.any) {
        cs_json_set(json, "entries", cs_json_integer((int64_t)facts->log.checkpoint.size));
        cs_json_set(json, "digits", cs_json_text(cs_bytes_of_text(facts->digits)));
        cs_json_set(json, "checkpoint",
                    cs_json_text(cs_bytes_make(facts->log.note, facts->log.note_size)));
    }
    cs_json_set(json, "alarm",
                facts->alarm[0] == '\0' ? cs_json_null()
                                        : cs_json_text(cs_bytes_of_text(facts->alarm)));
    return json;
}

static struct cs_json *root_key_json(enum root_key root_key)
{
    static const char *const names[] = {
        [ROOT_KEY_NEVER_SPLIT] = "never_split",
        [ROOT_KEY_SPLIT] = "split",
        [ROOT_KEY_IN_SHARES] = "in_shares",
    };
    return root_key == ROOT_KEY_UNKNOWN ? cs_json_null()
                                        : cs_json_text(cs_bytes_of_text(names[root_key]));
}

static enum cs_status answer_json(struct cs_command *command, struct facts *facts)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "person", cs_command_json_id(&facts->certificate->person));
    cs_json_set(json, "person_name", cs_json_text(facts->certificate->person_name));
    cs_json_set(json, "roles", cs_view_roles_json(facts->certificate->roles));
    cs_json_set(json, "device", cs_json_text(facts->certificate->device_name));
    cs_json_set(json, "fingerprint", cs_json_text(cs_bytes_of_text(facts->fingerprint)));
    cs_json_set(json, "organisation", cs_json_text(cs_bytes_of_text(facts->organisation)));
    cs_json_set(json, "server", cs_json_text(cs_bytes_of_text(facts->server)));
    cs_json_set(json, "home", cs_json_text(cs_bytes_of_text(command->home)));
    cs_json_set(json, "waiting", cs_json_integer(facts->pending.waiting + facts->pending.packed));
    cs_json_set(json, "packed", cs_json_integer(facts->pending.packed));
    cs_json_set(json, "held", cs_json_integer(facts->pending.held));
    cs_json_set(json, "refused", cs_json_integer(facts->pending.refused));
    cs_json_set(json, "attachments", cs_attachment_sums_json(&facts->attachments));
    cs_json_set(json, "conflicts", cs_json_integer(facts->conflicts));
    cs_json_set(json, "exceptions", cs_json_integer(facts->exceptions));
    cs_json_set(json, "incomplete", cs_json_boolean(!facts->first_sync.done));
    cs_json_set(json, "rows_fetched", cs_json_integer(facts->first_sync.rows));
    cs_json_set(json, "last_sync", facts->last_sync == NULL ? cs_json_null() : facts->last_sync);
    facts->last_sync = NULL;
    cs_agent_note_json(command, json);
    cs_json_set(json, "change_sets_kept", cs_json_integer(facts->log_kept.change_sets));
    cs_json_set(json, "bytes_kept", cs_json_integer(facts->log_kept.bytes));
    cs_json_set(json, "server_went_back", went_back_json(&facts->went_back));
    cs_json_set(json, "must_join_again",
                facts->left == CS_OK ? cs_json_null()
                                     : cs_json_text(cs_bytes_of_text(cs_status_name(facts->left))));
    cs_json_set(json, "differed", facts->differed);
    facts->differed = NULL;
    cs_json_set(json, "vault_notes", cs_vault_notes_json(facts->vaults));
    cs_json_set(json, "history", history_json(facts));
    enum cs_status status = cs_revoked_json(command, json);
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    cs_json_set(json, "recovery_is_set_up",
                cs_json_boolean(facts->root_key == ROOT_KEY_UNKNOWN ||
                                facts->root_key == ROOT_KEY_IN_SHARES));
    cs_json_set(json, "root_key", root_key_json(facts->root_key));
    cs_json_set(json, "memory_is_locked", cs_json_boolean(facts->memory_locked));
    return cs_command_json(command, json);
}

static void print_heading(struct cs_command *command, const char *english, const char *chinese)
{
    const char *heading = cs_command_words(command, english, chinese);
    size_t columns = cs_utf8_columns(cs_bytes_of_text(heading));
    cs_command_print(command, "%s:%*s", heading, (int)(columns < 14 ? 14 - columns : 1), "");
}

static void print_text(struct cs_command *command, const char *english, const char *chinese,
                       struct cs_bytes text)
{
    print_heading(command, english, chinese);
    cs_command_print_safe(command, text);
    cs_command_print(command, "\n");
}

static void print_count(struct cs_command *command, const char *english, const char *chinese,
                        int64_t count, const char *see)
{
    print_heading(command, english, chinese);
    cs_command_print(command, "%lld", (long long)count);
    if (count > 0 && see != NULL) {
        cs_command_print(command, "  (countersign %s)", see);
    }
    cs_command_print(command, "\n");
}

/* So much and never less means that the server is not backed up, or that nobody verifies it. */
#define KEPT_WARNING_BYTES ((int64_t)256 * 1024 * 1024)

static void print_kept(struct cs_command *command, const struct cs_outbox_kept *kept)
{
    print_heading(command, "kept log", "保留的修改集");
    cs_command_print(command, CS_WORDS(command, "%lld, %lld bytes\n", "%lld 个,%lld 字节\n"),
                     (long long)kept->change_sets, (long long)kept->bytes);
    if (kept->bytes > KEPT_WARNING_BYTES) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "WARNING: what is kept for a server that loses it grows until a "
                             "verified backup of the server has it: tell the administrator",
                             "警告:在服务器完成经验证的备份之前,为其保留的修改集会不断增长:"
                             "请告知管理员"));
    }
}

static void print_went_back(struct cs_command *command, const struct cs_went_back *went_back)
{
    char at[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(went_back->noticed_ms, 0), at);
    cs_command_print(
        command,
        CS_WORDS(command,
                 "NOTE: the server went back in time (noticed %s): %llu change-sets of "
                 "this laptop were sent again, %llu rows that it lacks are kept here\n",
                 "注意:服务器曾回到旧状态(发现于 %s):本机重新发送了 %llu "
                 "个修改集,服务器缺少的 %llu 行保留在本机\n"),
        at, (unsigned long long)went_back->resent, (unsigned long long)went_back->kept);
}

static void print_last_sync(struct cs_command *command, const struct facts *facts)
{
    struct cs_bytes at = CS_BYTES_NONE;
    struct cs_bytes status = CS_BYTES_NONE;
    struct cs_bytes text = CS_BYTES_NONE;
    struct cs_bytes digest = CS_BYTES_NONE;
    print_heading(command, "last sync", "上次同步");
    if (facts->last_sync == NULL || !cs_json_get_text(cs_json_get(facts->last_sync, "at"), &at) ||
        !cs_json_get_text(cs_json_get(facts->last_sync, "status"), &status) ||
        !cs_json_get_text(cs_json_get(facts->last_sync, "text"), &text) ||
        !cs_json_get_text(cs_json_get(facts->last_sync, "digest"), &digest)) {
        cs_command_print(command, "%s\n", cs_command_words(command, "never", "从未"));
        return;
    }
    cs_command_print_safe(command, at);
    if (!cs_bytes_equal_text(status, "OK")) {
        cs_command_print(command, "%s", cs_command_words(command, ", failed: ", ",失败:"));
        cs_command_print_safe(command, text);
    } else if (cs_bytes_equal_text(digest, "equal")) {
        cs_command_print(command, "%s",
                         cs_command_words(command, ", equal with the server", ",与服务器一致"));
    } else {
        cs_command_print(
            command, "%s",
            cs_command_words(command, ", NOT equal with the server", ",与服务器不一致"));
    }
    cs_command_print(command, "\n");
}

/* Two devices with the same number of entries show the same digits, or were shown two histories. */
static void print_history(struct cs_command *command, const struct facts *facts)
{
    print_heading(command, "history", "历史");
    if (facts->log.any) {
        cs_command_print(command, CS_WORDS(command, "%llu entries, %s\n", "%llu 条,%s\n"),
                         (unsigned long long)facts->log.checkpoint.size, facts->digits);
    } else {
        cs_command_print(command, "%s\n", cs_command_words(command, "not seen yet", "尚未获取"));
    }
    if (facts->alarm[0] != '\0') {
        cs_command_print(
            command, "%s",
            cs_command_words(command, "WARNING: the server's history: ", "警告:服务器历史记录:"));
        cs_command_print_safe(command, cs_bytes_of_text(facts->alarm));
        cs_command_print(command, "\n");
    }
}

static void print_root_key(struct cs_command *command, enum root_key root_key)
{
    if (root_key == ROOT_KEY_NEVER_SPLIT) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "WARNING: recovery is not set up: losing this laptop loses the "
                             "organisation's root key. Give shares of it to several people: "
                             "countersign root split",
                             "警告:尚未设置恢复机制,丢失本机即丢失组织根密钥。请将根密钥分份"
                             "交给多人保管:countersign root split"));
    } else if (root_key == ROOT_KEY_SPLIT) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "WARNING: recovery is not set up: the root key is split, but it is "
                             "still on this laptop too: countersign root forget takes it off",
                             "警告:恢复机制尚未完成:根密钥已分份,但本机仍保存原件:"
                             "用 countersign root forget 删除"));
    }
}

static void print_first_sync(struct cs_command *command, const struct cs_first_sync *first)
{
    if (first->done) {
        return;
    }
    cs_command_print(command,
                     CS_WORDS(command,
                              "INCOMPLETE: the first sync has not ended, %lld rows were fetched so "
                              "far; countersign sync goes on from there",
                              "数据不完整:首次同步尚未完成,已获取 %lld 行;运行 countersign "
                              "sync 将继续"),
                     (long long)first->rows);
    cs_command_print(command, "\n");
}

static enum cs_status answer_text(struct cs_command *command, struct cs_replica *replica,
                                  const struct facts *facts)
{
    struct cs_buffer roles;
    cs_buffer_init(&roles, CS_KIBI);
    cs_roles_format(facts->certificate->roles, &roles);
    enum cs_status status = roles.status;
    print_text(command, "person", "人员", facts->certificate->person_name);
    print_text(command, "roles", "角色", cs_buffer_bytes(&roles));
    print_text(command, "device", "设备", facts->certificate->device_name);
    print_text(command, "fingerprint", "设备指纹", cs_bytes_of_text(facts->fingerprint));
    print_text(command, "organisation", "组织", cs_bytes_make(facts->organisation, 16));
    print_text(command, "server", "服务器", cs_bytes_of_text(facts->server));
    cs_buffer_release(&roles);
    if (status == CS_OK) {
        status = cs_revoked_print(command, replica);
    }
    print_count(command, "to be sent", "待发送", facts->pending.waiting + facts->pending.packed,
                "sync");
    print_count(command, "held", "服务器暂存", facts->pending.held, NULL);
    print_count(command, "refused", "被拒绝", facts->pending.refused, "refusals");
    print_count(command, "files to send", "待发送文件", (int64_t)facts->attachments.to_send,
                "sync");
    print_count(command, "conflicts", "冲突", facts->conflicts, "conflicts");
    print_count(command, "exceptions", "异常", facts->exceptions, "exceptions");
    print_kept(command, &facts->log_kept);
    print_last_sync(command, facts);
    cs_agent_note_print(command);
    print_first_sync(command, &facts->first_sync);
    if (facts->went_back.noticed_ms != 0) {
        print_went_back(command, &facts->went_back);
    }
    if (facts->left == CS_ROLLED_BACK) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(
                command,
                "WARNING: the server was restored from an older backup than the one "
                "by which this laptop removed what it had kept: the administrator "
                "should restore the later backup, or this laptop must join again",
                "警告:服务器是用较旧的备份恢复的,而本机已按较新的备份删除了保留的修改集:"
                "请管理员恢复较新的备份,否则本机必须重新加入"));
    } else if (facts->left != CS_OK) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "WARNING: this laptop was copied or set back and must join again: ask "
                             "your office for a new invite, then run countersign join; nothing on "
                             "it is lost",
                             "警告:本机曾被复制或恢复到旧状态,必须重新加入:请向办公室索取新邀请,"
                             "然后运行 countersign join;本机内容不会丢失"));
    }
    if (status == CS_OK) {
        status = cs_difference_note_print(command, replica);
    }
    print_history(command, facts);
    cs_vault_notes_print(command, facts->vaults);
    if (!facts->memory_locked) {
        cs_command_print(
            command, "%s\n",
            cs_command_words(command,
                             "note: the system does not let secrets be locked in memory "
                             "(RLIMIT_MEMLOCK): they could reach swap",
                             "注意:系统不允许锁定内存 (RLIMIT_MEMLOCK),密钥可能被换出到磁盘"));
    }
    print_root_key(command, facts->root_key);
    return status;
}

enum cs_status cs_command_status(struct cs_command *command)
{
    struct cs_replica *replica;
    struct facts facts = {.last_sync = NULL};
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = gather(replica, &facts);
    }
    if (status == CS_OK) {
        status = cs_vault_notes_gather(command, replica, CS_VAULT_NOTES_ALL, &facts.vaults);
    }
    if (status == CS_OK) {
        status =
            command->json ? answer_json(command, &facts) : answer_text(command, replica, &facts);
    }
    cs_json_destroy(facts.last_sync);
    cs_json_destroy(facts.differed);
    cs_vault_notes_destroy(facts.vaults);
    return status;
}
