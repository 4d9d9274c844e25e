/*
 * Scopes of rows (design §7): derived from fields and references by the rules in the descriptors.
 *
 *   EVERYONE entities are in `everyone`, all others in `office`.
 *   OWNER: a reference to a person puts the row in that person's scope. PROJECT: likewise a project's scope.
 *   FOLLOWS: the row is in the personal and project scopes of the row it refers to.
 *   CARRIES: the row referred to is in the personal and project scopes of the row that refers to it, unless that is closed.
 *   A conflict is in the personal and project scopes of its subject while it is open.
 * Personal and project scopes alone are handed on; `office` and `everyone` never are.
 */
#ifndef CS_SERVER_RECONCILE_SCOPES_H
#define CS_SERVER_RECONCILE_SCOPES_H

#include "sync-server/reconcile/context.h"

/*
 * Works out the scopes of every changed row, and of the rows that depend on them, and stores them in the working rows. Changed
 * rows have been saved before, so that references are found; rows whose scopes changed are marked as changed.
 */
enum cs_status cs_scopes_update(struct cs_reconcile *reconcile) CS_MUST_USE;

/* True when nothing refers to rows of this entity in a way that matters to scopes, and it refers to none: its scopes
 * follow from its own fields. */
bool cs_scopes_are_own(const struct cs_registry *registry, const struct cs_entity *entity);
/* Scopes from the row's own fields only. */
enum cs_status cs_scopes_own(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                             struct cs_bytes *out) CS_MUST_USE;

#endif
