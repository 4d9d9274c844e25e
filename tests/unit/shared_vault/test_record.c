/* The signed records of a vault by themselves: one form, exact fields, limits. */
#include "tests/unit/shared_vault/made_up.h"

static struct scene scene;
static uint8_t zeros[CS_VAULT_SECRET_MAX + CS_AEAD_OVERHEAD + 1];

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_release(&scene);
    return 0;
}

/* One valid record of every kind. Those that answer others answer a made-up one. */
static struct cs_vault_record sample(enum cs_vault_kind kind)
{
    struct cs_vault_record record;
    switch (kind) {
    case CS_VAULT_CREATION:
        return made_creation(&scene, LI);
    case CS_VAULT_EPOCH:
        return made_epoch(&scene, LI, 2);
    case CS_VAULT_GRANT:
        return made_grant(&scene, LI, ZHAO, CS_VAULT_MAY_REVEAL);
    case CS_VAULT_WITHDRAWAL:
        return made_withdrawal(&scene, LI, ZHAO);
    case CS_VAULT_ENTRY:
        return made_entry(&scene, LI);
    case CS_VAULT_VERSION:
        return made_version(&scene, LI);
    case CS_VAULT_STATE:
        return made_state(&scene, LI, CS_VAULT_CONFIRMED);
    case CS_VAULT_REQUEST:
    case CS_VAULT_LEASE:
    case CS_VAULT_EXPORT:
    case CS_VAULT_EMERGENCY:
        return made_request(&scene, LI, kind);
    case CS_VAULT_APPROVAL:
    case CS_VAULT_RELEASE:
    case CS_VAULT_REVEAL:
    case CS_VAULT_RETURN:
    case CS_VAULT_CAMPAIGN:
    case CS_VAULT_LEAK:
    case CS_VAULT_KIND_COUNT:
        break;
    }
    record = scene_record(&scene, kind, LI);
    record.reason = cs_bytes_of_text("现场");
    record.version = scene_id(0x41);
    record.versions = cs_bytes_make(made_versions, 2 * CS_ID_SIZE);
    record.sealed = made_up_bytes(2 * CS_VAULT_SEALED_SIZE);
    if (kind == CS_VAULT_RELEASE) {
        memcpy(record.author, scene.server_identity, CS_HASH_SIZE);
    }
    return record;
}

static enum cs_status encode(const struct cs_vault_record *record)
{
    const struct cs_sign_key *key =
        record->kind == CS_VAULT_RELEASE ? scene.server : scene.devices[LI].sign_key;
    cs_buffer_clear(&scene.bytes);
    enum cs_status status = cs_vault_record_encode(record, key, &scene.bytes);
    assert_true(status == CS_OK || scene.bytes.size == 0);
    return status;
}

static void test_every_kind_there_and_back(void **state)
{
    (void)state;
    struct cs_buffer first;
    cs_buffer_init(&first, CS_MEBI);
    for (unsigned kind = 0; kind < CS_VAULT_KIND_COUNT; kind++) {
        struct cs_vault_record record = sample((enum cs_vault_kind)kind);
        struct cs_vault_record found;
        const struct cs_chain *author = NULL;
        assert_ok(encode(&record));
        cs_buffer_clear(&first);
        cs_buffer_append_bytes(&first, cs_buffer_bytes(&scene.bytes));
        assert_ok(cs_vault_record_open(cs_buffer_bytes(&first), &scene.directory, &found, &author,
                                       &scene.problem));
        assert_int_equal(found.kind, kind);
        assert_true((author == NULL) == (kind == CS_VAULT_RELEASE));
        assert_memory_equal(found.vault.bytes, scene.vault.bytes, CS_ID_SIZE);
        assert_ok(encode(&found));
        assert_true(cs_bytes_equal(cs_buffer_bytes(&first), cs_buffer_bytes(&scene.bytes)));
    }
    cs_buffer_release(&first);
}

static void test_ids_do_not_cover_the_signature(void **state)
{
    (void)state;
    struct cs_vault_record record = sample(CS_VAULT_GRANT);
    struct cs_vault_record first;
    struct cs_vault_record second;
    assert_ok(encode(&record));
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(&scene.bytes), &first));
    scene.bytes.data[3] ^= 1;
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(&scene.bytes), &second));
    assert_memory_equal(first.id, second.id, CS_HASH_SIZE);
    scene.bytes.data[3] ^= 1;
    record.claimed += 4096;
    assert_ok(encode(&record));
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(&scene.bytes), &second));
    assert_memory_not_equal(first.id, second.id, CS_HASH_SIZE);
}

