/* Rows of reports as a table, JSON or CSV; see report.h. */
#include "field-client/commands/vault/report.h"

#include "shared/base/text.h"
#include "shared/text/csv.h"

#include <string.h>

#define CSV_MAX (1024 * CS_MEBI)
/* "2026-11-30T17:05" */
#define MINUTE_SIZE 16

/* ---- cells ---- */

struct cs_report_cell cs_report_text(struct cs_bytes text)
{
    return (struct cs_report_cell){.kind = text.size == 0 ? CS_REPORT_NOTHING : CS_REPORT_TEXT,
                                   .text = text};
}

struct cs_report_cell cs_report_word(const char *key, const char *word)
{
    return (struct cs_report_cell){
        .kind = CS_REPORT_WORD, .text = cs_bytes_of_text(key), .word = word};
}

struct cs_report_cell cs_report_time(int64_t ms)
{
    return (struct cs_report_cell){.kind = ms == 0 ? CS_REPORT_NOTHING : CS_REPORT_TIME, .ms = ms};
}

struct cs_report_cell cs_report_id(const struct cs_id *id)
{
    return (struct cs_report_cell){.kind = cs_id_is_zero(id) ? CS_REPORT_NOTHING : CS_REPORT_ID,
                                   .id = *id};
}

struct cs_report_cell cs_report_flag(bool flag)
{
    return (struct cs_report_cell){.kind = CS_REPORT_FLAG, .flag = flag};
}

static int64_t local(const struct cs_command *command, int64_t ms)
{
    return cs_instant_make(ms, command->world->offset_minutes(command->world->context));
}

void cs_report_time_text(const struct cs_command *command, int64_t ms,
                         char out[static CS_TABLE_CELL_COLUMNS_MAX])
{
    cs_instant_format(local(command, ms), out);
    out[MINUTE_SIZE] = '\0';
    out[MINUTE_SIZE - 6] = ' '; /* between date and time */
}

/* For people; `storage` is room for what has to be made. */
static struct cs_bytes shown(const struct cs_command *command, const struct cs_report_cell *cell,
                             char storage[static CS_TABLE_CELL_COLUMNS_MAX])
{
    switch (cell->kind) {
    case CS_REPORT_TEXT:
        return cell->text;
    case CS_REPORT_WORD:
        return cs_bytes_of_text(cell->word);
    case CS_REPORT_TIME:
        cs_report_time_text(command, cell->ms, storage);
        return cs_bytes_of_text(storage);
    case CS_REPORT_ID:
        cs_id_format(&cell->id, storage);
        return cs_bytes_of_text(storage);
    case CS_REPORT_FLAG:
        return cs_bytes_of_text(cell->flag ? cs_command_words(command, "yes", "是") : "");
    case CS_REPORT_NOTHING:
        break;
    }
    return CS_BYTES_NONE;
}

/* For programs. */
static struct cs_bytes written(const struct cs_command *command, const struct cs_report_cell *cell,
                               char storage[static CS_TABLE_CELL_COLUMNS_MAX])
{
    switch (cell->kind) {
    case CS_REPORT_TEXT:
    case CS_REPORT_WORD:
        return cell->text;
    case CS_REPORT_TIME:
        cs_instant_format(local(command, cell->ms), storage);
        return cs_bytes_of_text(storage);
    case CS_REPORT_ID:
        cs_id_format(&cell->id, storage);
        return cs_bytes_of_text(storage);
    case CS_REPORT_FLAG:
        return cs_bytes_of_text(cell->flag ? "true" : "false");
    case CS_REPORT_NOTHING:
        break;
    }
    return CS_BYTES_NONE;
}

static struct cs_json *value(const struct cs_command *command, const struct cs_report_cell *cell)
{
    char storage[CS_TABLE_CELL_COLUMNS_MAX];
    return cell->kind == CS_REPORT_NOTHING ? cs_json_null()
           : cell->kind == CS_REPORT_FLAG  ? cs_json_boolean(cell->flag)
                                           : cs_json_text(written(command, cell, storage));
}

/* ---- rows ---- */

static void put_heading(struct cs_report *report)
{
    const struct cs_command *command = report->work.command;
    for (size_t i = 0; i < report->column_count; i++) {
        const struct cs_report_column *column = &report->columns[i];
        if (report->as_csv) {
            if (i > 0) {
                cs_csv_separator(&report->csv);
            }
            cs_csv_put(&report->csv, cs_bytes_of_text(column->key));
        } else if (!command->json && column->audience == CS_REPORT_ALL) {
            cs_table_put_text(&report->table,
                              cs_command_words(command, column->english, column->chinese));
        }
    }
    if (report->as_csv) {
        cs_csv_end_record(&report->csv);
    }
}

