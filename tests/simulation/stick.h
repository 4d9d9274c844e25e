/* A stick between laptops and the server of a universe: files in its folder. */
#ifndef TESTS_SIMULATION_STICK_H
#define TESTS_SIMULATION_STICK_H

#include "field-client/sync/bundle.h"
#include "sync-server/handlers/bundle.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

static inline const char *stick_path(struct universe *universe, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s.bundle", universe->folder, name);
    return path;
}

static inline struct cs_bundle_made export_up(struct laptop *laptop, const char *name)
{
    struct cs_bundle_made made;
    assert_ok(cs_bundle_export(laptop->replica, stick_path(laptop->universe, name), true, &made,
                               &laptop->universe->problem));
    return made;
}

/* All parts of a file, into the server; stops at the first that is not taken. `*out` sums up. */
static inline enum cs_status import_up(struct universe *universe, const char *name,
                                       struct cs_bundle_taken *out)
{
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_HASH_SIZE];
    assert_ok(cs_server_bundle_names(universe->server, organisation, identity));
    const struct cs_bundle_expected expected = {CS_BUNDLE_TO_SERVER, organisation, NULL, identity};
    struct cs_bundle_reader reader;
    struct cs_buffer part;
    struct cs_arena arena;
    enum cs_status status =
        cs_bundle_reader_open(stick_path(universe, name), &expected, &reader, &universe->problem);
    if (status != CS_OK) {
        return status;
    }
    *out = (struct cs_bundle_taken){.status = CS_OK};
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    bool more = true;
    while (status == CS_OK && more) {
        struct cs_bundle_taken taken;
        cs_buffer_clear(&part);
        assert_ok(cs_bundle_reader_next(&reader, &part, &more));
        if (!more) {
            break;
        }
        status =
            cs_server_take_bundle_part(universe->server, cs_buffer_bytes(&part), &arena, &taken);
        if (status == CS_OK) {
            status = taken.status;
            out->taken += taken.taken;
            out->change_sets += taken.change_sets;
            out->transactions += taken.transactions;
            out->refused += taken.refused;
            out->held += taken.held;
            (void)cs_problem_set(&universe->problem, status, "%.*s", (int)taken.text.size,
                                 (const char *)taken.text.data);
        }
    }
    cs_bundle_reader_close(&reader);
    cs_buffer_release(&part);
    cs_arena_release(&arena);
    return status;
}

static inline enum cs_status export_down(struct laptop *laptop, const char *name)
{
    struct universe *universe = laptop->universe;
    const uint8_t *certificate = cs_identity_certificate_id(laptop->identity);
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_DEVICE, .made_ms = 1};
    struct cs_bundle_export *bundle;
    struct cs_bundle_writer *writer;
    struct cs_buffer part;
    uint64_t size;
    bool more = true;
    enum cs_status status =
        cs_server_export_begin(universe->server, certificate, &bundle, &universe->problem);
    if (status != CS_OK) {
        return status;
    }
    assert_ok(cs_server_bundle_names(universe->server, header.organisation, header.sender));
    memcpy(header.recipient, certificate, CS_HASH_SIZE);
    assert_ok(cs_bundle_writer_begin(stick_path(universe, name), &header, true, &writer,
                                     &universe->problem));
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    while (more) {
        cs_buffer_clear(&part);
        assert_ok(cs_server_export_next(bundle, &part, &more));
        if (more) {
            assert_ok(cs_bundle_writer_add(writer, cs_buffer_bytes(&part)));
        }
    }
    assert_ok(cs_bundle_writer_finish(writer, &size, &universe->problem));
    cs_bundle_writer_end(writer);
    cs_server_export_end(bundle);
    cs_buffer_release(&part);
    return CS_OK;
}

struct import_result {
    struct cs_sync_result sync; /* without refusals */
    bool already;
};
static inline enum cs_status import_down(struct laptop *laptop, const char *name,
                                         struct import_result *out)
{
    struct cs_bundle_imported imported;
    cs_bundle_imported_init(&imported);
    enum cs_status status = cs_bundle_import(laptop->replica, stick_path(laptop->universe, name),
                                             &imported, &laptop->universe->problem);
    *out = (struct import_result){imported.sync, imported.already};
    out->sync.refusals = NULL;
    cs_bundle_imported_release(&imported);
    return status;
}

/* A bundle for this laptop, as somebody without any key can put it together: the first part of one, all but the first of another. */
static inline void mix_parts(struct laptop *laptop, const char *first, const char *rest,
                             const char *name)
{
    struct universe *universe = laptop->universe;
    const struct cs_bundle_expected any = {CS_BUNDLE_TO_DEVICE, NULL, NULL, NULL};
    struct cs_bundle_reader reader;
    struct cs_bundle_writer *writer;
    struct cs_buffer part;
    uint64_t size;
    bool more;
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    assert_ok(cs_bundle_reader_open(stick_path(universe, first), &any, &reader, NULL));
    assert_ok(cs_bundle_reader_next(&reader, &part, &more));
    assert_ok(
        cs_bundle_writer_begin(stick_path(universe, name), &reader.header, true, &writer, NULL));
    assert_ok(cs_bundle_writer_add(writer, cs_buffer_bytes(&part)));
    cs_bundle_reader_close(&reader);
    assert_ok(cs_bundle_reader_open(stick_path(universe, rest), &any, &reader, NULL));
    assert_true(reader.header.part_count > 1);
    bool skipped = strcmp(first, rest) == 0;
    for (more = true; more;) {
        cs_buffer_clear(&part);
        assert_ok(cs_bundle_reader_next(&reader, &part, &more));
        if (more && (skipped || reader.next > 1)) {
            assert_ok(cs_bundle_writer_add(writer, cs_buffer_bytes(&part)));
        }
    }
    cs_bundle_reader_close(&reader);
    assert_ok(cs_bundle_writer_finish(writer, &size, NULL));
    cs_bundle_writer_end(writer);
    cs_buffer_release(&part);
}

/* There and back, all as it should be: equal afterwards. */
static inline void carry(struct laptop *laptop)
{
    struct cs_bundle_taken taken;
    struct import_result result;
    (void)export_up(laptop, "carry-up");
    assert_status(import_up(laptop->universe, "carry-up", &taken), CS_OK);
    assert_ok(export_down(laptop, "carry-down"));
    assert_status(import_down(laptop, "carry-down", &result), CS_OK);
    if (!result.already) {
        assert_int_equal(result.sync.digest, CS_SYNC_DIGEST_EQUAL);
    }
}

#endif
