/* The end of a change-set: exceptions, scopes, positions, digests, and everything saved. */
#ifndef CS_SERVER_RECONCILE_FINISH_H
#define CS_SERVER_RECONCILE_FINISH_H

#include "sync-server/reconcile/context.h"

/* Saves all changed rows of the working set in their final state. Can be called again after further changes. */
enum cs_status cs_reconcile_finish(struct cs_reconcile *reconcile) CS_MUST_USE;

#endif
