/*
 * Files that belong to records, on this laptop: added, listed, saved, and removed again when the server has them.
 *
 * Files stand in HOME/attachments as they travel: encrypted, one file each (shared/attachment/FORMAT.md). What is known of them stands in the
 * replica (field-client/replica/kept_attachments.h). How they get to the server and from it: attachment_sync.h.
 *
 * What must stay true: a file whose row was recorded is on this disk before the command returns, and is removed only when the server has
 * confirmed that it has it. A file is never in memory as a whole, but while it comes from standard input; and nothing of it is on the disk in clear.
 */
#ifndef CS_ATTACHMENTS_ATTACHMENTS_H
#define CS_ATTACHMENTS_ATTACHMENTS_H

#include "field-client/replica/kept_attachments.h"
#include "shared/attachment/attachment_row.h"
#include "shared/rows/row_table.h"

/* What files may take on this disk, unless the person said otherwise. */
#define CS_ATTACHMENT_QUOTA_DEFAULT ((uint64_t)4096 * CS_MEBI)

struct cs_attachment_new {
    struct cs_id visit;
    const char *path; /* of the file; its last part becomes the name. NULL: what follows */
    struct cs_bytes name;
    struct cs_bytes content;
    struct cs_bytes note; /* empty: none */
    int64_t taken_at;     /* instant; only if `taken` */
    bool taken;
    uint64_t chunk_size; /* 0: as large as may be */
};
struct cs_attachment_added {
    struct cs_id row;
    uint64_t size;
    uint8_t address[CS_HASH_SIZE];
};
/*
 * Encrypts the file into HOME/attachments and records the row, in one local commit. CS_NOT_FOUND, CS_IO: the file; CS_TOO_LARGE; CS_DISK_FULL:
 * the disk, or the quota, which what the server has not confirmed fills; what cs_edit_insert says.
 */
enum cs_status cs_attachment_add(struct cs_replica *replica, const struct cs_attachment_new *what,
                                 struct cs_attachment_added *out,
                                 struct cs_problem *problem) CS_MUST_USE;

/* An attachment in view. Texts live in the arena. */
struct cs_attachment_found {
    struct cs_id id;
    struct cs_attachment_row row;
    struct cs_kept_attachment
        kept; /* all zero but for address and row where nothing is known of the file */
};
/* By id or unique prefix. CS_NOT_FOUND, CS_EXISTS; CS_MALFORMED: its row names no file. */
enum cs_status cs_attachment_find(struct cs_replica *replica, struct cs_bytes text,
                                  struct cs_arena *arena, struct cs_attachment_found *out,
                                  struct cs_problem *problem) CS_MUST_USE;
/* The same of a row that was read. */
enum cs_status cs_attachment_of_row(struct cs_replica *replica, const struct cs_stored_row *row,
                                    struct cs_attachment_found *out) CS_MUST_USE;
/* To be fetched by the next sync. Nothing changes where it is here. */
enum cs_status cs_attachment_want(struct cs_replica *replica,
                                  const struct cs_attachment_found *found) CS_MUST_USE;
/*
 * Decrypts it into a file that does not exist yet, mode 0600. CS_NOT_FOUND: it is not here; CS_EXISTS: `path` is there already; CS_CORRUPT: the copy
 * here is damaged, and is fetched anew by the next sync if the server has it.
 */
enum cs_status cs_attachment_save(struct cs_replica *replica,
                                  const struct cs_attachment_found *found, const char *path,
                                  struct cs_problem *problem) CS_MUST_USE;
/* Takes the next part of a file; its status other than CS_OK ends the showing and is returned. */
typedef enum cs_status cs_attachment_taker(void *context, struct cs_bytes part);
/* The same into the hands of `take`, which is not called before all of the copy here has been verified. */
enum cs_status cs_attachment_show(struct cs_replica *replica,
                                  const struct cs_attachment_found *found,
                                  cs_attachment_taker *take, void *context,
                                  struct cs_problem *problem) CS_MUST_USE;

/*
 * A file that stays though nothing sends it any more: the server has not confirmed it, and no record in view names it, since that was refused
 * or has gone.
 */
struct cs_attachment_left {
    struct cs_kept_attachment kept;
    bool readable;                /* its key is known: what was refused keeps its values */
    struct cs_attachment_row row; /* where readable; of its texts the name only */
    uint64_t refusal;             /* its number in the list of refusals; 0: not there */
};
/* Valid during the call only. */
typedef enum cs_status cs_attachment_left_visitor(void *context,
                                                  const struct cs_attachment_left *left);
/* All of them. The visitor's status other than CS_OK ends it and is returned; it changes no files. */
enum cs_status cs_attachments_left(struct cs_replica *replica, cs_attachment_left_visitor *visit,
                                   void *context) CS_MUST_USE;
/* By the id of the record that named it, or at least so much of its beginning as fits one. CS_NOT_FOUND, CS_EXISTS. The name in the arena. */
#define CS_ATTACHMENT_PREFIX_MIN ((size_t)4)
enum cs_status cs_attachment_left_find(struct cs_replica *replica, struct cs_bytes text,
                                       struct cs_arena *arena, struct cs_attachment_left *out,
                                       struct cs_problem *problem) CS_MUST_USE;
/* As cs_attachment_save; also CS_NOT_FOUND where it is not readable. */
enum cs_status cs_attachment_left_save(struct cs_replica *replica,
                                       const struct cs_attachment_left *left, const char *path,
                                       struct cs_problem *problem) CS_MUST_USE;
/*
 * Removes this laptop's copy, for good where it is the only one: whoever calls has asked the person, or saved it. CS_NOT_FOUND: there is none;
 * CS_DENIED: its record is in view and the server has not confirmed the file, so it is still to be sent.
 */
enum cs_status cs_attachment_drop(struct cs_replica *replica, const struct cs_kept_attachment *kept,
                                  struct cs_problem *problem) CS_MUST_USE;

enum cs_status cs_attachment_quota(struct cs_replica *replica, uint64_t *out_bytes) CS_MUST_USE;
/* Takes effect with the next file that comes, and removes what has to go now. CS_DISK_FULL: what the server has not confirmed takes more. */
enum cs_status cs_attachment_set_quota(struct cs_replica *replica, uint64_t bytes,
                                       struct cs_problem *problem) CS_MUST_USE;

#endif
