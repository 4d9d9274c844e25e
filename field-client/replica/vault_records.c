/* Records of vaults that were verified, and how long each log was; see vault_records.h. */
#include "field-client/replica/vault_records.h"

#include "shared/storage/database.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "id, vault, feed, kind, position, log_position, logged_ms, own, confirmed, item, field, "      \
    "version, request, record"

/* ---- records ---- */

/* Views hold until the statement goes on. */
static enum cs_status read_record(struct cs_statement *statement, struct cs_kept_record *out)
{
    struct cs_kept_record record = {
        .feed = (uint64_t)cs_column_integer(statement, 2),
        .kind = cs_column_integer(statement, 3),
        .moment = {.position = (uint64_t)cs_column_integer(statement, 4),
                   .log_position = (uint64_t)cs_column_integer(statement, 5),
                   .logged_ms = cs_column_integer(statement, 6)},
        .own = cs_column_integer(statement, 7) != 0,
        .confirmed = cs_column_integer(statement, 8) != 0,
        .field = cs_column_bytes(statement, 10),
        .record = cs_column_bytes(statement, 13),
    };
    const struct {
        int column;
        uint8_t *bytes;
        size_t size;
    } fixed[] = {{0, record.id, CS_HASH_SIZE},
                 {1, record.vault.bytes, CS_ID_SIZE},
                 {9, record.item.bytes, CS_ID_SIZE},
                 {11, record.version.bytes, CS_ID_SIZE},
                 {12, record.request, CS_HASH_SIZE}};
    for (size_t i = 0; i < CS_COUNT(fixed); i++) {
        enum cs_status status =
            cs_column_fixed(statement, fixed[i].column, fixed[i].bytes, fixed[i].size);
        if (status != CS_OK) {
            return status;
        }
    }
    *out = record;
    return CS_OK;
}

static enum cs_status one_record(struct cs_statement *statement, struct cs_arena *arena,
                                 struct cs_kept_record *out)
{
    struct cs_kept_record record;
    enum cs_status status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    status = read_record(statement, &record);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, record.field, &record.field);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, record.record, &record.record);
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = record;
    }
    return status;
}

enum cs_status cs_kept_record_put(struct cs_replica *replica, const struct cs_kept_record *record)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "INSERT OR REPLACE INTO _vault_record (" COLUMNS ") VALUES (?1, ?2, ?3, "
                         "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(record->id));
    cs_bind_bytes(statement, 2, cs_id_bytes(&record->vault));
    cs_bind_integer(statement, 3, (int64_t)record->feed);
    cs_bind_integer(statement, 4, record->kind);
    cs_bind_integer(statement, 5, (int64_t)record->moment.position);
    cs_bind_integer(statement, 6, (int64_t)record->moment.log_position);
    cs_bind_integer(statement, 7, record->moment.logged_ms);
    cs_bind_integer(statement, 8, record->own ? 1 : 0);
    cs_bind_integer(statement, 9, record->confirmed ? 1 : 0);
    cs_bind_bytes(statement, 10, cs_id_bytes(&record->item));
    cs_bind_text(statement, 11, record->field);
    cs_bind_bytes(statement, 12, cs_id_bytes(&record->version));
    cs_bind_bytes(statement, 13, cs_bytes_of_array(record->request));
    cs_bind_bytes(statement, 14, record->record);
    return cs_statement_run(statement);
}

/* What was worked out of records that go or move. */
static enum cs_status forget(struct cs_replica *replica, const struct cs_id *vault)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica), "DELETE FROM _vault_memory WHERE vault = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    return cs_statement_run(statement);
}

enum cs_status cs_kept_record_put_again(struct cs_replica *replica,
                                        const struct cs_kept_record *record)
{
    enum cs_status status = cs_kept_record_put(replica, record);
    return status != CS_OK ? status : forget(replica, &record->vault);
}

enum cs_status cs_kept_record_get(struct cs_replica *replica, const uint8_t id[static CS_HASH_SIZE],
                                  struct cs_arena *arena, struct cs_kept_record *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT " COLUMNS " FROM _vault_record WHERE id = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    return one_record(statement, arena, out);
}

enum cs_status cs_kept_record_newest(struct cs_replica *replica,
                                     const struct cs_kept_filter *filter, struct cs_arena *arena,
                                     struct cs_kept_record *out)
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
    enum cs_status status = cs_statement_get(cs_replica_database(replica), sql, &statement);
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
    return one_record(statement, arena, out);
}

enum cs_status cs_kept_record_of_log(struct cs_replica *replica, const struct cs_id *vault,
                                     uint64_t log_position, struct cs_arena *arena,
                                     struct cs_kept_record *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        /* Left to itself SQLite would read all of the log for each of its records. */
        "SELECT " COLUMNS " FROM _vault_record INDEXED BY _vault_record_log WHERE "
        "vault = ?1 AND log_position = ?2 AND kind < 4 ORDER BY feed LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, (int64_t)log_position);
    return one_record(statement, arena, out);
}

static enum cs_status visit_all(struct cs_statement *statement, cs_kept_record_visitor *visit,
                                void *context)
{
    bool more = true;
    enum cs_status status = CS_OK;
    while (status == CS_OK) {
        struct cs_kept_record record;
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = read_record(statement, &record);
        if (status == CS_OK) {
            status = visit(context, &record);
        }
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_kept_records(struct cs_replica *replica, const struct cs_id *vault, int64_t kind,
                               cs_kept_record_visitor *visit, void *context)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND kind = ?2 "
                         "ORDER BY feed",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, kind);
    return visit_all(statement, visit, context);
}