static void test_limits_of_fields(void **state)
{
    (void)state;
    struct cs_vault_record record;
#define REFUSED(kind, change)                                                                      \
    record = sample(kind);                                                                         \
    assert_ok(encode(&record));                                                                    \
    record.change;                                                                                 \
    assert_status(encode(&record), CS_INVALID)

    REFUSED(CS_VAULT_EPOCH, epoch = 0);
    REFUSED(CS_VAULT_EPOCH, epoch = 1); /* the first wraps nothing */
    REFUSED(CS_VAULT_EPOCH, wrapped = CS_BYTES_NONE);
    REFUSED(CS_VAULT_EPOCH, listing_wrapped = CS_BYTES_NONE);
    REFUSED(CS_VAULT_EPOCH, four_eyes = 2);
    REFUSED(CS_VAULT_EPOCH, recovered = made_up_bytes(CS_VAULT_SEALED_SIZE - 1));
    REFUSED(CS_VAULT_GRANT, rights = 0);
    REFUSED(CS_VAULT_GRANT, rights = CS_VAULT_RIGHTS_ALL + 1);
    REFUSED(CS_VAULT_GRANT, expires_ms = -1);
    REFUSED(CS_VAULT_GRANT, sealed = CS_BYTES_NONE);
    REFUSED(CS_VAULT_GRANT, position = -1);
    REFUSED(CS_VAULT_GRANT, position = (int64_t)CS_VAULT_LOG_MAX + 1);
    REFUSED(CS_VAULT_WITHDRAWAL, reason = CS_BYTES_NONE);
    REFUSED(CS_VAULT_WITHDRAWAL, reason = cs_bytes_of_text("two\nlines"));
    REFUSED(CS_VAULT_WITHDRAWAL, reason = cs_bytes_make(zeros, 5));
    REFUSED(CS_VAULT_ENTRY, ciphertext = cs_bytes_make(zeros, CS_AEAD_OVERHEAD - 1));
    REFUSED(CS_VAULT_ENTRY,
            ciphertext = cs_bytes_make(zeros, CS_VAULT_LISTING_MAX + CS_AEAD_OVERHEAD + 1));
    REFUSED(CS_VAULT_VERSION, ciphertext = cs_bytes_of_array(zeros));
    REFUSED(CS_VAULT_VERSION, half = CS_BYTES_NONE);
    REFUSED(CS_VAULT_VERSION, field = CS_BYTES_NONE);
    REFUSED(CS_VAULT_VERSION, approvers = made_up_bytes(CS_VAULT_APPROVER_SIZE + 1));
    REFUSED(CS_VAULT_VERSION, approvers = cs_bytes_make(zeros, 2 * CS_VAULT_APPROVER_SIZE));
    REFUSED(CS_VAULT_VERSION, approvers = cs_bytes_make(zeros, (CS_VAULT_APPROVERS_MAX + 1) *
                                                                   CS_VAULT_APPROVER_SIZE));
    REFUSED(CS_VAULT_STATE, state = CS_VAULT_PENDING - 1);
    REFUSED(CS_VAULT_STATE, state = CS_VAULT_ARCHIVED + 1);
    REFUSED(CS_VAULT_REQUEST, versions = cs_bytes_make(made_versions, 2 * CS_ID_SIZE));
    REFUSED(CS_VAULT_REQUEST, versions = CS_BYTES_NONE);
    REFUSED(CS_VAULT_REQUEST, work_order = made_up_bytes(15));
    REFUSED(CS_VAULT_LEASE, work_order = CS_BYTES_NONE);
    REFUSED(CS_VAULT_LEASE, versions = cs_bytes_make(zeros, 2 * CS_ID_SIZE)); /* one twice */
    REFUSED(CS_VAULT_LEASE, versions = cs_bytes_make(made_versions, 2 * CS_ID_SIZE - 1));
    REFUSED(CS_VAULT_RELEASE, sealed = made_up_bytes(CS_VAULT_SEALED_SIZE));
    REFUSED(CS_VAULT_REVEAL, reason = CS_BYTES_NONE);
    REFUSED(CS_VAULT_RETURN, reason = CS_BYTES_NONE);
    REFUSED(CS_VAULT_CAMPAIGN, reason = CS_BYTES_NONE);
    REFUSED(CS_VAULT_LEAK, reason = CS_BYTES_NONE);
    REFUSED(CS_VAULT_EMERGENCY, reason = CS_BYTES_NONE);
    REFUSED(CS_VAULT_EMERGENCY, versions = cs_bytes_make(made_versions, 2 * CS_ID_SIZE));
    REFUSED(CS_VAULT_EMERGENCY, work_order = made_up_bytes(15));
#undef REFUSED
    record = sample(CS_VAULT_VERSION);
    record.ciphertext = cs_bytes_make(zeros, CS_VAULT_SECRET_MAX + CS_AEAD_OVERHEAD);
    assert_ok(encode(&record));
}

/* ---- reading what is well signed but not in form ---- */

struct plain {
    struct cs_record record;
    struct cs_named_value fields[CS_RECORD_FIELDS_MAX];
};

