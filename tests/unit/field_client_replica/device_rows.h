/* Rows that a server would have sent about devices and held work, put straight into the view. */
#ifndef TESTS_UNIT_FIELD_CLIENT_REPLICA_DEVICE_ROWS_H
#define TESTS_UNIT_FIELD_CLIENT_REPLICA_DEVICE_ROWS_H

#include "tests/unit/field_client_replica/client_fixture.h"

#include "shared/base/text.h"

static inline void store_row(struct cs_replica *replica, const char *entity, const struct cs_id *id,
                             const struct cs_named_value *fields, size_t count)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_row_from_fields(cs_registry_core(), T(entity), fields, count, &arena, &row));
    row.id = *id;
    row.exists = true;
    assert_ok(cs_row_store(cs_replica_tables(replica), &row));
    cs_arena_release(&arena);
}

/* The device of this identity; its row's id. */
static inline struct cs_id show_device(struct cs_replica *replica,
                                       const struct cs_identity *identity, const char *device_name,
                                       const char *state)
{
    const struct cs_certificate *certificate = cs_identity_certificate(identity);
    const uint8_t *certificate_id = cs_identity_certificate_id(identity);
    struct cs_buffer roles;
    struct cs_id id;
    cs_buffer_init(&roles, CS_KIBI);
    cs_roles_format(certificate->roles, &roles);
    cs_certificate_row_id(certificate_id, &id);
    const struct cs_named_value fields[] = {
        {T("person"), cs_value_bytes(cs_id_bytes(&certificate->person))},
        {T("person_name"), cs_value_text(certificate->person_name)},
        {T("roles"), cs_value_text(cs_buffer_bytes(&roles))},
        TEXT_VALUE("device_name", device_name),
        {T("chain"), cs_value_bytes(cs_identity_chain(identity))},
        {T("log_id"), cs_value_bytes(cs_bytes_make(certificate_id, 8))},
        NUMBER_VALUE("joined_at", cs_instant_make(1772413200000, 0)),
        TEXT_VALUE("state", state),
        NUMBER_VALUE("joined_position", 5),
        NUMBER_VALUE("revoked_position", strcmp(state, "revoked") == 0 ? 9 : 0),
        NUMBER_VALUE("revoked_counter", 3),
        NUMBER_VALUE("revoked_sequence", 2),
        NUMBER_VALUE("revoked_at", cs_instant_make(1772413300000, 0)),
    };
    store_row(replica, "device", &id, fields, CS_COUNT(fields));
    cs_buffer_release(&roles);
    return id;
}

/* Work of this device that waits for review; its row's id. */
static inline struct cs_id show_work(struct cs_replica *replica, const struct cs_id *device,
                                     uint8_t number, const char *state)
{
    struct cs_id id = {{number}};
    uint8_t transaction[16];
    memset(transaction, number, sizeof transaction);
    const struct cs_named_value fields[] = {
        {T("device"), cs_value_bytes(cs_id_bytes(device))},
        NUMBER_VALUE("counter", 100 - number),
        {T("transaction"), cs_value_bytes(cs_bytes_of_array(transaction))},
        TEXT_VALUE("summary", "1 new visit"),
        TEXT_VALUE("operations", "[{\"entity\":\"visit\"}]"),
        TEXT_VALUE("state", state),
    };
    store_row(replica, "held_work", &id, fields, CS_COUNT(fields));
    return id;
}

#endif
