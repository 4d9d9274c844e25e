/* Conflicts and exceptions as the server would have sent them, put into the view directly. */
#ifndef TESTS_UNIT_FIELD_CLIENT_COMMANDS_FINDINGS_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_COMMANDS_FINDINGS_FIXTURE_H

#include "shared/merge/row_digest.h"
#include "shared/merge/row_versions.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

#define CONFLICT_ID "c0ffee00-1111-7222-8333-444455556666"
#define LOSING_LOG UINT64_C(0x1122334455667788)
#define LOSING_COUNTER UINT64_C(9)

static inline void store_row(const char *entity, const char *id,
                             const struct cs_named_value *fields, size_t count)
{
    struct cs_replica *replica = open_directly();
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_row_from_fields(cs_registry_core(), T(entity), fields, count, &arena, &row));
    assert_ok(cs_id_parse(T(id), &row.id));
    row.exists = true;
    struct cs_row_versions versions = {.created = {CS_LOG_SERVER, 1}};
    struct cs_buffer packed;
    cs_buffer_init(&packed, CS_KIBI);
    cs_row_versions_pack(&versions, &packed);
    row.versions = cs_buffer_bytes(&packed);
    assert_ok(cs_row_store(cs_replica_tables(replica), &row));
    cs_buffer_release(&packed);
    cs_arena_release(&arena);
    cs_replica_close(replica);
}

struct conflict_draft {
    const char *entity;
    const char *row;
    const char *field;
    const struct cs_value *losing; /* of the unit's fields */
    size_t losing_count;
    const char *state;
    struct cs_bytes versions; /* empty: one, LOSING_LOG and LOSING_COUNTER */
};

static inline void store_conflict(const struct conflict_draft *draft)
{
    struct cs_id row = {{0}};
    assert_ok(cs_id_parse(T(draft->row), &row));
    struct cs_buffer value;
    struct cs_buffer versions;
    cs_buffer_init(&value, CS_KIBI);
    cs_buffer_init(&versions, CS_KIBI);
    cs_unit_value_encode(draft->losing, draft->losing_count, &value);
    cs_buffer_append_u64(&versions, LOSING_LOG);
    cs_buffer_append_u64(&versions, LOSING_COUNTER);
    struct cs_bytes list = draft->versions.size > 0 ? draft->versions : cs_buffer_bytes(&versions);
    struct cs_named_value fields[] = {
        TEXT_VALUE("entity", draft->entity),
        {T("row"), cs_value_bytes(cs_id_bytes(&row))},
        TEXT_VALUE("field", draft->field),
        {T("losing_value"), cs_value_bytes(cs_buffer_bytes(&value))},
        {T("losing_versions"), cs_value_bytes(list)},
        TEXT_VALUE("losing_text", "valve"),
        TEXT_VALUE("losing_author", "李雷"),
        TEXT_VALUE("shown_text", "pump"),
        TEXT_VALUE("shown_author", "王芳"),
        TEXT_VALUE("state", draft->state),
        TEXT_VALUE("resolved_by", "韩梅梅"),
    };
    store_row("conflict", CONFLICT_ID, fields, CS_COUNT(fields));
    cs_buffer_release(&value);
    cs_buffer_release(&versions);
}

#endif
