/* Fetching what is wanted, see attachment_sync.h. */
#include "field-client/attachments/sync_internal.h"

#include "shared/base/limits.h"

#include <string.h>

#define ARENA_MAX (4 * CS_MEBI)
/* Of those that are wanted, so many are looked at at once. */
#define AT_ONCE ((size_t)64)

struct fetch {
    struct cs_attachment_run *run;
    const struct cs_world *world;
    struct cs_kept_attachment *kept;
    struct cs_attachment_row row;
    struct cs_attachment_file part;
    bool has_list;
    size_t next;       /* chunk that is fetched next; those before it are here and verified */
    bool stopped;      /* nothing more of it in this run */
    uint64_t position; /* of the server, as of the last answer */
};

/* How far an earlier run came: what is there is read and verified, so that a disk that failed in between costs only what it lost. */
static enum cs_status go_on(struct fetch *fetch)
{
    enum cs_status status =
        cs_attachment_file_open(fetch->run->replica, &fetch->row, CS_ATTACHMENT_PART, &fetch->part);
    fetch->has_list = status == CS_OK;
    if (status == CS_CORRUPT) {
        cs_buffer_clear(&fetch->part.list);
        status = CS_OK;
    }
    while (status == CS_OK && fetch->has_list &&
           fetch->next < cs_attachment_chunk_count(&fetch->row.form)) {
        status = cs_attachment_file_read(&fetch->part, fetch->next, &fetch->run->chunk);
        if (status == CS_CORRUPT) {
            return CS_OK;
        }
        fetch->next += status == CS_OK ? 1 : 0;
    }
    return status;
}

static enum cs_status trouble(struct fetch *fetch, enum cs_status status)
{
    fetch->stopped = true;
    return cs_attachment_run_trouble(fetch->run, fetch->kept, status);
}

static struct cs_attachment_name name_of(const struct fetch *fetch)
{
    struct cs_attachment_name name = {.row = fetch->kept->row};
    memcpy(name.address, fetch->kept->address, sizeof name.address);
    return name;
}

/* The server could not give it as it should be: it is asked to look itself, so that who has the file can bring it again. */
static enum cs_status tell_damage(struct fetch *fetch)
{
    struct cs_attachment_name name = name_of(fetch);
    struct cs_attachment_answer answer;
    struct cs_arena arena;
    struct cs_attachment_request request = {
        .step = CS_ATTACHMENT_DAMAGED, .names = &name, .name_count = 1, .index = fetch->next};
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_attachment_exchange(fetch->run, &request, &arena, &answer);
    cs_arena_release(&arena);
    return status != CS_OK ? status : trouble(fetch, CS_CORRUPT);
}

static enum cs_status keep_list(struct fetch *fetch, struct cs_bytes list)
{
    if (cs_attachment_list_check(&fetch->row.form, fetch->row.address, list) != CS_OK) {
        return CS_CORRUPT;
    }
    cs_buffer_clear(&fetch->part.list);
    cs_buffer_append_bytes(&fetch->part.list, list);
    enum cs_status status = fetch->part.list.status;
    if (status == CS_OK) {
        status = fetch->world->file_write_at(fetch->world->context, fetch->part.path, 0, list);
        fetch->has_list = status == CS_OK;
    }
    return status;
}

/* Verified before it is written. CS_CORRUPT: it is not the chunk. */
static enum cs_status keep(struct fetch *fetch, const struct cs_attachment_response *answer)
{
    const struct cs_attachment_form *form = &fetch->row.form;
    enum cs_status status = fetch->has_list ? CS_OK : keep_list(fetch, answer->list);
    if (status == CS_OK && cs_attachment_chunk_check(form, cs_buffer_bytes(&fetch->part.list),
                                                     fetch->next, answer->chunk) != CS_OK) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK) {
        status = fetch->world->file_write_at(fetch->world->context, fetch->part.path,
                                             cs_attachment_chunk_offset(form, fetch->next),
                                             answer->chunk);
    }
    if (status == CS_OK) {
        fetch->next++;
        fetch->position = answer->position;
        fetch->run->result->chunks_received++;
        cs_attachment_run_tell(fetch->run, answer->chunk.size);
    }
    return status;
}

static enum cs_status take_answer(struct fetch *fetch, const struct cs_attachment_answer *answer)
{
    if (answer->refusal == CS_CORRUPT) {
        return tell_damage(fetch);
    }
    if (answer->refusal != CS_OK) {
        return trouble(fetch, answer->refusal);
    }
    if (answer->response.chunk.size == 0) {
        return trouble(fetch, CS_UNAVAILABLE); /* not there yet: who has it has not synced */
    }
    enum cs_status status = keep(fetch, &answer->response);
    if (status == CS_CORRUPT) {
        return tell_damage(fetch);
    }
    return status == CS_DISK_FULL || status == CS_IO ? trouble(fetch, status) : status;
}

