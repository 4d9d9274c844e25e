/* Telling how far a sync has come, see session.h. */
#include "field-client/sync/session_internal.h"

/* The least cursor; `otherwise` if there is none. */
static uint64_t least_cursor(const struct cs_scope_cursor *cursors, size_t count,
                             uint64_t otherwise)
{
    uint64_t least = count == 0 ? otherwise : UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        least = cursors[i].position < least ? cursors[i].position : least;
    }
    return least;
}

/*
 * The server says nothing about what is left, but rows stand in the order of their last change: what part of that order has been
 * passed is about the part of the rows that has come.
 */
static uint64_t expect(const struct cs_sync_session *session, const struct cs_sync_response *page,
                       uint64_t rows)
{
    bool gains = page->cursor_count > session->applied_count;
    uint64_t start = gains ? 0 : least_cursor(session->applied, session->applied_count, 0);
    uint64_t reached = least_cursor(page->cursors, page->cursor_count, page->position);
    if (page->last || reached <= start || page->position <= reached) {
        return rows;
    }
    double part = (double)(reached - start) / (double)(page->position - start);
    double whole = (double)rows / part;
    return whole < (double)INT64_MAX ? (uint64_t)whole : rows;
}

void cs_session_tell(struct cs_sync_session *session, const struct cs_sync_response *page)
{
    if (session->watch.tell == NULL) {
        return;
    }
    /* A page that was staged is in the account of staged pages already. */
    uint64_t own = page->last ? 1 : 0;
    struct cs_sync_progress progress = {
        .pages = (uint64_t)session->staging.page_count + own,
        .rows = session->staging.row_count + own * (page->row_count + page->departure_count),
        .bytes = session->result.bytes_down,
    };
    progress.rows_expected = expect(session, page, progress.rows);
    session->watch.tell(session->watch.context, &progress);
}
