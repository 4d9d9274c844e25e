/*
 * This device's own series of receipt numbers, so that receipts can be numbered offline: "7KQ3-000001". Used by sign.c.
 *
 * The prefix comes from the device's log id; where another series in view has it already, more characters of the log id are taken. A number
 * is given once: the greatest ever given is also kept in _meta, so that a refused receipt's number, which
 * may stand on the customer's paper, is not given again.
 */
#ifndef CS_VISIT_SERIES_H
#define CS_VISIT_SERIES_H

#include "field-client/replica/edit.h"
#include "field-client/visit/visit.h"

#define CS_SERIES_PREFIX_MIN ((size_t)4)
#define CS_SERIES_PREFIX_MAX ((size_t)12)
/* Name in _meta of the greatest number that the device with this log has given: a device that joined anew has another series. */
#define CS_SERIES_META_MAX 48
void cs_series_meta(uint64_t log, char out[static CS_SERIES_META_MAX]);

/* The first `size` characters, 4 … 12, of the prefix for this log: 5 bits each, most significant first. */
void cs_series_prefix(uint64_t log, size_t size, char out[static CS_SERIES_PREFIX_MAX + 1]);
/* Takes the next number within an open edit, creating the series on first use. CS_INVALID: the series is used up. */
enum cs_status cs_series_take(struct cs_replica *replica, struct cs_edit *edit,
                              char out[static CS_RECEIPT_NUMBER_MAX],
                              struct cs_problem *problem) CS_MUST_USE;

#endif
