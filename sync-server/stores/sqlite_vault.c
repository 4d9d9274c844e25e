/* The SQLite store: records of vaults and their feed; see vault_store.h. */
#include "sync-server/stores/vault_store.h"

#include "sync-server/stores/sqlite_store.h"

#define COLUMNS                                                                                    \
    "feed, id, vault, kind, position, log_position, logged_ms, about, item, field, version, "      \
    "request, record"

/* ---- records ---- */

/* Views hold until the statement goes on. */
static enum cs_status read_row(struct cs_statement *statement, struct cs_vault_row *out)
{
    struct cs_vault_row row = {
        .feed = (uint64_t)cs_column_integer(statement, 0),
        .kind = cs_column_integer(statement, 3),
        .moment = {.position = (uint64_t)cs_column_integer(statement, 4),
                   .log_position = (uint64_t)cs_column_integer(statement, 5),
                   .logged_ms = cs_column_integer(statement, 6)},
        .field = cs_column_bytes(statement, 9),
        .record = cs_column_bytes(statement, 12),
    };
    const struct {
        int column;
        uint8_t *bytes;
        size_t size;
    } fixed[] = {{1, row.id, CS_HASH_SIZE},           {2, row.vault.bytes, CS_ID_SIZE},
                 {7, row.about.bytes, CS_ID_SIZE},    {8, row.item.bytes, CS_ID_SIZE},
                 {10, row.version.bytes, CS_ID_SIZE}, {11, row.request, CS_HASH_SIZE}};
    for (size_t i = 0; i < CS_COUNT(fixed); i++) {
        enum cs_status status =
            cs_column_fixed(statement, fixed[i].column, fixed[i].bytes, fixed[i].size);
        if (status != CS_OK) {
            return status;
        }
    }
    *out = row;
    return CS_OK;
}

static enum cs_status keep_row(struct cs_statement *statement, struct cs_arena *arena,
                               struct cs_vault_row *out)
{
    struct cs_vault_row row;
    enum cs_status status = read_row(statement, &row);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, row.field, &row.field);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, row.record, &row.record);
    }
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}

