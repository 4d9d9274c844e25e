/* The command attachment: the files of attachments on this laptop. */
#include "field-client/commands/attachment_command.h"
#include "field-client/attachments/attachments.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/visit_command.h"
#include "field-client/console/console.h"
#include "field-client/console/subcommand.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"
#include "shared/base/limits.h"
#include "shared/base/text.h"

#include <stdio.h>

#define ARENA_MAX CS_MESSAGE_ARENA_MAX
#define COLUMNS 5

/* ---- list ---- */

struct listing {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_table table;
    struct cs_json *rows;
};

static const char *place_of(const struct cs_attachment_found *found)
{
    const struct cs_kept_attachment *kept = &found->kept;
    if (kept->held) {
        return kept->confirmed ? "here and on the server" : "here, to be sent";
    }
    return kept->wanted ? "wanted" : "on the server";
}

struct cs_json *cs_attachment_found_json(const struct cs_attachment_found *found)
{
    const struct cs_kept_attachment *kept = &found->kept;
    struct cs_json *json = cs_visit_answer(CS_ATTACHMENT_ENTITY, &found->id);
    cs_json_set(json, "file_name", cs_json_text(found->row.file_name));
    cs_json_set(json, "media_type", cs_json_text(found->row.media_type));
    cs_json_set(json, "size", cs_json_integer((int64_t)found->row.form.size));
    cs_json_set(json, "here", cs_json_boolean(kept->held));
    cs_json_set(json, "wanted", cs_json_boolean(kept->wanted));
    cs_json_set(json, "confirmed", cs_json_boolean(kept->confirmed));
    cs_json_set(json, "trouble",
                kept->trouble == CS_OK
                    ? cs_json_null()
                    : cs_json_text(cs_bytes_of_text(cs_status_name(kept->trouble))));
    cs_json_set(json, "left", cs_json_null());
    cs_json_set(json, "refusal", cs_json_null());
    return json;
}

static void put_line(struct listing *listing, const struct cs_attachment_found *found)
{
    char id[CS_ID_TEXT_SIZE];
    char size[32];
    const struct cs_kept_attachment *kept = &found->kept;
    cs_id_format(&found->id, id);
    (void)snprintf(size, sizeof size, "%llu", (unsigned long long)found->row.form.size);
    cs_table_put_text(&listing->table, id);
    cs_table_put(&listing->table, found->row.file_name);
    cs_table_put_text(&listing->table, size);
    cs_table_put_text(&listing->table, place_of(found));
    cs_table_put_text(&listing->table, kept->trouble == CS_OK ? "" : cs_status_text(kept->trouble));
}

static enum cs_status list_row(void *context, const struct cs_stored_row *row)
{
    struct listing *listing = context;
    struct cs_attachment_found found;
    enum cs_status status = cs_attachment_of_row(listing->replica, row, &found);
    if (status == CS_MALFORMED) {
        return CS_OK; /* it names no file */
    }
    if (status != CS_OK) {
        return status;
    }
    if (listing->command->json) {
        cs_json_append(listing->rows, cs_attachment_found_json(&found));
    } else {
        put_line(listing, &found);
    }
    return CS_OK;
}

/* ---- what is left of records that were refused, or have gone ---- */

static struct cs_json *left_json(const struct cs_attachment_left *left)
{
    const struct cs_attachment_found found = {left->kept.row, left->row, left->kept};
    struct cs_json *json = cs_attachment_found_json(&found);
    cs_json_set(json, "left",
                cs_json_text(cs_bytes_of_text(left->refusal > 0 ? "refused" : "gone")));
    if (left->refusal > 0) {
        cs_json_set(json, "refusal", cs_json_integer((int64_t)left->refusal));
    }
    if (!left->readable) {
        cs_json_set(json, "file_name", cs_json_null());
        cs_json_set(json, "media_type", cs_json_null());
        cs_json_set(json, "size", cs_json_null());
    }
    return json;
}