enum cs_status cs_kept_records_after(struct cs_replica *replica, const struct cs_id *vault,
                                     int64_t kind, uint64_t feed, cs_kept_record_visitor *visit,
                                     void *context)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT " COLUMNS " FROM _vault_record WHERE vault = ?1 AND kind = ?2 "
                         "AND feed > ?3 ORDER BY feed",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, kind);
    cs_bind_integer(statement, 3, (int64_t)feed);
    return visit_all(statement, visit, context);
}

enum cs_status cs_kept_records_of_item(struct cs_replica *replica, const struct cs_id *vault,
                                       int64_t kind, const struct cs_id *item,
                                       cs_kept_record_visitor *visit, void *context)
{
    struct cs_statement *statement;
    /* Named, because SQLite likes the index that spares it sorting these few, and reads all of the vault. */
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT " COLUMNS " FROM _vault_record INDEXED BY _vault_record_item WHERE vault = ?1 AND "
        "kind = ?2 AND item = ?3 ORDER BY feed",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, kind);
    cs_bind_bytes(statement, 3, cs_id_bytes(item));
    return visit_all(statement, visit, context);
}

enum cs_status cs_kept_unanswered(struct cs_replica *replica,
                                  const struct cs_kept_unanswered *which,
                                  cs_kept_record_visitor *visit, void *context)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT " COLUMNS " FROM _vault_record AS asked INDEXED BY "
                         "_vault_record_asked WHERE vault = ?1 AND kind = ?2 AND kind >= 9 AND "
                         "logged_ms > ?4 AND NOT EXISTS (SELECT 1 FROM _vault_record AS answer "
                         "WHERE answer.vault = ?1 AND answer.kind = ?3 AND answer.request = "
                         "asked.id) ORDER BY logged_ms, feed",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&which->vault));
    cs_bind_integer(statement, 2, which->kind);
    cs_bind_integer(statement, 3, which->answer_kind);
    cs_bind_integer(statement, 4, which->after_ms);
    return visit_all(statement, visit, context);
}

enum cs_status cs_kept_records_extent(struct cs_replica *replica, const struct cs_id *vault,
                                      int64_t kind, uint64_t through, uint64_t *out_count,
                                      uint64_t *out_newest)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT count(*), coalesce(max(feed), 0) FROM _vault_record WHERE vault = "
                         "?1 AND kind = ?2 AND feed <= ?3",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, kind);
    cs_bind_integer(statement, 3, (int64_t)through);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out_count = (uint64_t)cs_column_integer(statement, 0);
        *out_newest = (uint64_t)cs_column_integer(statement, 1);
        cs_statement_done(statement);
    }
    return status;
}

/* ---- vaults ---- */

enum cs_status cs_kept_vault_put(struct cs_replica *replica, const struct cs_kept_vault *vault)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "INSERT OR REPLACE INTO _vault (vault, level, through, length, head) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&vault->vault));
    cs_bind_integer(statement, 2, vault->level);
    cs_bind_integer(statement, 3, (int64_t)vault->through);
    cs_bind_integer(statement, 4, (int64_t)vault->length);
    cs_bind_bytes(statement, 5, cs_bytes_of_array(vault->head));
    return cs_statement_run(statement);
}

static enum cs_status read_vault(struct cs_statement *statement, struct cs_kept_vault *out)
{
    out->level = cs_column_integer(statement, 1);
    out->through = (uint64_t)cs_column_integer(statement, 2);
    out->length = (uint64_t)cs_column_integer(statement, 3);
    enum cs_status status = cs_column_fixed(statement, 0, out->vault.bytes, CS_ID_SIZE);
    return status != CS_OK ? status : cs_column_fixed(statement, 4, out->head, sizeof out->head);
}

enum cs_status cs_kept_vault_get(struct cs_replica *replica, const struct cs_id *vault,
                                 struct cs_kept_vault *out)
{
    struct cs_statement *statement;
    struct cs_kept_vault found;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT vault, level, through, length, head FROM _vault WHERE vault = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = read_vault(statement, &found);
        cs_statement_done(statement);
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_kept_vaults(struct cs_replica *replica, struct cs_arena *arena,
                              struct cs_kept_vault **out, size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_kept_vault *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT vault, level, through, length, head FROM _vault ORDER BY vault", &statement);
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        list = cs_arena_grow(arena, list, count, &capacity, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : read_vault(statement, &list[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_kept_vault_empty(struct cs_replica *replica, const struct cs_id *vault)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "DELETE FROM _vault_record WHERE vault = ?1 AND kind >= 4 AND own = 0", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    status = cs_statement_run(statement);
    return status != CS_OK ? status : forget(replica, vault);
}

/* What waits goes on from what was sent, so it moves behind that: the server would refuse a state of a version that comes later. */
enum cs_status cs_kept_vaults_begin_anew(struct cs_replica *replica)
{
    return cs_database_execute(
        cs_replica_database(replica),
        "UPDATE _vault SET through = 0; UPDATE _vault_record SET confirmed = 0;"
        "DELETE FROM _vault_memory;"
        "UPDATE _vault_queue SET number = number + (SELECT max(number) FROM _vault_queue) + "
        "(SELECT count(*) FROM _vault_record WHERE own = 1) WHERE status IS NULL;"
        "INSERT OR IGNORE INTO _vault_queue (number, id, record) SELECT (SELECT min(number) FROM "
        "_vault_queue WHERE status IS NULL) - (SELECT count(*) FROM _vault_record WHERE own = 1) - "
        "1 + row_number() OVER (ORDER BY feed), id, record FROM _vault_record WHERE own = 1 ORDER "
        "BY feed;");
}
