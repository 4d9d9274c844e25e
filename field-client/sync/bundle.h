/*
 * Bundles on a laptop: what would be sent, into a file; and what the server made for this laptop, out of one (shared/wire/BUNDLE.md).
 *
 * What must stay true: an export has everything that was not confirmed to this laptop, so that a lost stick costs nothing. An import is applied in one
 * local transaction or not at all, after the same checks as a page of a sync; what is here already is left alone, and what lies behind a gap is
 * refused. Counters of requests are used once, by bundles and by syncs.
 */
#ifndef CS_SYNC_BUNDLE_H
#define CS_SYNC_BUNDLE_H

#include "field-client/sync/session.h"
#include "shared/bundles/bundle_file.h"

struct cs_bundle_made {
    uint64_t change_sets;
    uint64_t transactions;
    uint64_t size; /* of the file */
};
/* As cs_bundle_writer_begin for `path` and `force`. On failure nothing is at `path` that was not there before. */
enum cs_status cs_bundle_export(struct cs_replica *replica, const char *path, bool force,
                                struct cs_bundle_made *out, struct cs_problem *problem) CS_MUST_USE;

struct cs_bundle_imported {
    struct cs_sync_result sync; /* without round trips; refusals below */
    bool already;               /* all of it was here: nothing was done */
    int64_t made_ms;            /* when the server says it was made */
    struct cs_sync_refusal refusals[CS_SYNC_REFUSALS_SHOWN_MAX];
    struct cs_arena arena;
};
void cs_bundle_imported_init(struct cs_bundle_imported *imported);
void cs_bundle_imported_release(struct cs_bundle_imported *imported);

/*
 * As cs_bundle_reader_open; CS_GAP: it begins behind what this laptop has, or does not show all that left it; CS_ROLLED_BACK: the server is another
 * than at the last sync; CS_REVOKED, CS_FORKED, …: what the server answers to this laptop; CS_FORGED, CS_OTHER_HISTORY as cs_sync_receive. Nothing was
 * applied then.
 */
enum cs_status cs_bundle_import(struct cs_replica *replica, const char *path,
                                struct cs_bundle_imported *out,
                                struct cs_problem *problem) CS_MUST_USE;
/* The same of bytes in memory. */
enum cs_status cs_bundle_import_bytes(struct cs_replica *replica, struct cs_bytes bytes,
                                      struct cs_bundle_imported *out,
                                      struct cs_problem *problem) CS_MUST_USE;

#endif
