/*
 * Everything about a server's database that can be checked without trusting it.
 *
 * Called by `verify`, and by `backup` and `restore` on what they made. Damage is a finding, told to the caller and counted; a
 * status is returned only when checking itself cannot go on (memory, disk).
 *
 *   pages        SQLite's integrity check
 *   devices      the certificate chain of each leads to the organisation, and is this device's
 *   change-sets  per device: sequence, previous hash, signature, body, counters, head; an outcome per transaction
 *   evidence log each certificate, change-set and row of evidence is in it and nothing else; the tree is that of the leaves
 *   digests      per scope: the sum over all rows equals the stored one, and that over the order of changes
 *   files        of attachments: each chunk has the hash that its file's list names, each list the address that a record names
 */
#ifndef CS_SERVER_COMMANDS_VERIFICATION_H
#define CS_SERVER_COMMANDS_VERIFICATION_H

#include "sync-server/commands/facts.h"

struct cs_verification {
    void *context;
    /* One finding, for people: names the thing. May be NULL. */
    void (*finding)(void *context, const char *text);
    /* From time to time: so many of `what` ("change-sets", "rows", "chunks") are done. May be NULL. */
    void (*progress)(void *context, const char *what, uint64_t done);
    /* Sums, from zero. */
    uint64_t findings;
    uint64_t devices;
    uint64_t change_sets;
    uint64_t transactions;
    uint64_t rows;
    uint64_t scopes;
    uint64_t files;
    uint64_t chunks;
    uint64_t leaves;
    uint8_t log_root[CS_HASH_SIZE]; /* of the tree over the leaves as they are stored */
};

/* `store` has a snapshot taken (cs_store_begin), or nobody writes to it meanwhile. */
enum cs_status cs_verification_run(struct cs_verification *verification,
                                   struct cs_store *store) CS_MUST_USE;

/*
 * Stores for every scope the digest of the rows that are there: whoever asks for it has decided that the rows stand. Devices that hold
 * others are made to hold these at their next sync. `store` is a writer, outside of a batch.
 */
enum cs_status cs_verification_mend_digests(struct cs_store *store,
                                            uint64_t *out_mended) CS_MUST_USE;

/* ---- between the files of the verification ---- */

void cs_verification_found(struct cs_verification *verification, const char *format, ...)
    CS_PRINTF(2, 3);
void cs_verification_progress(struct cs_verification *verification, const char *what,
                              uint64_t done);
/* For statuses that say something about the data, not about this machine. */
bool cs_verification_is_damage(enum cs_status status);
enum cs_status cs_verification_change_sets(struct cs_verification *verification,
                                           struct cs_store *store, const struct cs_facts *facts,
                                           const struct cs_device *devices,
                                           size_t device_count) CS_MUST_USE;
enum cs_status cs_verification_log(struct cs_verification *verification,
                                   struct cs_store *store) CS_MUST_USE;
enum cs_status cs_verification_digests(struct cs_verification *verification,
                                       struct cs_store *store) CS_MUST_USE;

enum cs_status cs_verification_files(struct cs_verification *verification,
                                     struct cs_store *store) CS_MUST_USE;

#endif
