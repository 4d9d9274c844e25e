/*
 * One file given up for another: out of plaintext, or under another key. See keyed.h, and FORMAT.md, "Another key", for why it can be cut off
 * anywhere.
 *
 * What must stay true: as long as the file in force opens, the fresh one counts for nothing; nothing of the file in force is written
 * before the fresh one is whole and on disk; and what the file in force begins with is destroyed, durably, before anything else of it.
 */
#include "shared/storage/encrypted/keyed_internal.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/storage/database_internal.h"
#include "shared/storage/encrypted/slot.h"

#include <stdio.h>
#include <string.h>

#define PLAIN_BEGINNING "SQLite format 3" /* and a NUL, 16 bytes */
#define BEGINNING_SIZE 16
#define OUR_BEGINNING "CSDB"
#define FORMAT_OFFSET 4
#define FORMAT 1u
#define EPOCH_OFFSET (8 + CS_SLOT_ID_SIZE)
/* Header and anchor; see cs_main_read_header. */
#define NOTHING_SIZE_MAX ((uint64_t)2 * CS_SLOT_PAGE_SIZE)
#define COPY_PAGES 16
/* PRAGMA application_id of what was written whole. */
#define WHOLE_MARK "1129530434" /* "CSDB" */

static const char *const suffixes[] = {"-wal", "-journal", "-shm"};

enum cs_status cs_keyed_name_files(const char *path, struct cs_keyed_files *out)
{
    int size = snprintf(out->path, sizeof out->path, "%s", path);
    int fresh_size = snprintf(out->fresh, sizeof out->fresh, "%s" CS_KEYED_NEW_SUFFIX, path);
    return size < 0 || fresh_size < 0 || (size_t)fresh_size + sizeof "-journal" > sizeof out->fresh
               ? CS_INVALID
               : CS_OK;
}

static enum cs_status beside(const struct cs_keyed_place *place, const char *path,
                             enum cs_status (*act)(const struct cs_world *, const char *))
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(suffixes); i++) {
        char name[CS_KEYED_PATH_MAX + 16];
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        status = act(place->world, name);
    }
    return status;
}

enum cs_status cs_keyed_discard_new(const struct cs_keyed_place *place,
                                    const struct cs_keyed_files *files)
{
    enum cs_status status = beside(place, files->fresh, cs_raw_remove);
    return status != CS_OK ? status : cs_raw_remove(place->world, files->fresh);
}

static enum cs_status look_at_ours(const struct cs_keyed_place *place,
                                   const uint8_t header[static CS_SLOT_PAGE_SIZE],
                                   struct cs_keyed_look *out)
{
    struct cs_secret *key = NULL;
    uint8_t id[CS_SLOT_ID_SIZE];
    if (cs_get_u32(header + FORMAT_OFFSET) != FORMAT) {
        out->kind = CS_KEYED_NEWER;
        return CS_OK;
    }
    out->epoch = cs_get_u32(header + EPOCH_OFFSET);
    enum cs_status status = cs_file_key_derive(place->master, place->purpose, out->epoch, &key);
    if (status == CS_OK && cs_slot_header_check(cs_secret_bytes(key), out->epoch, header, id)) {
        out->kind = CS_KEYED_OURS;
    }
    cs_secret_destroy(key);
    return status;
}

static enum cs_status look_into(const struct cs_keyed_place *place, struct cs_raw_file *file,
                                struct cs_keyed_look *out)
{
    uint8_t header[CS_SLOT_PAGE_SIZE];
    uint64_t size = 0;
    struct cs_keyed_look look = {.kind = CS_KEYED_OTHER};
    enum cs_status status = cs_raw_size(file, &size);
    if (status == CS_OK) {
        status = cs_raw_read(file, 0, header, sizeof header);
    }
    if (status == CS_OK && memcmp(header, PLAIN_BEGINNING, BEGINNING_SIZE) == 0) {
        look.kind = CS_KEYED_PLAIN;
    } else if (status == CS_OK && memcmp(header, OUR_BEGINNING, FORMAT_OFFSET) == 0) {
        status = look_at_ours(place, header, &look);
    }
    if (look.kind == CS_KEYED_OTHER && size <= NOTHING_SIZE_MAX) {
        look.kind = CS_KEYED_NOTHING;
    }
    if (status == CS_OK) {
        *out = look;
    }
    return status;
}