static enum cs_status fetch_chunk(struct fetch *fetch)
{
    struct cs_attachment_name name = name_of(fetch);
    struct cs_attachment_answer answer;
    struct cs_arena arena;
    struct cs_attachment_request request = {.step = CS_ATTACHMENT_FETCH,
                                            .names = &name,
                                            .name_count = 1,
                                            .index = fetch->next,
                                            .with_list = !fetch->has_list};
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_attachment_exchange(fetch->run, &request, &arena, &answer);
    if (status == CS_OK) {
        status = take_answer(fetch, &answer);
    }
    cs_arena_release(&arena);
    return status;
}

/* All of it is here, verified: it gets its place, and is known to be there. */
static enum cs_status settle(struct fetch *fetch)
{
    struct cs_kept_attachment *kept = fetch->kept;
    char path[CS_ATTACHMENT_PATH_MAX];
    enum cs_status status =
        cs_attachment_path(fetch->run->replica, kept->address, CS_ATTACHMENT_WHOLE, path);
    if (status == CS_OK) {
        status = fetch->world->file_settle(fetch->world->context, fetch->part.path, path);
    }
    if (status == CS_DISK_FULL || status == CS_IO) {
        return trouble(fetch, status);
    }
    if (status != CS_OK) {
        return status;
    }
    kept->held = true;
    kept->wanted = false;
    kept->bytes = cs_attachment_stored_size(&fetch->row.form);
    kept->used_ms = cs_attachment_now(fetch->run->replica);
    fetch->run->result->received++;
    return cs_attachment_run_confirmed(fetch->run, kept, fetch->position);
}

static enum cs_status fetch_rest(struct fetch *fetch)
{
    enum cs_status status = go_on(fetch);
    size_t count = cs_attachment_chunk_count(&fetch->row.form);
    while (status == CS_OK && !fetch->stopped && fetch->next < count) {
        if (cs_attachment_run_is_over(fetch->run)) {
            return CS_OK;
        }
        status = fetch_chunk(fetch);
    }
    return status != CS_OK || fetch->stopped ? status : settle(fetch);
}

static enum cs_status fetch_one(struct cs_attachment_run *run, struct cs_kept_attachment *kept)
{
    struct fetch fetch = {.run = run, .world = cs_replica_world(run->replica), .kept = kept};
    struct cs_problem full = {""};
    enum cs_status status = cs_attachment_run_row(run, kept, &fetch.row);
    if (status == CS_NOT_FOUND) {
        kept->wanted = false; /* its row is not here any more */
        return cs_kept_attachment_put(run->replica, kept);
    }
    cs_buffer_init(&fetch.part.list, 0);
    if (status == CS_OK) {
        status = cs_attachment_make_room(run->replica, cs_attachment_stored_size(&fetch.row.form),
                                         &full);
    }
    if (status == CS_OK) {
        status = cs_attachment_make_folders(run->replica, kept->address);
    }
    if (status == CS_DISK_FULL || status == CS_IO) {
        status = trouble(&fetch, status);
    } else if (status == CS_OK) {
        kept->trouble = CS_OK; /* it is tried again */
        status = fetch_rest(&fetch);
    }
    cs_attachment_file_release(&fetch.part);
    cs_wipe(&fetch.row, sizeof fetch.row);
    return status;
}

enum cs_status cs_attachment_fetch_all(struct cs_attachment_run *run)
{
    uint8_t after[CS_HASH_SIZE];
    const uint8_t *behind = NULL;
    enum cs_status status = CS_OK;
    size_t count = AT_ONCE;
    while (status == CS_OK && count == AT_ONCE) {
        struct cs_arena arena;
        struct cs_kept_attachment *list = NULL;
        cs_arena_init(&arena, ARENA_MAX);
        status = cs_kept_attachments(run->replica, CS_KEPT_WANTED, behind, AT_ONCE, &arena, &list,
                                     &count);
        for (size_t i = 0; status == CS_OK && i < count && !cs_attachment_run_is_over(run); i++) {
            status = fetch_one(run, &list[i]);
        }
        if (status == CS_OK && count == AT_ONCE) {
            memcpy(after, list[count - 1].address, sizeof after);
            behind = after;
        }
        cs_arena_release(&arena);
    }
    return status;
}
