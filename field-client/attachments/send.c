/* Sending what the server has not confirmed, see attachment_sync.h. */
#include "field-client/attachments/sync_internal.h"

#include "field-client/replica/query.h"
#include "shared/base/limits.h"

#include <string.h>

#define ARENA_MAX (4 * CS_MEBI)

/* What the server is asked about at once. */
struct batch {
    struct cs_kept_attachment *kept; /* of those whose row the server can have */
    struct cs_attachment_row *rows;
    struct cs_attachment_name *names;
    size_t count;
};

/* What this machine could not read, or what is damaged on it, is the trouble of this file alone. */
static enum cs_status note_local(struct cs_attachment_run *run, struct cs_kept_attachment *kept,
                                 enum cs_status status)
{
    return status == CS_CORRUPT || status == CS_IO ? cs_attachment_run_trouble(run, kept, status)
                                                   : status;
}

/* One exchange. *out_stored: how many chunks the server has then; as before where it refused. */
static enum cs_status send_chunk(struct cs_attachment_run *run, struct cs_kept_attachment *kept,
                                 const struct cs_attachment_file *file, size_t index,
                                 uint64_t *out_stored, uint64_t *out_position)
{
    struct cs_attachment_name name = {.row = kept->row};
    struct cs_attachment_answer answer;
    struct cs_arena arena;
    memcpy(name.address, kept->address, sizeof name.address);
    struct cs_attachment_request request = {.step = CS_ATTACHMENT_SEND,
                                            .names = &name,
                                            .name_count = 1,
                                            .index = index,
                                            .list = index == 0 ? cs_buffer_bytes(&file->list)
                                                               : CS_BYTES_NONE,
                                            .chunk = cs_buffer_bytes(&run->chunk)};
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_attachment_exchange(run, &request, &arena, &answer);
    if (status == CS_OK && answer.refusal != CS_OK) {
        run->full = run->full || answer.refusal == CS_LIMIT;
        status = cs_attachment_run_trouble(run, kept, answer.refusal);
    } else if (status == CS_OK) {
        run->result->chunks_sent++;
        cs_attachment_run_tell(run, run->chunk.size);
        *out_stored = answer.response.stored[0] == 0 ? 0 : answer.response.stored[0] - 1;
        *out_position = answer.response.position;
    }
    cs_arena_release(&arena);
    return status;
}

/* Chunks from `stored` on. */
static enum cs_status send_rest(struct cs_attachment_run *run, struct cs_kept_attachment *kept,
                                const struct cs_attachment_file *file, uint64_t stored)
{
    size_t count = cs_attachment_chunk_count(&file->form);
    uint64_t position = 0;
    while (stored < count) {
        uint64_t before = stored;
        if (cs_attachment_run_is_over(run) || run->full) {
            return CS_OK;
        }
        enum cs_status status = cs_attachment_file_read(file, (size_t)stored, &run->chunk);
        if (status != CS_OK) {
            return note_local(run, kept, status);
        }
        status = send_chunk(run, kept, file, (size_t)stored, &stored, &position);
        if (status != CS_OK || kept->trouble != CS_OK) {
            return status;
        }
        if (stored <= before) {
            return cs_attachment_run_trouble(run, kept, CS_REFUSED); /* it takes nothing */
        }
    }
    run->result->sent++;
    return cs_attachment_run_confirmed(run, kept, position);
}

static enum cs_status send_one(struct cs_attachment_run *run, struct cs_kept_attachment *kept,
                               const struct cs_attachment_row *row, uint64_t stored)
{
    struct cs_attachment_file file;
    kept->trouble = CS_OK; /* it is tried again */
    enum cs_status status = cs_attachment_file_open(run->replica, row, CS_ATTACHMENT_WHOLE, &file);
    status = status == CS_OK ? send_rest(run, kept, &file, stored) : note_local(run, kept, status);
    cs_attachment_file_release(&file);
    return status;
}

