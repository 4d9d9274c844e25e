/*
 * One row of a CSV file into the replica. Used by import.c only.
 *
 * A row is matched by its id (column "id"), else by its natural key, else by content; what matches is updated where it differs, what does
 * not is inserted. An empty cell is no value: it clears.
 */
#ifndef CS_COMMANDS_IMPORT_ROWS_H
#define CS_COMMANDS_IMPORT_ROWS_H

#include "field-client/commands/content_index.h"
#include "field-client/console/command.h"
#include "field-client/replica/edit.h"
#include "shared/text/csv.h"

#define CS_IMPORT_ID_COLUMN SIZE_MAX

struct cs_import {
    struct cs_command *command;
    struct cs_replica *replica;
    const struct cs_entity *entity;
    struct cs_edit *edit;
    size_t columns[CS_CSV_COLUMNS_MAX]; /* field index, or CS_IMPORT_ID_COLUMN */
    size_t column_count;
    struct cs_content_index contents;
    bool contents_known;
};

enum cs_import_outcome { CS_IMPORT_INSERTED, CS_IMPORT_UPDATED, CS_IMPORT_UNCHANGED };

/* Reads the heading: names of fields, or their Chinese or English labels. Unknown ones: exit code 2. */
enum cs_status cs_import_heading(struct cs_import *import,
                                 const struct cs_csv_record *heading) CS_MUST_USE;
/* A status of class CALLER is the row's own fault and leaves the edit as it was. */
enum cs_status cs_import_row(struct cs_import *import, const struct cs_csv_record *record,
                             enum cs_import_outcome *out, struct cs_problem *problem) CS_MUST_USE;

#endif