static void put_left_line(struct listing *listing, const struct cs_attachment_left *left)
{
    char id[CS_ID_TEXT_SIZE];
    char size[32];
    char place[64];
    cs_id_format(&left->kept.row, id);
    (void)snprintf(size, sizeof size, "%llu",
                   (unsigned long long)(left->readable ? left->row.form.size : left->kept.bytes));
    (void)snprintf(place, sizeof place,
                   left->refusal > 0 ? "here alone: refused (#%llu)"
                                     : "here alone: its record is gone",
                   (unsigned long long)left->refusal);
    cs_table_put_text(&listing->table, id);
    cs_table_put(&listing->table, left->readable ? left->row.file_name : CS_BYTES_NONE);
    cs_table_put_text(&listing->table, size);
    cs_table_put_text(&listing->table, place);
    cs_table_put_text(&listing->table, "attachment drop");
}

static enum cs_status list_left(void *context, const struct cs_attachment_left *left)
{
    struct listing *listing = context;
    if (listing->command->json) {
        cs_json_append(listing->rows, left_json(left));
    } else {
        put_left_line(listing, left);
    }
    return CS_OK;
}

static enum cs_status answer_list(struct listing *listing)
{
    struct cs_command *command = listing->command;
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "rows", listing->rows);
        listing->rows = NULL;
        return cs_command_json(command, json);
    }
    if (cs_table_rows(&listing->table) == 0) {
        cs_command_note(command, "%s",
                        cs_command_words(command, "there are no attachments", "没有附件"));
    }
    return cs_table_print(&listing->table, command);
}

static enum cs_status list(struct cs_command *command)
{
    static const char *const headings[COLUMNS] = {"id", "file", "bytes", "where", "trouble"};
    struct listing listing = {.command = command};
    struct cs_query_filter filter = {cs_bytes_of_text("visit"), CS_BYTES_NONE};
    struct cs_id visit;
    char text[CS_ID_TEXT_SIZE];
    enum cs_status status = cs_command_expect(command, 0, 1);
    bool of_visit = command->argument_count == 1;
    if (status == CS_OK) {
        status = of_visit ? cs_visit_argument(command, &listing.replica, &visit)
                          : cs_command_open_replica(command, &listing.replica);
    }
    if (status != CS_OK) {
        return status;
    }
    if (of_visit) {
        cs_id_format(&visit, text);
        filter.text = cs_bytes_of_text(text);
    }
    cs_table_init(&listing.table, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        cs_table_put_text(&listing.table, headings[i]);
    }
    listing.rows = cs_json_array();
    status = cs_query_list(listing.replica, cs_bytes_of_text(CS_ATTACHMENT_ENTITY), &filter,
                           of_visit ? 1 : 0, list_row, &listing, &command->problem);
    if (status == CS_OK && !of_visit) {
        status = cs_attachments_left(listing.replica, list_left, &listing);
    }
    if (status == CS_OK) {
        status = answer_list(&listing);
    }
    cs_json_destroy(listing.rows);
    cs_table_release(&listing.table);
    return status;
}

/* ---- open ---- */

static enum cs_status put_part(void *context, struct cs_bytes part)
{
    return cs_command_write_file(context, "-", part);
}

static enum cs_status save_as(struct cs_command *command, struct cs_replica *replica,
                              const struct cs_attachment_found *found, const char *name)
{
    char path[CS_CONSOLE_PATH_MAX];
    if (cs_command_is_stream(name)) {
        return cs_attachment_show(replica, found, put_part, command, &command->problem);
    }
    enum cs_status status = cs_console_path(command->console, name, path, &command->problem);
    return status != CS_OK ? status : cs_attachment_save(replica, found, path, &command->problem);
}

