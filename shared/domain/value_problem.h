/*
 * How a wrong value is reported. Internal to this folder: validation and parsing say the same thing
 * the same way.
 */
#ifndef CS_DOMAIN_VALUE_PROBLEM_H
#define CS_DOMAIN_VALUE_PROBLEM_H

#include "shared/domain/descriptor.h"

/*
 * CS_INVALID: part.price_cents: "12a" is not a whole number of cents. Bytes are shown by their
 * number only.
 */
enum cs_status cs_value_refuse(const struct cs_entity *entity, const struct cs_field *field,
                               const struct cs_value *value,
                               struct cs_problem *problem) CS_MUST_USE;
/* CS_TOO_LARGE: person.phone: 300 bytes are more than the 255 allowed. */
enum cs_status cs_value_refuse_size(const struct cs_entity *entity, const struct cs_field *field,
                                    size_t size, struct cs_problem *problem) CS_MUST_USE;

#endif
