/*
 * The lasting note that this replica once differed from the server: what, how many rows, when. A difference is never silent, so `status`
 * and `doctor` show the last one for good.
 */
#ifndef CS_REPLICA_REPAIR_NOTE_H
#define CS_REPLICA_REPAIR_NOTE_H

#include "field-client/replica/replica.h"
#include "shared/wire/compare.h"

/* Room for the sentence. */
#define CS_REPAIR_NOTE_TEXT_MAX 256

struct cs_repair_note {
    int64_t times; /* differences found so far; 0: never */
    int64_t at_ms; /* of the last one, by this laptop's clock */
    struct cs_compare_report report;
    bool unreported; /* the server has not been told yet */
};
enum cs_status cs_repair_note_load(struct cs_replica *replica,
                                   struct cs_repair_note *out) CS_MUST_USE;
/* Takes part in a transaction that is open. */
enum cs_status cs_repair_note_save(struct cs_replica *replica,
                                   const struct cs_repair_note *note) CS_MUST_USE;
/* One sentence for people, without the time; `chinese` chooses the language. */
void cs_repair_note_text(const struct cs_repair_note *note, bool chinese,
                         char out[static CS_REPAIR_NOTE_TEXT_MAX]);

#endif