static enum cs_status save(struct cs_command *command, struct cs_replica *replica,
                           struct cs_attachment_found *found, struct cs_arena *arena)
{
    enum cs_status status = cs_attachment_find(replica, cs_command_argument(command, 0), arena,
                                               found, &command->problem);
    return status != CS_OK ? status : save_as(command, replica, found, command->arguments[1]);
}

static enum cs_status open_file(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_arena arena;
    struct cs_attachment_found found = {.kept = {.held = false}};
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, ARENA_MAX);
    status = save(command, replica, &found, &arena);
    bool passed = cs_command_is_stream(command->arguments[1]);
    if (status == CS_OK && command->json && !passed) {
        status = cs_command_json(command, cs_attachment_found_json(&found));
    } else if (status == CS_OK && !passed) {
        cs_command_print(command, "%s\n", cs_command_words(command, "saved", "已保存"));
    }
    cs_wipe(&found.row.key, sizeof found.row.key);
    cs_arena_release_wiped(&arena);
    return status;
}

/* ---- drop ---- */

struct dropping {
    struct cs_command *command;
    struct cs_replica *replica;
    const char *saved_as; /* as given; NULL: it is not saved */
    bool yes;
    struct cs_attachment_left file; /* also of a file whose record is in view */
};

/* With a record in view, or left without one. */
static enum cs_status find_dropped(struct dropping *dropping, struct cs_arena *arena)
{
    struct cs_command *command = dropping->command;
    struct cs_bytes text = cs_command_argument(command, 0);
    struct cs_attachment_found found;
    enum cs_status status =
        cs_attachment_find(dropping->replica, text, arena, &found, &command->problem);
    if (status == CS_NOT_FOUND) {
        return cs_attachment_left_find(dropping->replica, text, arena, &dropping->file,
                                       &command->problem);
    }
    if (status == CS_OK) {
        dropping->file = (struct cs_attachment_left){found.kept, true, found.row, 0};
        cs_wipe(&found.row.key, sizeof found.row.key);
    }
    return status;
}

static enum cs_status save_dropped(struct dropping *dropping)
{
    struct cs_command *command = dropping->command;
    char path[CS_CONSOLE_PATH_MAX];
    /* It would be gone before anybody knows that the other end has it. */
    if (cs_command_is_stream(dropping->saved_as)) {
        return cs_command_usage(command, "--export needs a file: attachment open ID - shows one, "
                                         "and then --yes removes it");
    }
    enum cs_status status =
        cs_console_path(command->console, dropping->saved_as, path, &command->problem);
    return status != CS_OK ? status
                           : cs_attachment_left_save(dropping->replica, &dropping->file, path,
                                                     &command->problem);
}

/* What nobody else has goes only after it was saved, or with a yes. */
static enum cs_status drop_one(struct dropping *dropping)
{
    struct cs_command *command = dropping->command;
    const struct cs_kept_attachment *kept = &dropping->file.kept;
    enum cs_status status = CS_OK;
    if (kept->held && dropping->saved_as != NULL) {
        status = save_dropped(dropping);
    } else if (kept->held && !kept->confirmed && !dropping->yes) {
        return cs_problem_set(&command->problem, CS_DENIED,
                              "nobody else has this file: --export FILE saves it first, --yes "
                              "removes it for good");
    }
    return status != CS_OK ? status
                           : cs_attachment_drop(dropping->replica, kept, &command->problem);
}

static enum cs_status answer_drop(const struct dropping *dropping)
{
    struct cs_command *command = dropping->command;
    if (command->json) {
        struct cs_json *json = cs_visit_answer(CS_ATTACHMENT_ENTITY, &dropping->file.kept.row);
        cs_json_set(json, "dropped", cs_json_boolean(true));
        cs_json_set(json, "bytes", cs_json_integer((int64_t)dropping->file.kept.bytes));
        cs_json_set(json, "file",
                    dropping->saved_as == NULL
                        ? cs_json_null()
                        : cs_json_text(cs_bytes_of_text(dropping->saved_as)));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n",
                     dropping->file.kept.confirmed
                         ? cs_command_words(command, "removed from this laptop; the server has it",
                                            "已从本机删除;服务器上仍有")
                         : cs_command_words(command, "removed", "已删除"));
    return CS_OK;
}

