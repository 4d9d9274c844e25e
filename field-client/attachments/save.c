/* Finding attachments, wanting them, and saving what is here; see attachments.h. */
#include "field-client/attachments/attachments_internal.h"

#include "field-client/replica/query.h"
#include "shared/base/limits.h"

#include <stdio.h>
#include <string.h>

/* Of the file that is written for people. */
#define TARGET_PATH_MAX ((size_t)4096 + 8)

enum cs_status cs_attachment_of_row(struct cs_replica *replica, const struct cs_stored_row *row,
                                    struct cs_attachment_found *out)
{
    struct cs_attachment_found found = {.id = row->id};
    if (row->values == NULL) {
        return CS_MALFORMED;
    }
    enum cs_status status = cs_attachment_row_read(row->entity, row->values, &found.row);
    if (status == CS_OK) {
        status = cs_kept_attachment_get(replica, found.row.address, &found.kept);
        if (status == CS_NOT_FOUND) {
            found.kept = (struct cs_kept_attachment){.row = row->id};
            memcpy(found.kept.address, found.row.address, sizeof found.kept.address);
            status = CS_OK;
        }
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_attachment_find(struct cs_replica *replica, struct cs_bytes text,
                                  struct cs_arena *arena, struct cs_attachment_found *out,
                                  struct cs_problem *problem)
{
    struct cs_id id;
    struct cs_stored_row row;
    struct cs_bytes entity = cs_bytes_of_text(CS_ATTACHMENT_ENTITY);
    enum cs_status status = cs_attachment_settle_added(replica);
    if (status == CS_OK) {
        status = cs_query_resolve(replica, entity, text, &id, problem);
    }
    if (status == CS_OK) {
        status = cs_query_get(replica, entity, &id, arena, &row, problem);
    }
    if (status == CS_OK) {
        status = cs_attachment_of_row(replica, &row, out);
    }
    return status == CS_MALFORMED ? cs_problem_set(problem, status, "this row names no file")
                                  : status;
}

enum cs_status cs_attachment_want(struct cs_replica *replica,
                                  const struct cs_attachment_found *found)
{
    struct cs_kept_attachment kept = found->kept;
    if (kept.held || kept.wanted) {
        return CS_OK;
    }
    kept.row = found->id;
    kept.wanted = true;
    return cs_kept_attachment_put(replica, &kept);
}

/* ---- saving ---- */

struct saving {
    struct cs_replica *replica;
    const struct cs_attachment_found *found;
    struct cs_attachment_file file;
    char path[TARGET_PATH_MAX]; /* while it is written */
    struct cs_buffer chunk;
    struct cs_buffer plain;
};

/* Afterwards it is in `plain`. */
static enum cs_status open_chunk(struct saving *saving, size_t index)
{
    const struct cs_attachment_row *row = &saving->found->row;
    const struct cs_attachment_place place = {
        cs_identity_organisation(cs_replica_identity(saving->replica)), row->form, index};
    enum cs_status status = cs_attachment_file_read(&saving->file, index, &saving->chunk);
    if (status == CS_OK) {
        cs_buffer_clear(&saving->plain);
        status = cs_attachment_chunk_open(cs_bytes_of_array(row->key), &place,
                                          cs_buffer_bytes(&saving->chunk), &saving->plain);
    }
    return status;
}

static enum cs_status save_chunk(struct saving *saving, size_t index)
{
    const struct cs_world *world = saving->file.world;
    enum cs_status status = open_chunk(saving, index);
    return status != CS_OK ? status
                           : world->file_write_at(world->context, saving->path,
                                                  index * saving->found->row.form.chunk_size,
                                                  cs_buffer_bytes(&saving->plain));
}

static enum cs_status save(struct saving *saving, const char *path)
{
    const struct cs_world *world = cs_replica_world(saving->replica);
    const struct cs_attachment_row *row = &saving->found->row;
    int length = snprintf(saving->path, sizeof saving->path, "%s.part", path);
    if (length < 0 || (size_t)length >= sizeof saving->path) {
        return CS_INVALID;
    }
    enum cs_status status =
        cs_attachment_file_open(saving->replica, row, CS_ATTACHMENT_WHOLE, &saving->file);
    if (status == CS_OK) {
        status = world->file_remove(world->context, saving->path);
    }
    for (size_t i = 0; status == CS_OK && i < cs_attachment_chunk_count(&row->form); i++) {
        status = save_chunk(saving, i);
    }
    if (status == CS_OK) {
        status = world->file_settle(world->context, saving->path, path);
    } else {
        (void)world->file_remove(world->context, saving->path);
    }
    return status;
}

static enum cs_status check_held(const struct cs_attachment_found *found,
                                 struct cs_problem *problem)
{
    return found->kept.held
               ? CS_OK
               : cs_problem_set(problem, CS_NOT_FOUND,
                                "this file is not on this laptop: countersign attachment fetch ID");
}

static enum cs_status check_target(struct cs_replica *replica,
                                   const struct cs_attachment_found *found, const char *path,
                                   struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(replica);
    uint64_t size = 0;
    enum cs_status status = check_held(found, problem);
    if (status != CS_OK) {
        return status;
    }
    return world->file_size(world->context, path, &size) == CS_NOT_FOUND
               ? CS_OK
               : cs_problem_set(problem, CS_EXISTS, "%.300s is there already", path);
}

/* What cannot be read or does not verify is damage of the copy here; the rest is the fault of where it was to go. */
static enum cs_status tell(struct cs_replica *replica, const struct cs_attachment_found *found,
                           enum cs_status status, const char *path, struct cs_problem *problem)
{
    struct cs_kept_attachment kept = found->kept;
    if (status != CS_CORRUPT && status != CS_OK) {
        return cs_problem_set(problem, status, "%.300s: %s", path,
                              status == CS_NOT_FOUND ? "there is no such folder"
                                                     : cs_status_text(status));
    }
    kept.used_ms = cs_attachment_now(replica);
    if (status == CS_OK) {
        return cs_kept_attachment_put(replica, &kept);
    }
    enum cs_status noted = cs_attachment_note_damage(replica, &kept);
    if (noted != CS_OK) {
        return noted;
    }
    return cs_problem_set(problem, status, "%s",
                          kept.wanted ? "the copy of this file on this laptop is damaged: it is "
                                        "fetched again by the next sync"
                                      : "the copy of this file on this laptop is damaged, and the "
                                        "server has not confirmed that it has it: keep this "
                                        "laptop's disk and tell the office");
}

static void init(struct saving *saving, struct cs_replica *replica,
                 const struct cs_attachment_found *found)
{
    *saving = (struct saving){.replica = replica, .found = found};
    cs_buffer_init(&saving->chunk, CS_ATTACHMENT_CHUNK_MAX + CS_AEAD_OVERHEAD);
    cs_buffer_init(&saving->plain, CS_ATTACHMENT_CHUNK_MAX);
    cs_buffer_init(&saving->file.list, 0);
}

static void release(struct saving *saving)
{
    cs_attachment_file_release(&saving->file);
    cs_buffer_release(&saving->chunk);
    cs_buffer_release(&saving->plain);
}

enum cs_status cs_attachment_save(struct cs_replica *replica,
                                  const struct cs_attachment_found *found, const char *path,
                                  struct cs_problem *problem)
{
    struct saving saving;
    init(&saving, replica, found);
    enum cs_status status = check_target(replica, found, path, problem);
    if (status == CS_OK) {
        status = tell(replica, found, save(&saving, path), path, problem);
    }
    release(&saving);
    return status;
}

/* ---- showing ---- */

/* `take` NULL: only whether all of it is sound. */
static enum cs_status show_chunks(struct saving *saving, cs_attachment_taker *take, void *context)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < cs_attachment_chunk_count(&saving->found->row.form);
         i++) {
        status = open_chunk(saving, i);
        if (status == CS_OK && take != NULL) {
            status = take(context, cs_buffer_bytes(&saving->plain));
        }
    }
    return status;
}

enum cs_status cs_attachment_show(struct cs_replica *replica,
                                  const struct cs_attachment_found *found,
                                  cs_attachment_taker *take, void *context,
                                  struct cs_problem *problem)
{
    struct saving saving;
    init(&saving, replica, found);
    enum cs_status status = check_held(found, problem);
    if (status == CS_OK) {
        status = cs_attachment_file_open(replica, &found->row, CS_ATTACHMENT_WHOLE, &saving.file);
        if (status == CS_OK) {
            status = show_chunks(&saving, NULL, NULL);
        }
        status = tell(replica, found, status, "the copy on this laptop", problem);
    }
    if (status == CS_OK) {
        status = show_chunks(&saving, take, context);
    }
    release(&saving);
    return status;
}