/* The one row of a bound statement. */
static enum cs_status one_row(struct cs_statement *statement, struct cs_arena *arena,
                              struct cs_vault_row *out)
{
    enum cs_status status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = keep_row(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

static enum cs_status next_feed(struct cs_store *store, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT coalesce(max(feed), 0) + 1 FROM _vault_record", &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_append_vault_record(struct cs_store *store, struct cs_vault_row *row)
{
    struct cs_statement *statement;
    uint64_t feed = 0;
    enum cs_status status = next_feed(store, &feed);
    if (status == CS_OK) {
        status = cs_statement_get(store->database,
                                  "INSERT INTO _vault_record (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, "
                                  "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                                  &statement);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)feed);
    cs_bind_bytes(statement, 2, cs_bytes_of_array(row->id));
    cs_bind_bytes(statement, 3, cs_id_bytes(&row->vault));
    cs_bind_integer(statement, 4, row->kind);
    cs_bind_integer(statement, 5, (int64_t)row->moment.position);
    cs_bind_integer(statement, 6, (int64_t)row->moment.log_position);
    cs_bind_integer(statement, 7, row->moment.logged_ms);
    cs_bind_bytes(statement, 8, cs_id_bytes(&row->about));
    cs_bind_bytes(statement, 9, cs_id_bytes(&row->item));
    cs_bind_text(statement, 10, row->field);
    cs_bind_bytes(statement, 11, cs_id_bytes(&row->version));
    cs_bind_bytes(statement, 12, cs_bytes_of_array(row->request));
    cs_bind_bytes(statement, 13, row->record);
    status = cs_statement_run(statement);
    if (status == CS_OK) {
        row->feed = feed;
    }
    return status;
}

enum cs_status cs_store_vault_record(struct cs_store *store, const uint8_t id[static CS_HASH_SIZE],
                                     struct cs_arena *arena, struct cs_vault_row *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " COLUMNS " FROM _vault_record WHERE id = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    return one_row(statement, arena, out);
}

enum cs_status cs_store_vault_newest(struct cs_store *store, const struct cs_vault_filter *filter,
                                     struct cs_arena *arena, struct cs_vault_row *out)
{
    struct cs_statement *statement;
    const char *sql = filter->item != NULL
                          ? "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND kind = ?2 "
                            "AND item = ?3 AND field = ?4 ORDER BY feed DESC LIMIT 1"
                      : filter->version != NULL
                          ? "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND kind = ?2 "
                            "AND version = ?3 ORDER BY feed DESC LIMIT 1"
                          : "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND kind = ?2 "
                            "AND request = ?3 ORDER BY feed DESC LIMIT 1";
    enum cs_status status = cs_statement_get(store->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&filter->vault));
    cs_bind_integer(statement, 2, filter->kind);
    if (filter->item != NULL) {
        cs_bind_bytes(statement, 3, cs_id_bytes(filter->item));
        cs_bind_text(statement, 4, filter->field);
    } else if (filter->version != NULL) {
        cs_bind_bytes(statement, 3, cs_id_bytes(filter->version));
    } else {
        cs_require(filter->request != NULL);
        cs_bind_bytes(statement, 3, cs_bytes_make(filter->request, CS_HASH_SIZE));
    }
    return one_row(statement, arena, out);
}

enum cs_status cs_store_vault_feed(struct cs_store *store, const struct cs_vault_view *view,
                                   size_t limit, struct cs_arena *arena, struct cs_vault_row **out,
                                   size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_vault_row *rows = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status = cs_statement_get(
        store->database,
        "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND feed > ?2 AND feed <= ?3 AND "
        "kind <= ?4 AND (kind <= ?5 OR about = ?6) ORDER BY feed LIMIT ?7",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&view->vault));
    cs_bind_integer(statement, 2, (int64_t)view->after);
    cs_bind_integer(statement, 3, (int64_t)view->until);
    cs_bind_integer(statement, 4, view->kind_max);
    cs_bind_integer(statement, 5, view->shared_max);
    cs_bind_bytes(statement, 6, cs_id_bytes(&view->about));
    cs_bind_integer(statement, 7, cs_store_limit(limit));
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        rows = cs_arena_grow(arena, rows, count, &capacity, sizeof *rows);
        status = rows == NULL ? CS_NO_MEMORY : keep_row(statement, arena, &rows[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = rows;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_vault_records(struct cs_store *store, cs_vault_row_visitor *visit,
                                      void *context)
{
    struct cs_statement *statement;
    bool more = true;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " COLUMNS " FROM _vault_record ORDER BY feed", &statement);
    while (status == CS_OK) {
        struct cs_vault_row row;
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = read_row(statement, &row);
        if (status == CS_OK) {
            status = visit(context, &row);
        }
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_store_vault_has_leaf(struct cs_store *store, const struct cs_id *vault,
                                       int64_t logged_ms, struct cs_bytes leaf, bool *out)
{
    struct cs_statement *statement;
    bool more = true;
    bool found = false;
    enum cs_status status = cs_statement_get(
        store->database,
        "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND logged_ms = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, logged_ms);
    while (status == CS_OK && !found) {
        struct cs_vault_row row;
        struct cs_leaf made;
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = read_row(statement, &row);
        if (status == CS_OK) {
            cs_leaf_vault(&row.vault, &row.moment, row.record, &made);
            found = cs_bytes_equal(cs_leaf_bytes(&made), leaf);
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

/* ---- vaults and members ---- */

enum cs_status cs_store_vault(struct cs_store *store, const struct cs_id *vault,
                              struct cs_stored_vault *out)
{
    struct cs_statement *statement;
    struct cs_stored_vault found = {.vault = *vault};
    enum cs_status status = cs_statement_get(
        store->database, "SELECT length, head, newest FROM _vault WHERE vault = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    found.length = (uint64_t)cs_column_integer(statement, 0);
    found.newest = (uint64_t)cs_column_integer(statement, 2);
    status = cs_column_fixed(statement, 1, found.head, sizeof found.head);
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_store_put_vault(struct cs_store *store, const struct cs_stored_vault *vault)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "INSERT OR REPLACE INTO _vault (vault, length, head, newest) VALUES (?1, ?2, ?3, ?4)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&vault->vault));
    cs_bind_integer(statement, 2, (int64_t)vault->length);
    cs_bind_bytes(statement, 3, cs_bytes_of_array(vault->head));
    cs_bind_integer(statement, 4, (int64_t)vault->newest);
    return cs_statement_run(statement);
}

enum cs_status cs_store_put_vault_member(struct cs_store *store,
                                         const struct cs_vault_member *member)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "INSERT OR REPLACE INTO _vault_member (person, vault, certificate, rights, expires_ms, "
        "ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&member->person));
    cs_bind_bytes(statement, 2, cs_id_bytes(&member->vault));
    cs_bind_bytes(statement, 3, cs_bytes_of_array(member->certificate));
    cs_bind_integer(statement, 4, member->rights);
    cs_bind_integer(statement, 5, member->expires_ms);
    cs_bind_integer(statement, 6, (int64_t)member->ended);
    return cs_statement_run(statement);
}

static enum cs_status read_member(struct cs_statement *statement, struct cs_vault_member *out)
{
    out->rights = cs_column_integer(statement, 2);
    out->expires_ms = cs_column_integer(statement, 3);
    out->ended = (uint64_t)cs_column_integer(statement, 4);
    enum cs_status status = cs_column_fixed(statement, 0, out->vault.bytes, CS_ID_SIZE);
    return status != CS_OK ? status : cs_column_fixed(statement, 1, out->certificate, CS_HASH_SIZE);
}

enum cs_status cs_store_vault_members(struct cs_store *store, const struct cs_id *person,
                                      struct cs_arena *arena, struct cs_vault_member **out,
                                      size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_vault_member *members = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT vault, certificate, rights, expires_ms, ended FROM _vault_member "
                         "WHERE person = ?1 ORDER BY vault, certificate",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(person));
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        members = cs_arena_grow(arena, members, count, &capacity, sizeof *members);
        status = members == NULL ? CS_NO_MEMORY : read_member(statement, &members[count]);
        if (status == CS_OK) {
            members[count++].person = *person;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = members;
        *out_count = count;
    }
    return status;
}

/* ---- recovery keys ---- */

enum cs_status cs_store_put_recovery(struct cs_store *store,
                                     const struct cs_stored_recovery *recovery)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT INTO _vault_recovery (number, id, statement) VALUES (?1, ?2, ?3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)recovery->number);
    cs_bind_bytes(statement, 2, cs_bytes_of_array(recovery->id));
    cs_bind_bytes(statement, 3, recovery->statement);
    return cs_statement_run(statement);
}

static enum cs_status keep_recovery(struct cs_statement *statement, struct cs_arena *arena,
                                    struct cs_stored_recovery *out)
{
    struct cs_stored_recovery found = {.number = (uint64_t)cs_column_integer(statement, 0)};
    enum cs_status status = cs_column_fixed(statement, 1, found.id, sizeof found.id);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 2), &found.statement);
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_store_recoveries(struct cs_store *store, uint64_t above, size_t limit,
                                   struct cs_arena *arena, struct cs_stored_recovery **out,
                                   size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_stored_recovery *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT number, id, statement FROM _vault_recovery WHERE number > ?1 "
                         "ORDER BY number LIMIT ?2",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)above);
    cs_bind_integer(statement, 2, cs_store_limit(limit));
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        list = cs_arena_grow(arena, list, count, &capacity, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : keep_recovery(statement, arena, &list[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

static enum cs_status one_recovery(struct cs_statement *statement, struct cs_arena *arena,
                                   struct cs_stored_recovery *out)
{
    enum cs_status status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = keep_recovery(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_recovery(struct cs_store *store, const uint8_t id[static CS_HASH_SIZE],
                                 struct cs_arena *arena, struct cs_stored_recovery *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT number, id, statement FROM _vault_recovery WHERE id = ?1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    return one_recovery(statement, arena, out);
}

enum cs_status cs_store_newest_recovery(struct cs_store *store, struct cs_arena *arena,
                                        struct cs_stored_recovery *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT number, id, statement FROM _vault_recovery ORDER BY number DESC "
                         "LIMIT 1",
                         &statement);
    return status != CS_OK ? status : one_recovery(statement, arena, out);
}

enum cs_status cs_store_vault_news(struct cs_store *store, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT coalesce((SELECT max(feed) FROM _vault_record), 0) + "
                         "coalesce((SELECT max(number) FROM _vault_recovery), 0)",
                         &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}
