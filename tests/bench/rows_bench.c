/*
 * The local write: every row of a CSV file of parts into the replica of a laptop that has joined, one commit of one transaction a row,
 * encrypted at rest; the same rows, with the same columns and indexes, into plain SQLite; and the floor (plain_rows.h).
 *
 *   bench_rows HOME CSV FIGURES      HOME is changed: give it a copy. The passphrase is the one of tests/end_to_end.
 *   bench_rows --sqlite-version
 */
#include "field-client/replica/edit.h"
#include "shared/crypto/secret.h"
#include "shared/text/csv.h"
#include "tests/bench/plain_rows.h"

#include <string.h>

#define PASSPHRASE "correct horse battery staple"

static const char *figures;

static void need(enum cs_status status, const struct cs_problem *problem, const char *what)
{
    if (status != CS_OK) {
        (void)fprintf(stderr, "bench_rows: %s: %s (%s)\n", what, cs_status_text(status),
                      problem->text);
        exit(1);
    }
}

/* A row of the file, in typed values, as whoever calls cs_edit_insert has them. */
struct part {
    struct cs_named_value values[6];
};

static void take_record(const struct cs_csv_record *record, struct part *out)
{
    static const char *const names[] = {"code", "name", "category", "unit", "price_cents", "spec"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        out->values[i].name = cs_bytes_of_text(names[i]);
        out->values[i].value = cs_value_text(record->fields[i]);
    }
    char number[32] = "";
    size_t size = record->fields[4].size < sizeof number - 1 ? record->fields[4].size : 0;
    memcpy(number, record->fields[4].data, size);
    out->values[4].value = cs_value_integer(strtoll(number, NULL, 10));
}

static struct part *read_parts(struct cs_bytes text, struct cs_arena *arena, size_t *out_count)
{
    struct cs_csv_reader reader;
    struct cs_csv_record record;
    struct cs_problem problem = {""};
    bool more = false;
    size_t count = 0;
    struct part *parts = NULL;
    cs_csv_reader_init(&reader, text);
    need(cs_csv_next(&reader, arena, &record, &more, &problem), &problem, "the heading");
    for (;;) {
        need(cs_csv_next(&reader, arena, &record, &more, &problem), &problem, "a row of the file");
        if (!more) {
            break;
        }
        if (count % 1024 == 0) {
            struct part *grown = realloc(parts, (count + 1024) * sizeof *parts);
            need(grown == NULL ? CS_NO_MEMORY : CS_OK, &problem, "memory");
            parts = grown;
        }
        need(record.count == 6 ? CS_OK : CS_MALFORMED, &problem, "six columns");
        take_record(&record, &parts[count++]);
    }
    *out_count = count;
    return parts;
}

static struct bench_span write_parts(struct cs_replica *replica, const struct part *parts,
                                     size_t count)
{
    struct cs_problem problem = {""};
    struct cs_edit *edit = NULL;
    struct bench_span begun = bench_begin();
    need(cs_edit_begin(replica, &edit), &problem, "beginning");
    for (size_t i = 0; i < count; i++) {
        need(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, parts[i].values,
                            CS_COUNT(parts[i].values), NULL, &problem),
             &problem, "a row");
        need(cs_edit_next_transaction(edit), &problem, "a transaction");
    }
    need(cs_edit_commit(edit), &problem, "the commit");
    return bench_end(begun);
}

static void put_floor(const struct plain_rows *rows, const char *home)
{
    struct plain_floor floor;
    plain_rows_floor(rows, home, &floor);
    const struct bench_span whole = {
        floor.capture.wall_ms + floor.changeset.wall_ms + floor.apply.wall_ms,
        floor.capture.processor_ms + floor.changeset.processor_ms + floor.apply.processor_ms};
    bench_put_span(figures, "floor", whole);
    bench_put_span(figures, "floor.capture", floor.capture);
    bench_put_span(figures, "floor.changeset", floor.changeset);
    bench_put_span(figures, "floor.apply", floor.apply);
    bench_put(figures, "floor.changeset", "bytes", (double)floor.changeset_size);
}

static void measure(const char *home, struct cs_bytes text)
{
    struct cs_world world;
    struct cs_identity *identity = NULL;
    struct cs_replica *replica = NULL;
    struct cs_problem problem = {""};
    struct cs_arena arena;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct part *parts = read_parts(text, &arena, &count);
    cs_world_system(&world);
    need(cs_identity_unlock(&world, home, CS_IDENTITY_FILE, cs_bytes_of_text(PASSPHRASE), &identity,
                            &problem),
         &problem, "unlocking");
    need(cs_replica_open(&world, home, cs_registry_core(), identity, &replica, &problem), &problem,
         "opening the replica");
    bench_put_span(figures, "write.product", write_parts(replica, parts, count));
    struct plain_rows *rows = plain_rows_read(cs_replica_database(replica), "part");
    need(plain_rows_count(rows) == count ? CS_OK : CS_INVALID, &problem, "all rows are there");
    bench_put_span(figures, "write.plain", plain_rows_write(rows, home));
    put_floor(rows, home);
    plain_rows_free(rows);
    cs_replica_close(replica);
    cs_identity_destroy(identity);
    free(parts);
    cs_arena_release(&arena);
}

int main(int argument_count, char **arguments)
{
    struct cs_buffer text;
    struct cs_problem problem = {""};
    struct cs_world world;
    if (argument_count == 2 && strcmp(arguments[1], "--sqlite-version") == 0) {
        return puts(plain_rows_sqlite_version()) < 0;
    }
    if (argument_count != 4) {
        (void)fputs("usage: bench_rows HOME CSV FIGURES | --sqlite-version\n", stderr);
        return 2;
    }
    figures = arguments[3];
    need(cs_crypto_start(), &problem, "the library of cryptography");
    cs_world_system(&world);
    cs_buffer_init(&text, 512 * CS_MEBI);
    need(world.file_read(world.context, arguments[2], &text), &problem, arguments[2]);
    measure(arguments[1], cs_buffer_bytes(&text));
    cs_buffer_release(&text);
    return 0;
}