enum cs_status cs_keyed_look_at(const struct cs_keyed_place *place, const char *path,
                                struct cs_keyed_look *out)
{
    struct cs_raw_file *file = NULL;
    enum cs_status status = cs_raw_open(place->world, path, CS_RAW_EXISTING, &file);
    if (status == CS_NOT_FOUND) {
        *out = (struct cs_keyed_look){.kind = CS_KEYED_NOTHING};
        return CS_OK;
    }
    if (status == CS_OK) {
        status = look_into(place, file, out);
    }
    cs_raw_close(file);
    return status;
}

/* Marked in a commit of its own, after all was compared; and nothing of it left in a log. */
static enum cs_status fill(struct cs_database *target, struct cs_database *source,
                           const struct cs_progress *progress)
{
    enum cs_status status = cs_database_copy_rows(source, target, progress);
    if (status == CS_OK) {
        status = cs_database_execute(target, "PRAGMA application_id = " WHOLE_MARK);
    }
    return status != CS_OK ? status : cs_database_cut_log(target);
}

enum cs_status cs_keyed_write_new(const struct cs_keyed_place *place,
                                  const struct cs_keyed_files *files, struct cs_database *source,
                                  uint32_t epoch, const struct cs_progress *progress,
                                  struct cs_problem *problem)
{
    struct cs_keyed *fresh = NULL;
    enum cs_status status = cs_keyed_discard_new(place, files);
    if (status == CS_OK) {
        status = cs_keyed_open_at(place, files->fresh, epoch, &fresh, problem);
    }
    if (status == CS_OK) {
        status = fill(cs_keyed_database(fresh), source, progress);
    }
    cs_keyed_close(fresh);
    if (status == CS_OK) {
        return CS_OK;
    }
    enum cs_status undone = cs_keyed_discard_new(place, files);
    return cs_problem_set(
        problem, status, "%s cannot be written anew under its new key: %s. It is as it was%s%s",
        files->path, cs_status_text(status),
        status == CS_DISK_FULL ? "; as much room again as it has is needed beside it" : "",
        undone == CS_OK ? "" : "; " CS_KEYED_NEW_SUFFIX " beside it may go");
}

/* As many pages as it has, there would be too many under a key: said before a gibibyte is written in vain. */
static enum cs_status check_size(struct cs_database *plain, const struct cs_keyed_files *files,
                                 struct cs_problem *problem)
{
    struct cs_statement *statement = NULL;
    enum cs_status status =
        cs_statement_get(plain,
                         "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
                         "pragma_freelist_count, pragma_page_size",
                         &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status != CS_OK) {
        return status;
    }
    int64_t bytes = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return bytes <= (int64_t)CS_SLOT_PAGES_MAX * (int64_t)CS_SLOT_CONTENT_SIZE
               ? CS_OK
               : cs_problem_set(problem, CS_LIMIT,
                                "%s holds %lld MiB, and a replica under a key holds less than "
                                "1024: it cannot be brought under one. Nothing was changed. "
                                "Sync it with the program that made it, then join in an empty "
                                "folder",
                                files->path, (long long)(bytes / (int64_t)CS_MEBI));
}

enum cs_status cs_keyed_convert(const struct cs_keyed_place *place,
                                const struct cs_keyed_files *files,
                                const struct cs_progress *progress, struct cs_problem *problem)
{
    struct cs_database *plain = NULL;
    /* SQLite removes the log of what it closes, without overwriting it; here it has to stay until it is destroyed with the rest. */
    enum cs_status status =
        cs_database_open(place->world, files->path, CS_DATABASE_FORMER, &plain, problem);
    if (status == CS_OK) {
        status = check_size(plain, files, problem);
    }
    if (status == CS_OK) {
        status = cs_keyed_write_new(place, files, plain, 1, progress, problem);
    }
    cs_database_close(plain);
    return status != CS_OK ? status : cs_keyed_take_over(place, files, problem);
}

/* Only what opens as a whole and carries the mark; in its main file alone. */
static enum cs_status check_whole(const struct cs_keyed_place *place,
                                  const struct cs_keyed_files *files)
{
    struct cs_keyed_look look;
    struct cs_keyed *fresh = NULL;
    struct cs_statement *statement = NULL;
    enum cs_status status = cs_keyed_look_at(place, files->fresh, &look);
    if (status == CS_OK && look.kind != CS_KEYED_OURS) {
        return CS_BUSY; /* another process has taken it over or away */
    }
    if (status == CS_OK) {
        status = cs_keyed_open_at(place, files->fresh, look.epoch, &fresh, NULL);
    }
    if (status == CS_OK) {
        status = cs_statement_get(cs_keyed_database(fresh),
                                  "SELECT 1 FROM pragma_application_id WHERE application_id "
                                  "= " WHOLE_MARK,
                                  &statement);
    }
    if (status == CS_OK) {
        status = cs_statement_one(statement);
        status = status == CS_NOT_FOUND ? CS_CORRUPT : status;
    }
    if (status == CS_OK) {
        cs_statement_done(statement);
        status = cs_database_cut_log(cs_keyed_database(fresh));
    }
    cs_keyed_close(fresh);
    return status;
}

