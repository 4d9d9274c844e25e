/*
 * Bundles as files on a stick (shared/wire/BUNDLE.md), for both programs.
 *
 * Reading: the whole file is checked against its header before any part of it is handed out, one part in memory at a time. What is wrong is said in
 * words that tell a person what to do. Nobody is trusted because of this: parts are signed and sealed.
 *
 * Writing: beside the file, to disk, then renamed, so that there is a whole bundle under that name or none. No access rights are set but those at
 * making, which a FAT file system ignores.
 */
#ifndef CS_BUNDLES_BUNDLE_FILE_H
#define CS_BUNDLES_BUNDLE_FILE_H

#include "shared/wire/bundle.h"

#include <stdio.h>

struct cs_bundle_reader {
    FILE *file;
    struct cs_bundle_header header;
    uint32_t next; /* parts handed out */
};

/* What a file must be to be wanted here. */
struct cs_bundle_expected {
    enum cs_bundle_direction direction;
    const uint8_t *organisation; /* CS_HASH_SIZE bytes each; NULL: whichever */
    const uint8_t *sender;
    const uint8_t *recipient;
};

/*
 * Opens and checks a file. CS_NOT_FOUND, CS_IO; CS_MALFORMED: no bundle, cut off or too long; CS_CORRUPT: damaged; CS_UNSUPPORTED; CS_INVALID: of the
 * other direction; CS_WRONG_ORGANISATION; CS_WRONG_SERVER; CS_DENIED: for another laptop. All with a text. `name` is for texts.
 */
enum cs_status cs_bundle_reader_open(const char *path, const struct cs_bundle_expected *expected,
                                     struct cs_bundle_reader *out,
                                     struct cs_problem *problem) CS_MUST_USE;
/* The same over a stream that can be sought in; it is closed by this, also on failure. */
enum cs_status cs_bundle_reader_take(FILE *owned_file, const char *name,
                                     const struct cs_bundle_expected *expected,
                                     struct cs_bundle_reader *out,
                                     struct cs_problem *problem) CS_MUST_USE;
/* From the first part on again. */
enum cs_status cs_bundle_reader_rewind(struct cs_bundle_reader *reader) CS_MUST_USE;
/* Appends the next part; *out_more false: there was none left. CS_IO, CS_CORRUPT: the file changed since it was checked. */
enum cs_status cs_bundle_reader_next(struct cs_bundle_reader *reader, struct cs_buffer *out,
                                     bool *out_more) CS_MUST_USE;
void cs_bundle_reader_close(struct cs_bundle_reader *reader);

struct cs_bundle_writer; /* opaque */

/*
 * Begins a file at `path`. Of the header only direction, names and time are read. What stands there already is replaced only if it is a bundle from the
 * same to the same, or with `force`: otherwise CS_EXISTS. CS_INVALID: something that is no file.
 */
enum cs_status cs_bundle_writer_begin(const char *path, const struct cs_bundle_header *header,
                                      bool force, struct cs_bundle_writer **out,
                                      struct cs_problem *problem) CS_MUST_USE;
/* CS_DISK_FULL, CS_IO, CS_LIMIT: more parts than a bundle has. */
enum cs_status cs_bundle_writer_add(struct cs_bundle_writer *writer,
                                    struct cs_bytes part) CS_MUST_USE;
/* Puts the file in its place, on disk. The writer is to be ended in any case. */
enum cs_status cs_bundle_writer_finish(struct cs_bundle_writer *writer, uint64_t *out_size,
                                       struct cs_problem *problem) CS_MUST_USE;
/* What was not finished is removed. NULL is accepted. */
void cs_bundle_writer_end(struct cs_bundle_writer *owned_writer);

#endif
