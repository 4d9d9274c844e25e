/*
 * Rows as people and programs see them: values, references by their labels.
 */
#ifndef CS_CONSOLE_ROW_VIEW_H
#define CS_CONSOLE_ROW_VIEW_H

#include "field-client/console/command.h"

/* A value for a table: references by label, choices in Chinese where people read Chinese, else as cs_value_format. Appends. */
enum cs_status cs_view_value(struct cs_command *command, struct cs_replica *replica,
                             const struct cs_field *field, const struct cs_value *value,
                             struct cs_buffer *out) CS_MUST_USE;
/* Integers as numbers, booleans as booleans, dates and instants as text, references as ids, bytes as hexadecimal. NULL: no memory. */
struct cs_json *cs_view_value_json(const struct cs_field *field, const struct cs_value *value);

enum cs_view_fields {
    CS_VIEW_ALL,    /* everything the row has */
    CS_VIEW_LISTED, /* without hidden fields */
};
/* {"id": …, every field by its name …, "labels": {reference field: label}}. *out is owned by the caller. */
enum cs_status cs_view_row_json(struct cs_replica *replica, const struct cs_stored_row *row,
                                enum cs_view_fields fields, struct cs_json **out) CS_MUST_USE;
/* What people call the field or entity: its name, or its Chinese label. */
const char *cs_view_field_name(const struct cs_command *command, const struct cs_field *field);
const char *cs_view_entity_name(const struct cs_command *command, const struct cs_entity *entity);
/* Is the first sync of this replica still to be completed? Without --json people are told on standard error that rows are missing. */
enum cs_status cs_view_incomplete(struct cs_command *command, struct cs_replica *replica,
                                  bool *out) CS_MUST_USE;
/* ["office", "manager"] */
struct cs_json *cs_view_roles_json(cs_roles roles);

#endif