/* From here on the fresh file is the one in force: the first write makes what stands there open no more, and is alone until it is on disk. */
static enum cs_status destroy_former(const struct cs_keyed_place *place,
                                     const struct cs_keyed_files *files, struct cs_raw_file *file)
{
    static const uint8_t nothing[BEGINNING_SIZE];
    uint64_t size = 0;
    enum cs_status status = cs_raw_size(file, &size);
    if (status == CS_OK && size > 0) {
        status = cs_raw_write(file, 0, nothing, sizeof nothing);
    }
    if (status == CS_OK && size > 0) {
        status = cs_raw_sync(file);
    }
    if (status == CS_OK) {
        status = cs_raw_overwrite(file);
    }
    return status != CS_OK ? status : beside(place, files->path, cs_raw_destroy);
}

static enum cs_status copy_range(struct cs_raw_file *from, struct cs_raw_file *to, uint64_t begin,
                                 uint64_t end)
{
    const size_t room = (size_t)COPY_PAGES * CS_SLOT_PAGE_SIZE;
    uint8_t *block = cs_alloc(room);
    enum cs_status status = block == NULL ? CS_NO_MEMORY : CS_OK;
    for (uint64_t at = begin; status == CS_OK && at < end; at += room) {
        size_t size = end - at < room ? (size_t)(end - at) : room;
        status = cs_raw_read(from, at, block, size);
        if (status == CS_OK) {
            status = cs_raw_write(to, at, block, size);
        }
    }
    cs_free(block);
    return status;
}

/* The header last: as long as it is not there, the fresh file is the one in force. */
static enum cs_status put_in_place(struct cs_raw_file *from, struct cs_raw_file *to)
{
    uint64_t size = 0;
    enum cs_status status = cs_raw_size(from, &size);
    if (status == CS_OK) {
        status = copy_range(from, to, CS_SLOT_PAGE_SIZE, size);
    }
    if (status == CS_OK) {
        status = cs_raw_cut(to, size);
    }
    if (status == CS_OK) {
        status = cs_raw_sync(to);
    }
    if (status == CS_OK) {
        status = copy_range(from, to, 0, CS_SLOT_PAGE_SIZE);
    }
    return status != CS_OK ? status : cs_raw_sync(to);
}

static enum cs_status replace(const struct cs_keyed_place *place,
                              const struct cs_keyed_files *files, struct cs_raw_file *file)
{
    struct cs_raw_file *fresh = NULL;
    enum cs_status status = destroy_former(place, files, file);
    if (status == CS_OK) {
        status = cs_raw_open(place->world, files->fresh, CS_RAW_EXISTING, &fresh);
    }
    if (status == CS_OK) {
        status = put_in_place(fresh, file);
    }
    cs_raw_close(fresh);
    return status != CS_OK ? status : cs_keyed_discard_new(place, files);
}

enum cs_status cs_keyed_take_over(const struct cs_keyed_place *place,
                                  const struct cs_keyed_files *files, struct cs_problem *problem)
{
    struct cs_raw_file *file = NULL;
    struct cs_keyed_look look;
    enum cs_status status = cs_raw_open(place->world, files->path, CS_RAW_MAKE, &file);
    if (status == CS_OK) {
        status = cs_raw_lock(file);
    }
    if (status == CS_OK) {
        status = look_into(place, file, &look);
    }
    /* Another process was faster: nothing is left to do. */
    if (status == CS_OK && look.kind != CS_KEYED_OURS) {
        status = check_whole(place, files);
        if (status == CS_OK) {
            status = replace(place, files, file);
        }
    }
    cs_raw_close(file);
    return status == CS_OK
               ? CS_OK
               : cs_problem_set(problem, status,
                                "%s" CS_KEYED_NEW_SUFFIX " cannot take the place of %s: %s",
                                files->path, files->path, cs_status_text(status));
}