/* The fields of a valid grant, to be altered. */
static void take_plain(struct plain *plain, struct cs_arena *arena)
{
    struct cs_vault_record record = sample(CS_VAULT_GRANT);
    assert_ok(encode(&record));
    static uint8_t kept[4096];
    assert_true(scene.bytes.size <= sizeof kept);
    memcpy(kept, scene.bytes.data, scene.bytes.size);
    assert_ok(cs_record_decode(cs_bytes_make(kept, scene.bytes.size), arena, &plain->record));
    memcpy(plain->fields, plain->record.fields,
           plain->record.field_count * sizeof plain->fields[0]);
    plain->record.fields = plain->fields;
}

static void assert_plain(struct plain *plain, enum cs_status expected)
{
    struct cs_vault_record found;
    struct cs_vault_record untouched;
    const struct cs_chain *author = NULL;
    memset(&found, 0x5a, sizeof found);
    untouched = found;
    cs_buffer_clear(&scene.bytes);
    assert_ok(cs_record_encode(&plain->record, scene.devices[LI].sign_key, &scene.bytes));
    assert_status(cs_vault_record_open(cs_buffer_bytes(&scene.bytes), &scene.directory, &found,
                                       &author, &scene.problem),
                  expected);
    if (expected != CS_OK) {
        assert_memory_equal(&found, &untouched, sizeof found);
        assert_non_null(strstr(scene.problem.text, "cannot be read"));
    }
}

static void test_exactly_the_fields_of_the_kind(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct plain plain;
    char renamed[32];
    cs_arena_init(&arena, CS_MEBI);
    take_plain(&plain, &arena);
    assert_plain(&plain, CS_OK);
    size_t count = plain.record.field_count;
    for (size_t missing = 0; missing < count; missing++) {
        take_plain(&plain, &arena);
        memmove(&plain.fields[missing], &plain.fields[missing + 1],
                (count - missing - 1) * sizeof plain.fields[0]);
        plain.record.field_count--;
        assert_plain(&plain, CS_MALFORMED);
    }
    take_plain(&plain, &arena);
    plain.fields[plain.record.field_count++] =
        (struct cs_named_value){cs_bytes_of_text("work_order"), cs_value_bytes(CS_BYTES_NONE)};
    assert_plain(&plain, CS_MALFORMED);
    for (size_t other = 0; other < count; other++) {
        take_plain(&plain, &arena);
        plain.fields[other].value = CS_NULL;
        assert_plain(&plain, CS_MALFORMED);
        take_plain(&plain, &arena);
        plain.fields[other].value = plain.fields[other].value.kind == CS_VALUE_INTEGER
                                        ? cs_value_bytes(cs_bytes_of_text("1"))
                                        : cs_value_text(cs_bytes_of_text("abc"));
        assert_plain(&plain, CS_MALFORMED);
        take_plain(&plain, &arena);
        assert_true(plain.fields[other].name.size < sizeof renamed);
        memcpy(renamed, plain.fields[other].name.data, plain.fields[other].name.size);
        renamed[plain.fields[other].name.size] = '_'; /* stands where it stood */
        plain.fields[other].name = cs_bytes_make(renamed, plain.fields[other].name.size + 1);
        assert_plain(&plain, CS_MALFORMED);
    }
    cs_arena_release(&arena);
}

/* Bytes are of the right size and no text, whatever else fits. */
static void test_bytes_of_another_size_or_type(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct plain plain;
    char text[CS_VAULT_SEALED_SIZE + 1];
    memset(text, 'x', sizeof text);
    cs_arena_init(&arena, CS_MEBI);
    take_plain(&plain, &arena);
    for (size_t i = 0; i < plain.record.field_count; i++) {
        size_t size = plain.fields[i].value.bytes.size;
        if (plain.fields[i].value.kind != CS_VALUE_BYTES) {
            continue;
        }
        plain.fields[i].value = cs_value_text(cs_bytes_make(text, size));
        assert_plain(&plain, CS_MALFORMED);
        plain.fields[i].value = cs_value_bytes(cs_bytes_make(text, size + 1));
        assert_plain(&plain, CS_MALFORMED);
        plain.fields[i].value = cs_value_bytes(cs_bytes_make(text, size - 1));
        assert_plain(&plain, CS_MALFORMED);
        take_plain(&plain, &arena);
    }
    cs_arena_release(&arena);
}

