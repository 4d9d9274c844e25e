/*
 * Validation: is a value right for its field, may this role write it, is this row complete. Pure.
 *
 * Used by the client before a local commit and by the server on every operation; the same code, so they agree.
 */
#ifndef CS_DOMAIN_VALIDATION_H
#define CS_DOMAIN_VALIDATION_H

#include "shared/domain/descriptor.h"

/*
 * Type, size, range, choice, UTF-8. NULL is always fine here. CS_INVALID or CS_TOO_LARGE, and a text such as
 * "part.price_cents: 12a is not a whole number" naming entity, field, the value if short, and what is expected.
 */
enum cs_status cs_value_check(const struct cs_entity *entity, const struct cs_field *field,
                              const struct cs_value *value, struct cs_problem *problem) CS_MUST_USE;

enum cs_write_kind { CS_WRITE_INSERT, CS_WRITE_UPDATE, CS_WRITE_DELETE };

/*
 * May someone with `roles` do this to a row of `entity`? For INSERT and UPDATE `field` is one field of the operation (call
 * once per field; NULL checks the row as a whole: creators, deleters, evidence, ledgers, computed; for UPDATE whether any field
 * may be written at all). The server does not ask about its own writes. The owner may whatever the office may.
 * CS_DENIED, naming entity, field and the roles that may.
 */
enum cs_status cs_write_permitted(const struct cs_entity *entity, const struct cs_field *field,
                                  enum cs_write_kind kind, cs_roles roles,
                                  struct cs_problem *problem) CS_MUST_USE;

/*
 * Does an UPDATE leave a value that is written once (CS_MERGE_ONCE) as it is? `before` is the value its author had seen. CS_OK
 * for a first write, for the same value again, and for other policies; CS_DENIED otherwise. Two first writes that did not see
 * each other are not refused: merging makes them a conflict.
 */
enum cs_status cs_write_once_kept(const struct cs_entity *entity, const struct cs_field *field,
                                  const struct cs_value *before, const struct cs_value *after,
                                  struct cs_problem *problem) CS_MUST_USE;

/* Required fields of a whole row, values[i] belonging to entity->fields[i]: CS_INVALID naming what is missing. */
enum cs_status cs_row_complete(const struct cs_entity *entity, const struct cs_value *values,
                               struct cs_problem *problem) CS_MUST_USE;
/* The same of a row that a program of any version may have made: what became required later (CS_FIELD_LATER) may be missing. For
 * the server, which must not refuse what happened on site because a laptop was not upgraded. */
enum cs_status cs_row_complete_for_older(const struct cs_entity *entity,
                                         const struct cs_value *values,
                                         struct cs_problem *problem) CS_MUST_USE;
/* Is this a value that a newer program's list of choices may hold: a well-formed name that is not in this one? */
bool cs_value_is_newer_choice(const struct cs_field *field, const struct cs_value *value);
/* Rules over a row (order rules); CS_INVALID naming both fields. */
enum cs_status cs_row_consistent(const struct cs_entity *entity, const struct cs_value *values,
                                 struct cs_problem *problem) CS_MUST_USE;

#endif
