/*
 * An organisation for tests of the client: root, server, the owner's device, and replicas in
 * scratch folders of the build tree.
 * Used by the tests of replica and of sync.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_REPLICA_CLIENT_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_REPLICA_CLIENT_FIXTURE_H

#include "field-client/replica/edit.h"
#include "field-client/replica/identity.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica.h"
#include "tests/support/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FIXTURE_PASSPHRASE "correct horse"
#define FIXTURE_KDF_KIB CS_KDF_MEMORY_KIB_MIN

#define T(text) cs_bytes_of_text(text)
#define TEXT_VALUE(name, text) ((struct cs_named_value){T(name), cs_value_text(T(text))})
#define NUMBER_VALUE(name, number) ((struct cs_named_value){T(name), cs_value_integer(number)})
#define assert_ok(call) assert_int_equal((call), CS_OK)
#define assert_status(call, expected) assert_int_equal((call), (expected))

struct fixture {
    struct fake_world fake;
    struct cs_sign_key *root;
    struct cs_sign_key *server; /* identity of the server */
    struct cs_seal_key *bundle; /* its current bundle key */
    uint8_t server_public[CS_SIGN_PUBLIC_SIZE];
    struct cs_buffer statement;
    struct cs_buffer server_identity;
    struct cs_identity *identity; /* owner's */
    struct cs_id person;
    char home[CS_HOME_PATH_MAX];
    struct cs_replica *replica;
};

static inline void fixture_statement(struct fixture *f, uint64_t epoch, struct cs_buffer *out)
{
    struct cs_server_statement statement = {.epoch = epoch};
    memcpy(statement.identity, f->server_public, sizeof statement.identity);
    cs_seal_key_public(f->bundle, statement.bundle_key);
    memset(statement.half_key, 7, sizeof statement.half_key);
    memset(statement.tls_key_hash, (int)epoch, sizeof statement.tls_key_hash);
    assert_ok(cs_server_statement_encode(&statement, f->server, out));
}

/* A chain of length 1 for these keys and roles. */
static inline void fixture_chain(struct fixture *f, const struct cs_sign_key *sign,
                                 const struct cs_seal_key *seal, const char *name, cs_roles roles,
                                 struct cs_buffer *out)
{
    uint8_t root[CS_SIGN_PUBLIC_SIZE];
    cs_sign_key_public(f->root, root);
    struct cs_certificate certificate = {.person = f->person,
                                         .person_name = T(name),
                                         .roles = roles,
                                         .created_ms = f->fake.wall_ms,
                                         .device_name = T("laptop")};
    cs_organisation_id(root, certificate.organisation);
    cs_sign_key_public(sign, certificate.sign_key);
    cs_seal_key_public(seal, certificate.seal_key);
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_CHAIN_BYTES_MAX);
    assert_ok(cs_certificate_encode(&certificate, f->root, &bytes));
    assert_ok(cs_chain_encode_first(root, cs_buffer_bytes(&bytes), out));
    cs_buffer_release(&bytes);
}

/* An identity certified by root itself. */
static inline struct cs_identity *fixture_identity(struct fixture *f, cs_roles roles)
{
    struct cs_sign_key *sign = NULL;
    struct cs_seal_key *seal = NULL;
    struct cs_buffer chain;
    cs_buffer_init(&chain, CS_CHAIN_BYTES_MAX);
    assert_ok(cs_sign_key_create_random(&f->fake.world, &sign));
    assert_ok(cs_seal_key_create_random(&f->fake.world, &seal));
    fixture_chain(f, sign, seal, "王芳", roles, &chain);
    struct cs_identity_parts parts = {
        .sign_seed = cs_sign_key_seed(sign),
        .seal_secret = cs_seal_key_secret(seal),
        .root_seed = cs_sign_key_seed(f->root),
        .chain = cs_buffer_bytes(&chain),
        .address = T("server.example:8443"),
        .server_statement = cs_buffer_bytes(&f->statement),
        .server_identity = cs_buffer_bytes(&f->server_identity),
    };
    memcpy(parts.server, f->server_public, sizeof parts.server);
    struct cs_identity *identity = NULL;
    struct cs_problem problem = {""};
    assert_ok(cs_identity_create(&f->fake.world, &parts, T(FIXTURE_PASSPHRASE), FIXTURE_KDF_KIB,
                                 &identity, &problem));
    cs_sign_key_destroy(sign);
    cs_seal_key_destroy(seal);
    cs_buffer_release(&chain);
    return identity;
}

static inline void fixture_new_home(struct fixture *f)
{
    (void)snprintf(f->home, sizeof f->home, "%s/home-XXXXXX", CS_TEST_BINARY_DIR);
    assert_non_null(mkdtemp(f->home));
}

