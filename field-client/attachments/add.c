/* Adding a file: encrypted chunk by chunk, then recorded; see attachments.h. */
#include "field-client/attachments/attachments_internal.h"

#include "field-client/replica/edit.h"
#include "shared/base/limits.h"

#include <stdio.h>
#include <string.h>

/* While it is encrypted; and when all of it is on the disk, but not recorded. */
#define NEW_FILE "new"
#define NAME_MAX_BYTES ((size_t)255)

struct addition {
    struct cs_replica *replica;
    const struct cs_world *world;
    const struct cs_attachment_new *what;
    struct cs_attachment_row row;
    char path[CS_ATTACHMENT_PATH_MAX]; /* being written */
    struct cs_buffer list;
    struct cs_buffer plain;
    struct cs_buffer chunk;
    struct cs_problem *problem;
};

/* ---- what is said of it ---- */

static const char *media_type_of(struct cs_bytes name)
{
    static const struct {
        const char *ending;
        const char *type;
    } known[] = {{".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"}, {".png", "image/png"},
                 {".heic", "image/heic"},     {".webp", "image/webp"}, {".gif", "image/gif"},
                 {".pdf", "application/pdf"}, {".txt", "text/plain"},  {".csv", "text/csv"},
                 {".mp4", "video/mp4"},       {".m4a", "audio/mp4"},   {".zip", "application/zip"}};
    for (size_t i = 0; i < CS_COUNT(known); i++) {
        size_t size = strlen(known[i].ending);
        bool same = name.size > size;
        for (size_t j = 0; same && j < size; j++) {
            uint8_t letter = name.data[name.size - size + j];
            letter = letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter - 'A' + 'a') : letter;
            same = letter == (uint8_t)known[i].ending[j];
        }
        if (same) {
            return known[i].type;
        }
    }
    return "application/octet-stream";
}

/* The last part of a path. */
static struct cs_bytes last_part(struct cs_bytes path)
{
    size_t start = path.size;
    while (start > 0 && path.data[start - 1] != '/') {
        start--;
    }
    return (struct cs_bytes){path.data + start, path.size - start};
}

static enum cs_status find_size(struct addition *addition, uint64_t *out)
{
    const char *path = addition->what->path;
    if (path == NULL) {
        *out = addition->what->content.size;
        return CS_OK;
    }
    enum cs_status status = addition->world->file_size(addition->world->context, path, out);
    return status == CS_OK ? status
                           : cs_problem_set(addition->problem, status, "%.300s: %s", path,
                                            status == CS_NOT_FOUND ? "there is no such file"
                                                                   : cs_status_text(status));
}

static enum cs_status describe(struct addition *addition)
{
    const char *path = addition->what->path;
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    struct cs_attachment_row *row = &addition->row;
    row->file_name = path == NULL    ? last_part(addition->what->name)
                     : slash == NULL ? cs_bytes_of_text(path)
                                     : cs_bytes_of_text(slash + 1);
    row->media_type = cs_bytes_of_text(media_type_of(row->file_name));
    row->form.chunk_size =
        addition->what->chunk_size == 0 ? CS_ATTACHMENT_CHUNK_MAX : addition->what->chunk_size;
    if (row->file_name.size == 0 || row->file_name.size > NAME_MAX_BYTES) {
        return cs_problem_set(addition->problem, CS_INVALID,
                              "the name of the file has to have 1 to 255 bytes");
    }
    enum cs_status status = find_size(addition, &row->form.size);
    if (status == CS_OK) {
        status = cs_attachment_form_check(&row->form);
    }
    return status != CS_TOO_LARGE
               ? status
               : cs_problem_set(addition->problem, status,
                                "%.*s has %llu bytes: attachments may have %llu",
                                (int)row->file_name.size, (const char *)row->file_name.data,
                                (unsigned long long)row->form.size,
                                (unsigned long long)CS_ATTACHMENT_SIZE_MAX);
}

/* ---- the file ---- */