static enum cs_status begin(struct cs_report *report, struct cs_command *command,
                            const struct cs_report_form *form)
{
    size_t in_table = 0;
    cs_require(form->column_count <= CS_REPORT_COLUMNS_MAX);
    *report = (struct cs_report){.work = {.command = command},
                                 .columns = form->columns,
                                 .column_count = form->column_count,
                                 .complete = true};
    for (size_t i = 0; i < form->column_count; i++) {
        in_table += form->columns[i].audience == CS_REPORT_ALL ? 1 : 0;
    }
    cs_table_init(&report->table, in_table);
    cs_buffer_init(&report->csv, CSV_MAX);
    report->as_csv = cs_command_flag(command, "--csv");
    if (report->as_csv && command->json) {
        return cs_command_usage(command, "--json or --csv, not both");
    }
    report->rows = command->json ? cs_json_array() : NULL;
    put_heading(report);
    return CS_OK;
}

static void release(struct cs_report *report)
{
    cs_table_release(&report->table);
    cs_buffer_release(&report->csv);
    cs_json_destroy(report->rows);
}

enum cs_status cs_report_command(struct cs_report *report, struct cs_command *command,
                                 const struct cs_report_form *form, void *context)
{
    enum cs_status status = begin(report, command, form);
    if (status == CS_OK && form->options != NULL) {
        status = form->options(context);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, form->argument_min, 1);
    }
    if (status == CS_OK) {
        status = cs_vault_work_begin(command, &report->work);
        status = status == CS_OK ? form->run(context) : status;
        cs_vault_work_end(&report->work);
    }
    release(report);
    return status;
}

static void put_json(struct cs_report *report, const struct cs_report_cell *cells)
{
    struct cs_json *row = cs_json_object();
    for (size_t i = 0; i < report->column_count; i++) {
        cs_json_set(row, report->columns[i].key, value(report->work.command, &cells[i]));
    }
    cs_json_append(report->rows, row);
}

static void put_csv(struct cs_report *report, const struct cs_report_cell *cells)
{
    for (size_t i = 0; i < report->column_count; i++) {
        char storage[CS_TABLE_CELL_COLUMNS_MAX];
        if (i > 0) {
            cs_csv_separator(&report->csv);
        }
        cs_csv_put(&report->csv, written(report->work.command, &cells[i], storage));
    }
    cs_csv_end_record(&report->csv);
}

static void put_table(struct cs_report *report, const struct cs_report_cell *cells)
{
    for (size_t i = 0; i < report->column_count; i++) {
        char storage[CS_TABLE_CELL_COLUMNS_MAX];
        if (report->columns[i].audience == CS_REPORT_ALL) {
            cs_table_put(&report->table, shown(report->work.command, &cells[i], storage));
        }
    }
}

enum cs_status cs_report_put(struct cs_report *report, const struct cs_report_cell *cells)
{
    report->row_count++;
    if (report->work.command->json) {
        put_json(report, cells);
    } else if (report->as_csv) {
        put_csv(report, cells);
    } else {
        put_table(report, cells);
    }
    return report->csv.status != CS_OK ? report->csv.status : report->table.text.status;
}

/* ---- the answer ---- */

static void tell(const struct cs_report *report, const char *nothing)
{
    struct cs_command *command = report->work.command;
    if (report->row_count == 0) {
        cs_command_note(command, "%s", nothing);
    }
    if (!report->complete) {
        cs_command_note(command,
                        CS_WORDS(command,
                                 "this device is sent only what its own person disclosed: who "
                                 "approves or manages sees all",
                                 "本设备只收到本人的查看记录:有审批或管理权限的人才能看到全部"));
    }
}

enum cs_status cs_report_answer(struct cs_report *report, struct cs_json *owned_object,
                                const char *member, const char *nothing)
{
    struct cs_command *command = report->work.command;
    if (command->json) {
        struct cs_json *object = owned_object == NULL ? cs_json_object() : owned_object;
        cs_json_set(object, member, report->rows);
        cs_json_set(object, "complete", cs_json_boolean(report->complete));
        report->rows = NULL;
        return cs_command_json(command, object);
    }
    cs_json_destroy(owned_object);
    tell(report, nothing);
    if (report->as_csv) {
        cs_command_print_bytes(command, cs_buffer_bytes(&report->csv));
        return report->csv.status;
    }
    return cs_table_print(&report->table, command);
}
