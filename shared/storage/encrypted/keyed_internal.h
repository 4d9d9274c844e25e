/* What keyed.c (opening) and replacing.c (one file given up for another) share. */
#ifndef CS_ENCRYPTED_KEYED_INTERNAL_H
#define CS_ENCRYPTED_KEYED_INTERNAL_H

#include "shared/storage/encrypted/keyed.h"
#include "shared/storage/encrypted/keys.h"
#include "shared/storage/encrypted/raw_file.h"
#include "shared/storage/encrypted/vfs.h"

/* What a file is, by its first page. */
enum cs_keyed_kind {
    CS_KEYED_NOTHING, /* none, empty, or a making that was cut short before its first page */
    CS_KEYED_PLAIN,
    CS_KEYED_OURS,  /* its header commits to the key of this place, in the epoch that it names */
    CS_KEYED_NEWER, /* ours, but of another format */
    CS_KEYED_OTHER,
};

struct cs_keyed_look {
    enum cs_keyed_kind kind;
    uint32_t epoch; /* CS_KEYED_OURS */
};

/* The names that belong to one database. */
struct cs_keyed_files {
    char path[CS_KEYED_PATH_MAX];
    char fresh[CS_KEYED_PATH_MAX]; /* what is to take its place */
};

/* CS_INVALID: too long. */
enum cs_status cs_keyed_name_files(const char *path, struct cs_keyed_files *out) CS_MUST_USE;
enum cs_status cs_keyed_look_at(const struct cs_keyed_place *place, const char *path,
                                struct cs_keyed_look *out) CS_MUST_USE;
/* As cs_keyed_open, this file in this epoch as it is. */
enum cs_status cs_keyed_open_at(const struct cs_keyed_place *place, const char *path,
                                uint32_t epoch, struct cs_keyed **out,
                                struct cs_problem *problem) CS_MUST_USE;
/* Takes the fresh file and its log away. */
enum cs_status cs_keyed_discard_new(const struct cs_keyed_place *place,
                                    const struct cs_keyed_files *files) CS_MUST_USE;
/* Makes the fresh file under this place's master key: whole, compared, marked and on disk, or not there. */
enum cs_status cs_keyed_write_new(const struct cs_keyed_place *place,
                                  const struct cs_keyed_files *files, struct cs_database *source,
                                  uint32_t epoch, const struct cs_progress *progress,
                                  struct cs_problem *problem) CS_MUST_USE;
/* A plain database is there: writes the fresh file and gives the plain one up for it. */
enum cs_status cs_keyed_convert(const struct cs_keyed_place *place,
                                const struct cs_keyed_files *files,
                                const struct cs_progress *progress,
                                struct cs_problem *problem) CS_MUST_USE;
/*
 * The fresh file is ours: if it is whole, what stands under the path is overwritten and the fresh one takes its place. Can be
 * cut off anywhere and done again. CS_CORRUPT: the fresh one is not whole, nothing was changed. CS_BUSY.
 */
enum cs_status cs_keyed_take_over(const struct cs_keyed_place *place,
                                  const struct cs_keyed_files *files,
                                  struct cs_problem *problem) CS_MUST_USE;

#endif