/* Those whose row is recorded, and not still to be sent: the server takes no file without its row. */
static enum cs_status choose(struct cs_attachment_run *run, const struct cs_kept_attachment *list,
                             size_t count, struct cs_arena *arena, struct batch *out)
{
    struct batch batch = {
        .kept = cs_arena_take_array(arena, count, sizeof *batch.kept),
        .rows = cs_arena_take_array(arena, count, sizeof *batch.rows),
        .names = cs_arena_take_array(arena, count, sizeof *batch.names),
    };
    if (batch.kept == NULL || batch.rows == NULL || batch.names == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        bool unsent = false;
        enum cs_status status = cs_attachment_run_row(run, &list[i], &batch.rows[batch.count]);
        if (status == CS_OK) {
            status = cs_query_is_unsent(run->replica, cs_bytes_of_text(CS_ATTACHMENT_ENTITY),
                                        &list[i].row, &unsent);
        }
        if (status != CS_OK && status != CS_NOT_FOUND) {
            return status;
        }
        if (status == CS_OK && !unsent) {
            struct cs_attachment_name *name = &batch.names[batch.count];
            batch.kept[batch.count++] = list[i];
            name->row = list[i].row;
            memcpy(name->address, list[i].address, sizeof name->address);
        }
    }
    *out = batch;
    return CS_OK;
}

static enum cs_status ask(struct cs_attachment_run *run, const struct batch *batch,
                          struct cs_arena *arena, struct cs_attachment_answer *out)
{
    struct cs_attachment_request request = {
        .step = CS_ATTACHMENT_ASK, .names = batch->names, .name_count = batch->count};
    enum cs_status status = cs_attachment_exchange(run, &request, arena, out);
    return status == CS_OK && out->refusal != CS_OK ? out->refusal : status;
}

static enum cs_status send_batch(struct cs_attachment_run *run, const struct batch *batch,
                                 const struct cs_attachment_response *answer)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < batch->count; i++) {
        struct cs_kept_attachment *kept = &batch->kept[i];
        uint64_t stored = answer->stored[i];
        if (cs_attachment_run_is_over(run)) {
            break;
        }
        if (stored == 0) {
            status = cs_attachment_run_trouble(run, kept, CS_NOT_FOUND);
        } else if (stored - 1 >= cs_attachment_chunk_count(&batch->rows[i].form)) {
            run->result->sent += kept->asked_ms == 0 ? 1 : 0; /* its last answer was lost */
            status = cs_attachment_run_confirmed(run, kept, answer->position);
        } else if (!run->full) {
            status = send_one(run, kept, &batch->rows[i], stored - 1);
        }
    }
    return status;
}

enum cs_status cs_attachment_send_all(struct cs_attachment_run *run)
{
    uint8_t after[CS_HASH_SIZE];
    const uint8_t *behind = NULL;
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK && more && !cs_attachment_run_is_over(run)) {
        struct cs_arena arena;
        struct cs_kept_attachment *list = NULL;
        struct batch batch = {.count = 0};
        struct cs_attachment_answer answer;
        size_t count = 0;
        cs_arena_init(&arena, ARENA_MAX);
        status = cs_kept_attachments(run->replica, CS_KEPT_TO_SEND, behind, CS_ATTACHMENT_NAMES_MAX,
                                     &arena, &list, &count);
        if (status == CS_OK) {
            status = choose(run, list, count, &arena, &batch);
        }
        if (status == CS_OK && batch.count > 0) {
            status = ask(run, &batch, &arena, &answer);
            if (status == CS_OK) {
                status = send_batch(run, &batch, &answer.response);
            }
        }
        more = count == CS_ATTACHMENT_NAMES_MAX;
        if (status == CS_OK && more) {
            memcpy(after, list[count - 1].address, sizeof after);
            behind = after;
        }
        cs_arena_release_wiped(&arena);
    }
    return status;
}
