/*
 * A database file under a key of its owner: opened, brought out of plaintext, and brought under another key (FORMAT.md, "Another key").
 *
 * Used by field-client/replica. The file key comes from a master key, a purpose and the key epoch in the file's header (keys.h). A plain
 * database found there is converted; a change of key that was cut short is finished or undone. Both are the same: the content is written
 * into PATH.new under the key that is to be, and PATH is given up for it only when that is whole and on disk.
 */
#ifndef CS_ENCRYPTED_KEYED_H
#define CS_ENCRYPTED_KEYED_H

#include "shared/storage/copy_rows.h"

#define CS_KEYED_NEW_SUFFIX ".new"
#define CS_KEYED_PATH_MAX ((size_t)1200)
#define CS_KEYED_PURPOSE_MAX ((size_t)64)

struct cs_keyed; /* opaque: an open database, and the VFS that it lies in */

/* Where it is, and whose. All borrowed: the world until it is closed, the rest while a call lasts. */
struct cs_keyed_place {
    const struct cs_world *world;
    const char *path;
    const char *purpose;
    struct cs_bytes master; /* 32 bytes */
    /*
     * Asked under the lock before a PATH.new is thrown away that may hold everything under a later key: is this master key still the one that
     * is saved? NULL: it is.
     */
    bool (*still_saved)(void *context);
    void *context;
};

/*
 * Opens or makes it, as CS_DATABASE_REPLICA. May convert or finish first, which `progress` (may be NULL) hears of. CS_BUSY; CS_CORRUPT: it
 * is damaged, was changed from outside, or is under another master key; CS_UNSUPPORTED: of a newer format; CS_DISK_FULL: a conversion
 * takes as much room again as the file has, and nothing was changed. `problem` tells people what to do.
 */
enum cs_status cs_keyed_open(const struct cs_keyed_place *place, const struct cs_progress *progress,
                             struct cs_keyed **out, struct cs_problem *problem) CS_MUST_USE;
/* NULL is accepted. */
void cs_keyed_close(struct cs_keyed *keyed);
struct cs_database *cs_keyed_database(const struct cs_keyed *keyed);
uint32_t cs_keyed_epoch(const struct cs_keyed *keyed);

/*
 * Writes all content under `next` and the next epoch into PATH.new, whole and on disk. The open database stays what it is: the next opening
 * with its own master key throws PATH.new away, the next one with `next` takes it over and destroys what was there. So between the two the
 * caller, still holding the database open, decides by saving `next`. On failure there is no PATH.new.
 */
enum cs_status cs_keyed_renew(struct cs_keyed *keyed, const struct cs_keyed_place *place,
                              struct cs_bytes next, const struct cs_progress *progress,
                              struct cs_problem *problem) CS_MUST_USE;

#endif
