/*
 * What a comparison asks for, read from a snapshot (PROTOCOL.md, chapter "Compare").
 *
 * The work of one step is one scan over the entries of the scopes it names, whatever it asks about them.
 */
#ifndef CS_SERVER_HANDLERS_COMPARE_READ_H
#define CS_SERVER_HANDLERS_COMPARE_READ_H

#include "shared/wire/compare.h"
#include "sync-server/stores/store.h"

/*
 * Fills position, moved and what the step asks for. CS_BUSY: the device has to sync first, its scopes have changed or too much has moved.
 * CS_REFUSED: it claims a position that the server has not reached. CS_LIMIT: its lists would take more rows than one answer has.
 * `*out_unsound`: a stored digest is not that of the rows (SCOPES only).
 */
enum cs_status cs_compare_read(struct cs_store *reader, const struct cs_device *device,
                               const struct cs_compare_request *request, struct cs_arena *arena,
                               struct cs_compare_response *response, bool *out_unsound) CS_MUST_USE;

/* The sum over all rows that stand in a scope now; a row that is not as its entry says is left out. */
enum cs_status cs_compare_scope_sum(struct cs_store *store, uint64_t scope,
                                    struct cs_multiset *out) CS_MUST_USE;

#endif
