/* Tests of devices: rows of certificates, made by the server. */
#include "shared/base/limits.h"
#include "tests/unit/shared_domain/core_entities.h"

static void nobody_writes_them(void **state)
{
    (void)state;
    const struct cs_entity *device = core_entity("device");
    assert_int_equal(device->kind, CS_ENTITY_COMPUTED);
    assert_core_denied("device", NULL, CS_WRITE_INSERT, CS_ROLES_ALL,
                       "device is made and deleted by the server only");
    assert_core_denied("device", NULL, CS_WRITE_DELETE, CS_ROLES_ALL,
                       "device is made and deleted by the server only");
    assert_core_denied("device", NULL, CS_WRITE_UPDATE, CS_ROLES_ALL,
                       "device may be changed by nobody");
    for (size_t i = 0; i < device->field_count; i++) {
        assert_int_equal(device->fields[i].policy, CS_MERGE_COMPUTED);
        assert_int_equal(core_who_may("device", device->fields[i].name, CS_WRITE_UPDATE),
                         CS_ROLES_NONE);
    }
}

static void certificates_and_chains_fit(void **state)
{
    (void)state;
    static const uint8_t bytes[CS_CHAIN_BYTES_MAX + 1];
    const struct cs_value chain = cs_value_bytes(cs_bytes_make(bytes, CS_CHAIN_BYTES_MAX));
    assert_int_equal(core_check("device", "chain", chain), CS_OK);
    assert_int_equal(core_check("device", "chain", cs_value_bytes(cs_bytes_of_array(bytes))),
                     CS_TOO_LARGE);
    assert_int_equal(
        core_check("device", "certificate", cs_value_bytes(cs_bytes_make(bytes, 1024))), CS_OK);
    assert_int_equal(
        core_check("device", "certificate", cs_value_bytes(cs_bytes_make(bytes, 1025))),
        CS_TOO_LARGE);
    assert_int_equal(core_check("device", "log_id", cs_value_bytes(cs_bytes_make(bytes, 9))),
                     CS_TOO_LARGE);
}

static void the_life_of_a_device(void **state)
{
    (void)state;
    static const char *const states[] = {"pending", "active", "suspended", "revoked"};
    for (size_t i = 0; i < CS_COUNT(states); i++) {
        assert_int_equal(core_check("device", "state", core_text(states[i])), CS_OK);
    }
    assert_int_equal(core_check("device", "state", core_text("lost")), CS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_writes_them),
        cmocka_unit_test(certificates_and_chains_fit),
        cmocka_unit_test(the_life_of_a_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
