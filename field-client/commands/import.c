/*
 * The command import: a CSV file, each row its own transaction, the file one commit.
 */
#include "field-client/commands/command_table.h"
#include "field-client/commands/import_rows.h"

#include <string.h>
#include <unistd.h>

#define FILE_MAX (512 * CS_MEBI)
#define BAD_SHOWN_MAX ((size_t)20)
#define PROGRESS_FROM_ROWS ((size_t)2000)

struct bad_row {
    size_t line;
    struct cs_problem problem;
};

struct tally {
    size_t rows;
    size_t inserted;
    size_t updated;
    size_t unchanged;
    size_t bad;
    struct bad_row shown[BAD_SHOWN_MAX]; /* the first ones */
};

static void count_outcome(struct tally *tally, enum cs_import_outcome outcome)
{
    tally->inserted += outcome == CS_IMPORT_INSERTED ? 1 : 0;
    tally->updated += outcome == CS_IMPORT_UPDATED ? 1 : 0;
    tally->unchanged += outcome == CS_IMPORT_UNCHANGED ? 1 : 0;
}

/* The reader's texts begin with their line, which is shown anyway. */
static const char *without_line(const char *text)
{
    const char *colon = strncmp(text, "line ", 5) == 0 ? strstr(text, ": ") : NULL;
    return colon == NULL ? text : colon + 2;
}

static void count_bad(struct tally *tally, size_t line, enum cs_status status,
                      const struct cs_problem *problem)
{
    if (tally->bad < BAD_SHOWN_MAX) {
        const char *text = problem->text[0] == '\0' ? cs_status_text(status) : problem->text;
        struct bad_row *bad = &tally->shown[tally->bad];
        bad->line = line;
        (void)cs_problem_set(&bad->problem, status, "%s", without_line(text));
    }
    tally->bad++;
}

static void show_progress(const struct cs_command *command, size_t rows, bool at_end)
{
    if (rows < PROGRESS_FROM_ROWS || (!at_end && rows % 1000 != 0) ||
        !cs_console_errors_are_terminal(command->console, command->err)) {
        return;
    }
    (void)fprintf(command->err, at_end ? "\r%zu\n" : "\r%zu", rows);
    (void)fflush(command->err);
}

/* Ends at the end of the file or when the replica itself fails; bad rows are only counted. */
static enum cs_status read_rows(struct cs_import *import, struct cs_csv_reader *reader,
                                struct tally *tally)
{
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK && more) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        struct cs_csv_record record;
        struct cs_problem problem = {""};
        enum cs_import_outcome outcome = CS_IMPORT_UNCHANGED;
        status = cs_csv_next(reader, &arena, &record, &more, &problem);
        bool malformed = status == CS_MALFORMED;
        if (status == CS_OK && more) {
            status = cs_import_row(import, &record, &outcome, &problem);
        }
        cs_arena_release(&arena);
        tally->rows += more ? 1 : 0;
        if (malformed || cs_status_class(status) == CS_CLASS_CALLER) {
            count_bad(tally, reader->line, status, &problem);
            status = CS_OK;
        } else if (status == CS_OK && more) {
            count_outcome(tally, outcome);
            status = cs_edit_next_transaction(import->edit);
        } else if (status != CS_OK) {
            import->command->problem = problem;
        }
        show_progress(import->command, tally->rows, !more);
    }
    return status;
}

static struct cs_json *bad_json(const struct tally *tally)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < tally->bad && i < BAD_SHOWN_MAX; i++) {
        struct cs_json *bad = cs_json_object();
        cs_json_set(bad, "line", cs_json_integer((int64_t)tally->shown[i].line));
        cs_json_set(bad, "text", cs_json_text(cs_bytes_of_text(tally->shown[i].problem.text)));
        cs_json_append(list, bad);
    }
    return list;
}

static struct cs_json *tally_json(const struct cs_import *import, const struct tally *tally)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(import->entity->name)));
    cs_json_set(json, "rows", cs_json_integer((int64_t)tally->rows));
    cs_json_set(json, "inserted", cs_json_integer((int64_t)tally->inserted));
    cs_json_set(json, "updated", cs_json_integer((int64_t)tally->updated));
    cs_json_set(json, "unchanged", cs_json_integer((int64_t)tally->unchanged));
    cs_json_set(json, "bad_count", cs_json_integer((int64_t)tally->bad));
    cs_json_set(json, "bad", bad_json(tally));
    return json;
}