static enum cs_status write(struct addition *addition, uint64_t offset, struct cs_bytes bytes)
{
    enum cs_status status =
        addition->world->file_write_at(addition->world->context, addition->path, offset, bytes);
    return status != CS_DISK_FULL
               ? status
               : cs_problem_set(addition->problem, status, "%s", cs_status_text(status));
}

static enum cs_status read_plain(struct addition *addition, size_t index)
{
    const struct cs_attachment_form *form = &addition->row.form;
    size_t size = cs_attachment_chunk_plain_size(form, index);
    cs_buffer_clear(&addition->plain);
    if (addition->what->path == NULL) {
        if (size > 0) {
            cs_buffer_append(&addition->plain,
                             addition->what->content.data + index * form->chunk_size, size);
        }
        return addition->plain.status;
    }
    enum cs_status status =
        size == 0 ? CS_OK
                  : addition->world->file_read_at(addition->world->context, addition->what->path,
                                                  index * form->chunk_size, size, &addition->plain);
    if (status == CS_OK && addition->plain.size == size) {
        return CS_OK;
    }
    return cs_problem_set(
        addition->problem, status == CS_OK ? CS_IO : status, "%.300s: %s", addition->what->path,
        status == CS_OK ? "it became shorter while it was read" : cs_status_text(status));
}

static enum cs_status add_chunk(struct addition *addition, size_t index)
{
    const struct cs_attachment_row *row = &addition->row;
    const struct cs_identity *identity = cs_replica_identity(addition->replica);
    const struct cs_attachment_place place = {cs_identity_organisation(identity), row->form, index};
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = read_plain(addition, index);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_clear(&addition->chunk);
    addition->world->random(addition->world->context, nonce, sizeof nonce);
    status = cs_attachment_chunk_seal(cs_bytes_of_array(row->key), &place,
                                      cs_buffer_bytes(&addition->plain), nonce, &addition->chunk);
    if (status != CS_OK) {
        return status;
    }
    cs_attachment_chunk_hash(cs_buffer_bytes(&addition->chunk), hash);
    cs_buffer_append(&addition->list, hash, sizeof hash);
    return addition->list.status != CS_OK
               ? addition->list.status
               : write(addition, cs_attachment_chunk_offset(&row->form, index),
                       cs_buffer_bytes(&addition->chunk));
}

/* Afterwards all of it is on the disk, under a name of its own. */
static enum cs_status encrypt(struct addition *addition)
{
    char settled[CS_ATTACHMENT_PATH_MAX];
    struct cs_attachment_row *row = &addition->row;
    addition->world->random(addition->world->context, row->key, sizeof row->key);
    enum cs_status status =
        cs_attachment_own_path(addition->replica, CS_ATTACHMENT_ADDING, settled);
    if (status == CS_OK) {
        status = addition->world->file_remove(addition->world->context, addition->path);
    }
    for (size_t i = 0; status == CS_OK && i < cs_attachment_chunk_count(&row->form); i++) {
        status = add_chunk(addition, i);
    }
    if (status == CS_OK) {
        cs_attachment_address(&row->form, cs_buffer_bytes(&addition->list), row->address);
        status = write(addition, 0, cs_buffer_bytes(&addition->list));
    }
    if (status == CS_OK) {
        status = addition->world->file_settle(addition->world->context, addition->path, settled);
    }
    if (status != CS_OK) {
        (void)addition->world->file_remove(addition->world->context, addition->path);
    }
    return status;
}

/* ---- the record ---- */

static struct cs_named_value named(const char *name, struct cs_value value)
{
    return (struct cs_named_value){cs_bytes_of_text(name), value};
}

