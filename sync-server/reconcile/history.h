/*
 * What a row was before it is changed, kept when it is saved (design §12). Every row that the engine changes passes here, those that
 * the server makes itself too.
 */
#ifndef CS_SERVER_RECONCILE_HISTORY_H
#define CS_SERVER_RECONCILE_HISTORY_H

#include "sync-server/reconcile/context.h"

/* Before the row is saved, with its new position: what it was, and what each transaction of this change-set but the last had made of it; of all
 * rows of a change-set together the latest that fit into CS_CHANGE_SET_BODY_MAX, each with the changes before it that do not. */
enum cs_status cs_history_note(struct cs_reconcile *reconcile,
                               struct cs_working_row *row) CS_MUST_USE;
/* At the end of a change-set: when the positions behind `before` were given. */
enum cs_status cs_history_note_moment(struct cs_reconcile *reconcile, uint64_t before) CS_MUST_USE;

#endif