static void show_bad(struct cs_command *command, const struct tally *tally)
{
    for (size_t i = 0; i < tally->bad && i < BAD_SHOWN_MAX; i++) {
        cs_command_note(command, CS_WORDS(command, "line %zu: %s", "第 %zu 行:%s"),
                        tally->shown[i].line, tally->shown[i].problem.text);
    }
    if (tally->bad > BAD_SHOWN_MAX) {
        cs_command_note(command, CS_WORDS(command, "and %zu more", "另有 %zu 行"),
                        tally->bad - BAD_SHOWN_MAX);
    }
}

static enum cs_status refuse(const struct cs_import *import, struct tally *tally)
{
    struct cs_command *command = import->command;
    if (command->json) {
        tally->inserted = 0;
        tally->updated = 0;
        tally->unchanged = 0;
        command->failure = tally_json(import, tally);
    }
    return cs_problem_set(&command->problem, CS_INVALID,
                          "%zu of %zu rows cannot be imported, so nothing was; correct them, or "
                          "--skip-bad imports the others",
                          tally->bad, tally->rows);
}

static enum cs_status answer(const struct cs_import *import, const struct tally *tally)
{
    struct cs_command *command = import->command;
    if (command->json) {
        return cs_command_json(command, tally_json(import, tally));
    }
    cs_command_print(command,
                     CS_WORDS(command, "%zu rows: %zu new, %zu changed, %zu unchanged",
                              "共 %zu 行:新增 %zu,修改 %zu,未变 %zu"),
                     tally->rows, tally->inserted, tally->updated, tally->unchanged);
    if (tally->bad > 0) {
        cs_command_print(command, CS_WORDS(command, ", %zu skipped", ",跳过 %zu"), tally->bad);
    }
    cs_command_print(command, "\n");
    return CS_OK;
}

static enum cs_status run(struct cs_import *import, struct cs_csv_reader *reader, bool skip_bad,
                          struct tally *tally)
{
    enum cs_status status = cs_edit_begin(import->replica, &import->edit);
    if (status != CS_OK) {
        return status;
    }
    status = read_rows(import, reader, tally);
    if (status == CS_OK) {
        show_bad(import->command, tally);
    }
    if (status == CS_OK && tally->bad > 0 && !skip_bad) {
        status = refuse(import, tally);
    }
    if (status != CS_OK) {
        cs_edit_abort(import->edit);
        return status;
    }
    status = cs_edit_commit(import->edit);
    return status != CS_OK ? status : answer(import, tally);
}

static enum cs_status import_text(struct cs_import *import, struct cs_bytes text, bool skip_bad)
{
    struct cs_command *command = import->command;
    struct cs_csv_reader reader;
    struct cs_csv_record heading;
    struct cs_arena arena;
    bool more = false;
    cs_csv_reader_init(&reader, text);
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_csv_next(&reader, &arena, &heading, &more, &command->problem);
    if (status == CS_OK && !more) {
        status = cs_problem_set(&command->problem, CS_INVALID,
                                "the file is empty: its first line names the fields");
    }
    if (status == CS_OK) {
        status = cs_import_heading(import, &heading);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &import->replica);
    }
    struct tally *tally = NULL;
    if (status == CS_OK) {
        tally = cs_alloc_zero(1, sizeof *tally);
        status = tally == NULL ? CS_NO_MEMORY : run(import, &reader, skip_bad, tally);
    }
    cs_free(tally);
    return status;
}

enum cs_status cs_command_import(struct cs_command *command)
{
    bool skip_bad = cs_command_flag(command, "--skip-bad");
    struct cs_import import = {.command = command};
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &import.entity);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer text;
    cs_buffer_init(&text, FILE_MAX);
    cs_content_index_init(&import.contents);
    status = cs_command_read_file(command, command->arguments[1], &text);
    if (status == CS_OK) {
        status = import_text(&import, cs_buffer_bytes(&text), skip_bad);
    }
    cs_content_index_release(&import.contents);
    cs_buffer_release(&text);
    return status;
}