static enum cs_status insert(struct addition *addition, struct cs_edit *edit, struct cs_id *out)
{
    const struct cs_attachment_new *what = addition->what;
    const struct cs_attachment_row *row = &addition->row;
    struct cs_named_value values[] = {
        named("visit", cs_value_bytes(cs_id_bytes(&what->visit))),
        named("file_name", cs_value_text(row->file_name)),
        named("media_type", cs_value_text(row->media_type)),
        named("size", cs_value_integer((int64_t)row->form.size)),
        named("chunk_size", cs_value_integer((int64_t)row->form.chunk_size)),
        named("address", cs_value_bytes(cs_bytes_of_array(row->address))),
        named("key", cs_value_bytes(cs_bytes_of_array(row->key))),
        named("taken_at", what->taken ? cs_value_integer(what->taken_at) : CS_NULL),
        named("note", what->note.size > 0 ? cs_value_text(what->note) : CS_NULL),
    };
    return cs_edit_insert(edit, cs_bytes_of_text(CS_ATTACHMENT_ENTITY), NULL, values,
                          CS_COUNT(values), out, addition->problem);
}

/* Row, entry and the note that the file has to get its place: one commit. */
static enum cs_status record(struct addition *addition, struct cs_id *out)
{
    struct cs_edit *edit;
    struct cs_kept_attachment kept = {
        .bytes = cs_attachment_stored_size(&addition->row.form),
        .held = true,
        .used_ms = cs_attachment_now(addition->replica),
    };
    memcpy(kept.address, addition->row.address, sizeof kept.address);
    enum cs_status status = cs_edit_begin(addition->replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = insert(addition, edit, &kept.row);
    if (status == CS_OK) {
        status = cs_kept_attachment_put(addition->replica, &kept);
    }
    if (status == CS_OK) {
        status = cs_attachment_note_added(addition->replica, addition->row.address);
    }
    if (status != CS_OK) {
        cs_edit_abort(edit);
        return status;
    }
    status = cs_edit_commit(edit);
    if (status == CS_OK) {
        *out = kept.row;
    }
    return status;
}

static enum cs_status add(struct addition *addition, struct cs_attachment_added *out)
{
    enum cs_status status = cs_attachment_own_path(addition->replica, "", addition->path);
    if (status == CS_OK) {
        status = addition->world->folder_make(addition->world->context, addition->path);
    }
    if (status == CS_OK) {
        status = cs_attachment_settle_added(addition->replica);
    }
    if (status == CS_OK) {
        status = cs_attachment_own_path(addition->replica, NEW_FILE, addition->path);
    }
    if (status == CS_OK) {
        status = describe(addition);
    }
    if (status == CS_OK) {
        status = cs_attachment_make_room(
            addition->replica, cs_attachment_stored_size(&addition->row.form), addition->problem);
    }
    if (status == CS_OK) {
        status = encrypt(addition);
    }
    if (status == CS_OK) {
        status = record(addition, &out->row);
    }
    if (status == CS_OK) {
        out->size = addition->row.form.size;
        memcpy(out->address, addition->row.address, sizeof out->address);
        /* It is on the disk and recorded: what fails here is finished by whoever comes next. */
        enum cs_status settled = cs_attachment_settle_added(addition->replica);
        (void)settled;
    }
    return status;
}

enum cs_status cs_attachment_add(struct cs_replica *replica, const struct cs_attachment_new *what,
                                 struct cs_attachment_added *out, struct cs_problem *problem)
{
    struct addition addition = {
        .replica = replica, .world = cs_replica_world(replica), .what = what, .problem = problem};
    cs_buffer_init(&addition.list, CS_ATTACHMENT_CHUNKS_MAX * CS_HASH_SIZE);
    cs_buffer_init(&addition.plain, CS_ATTACHMENT_CHUNK_MAX);
    cs_buffer_init(&addition.chunk, CS_ATTACHMENT_CHUNK_MAX + CS_AEAD_OVERHEAD);
    enum cs_status status = add(&addition, out);
    cs_buffer_release(&addition.list);
    cs_buffer_release(&addition.plain);
    cs_buffer_release(&addition.chunk);
    cs_wipe(&addition.row, sizeof addition.row);
    return status;
}
