/* Files of attachments as this laptop knows them, see kept_attachments.h. */
#include "field-client/replica/kept_attachments.h"

#include "shared/storage/database.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "address, row, bytes, held, wanted, confirmed, confirmed_position, asked_ms, used_ms, trouble"

static enum cs_status read_kept(struct cs_statement *statement, struct cs_kept_attachment *out)
{
    char name[40] = {0};
    struct cs_bytes trouble = cs_column_bytes(statement, 9);
    struct cs_kept_attachment kept = {
        .bytes = (uint64_t)cs_column_integer(statement, 2),
        .held = cs_column_integer(statement, 3) != 0,
        .wanted = cs_column_integer(statement, 4) != 0,
        .confirmed = cs_column_integer(statement, 5) != 0,
        .confirmed_position = (uint64_t)cs_column_integer(statement, 6),
        .asked_ms = cs_column_integer(statement, 7),
        .used_ms = cs_column_integer(statement, 8),
    };
    if (trouble.size >= sizeof name) {
        return CS_CORRUPT;
    }
    if (trouble.size > 0) {
        memcpy(name, trouble.data, trouble.size);
        (void)cs_status_from_name(name, &kept.trouble);
    }
    enum cs_status status = cs_column_fixed(statement, 0, kept.address, sizeof kept.address);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 1, kept.row.bytes, CS_ID_SIZE);
    }
    if (status == CS_OK) {
        *out = kept;
    }
    return status;
}

enum cs_status cs_kept_attachment_get(struct cs_replica *replica,
                                      const uint8_t address[static CS_HASH_SIZE],
                                      struct cs_kept_attachment *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT " COLUMNS " FROM _attachment WHERE address = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(address, CS_HASH_SIZE));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = read_kept(statement, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_kept_attachment_put(struct cs_replica *replica,
                                      const struct cs_kept_attachment *kept)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "INSERT OR REPLACE INTO _attachment (" COLUMNS ") VALUES (?1, ?2, ?3, "
                         "?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    const char *trouble = kept->trouble == CS_OK ? "" : cs_status_name(kept->trouble);
    cs_bind_bytes(statement, 1, cs_bytes_of_array(kept->address));
    cs_bind_bytes(statement, 2, cs_id_bytes(&kept->row));
    cs_bind_integer(statement, 3, (int64_t)kept->bytes);
    cs_bind_integer(statement, 4, kept->held ? 1 : 0);
    cs_bind_integer(statement, 5, kept->wanted ? 1 : 0);
    cs_bind_integer(statement, 6, kept->confirmed ? 1 : 0);
    cs_bind_integer(statement, 7, (int64_t)kept->confirmed_position);
    cs_bind_integer(statement, 8, kept->asked_ms);
    cs_bind_integer(statement, 9, kept->used_ms);
    cs_bind_text(statement, 10, cs_bytes_of_text(trouble));
    return cs_statement_run(statement);
}

static const char *list_text(enum cs_kept_attachment_list list)
{
    switch (list) {
    case CS_KEPT_TO_SEND:
        return "SELECT " COLUMNS " FROM _attachment WHERE held = 1 AND confirmed = 0 AND address > "
               "?1 ORDER BY address LIMIT ?2";
    case CS_KEPT_WANTED:
        return "SELECT " COLUMNS " FROM _attachment WHERE wanted = 1 AND address > ?1 ORDER BY "
               "address LIMIT ?2";
    case CS_KEPT_REMOVABLE:
        break;
    }
    return "SELECT " COLUMNS " FROM _attachment WHERE held = 1 AND confirmed = 1 AND address > ?1 "
           "ORDER BY used_ms, address LIMIT ?2";
}

enum cs_status cs_kept_attachments(struct cs_replica *replica, enum cs_kept_attachment_list list,
                                   const uint8_t *after, size_t limit, struct cs_arena *arena,
                                   struct cs_kept_attachment **out, size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_kept_attachment *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica), list_text(list), &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1,
                  cs_bytes_make(after == NULL ? (const uint8_t *)"" : after,
                                after == NULL ? 0 : CS_HASH_SIZE));
    cs_bind_integer(statement, 2, (int64_t)limit);
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        items = cs_arena_grow(arena, items, count, &capacity, sizeof *items);
        status = items == NULL ? CS_NO_MEMORY : read_kept(statement, &items[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = items;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_kept_attachment_sum(struct cs_replica *replica,
                                      struct cs_kept_attachment_sums *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT (SELECT count(*) FROM _attachment WHERE held = 1), (SELECT coalesce(sum(bytes), 0) "
        "FROM _attachment WHERE held = 1), (SELECT count(*) FROM _attachment WHERE held = 1 AND "
        "confirmed = 0), (SELECT coalesce(sum(bytes), 0) FROM _attachment WHERE held = 1 AND "
        "confirmed = 0), (SELECT count(*) FROM _attachment WHERE wanted = 1)",
        &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = (struct cs_kept_attachment_sums){
            .held = (uint64_t)cs_column_integer(statement, 0),
            .held_bytes = (uint64_t)cs_column_integer(statement, 1),
            .to_send = (uint64_t)cs_column_integer(statement, 2),
            .to_send_bytes = (uint64_t)cs_column_integer(statement, 3),
            .wanted = (uint64_t)cs_column_integer(statement, 4),
        };
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_kept_attachments_ask_again(struct cs_replica *replica, int64_t before_ms)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "UPDATE _attachment SET confirmed = 0 WHERE held = 1 AND confirmed = 1 "
                         "AND asked_ms < ?1",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, before_ms);
    return cs_statement_run(statement);
}
