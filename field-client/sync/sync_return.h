/*
 * Coming back to a server that does not know this device any more: it joined after the backup that the server was restored from.
 * Used by cs_sync_run when the server has said nothing at all.
 */
#ifndef CS_SYNC_RETURN_H
#define CS_SYNC_RETURN_H

#include "field-client/replica/replica.h"

/*
 * Shows the stored chain once more, as at joining, over world->exchange. CS_OK: the server knows this device now (or still). What
 * the server answered otherwise, with its text; CS_MALFORMED when it said nothing again.
 */
enum cs_status cs_sync_return(struct cs_replica *replica, struct cs_problem *problem) CS_MUST_USE;

#endif
