/*
 * Reports about vaults: rows of typed cells, shown as a table, as JSON or as CSV (RFC 4180); and the names in them.
 *
 * Used by access, audit, exposed, due and leak. A report says what the records say that this device was sent: whether that is all there
 * is, it says too (`complete`), for who neither approves nor manages is sent his own disclosures only.
 */
#ifndef CS_COMMANDS_VAULT_REPORT_H
#define CS_COMMANDS_VAULT_REPORT_H

#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/table.h"
#include "field-client/vault/exposure_read.h"

/* ---- rows ---- */

enum cs_report_audience { CS_REPORT_ALL, CS_REPORT_PROGRAMS /* not in tables */ };
struct cs_report_column {
    const char *key; /* in JSON and CSV */
    const char *english;
    const char *chinese;
    enum cs_report_audience audience;
};

enum cs_report_kind {
    CS_REPORT_NOTHING,
    CS_REPORT_TEXT,
    CS_REPORT_WORD, /* `text` for programs, `word` for people */
    CS_REPORT_TIME,
    CS_REPORT_ID,
    CS_REPORT_FLAG,
};
struct cs_report_cell {
    struct cs_bytes text;
    const char *word;
    int64_t ms;
    struct cs_id id;
    enum cs_report_kind kind;
    bool flag;
};
/* Empty text, time 0 and a zero id are nothing: null in JSON, an empty cell otherwise. Texts are borrowed. */
struct cs_report_cell cs_report_text(struct cs_bytes text);
struct cs_report_cell cs_report_word(const char *key, const char *word);
struct cs_report_cell cs_report_time(int64_t ms);
struct cs_report_cell cs_report_id(const struct cs_id *id);
struct cs_report_cell cs_report_flag(bool flag);

/* What a report is narrowed to. */
struct cs_report_subject {
    bool has_vault;
    struct cs_vault_of_project vault;
    bool has_item;
    struct cs_id item;
    struct cs_bytes item_name;
    bool has_person;
    struct cs_id person;
    struct cs_bytes person_name;
    bool has_device;
    struct cs_id device; /* its row */
};

#define CS_REPORT_COLUMNS_MAX ((size_t)24)

struct cs_report {
    struct cs_vault_work work;
    struct cs_report_subject subject;
    const struct cs_report_column *columns;
    size_t column_count;
    bool as_csv;
    bool complete;
    size_t row_count;
    struct cs_table table;
    struct cs_buffer csv;
    struct cs_json *rows;
};

struct cs_report_form {
    const struct cs_report_column *columns;
    size_t column_count;
    size_t argument_min;                      /* 0 or 1; at most one is typed */
    enum cs_status (*options)(void *context); /* takes options of its own; NULL: it has none */
    /* Puts the rows, and answers; the work is open. */
    enum cs_status (*run)(void *context);
};
/* A whole report command, with --csv (CS_USAGE with --json). `report` is its state, with `context` about it. */
enum cs_status cs_report_command(struct cs_report *report, struct cs_command *command,
                                 const struct cs_report_form *form, void *context) CS_MUST_USE;
/* `cells` has one for each column. */
enum cs_status cs_report_put(struct cs_report *report,
                             const struct cs_report_cell *cells) CS_MUST_USE;
/*
 * The answer. `object` (owned; NULL: a new one) gets the rows under `member`, and `complete`. People are told on standard error when
 * there are no rows (`nothing`), and when the report is not complete.
 */
enum cs_status cs_report_answer(struct cs_report *report, struct cs_json *owned_object,
                                const char *member, const char *nothing) CS_MUST_USE;

/* "2026-11-30 17:05" in the local zone. */
void cs_report_time_text(const struct cs_command *command, int64_t ms,
                         char out[static CS_TABLE_CELL_COLUMNS_MAX]);

/* ---- names ---- */

struct cs_report_item {
    struct cs_id id;
    struct cs_bytes name;
};
/* What ids of one vault mean to people. Texts are in the arena of the work, so they hold until it ends. Without the listing key items have no
 * names, and everything else is as it is. */
struct cs_report_names {
    struct cs_vault_work *work;
    struct cs_vault_of_project vault;
    struct cs_bytes project;      /* its label */
    struct cs_report_item *items; /* by id */
    size_t item_count;
    size_t item_capacity;
};
/* The item's name; empty if it is not known. */
struct cs_bytes cs_report_item_name(const struct cs_report_names *names, const struct cs_id *item);

/* Whose device it is, by its verified chain. Zero and empty for one that is not known here. */
struct cs_report_device {
    struct cs_id row;
    struct cs_id person;
    struct cs_bytes person_name;
    struct cs_bytes device_name;
};
enum cs_status cs_report_device_of(struct cs_vault_work *work,
                                   const uint8_t certificate[static CS_HASH_SIZE],
                                   struct cs_report_device *out) CS_MUST_USE;
/* The label of a work order; empty for none. */
enum cs_status cs_report_work_order(struct cs_vault_work *work, struct cs_bytes id,
                                    struct cs_bytes *out) CS_MUST_USE;

/* "shown" or 查看; why something is due likewise. */
struct cs_report_cell cs_report_how(const struct cs_command *command, enum cs_exposure_how how);
struct cs_report_cell cs_report_why(const struct cs_command *command, enum cs_due_why why);

/* ---- which vaults, which people ---- */

enum {
    CS_REPORT_OF_PROJECT = 1,
    CS_REPORT_OF_CREDENTIAL = 2,
    CS_REPORT_OF_PERSON = 4,
    CS_REPORT_OF_DEVICE = 8
};
bool cs_report_is_about(const struct cs_report_subject *subject,
                        const struct cs_report_device *device);

/* What was typed becomes the report's subject, as the first of these that it fits (CS_NOT_FOUND: none); nothing typed: everything. Then calls
 * `visit` for its vault, or for all of this replica; and says whether all of it is shown here. */
typedef enum cs_status cs_report_vault_visitor(void *context, const struct cs_report_names *names);
enum cs_status cs_report_collect(struct cs_report *report, int of, cs_report_vault_visitor *visit,
                                 void *context) CS_MUST_USE;
/* The same with who knows what of each vault; the view holds during the call. */
typedef enum cs_status cs_report_exposure_visitor(void *context,
                                                  const struct cs_report_names *names,
                                                  const struct cs_exposure_view *view);
enum cs_status cs_report_collect_exposures(struct cs_report *report, int of,
                                           cs_report_exposure_visitor *visit,
                                           void *context) CS_MUST_USE;

#endif