static inline void fixture_remove_home(const char *home)
{
    static const char *const names[] = {"replica.db", "replica.db-wal", "replica.db-shm"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        char path[CS_HOME_PATH_MAX + 32];
        (void)snprintf(path, sizeof path, "%s/%s", home, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(home);
}

static inline void fixture_open(struct fixture *f)
{
    struct cs_problem problem = {""};
    enum cs_status status = cs_replica_open(&f->fake.world, f->home, cs_registry_core(),
                                            f->identity, &f->replica, &problem);
    if (status != CS_OK) {
        print_message("%s\n", problem.text);
    }
    assert_ok(status);
}

static inline void fixture_reopen(struct fixture *f)
{
    cs_replica_close(f->replica);
    f->replica = NULL;
    fixture_open(f);
}

/* Everything but the replica: once per program, since a passphrase costs time. */
static inline int fixture_group_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_ok(cs_crypto_start());
    fake_world_init(&f->fake, 42);
    const struct cs_world *world = &f->fake.world;
    assert_ok(cs_sign_key_create_random(world, &f->root));
    assert_ok(cs_sign_key_create_random(world, &f->server));
    assert_ok(cs_seal_key_create_random(world, &f->bundle));
    cs_sign_key_public(f->server, f->server_public);
    world->random(world->context, f->person.bytes, CS_ID_SIZE);
    cs_buffer_init(&f->statement, CS_MEBI);
    cs_buffer_init(&f->server_identity, CS_MEBI);
    fixture_statement(f, 1, &f->statement);
    struct cs_server_identity stated = {.epoch = 1};
    uint8_t root[CS_SIGN_PUBLIC_SIZE];
    cs_sign_key_public(f->root, root);
    cs_organisation_id(root, stated.organisation);
    memcpy(stated.identity, f->server_public, sizeof stated.identity);
    assert_ok(cs_server_identity_encode(&stated, f->root, &f->server_identity));
    f->identity = fixture_identity(f, CS_ROLE(OWNER));
    *state = f;
    return 0;
}

static inline int fixture_group_teardown(void **state)
{
    struct fixture *f = *state;
    cs_identity_destroy(f->identity);
    cs_sign_key_destroy(f->root);
    cs_sign_key_destroy(f->server);
    cs_seal_key_destroy(f->bundle);
    cs_buffer_release(&f->statement);
    cs_buffer_release(&f->server_identity);
    fake_world_release(&f->fake);
    free(f);
    return 0;
}

/* A fresh replica for each test. */
static inline int fixture_setup(void **state)
{
    struct fixture *f = *state;
    fixture_new_home(f);
    fixture_open(f);
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    cs_memory_fail_after(-1);
    cs_replica_close(f->replica);
    f->replica = NULL;
    fixture_remove_home(f->home);
    return 0;
}

#define replica_test(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* One insert in one commit. */
static inline struct cs_id fixture_insert(struct fixture *f, const char *entity,
                                          const struct cs_named_value *values, size_t count)
{
    struct cs_edit *edit = NULL;
    struct cs_id id;
    struct cs_problem problem = {""};
    assert_ok(cs_edit_begin(f->replica, &edit));
    enum cs_status status = cs_edit_insert(edit, T(entity), NULL, values, count, &id, &problem);
    if (status != CS_OK) {
        print_message("%s\n", problem.text);
    }
    assert_ok(status);
    assert_ok(cs_edit_commit(edit));
    return id;
}

static inline struct cs_id fixture_part(struct fixture *f, const char *code, const char *name)
{
    struct cs_named_value values[] = {TEXT_VALUE("code", code), TEXT_VALUE("name", name)};
    return fixture_insert(f, "part", values, CS_COUNT(values));
}

static inline void fixture_update(struct fixture *f, const char *entity, const struct cs_id *id,
                                  const char *field, const char *text)
{
    struct cs_edit *edit = NULL;
    struct cs_named_value value = TEXT_VALUE(field, text);
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_update(edit, T(entity), id, &value, 1, NULL));
    assert_ok(cs_edit_commit(edit));
}

static inline void fixture_delete(struct fixture *f, const char *entity, const struct cs_id *id)
{
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_delete(edit, T(entity), id, NULL));
    assert_ok(cs_edit_commit(edit));
}

/* The text of a field in the view; "-" for a row that is missing or deleted, "" for NULL. */
static inline const char *fixture_text(struct fixture *f, const char *entity,
                                       const struct cs_id *id, const char *field)
{
    static char text[256];
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    assert_ok(cs_row_load(cs_replica_tables(f->replica), T(entity), id, &arena, &row));
    (void)snprintf(text, sizeof text, "-");
    if (row.exists && !row.deleted) {
        int index = cs_entity_field_index(row.entity, T(field));
        assert_true(index >= 0);
        struct cs_bytes bytes = row.values[index].bytes;
        (void)snprintf(text, sizeof text, "%.*s", (int)bytes.size,
                       bytes.size == 0 ? "" : (const char *)bytes.data);
    }
    cs_arena_release(&arena);
    return text;
}

static inline int64_t fixture_count_sql(struct fixture *f, const char *sql)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    assert_ok(cs_statement_get(cs_replica_database(f->replica), sql, &statement));
    assert_ok(cs_statement_step(statement, &row));
    assert_true(row);
    int64_t count = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return count;
}

#endif