static enum cs_status drop(struct cs_command *command)
{
    struct dropping dropping = {.command = command, .yes = cs_command_flag(command, "--yes")};
    struct cs_arena arena;
    enum cs_status status = cs_command_option(command, "--export", &dropping.saved_as);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &dropping.replica);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, ARENA_MAX);
    status = find_dropped(&dropping, &arena);
    if (status == CS_OK) {
        status = drop_one(&dropping);
    }
    if (status == CS_OK) {
        status = answer_drop(&dropping);
    }
    cs_wipe(&dropping.file.row.key, sizeof dropping.file.row.key);
    cs_arena_release_wiped(&arena);
    return status;
}

/* ---- status and quota ---- */

struct cs_json *cs_attachment_sums_json(const struct cs_kept_attachment_sums *sums)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "here", cs_json_integer((int64_t)sums->held));
    cs_json_set(json, "bytes", cs_json_integer((int64_t)sums->held_bytes));
    cs_json_set(json, "to_send", cs_json_integer((int64_t)sums->to_send));
    cs_json_set(json, "bytes_to_send", cs_json_integer((int64_t)sums->to_send_bytes));
    cs_json_set(json, "wanted", cs_json_integer((int64_t)sums->wanted));
    return json;
}

static enum cs_status answer_status(struct cs_command *command, struct cs_replica *replica)
{
    struct cs_kept_attachment_sums sums;
    uint64_t quota = 0;
    enum cs_status status = cs_kept_attachment_sum(replica, &sums);
    if (status == CS_OK) {
        status = cs_attachment_quota(replica, &quota);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_attachment_sums_json(&sums);
        cs_json_set(json, "quota_bytes", cs_json_integer((int64_t)quota));
        return cs_command_json(command, json);
    }
    cs_command_print(command,
                     CS_WORDS(command,
                              "%llu files here, %.1f of %.0f MiB; to be sent: %llu, wanted: %llu\n",
                              "本机 %llu 个文件,%.1f / %.0f MiB;待发送 %llu,待获取 %llu\n"),
                     (unsigned long long)sums.held, (double)sums.held_bytes / (double)CS_MEBI,
                     (double)quota / (double)CS_MEBI, (unsigned long long)sums.to_send,
                     (unsigned long long)sums.wanted);
    return CS_OK;
}

static enum cs_status show_status(struct cs_command *command)
{
    struct cs_replica *replica;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    return status != CS_OK ? status : answer_status(command, replica);
}

static enum cs_status quota(struct cs_command *command)
{
    struct cs_replica *replica;
    int64_t mib = 0;
    enum cs_status status = cs_command_expect(command, 0, 1);
    bool set = status == CS_OK && command->argument_count == 1;
    if (set && (cs_integer_parse(cs_command_argument(command, 0), &mib) != CS_OK || mib < 1 ||
                mib > INT64_MAX / (int64_t)CS_MEBI)) {
        return cs_command_usage(command, "MIB must be a whole number from 1 on");
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK && set) {
        status = cs_attachment_set_quota(replica, (uint64_t)mib * CS_MEBI, &command->problem);
    }
    return status != CS_OK ? status : answer_status(command, replica);
}

enum cs_status cs_command_attachment(struct cs_command *command)
{
    static const struct cs_subcommand subcommands[] = {
        {"list", list, "[VISIT]"},        {"fetch", cs_attachment_command_fetch, "ID"},
        {"open", open_file, "ID FILE|-"}, {"drop", drop, "ID [--export FILE] [--yes]"},
        {"status", show_status, ""},      {"quota", quota, "[MIB]"}};
    return cs_subcommand_run(command, subcommands, CS_COUNT(subcommands));
}
