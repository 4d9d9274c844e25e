/* The outbox towards sync: what to send, and what the server has answered for; see outbox.h. */
#include "field-client/replica/outbox.h"

#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/wire/change_set.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "SELECT sequence, first_counter, last_counter, acknowledged, hash, \"inner\" FROM _outbox "

static enum cs_status read_entry(struct cs_statement *statement, struct cs_arena *arena,
                                 struct cs_outbox_entry *out)
{
    struct cs_bytes hash = cs_column_bytes(statement, 4);
    struct cs_outbox_entry entry = {
        .sequence = (uint64_t)cs_column_integer(statement, 0),
        .first_counter = (uint64_t)cs_column_integer(statement, 1),
        .last_counter = (uint64_t)cs_column_integer(statement, 2),
        .acknowledged = cs_column_integer(statement, 3) != 0,
    };
    if (hash.size != CS_HASH_SIZE) {
        return CS_CORRUPT;
    }
    memcpy(entry.hash, hash.data, CS_HASH_SIZE);
    enum cs_status status = cs_arena_copy(arena, cs_column_bytes(statement, 5), &entry.inner);
    if (status == CS_OK) {
        *out = entry;
    }
    return status;
}

/* The one entry that a statement with one bound number finds. */
static enum cs_status load_by(struct cs_replica *replica, const char *sql, uint64_t number,
                              struct cs_arena *arena, struct cs_outbox_entry *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)number);
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        status = found ? read_entry(statement, arena, out) : CS_NOT_FOUND;
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_outbox_load(struct cs_replica *replica, uint64_t sequence, struct cs_arena *arena,
                              struct cs_outbox_entry *out)
{
    return load_by(replica, COLUMNS "WHERE sequence = ?1", sequence, arena, out);
}

enum cs_status cs_outbox_hash(struct cs_replica *replica, uint64_t sequence,
                              uint8_t out[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT hash FROM _outbox WHERE sequence = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)sequence);
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        struct cs_bytes hash = found ? cs_column_bytes(statement, 0) : CS_BYTES_NONE;
        status = !found ? CS_NOT_FOUND : hash.size == CS_HASH_SIZE ? CS_OK : CS_CORRUPT;
        if (status == CS_OK) {
            memcpy(out, hash.data, CS_HASH_SIZE);
        }
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_outbox_load_counter(struct cs_replica *replica, uint64_t counter,
                                      struct cs_arena *arena, struct cs_outbox_entry *out)
{
    return load_by(replica,
                   COLUMNS "WHERE last_counter >= ?1 AND first_counter <= ?1 "
                           "ORDER BY last_counter LIMIT 1",
                   counter, arena, out);
}

enum cs_status cs_outbox_collect(struct cs_replica *replica, uint64_t from, uint64_t resend_from,
                                 size_t size_max, struct cs_arena *arena,
                                 struct cs_outbox_entry **out_entries, size_t *out_count,
                                 bool *out_more)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        COLUMNS "WHERE sequence >= ?1 AND (acknowledged = 0 OR (?2 > 0 AND sequence >= ?2)) "
                "AND length(\"inner\") > 0 ORDER BY sequence",
        &statement);
    struct cs_outbox_entry *entries =
        cs_arena_take_array(arena, CS_CHANGE_SETS_PER_REQUEST_MAX, sizeof *entries);
    if (status == CS_OK && entries == NULL) {
        cs_statement_done(statement);
        status = CS_NO_MEMORY;
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)from);
    cs_bind_integer(statement, 2, (int64_t)resend_from);
    size_t count = 0;
    size_t size = 0;
    bool more = false;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        size_t next = cs_column_bytes(statement, 5).size;
        uint64_t sequence = (uint64_t)cs_column_integer(statement, 0);
        /* Outcomes are counted on from the first one sent: nothing may be left out between. */
        if (count == CS_CHANGE_SETS_PER_REQUEST_MAX ||
            (count > 0 && sequence != entries[count - 1].sequence + 1) ||
            (count > 0 && (size >= size_max || next > size_max - size))) {
            break;
        }
        size += next;
        status = read_entry(statement, arena, &entries[count]);
        count++;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out_entries = entries;
        *out_count = count;
        *out_more = more;
    }
    return status;
}

/* A statement over (sequence, first counter, last counter). */
static enum cs_status get_for_range(struct cs_replica *replica, const char *sql, uint64_t sequence,
                                    uint64_t first_counter, uint64_t last_counter,
                                    struct cs_statement **out)
{
    enum cs_status status = cs_statement_get(replica->database, sql, out);
    if (status == CS_OK) {
        cs_bind_integer(*out, 1, (int64_t)sequence);
        cs_bind_integer(*out, 2, (int64_t)first_counter);
        cs_bind_integer(*out, 3, (int64_t)last_counter);
    }
    return status;
}

enum cs_status cs_outbox_acknowledge(struct cs_replica *replica, uint64_t sequence,
                                     uint64_t first_counter, uint64_t last_counter)
{
    struct cs_statement *statement;
    enum cs_status status = get_for_range(
        replica,
        "UPDATE _outbox SET acknowledged = 1 WHERE acknowledged = 0 AND sequence <= ?1 "
        "AND first_counter >= ?2 AND last_counter <= ?3 AND NOT EXISTS (SELECT 1 FROM _pending "
        "WHERE counter BETWEEN _outbox.first_counter AND _outbox.last_counter AND state = ?4)",
        sequence, first_counter, last_counter, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 4, CS_PENDING_HELD);
    return cs_statement_run(statement);
}

enum cs_status cs_outbox_answered(struct cs_replica *replica, uint64_t sequence,
                                  uint64_t first_counter, uint64_t last_counter,
                                  uint64_t *out_sequence)
{
    struct cs_statement *statement;
    enum cs_status status =
        get_for_range(replica,
                      "SELECT sequence FROM _outbox WHERE last_counter <= ?3 AND sequence <= ?1 "
                      "AND first_counter >= ?2 ORDER BY last_counter DESC LIMIT 1",
                      sequence, first_counter, last_counter, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        *out_sequence = found ? (uint64_t)cs_column_integer(statement, 0) : 0;
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_outbox_acknowledged(struct cs_replica *replica, uint64_t *out)
{
    int64_t sequence = 0;
    enum cs_status status = cs_replica_ask_integer(
        replica,
        "SELECT sequence FROM _outbox WHERE acknowledged = 1 ORDER BY sequence DESC LIMIT 1",
        &sequence);
    if (status == CS_OK) {
        *out = (uint64_t)sequence;
    }
    return status;
}
