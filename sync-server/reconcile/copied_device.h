/* Evidence that a copied device signed: taken, and shown to the office. */
#ifndef CS_SERVER_RECONCILE_COPIED_DEVICE_H
#define CS_SERVER_RECONCILE_COPIED_DEVICE_H

#include "sync-server/reconcile/context.h"

/*
 * A rule of exception_rules.c, asked about a row that is new: does a record in it name a device that
 * exists twice? What the key signed after the copy was made cannot be told from what it signed
 * before, nor which of the two disks signed it: a person has to look.
 */
enum cs_status cs_rule_copied_device(struct cs_reconcile *reconcile,
                                     const struct cs_working_row *row) CS_MUST_USE;

#endif
