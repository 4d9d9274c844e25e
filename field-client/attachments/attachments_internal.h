/* Inside of this folder: where files stand, and how they are read and verified. */
#ifndef CS_ATTACHMENTS_INTERNAL_H
#define CS_ATTACHMENTS_INTERNAL_H

#include "field-client/attachments/attachments.h"

#define CS_ATTACHMENT_PATH_MAX (CS_HOME_PATH_MAX + 128)

enum cs_attachment_place_kind {
    CS_ATTACHMENT_WHOLE, /* HOME/attachments/ab/ab…: all of it, verified */
    CS_ATTACHMENT_PART,  /* the same with .part: what has been fetched so far */
};
/* CS_INVALID: HOME is too long. */
enum cs_status cs_attachment_path(const struct cs_replica *replica,
                                  const uint8_t address[static CS_HASH_SIZE],
                                  enum cs_attachment_place_kind kind,
                                  char out[static CS_ATTACHMENT_PATH_MAX]) CS_MUST_USE;
/* HOME/attachments/NAME. */
enum cs_status cs_attachment_own_path(const struct cs_replica *replica, const char *name,
                                      char out[static CS_ATTACHMENT_PATH_MAX]) CS_MUST_USE;
/* Makes the folders that a file with this address needs. */
enum cs_status cs_attachment_make_folders(const struct cs_replica *replica,
                                          const uint8_t address[static CS_HASH_SIZE]) CS_MUST_USE;
/* Finishes an addition that a crash came between. To be called before anything else is done here. */
enum cs_status cs_attachment_settle_added(struct cs_replica *replica) CS_MUST_USE;
/* The same, to be finished: noted in the transaction that is open. */
enum cs_status cs_attachment_note_added(struct cs_replica *replica,
                                        const uint8_t address[static CS_HASH_SIZE]) CS_MUST_USE;
#define CS_ATTACHMENT_ADDING "adding"

/* A file that is read. */
struct cs_attachment_file {
    const struct cs_world *world;
    char path[CS_ATTACHMENT_PATH_MAX];
    struct cs_attachment_form form;
    struct cs_buffer list; /* verified */
};
/* Reads the list. CS_CORRUPT: it is not that of the address, or the file is not there. Release in any case. */
enum cs_status cs_attachment_file_open(const struct cs_replica *replica,
                                       const struct cs_attachment_row *row,
                                       enum cs_attachment_place_kind kind,
                                       struct cs_attachment_file *out) CS_MUST_USE;
/* Chunk `index`, verified, in place of what was in `out`. CS_CORRUPT. */
enum cs_status cs_attachment_file_read(const struct cs_attachment_file *file, size_t index,
                                       struct cs_buffer *out) CS_MUST_USE;
void cs_attachment_file_release(struct cs_attachment_file *file);

/* Removes files that the server has, those used longest ago first, until `bytes` more fit. CS_DISK_FULL. */
enum cs_status cs_attachment_make_room(struct cs_replica *replica, uint64_t bytes,
                                       struct cs_problem *problem) CS_MUST_USE;
/*
 * May this laptop's copy be removed to make room? The one place that decides it: when the server has confirmed that all of it is on its disk.
 * Not when a backup has it, see README.md.
 */
bool cs_attachment_is_safe(const struct cs_kept_attachment *kept);
/* Removes the copy, whatever is known of it, and notes what `kept` says otherwise. */
enum cs_status cs_attachment_remove_copy(struct cs_replica *replica,
                                         struct cs_kept_attachment *kept) CS_MUST_USE;
/* The copy here turned out to be damaged: where the server has it, it goes and is wanted again. */
enum cs_status cs_attachment_note_damage(struct cs_replica *replica,
                                         struct cs_kept_attachment *kept) CS_MUST_USE;
int64_t cs_attachment_now(const struct cs_replica *replica);

#endif
