/* Staged pages, see staging.h. */
#include "field-client/sync/staging.h"

#include <string.h>

static struct cs_bytes own_certificate(struct cs_replica *replica)
{
    return cs_bytes_make(cs_identity_certificate_id(cs_replica_identity(replica)), CS_HASH_SIZE);
}

/* How many pages there are, and what stands in them. CS_NOT_FOUND: pages of another certificate, or with a gap. */
static enum cs_status count_pages(struct cs_replica *replica, struct cs_staging *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT count(*), coalesce(sum(row_count), 0), coalesce(min(position), 0), "
        "coalesce(max(answered), 0), coalesce(sum(certificate <> ?1), 0), "
        "coalesce(max(number), 0) FROM _staged",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    bool found = false;
    cs_bind_bytes(statement, 1, own_certificate(replica));
    status = cs_statement_step(statement, &found);
    if (status == CS_OK && found) {
        out->page_count = cs_column_integer(statement, 0);
        out->row_count = (uint64_t)cs_column_integer(statement, 1);
        out->began = (uint64_t)cs_column_integer(statement, 2);
        out->answered = (uint64_t)cs_column_integer(statement, 3);
        bool fits = cs_column_integer(statement, 4) == 0 &&
                    cs_column_integer(statement, 5) == out->page_count;
        status = fits ? CS_OK : CS_NOT_FOUND;
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_staging_page(struct cs_replica *replica, int64_t number, struct cs_arena *arena,
                               struct cs_sync_response *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica), "SELECT page FROM _staged WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, number);
    bool found = false;
    struct cs_bytes page = CS_BYTES_NONE;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        status = found ? cs_arena_copy(arena, cs_column_bytes(statement, 0), &page) : CS_CORRUPT;
    }
    cs_statement_done(statement);
    return status != CS_OK ? status : cs_sync_response_decode(page, arena, out);
}

/* Takes over where the newest page ended; the cursors outlive the page. */
static enum cs_status take_page(struct cs_staging *staging, const struct cs_sync_response *page)
{
    struct cs_scope_cursor *cursors = cs_alloc_zero(page->cursor_count, sizeof *cursors);
    if (cursors == NULL) {
        return CS_NO_MEMORY;
    }
    if (page->cursor_count > 0) {
        memcpy(cursors, page->cursors, page->cursor_count * sizeof *cursors);
    }
    cs_free(staging->cursors);
    staging->cursors = cursors;
    staging->cursor_count = page->cursor_count;
    memcpy(staging->incarnation, page->incarnation, sizeof staging->incarnation);
    staging->position = page->position;
    return CS_OK;
}

static enum cs_status load_newest(struct cs_replica *replica, struct cs_staging *staging)
{
    struct cs_arena arena;
    struct cs_sync_response page;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_staging_page(replica, staging->page_count, &arena, &page);
    if (status == CS_OK) {
        status = take_page(staging, &page);
    }
    cs_arena_release(&arena);
    return status;
}

static bool fits(const struct cs_staging *staging, const struct cs_staging_applied *applied)
{
    static const uint8_t none[sizeof applied->incarnation];
    return staging->began >= applied->position &&
           (memcmp(applied->incarnation, none, sizeof none) == 0 ||
            memcmp(applied->incarnation, staging->incarnation, sizeof none) == 0);
}

enum cs_status cs_staging_load(struct cs_replica *replica, const struct cs_staging_applied *applied,
                               struct cs_staging *out)
{
    *out = (struct cs_staging){.page_count = 0};
    enum cs_status status = count_pages(replica, out);
    if (status == CS_OK && out->page_count == 0) {
        return CS_OK;
    }
    if (status == CS_OK) {
        status = load_newest(replica, out);
    }
    /* A page that an older program staged may not be readable by this one. */
    bool failed = status != CS_OK && status != CS_NOT_FOUND && status != CS_CORRUPT &&
                  cs_status_class(status) == CS_CLASS_LOCAL;
    if (failed || (status == CS_OK && fits(out, applied))) {
        return status;
    }
    cs_staging_release(out);
    return cs_staging_remove(replica);
}

void cs_staging_release(struct cs_staging *staging)
{
    cs_free(staging->cursors);
    *staging = (struct cs_staging){.page_count = 0};
}

static enum cs_status insert(struct cs_replica *replica, int64_t number, struct cs_bytes body,
                             const struct cs_sync_response *page, uint64_t answered)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "INSERT INTO _staged (number, page, certificate, position, answered, row_count) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, number);
    cs_bind_bytes(statement, 2, body);
    cs_bind_bytes(statement, 3, own_certificate(replica));
    cs_bind_integer(statement, 4, (int64_t)page->position);
    cs_bind_integer(statement, 5, (int64_t)answered);
    cs_bind_integer(statement, 6, (int64_t)(page->row_count + page->departure_count));
    return cs_statement_run(statement);
}

enum cs_status cs_staging_add(struct cs_replica *replica, struct cs_staging *staging,
                              struct cs_bytes body, const struct cs_sync_response *page,
                              uint64_t answered)
{
    enum cs_status status = take_page(staging, page);
    if (status == CS_OK) {
        status = insert(replica, staging->page_count + 1, body, page, answered);
    }
    if (status == CS_OK) {
        staging->began = staging->page_count == 0 ? page->position : staging->began;
        staging->answered = answered;
        staging->row_count += page->row_count + page->departure_count;
        staging->page_count++;
    }
    return status;
}

enum cs_status cs_staging_remove(struct cs_replica *replica)
{
    return cs_database_execute(cs_replica_database(replica), "DELETE FROM _staged");
}