static void test_unknown_kinds_and_rights(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct plain plain;
    cs_arena_init(&arena, CS_MEBI);
    take_plain(&plain, &arena);
    plain.record.kind = cs_bytes_of_text("vault something");
    assert_plain(&plain, CS_UNSUPPORTED);
    plain.record.kind = cs_bytes_of_text("receipt");
    assert_plain(&plain, CS_UNSUPPORTED);
    take_plain(&plain, &arena);
    for (size_t i = 0; i < plain.record.field_count; i++) {
        if (cs_bytes_equal_text(plain.fields[i].name, "rights")) {
            plain.fields[i].value = cs_value_integer(64);
        }
    }
    assert_plain(&plain, CS_UNSUPPORTED);
    /* A record of one kind is none of another, signed as it is. */
    take_plain(&plain, &arena);
    plain.record.kind = cs_bytes_of_text("vault epoch");
    assert_plain(&plain, CS_MALFORMED);
    cs_arena_release(&arena);
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct cs_vault_record found;
    for (unsigned kind = 0; kind < CS_VAULT_KIND_COUNT; kind++) {
        struct cs_vault_record record = sample((enum cs_vault_kind)kind);
        assert_ok(encode(&record));
        for (size_t size = 0; size < scene.bytes.size; size += size < 300 ? 1 : 97) {
            assert_status(cs_vault_record_decode(cs_bytes_make(scene.bytes.data, size), &found),
                          CS_MALFORMED);
        }
    }
}

static void test_a_release_is_the_servers(void **state)
{
    (void)state;
    struct cs_vault_record record = sample(CS_VAULT_RELEASE);
    struct cs_vault_record found;
    const struct cs_chain *author = NULL;
    memcpy(record.author, scene_certificate(&scene, LI), CS_HASH_SIZE);
    assert_status(cs_vault_record_open(scene_sign(&scene, &record, LI), &scene.directory, &found,
                                       &author, &scene.problem),
                  CS_WRONG_SERVER);
    assert_non_null(strstr(scene.problem.text, "not by the organisation's server"));
    memcpy(record.author, scene.server_identity, CS_HASH_SIZE);
    assert_status(cs_vault_record_open(scene_sign(&scene, &record, LI), &scene.directory, &found,
                                       &author, &scene.problem),
                  CS_FORGED);
    assert_ok(encode(&record));
    scene.directory.server_identity = NULL;
    assert_status(cs_vault_record_open(cs_buffer_bytes(&scene.bytes), &scene.directory, &found,
                                       &author, &scene.problem),
                  CS_WRONG_SERVER);
    /* And the server signs nothing else. */
    scene.directory.server_identity = scene.server_identity;
    record = sample(CS_VAULT_APPROVAL);
    memcpy(record.author, scene.server_identity, CS_HASH_SIZE);
    cs_buffer_clear(&scene.bytes);
    assert_ok(cs_vault_record_encode(&record, scene.server, &scene.bytes));
    assert_status(cs_vault_record_open(cs_buffer_bytes(&scene.bytes), &scene.directory, &found,
                                       &author, &scene.problem),
                  CS_UNKNOWN_DEVICE);
}

static void test_lists_and_rights(void **state)
{
    (void)state;
    size_t index = 9;
    struct cs_id absent = scene_id(0x44);
    struct cs_id third;
    struct cs_bytes versions = cs_bytes_of_array(made_versions);
    memcpy(third.bytes, made_versions + 32, CS_ID_SIZE);
    assert_true(cs_vault_versions_find(versions, &third, &index));
    assert_int_equal(index, 2);
    assert_false(cs_vault_versions_find(versions, &absent, &index));
    assert_int_equal(index, 2);
    assert_false(cs_vault_rights_need_key(CS_VAULT_MAY_LIST | CS_VAULT_MAY_APPROVE));
    assert_true(cs_vault_rights_need_key(CS_VAULT_MAY_LIST | CS_VAULT_MAY_LEASE));
    assert_true(cs_vault_rights_need_key(CS_VAULT_MAY_EDIT));
    assert_true(cs_vault_rights_need_key(CS_VAULT_MAY_MANAGE));
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct cs_vault_record record = sample(CS_VAULT_LEASE);
    struct cs_vault_record found;
    const struct cs_chain *author = NULL;
    long failing = 0;
    for (;; failing++) {
        cs_buffer_release(&scene.bytes);
        cs_memory_fail_after(failing);
        enum cs_status status =
            cs_vault_record_encode(&record, scene.devices[LI].sign_key, &scene.bytes);
        if (status == CS_OK) {
            status = cs_vault_record_open(cs_buffer_bytes(&scene.bytes), &scene.directory, &found,
                                          &author, &scene.problem);
        }
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
        assert_null(author);
    }
    assert_true(failing >= 3);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_every_kind_there_and_back),
        CASE(test_ids_do_not_cover_the_signature),
        CASE(test_limits_of_fields),
        CASE(test_exactly_the_fields_of_the_kind),
        CASE(test_bytes_of_another_size_or_type),
        CASE(test_unknown_kinds_and_rights),
        CASE(test_every_truncation_is_refused),
        CASE(test_a_release_is_the_servers),
        CASE(test_lists_and_rights),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
