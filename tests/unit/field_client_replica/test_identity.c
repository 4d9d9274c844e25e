/* The identity file: what opens it, what does not, and that every altered byte is noticed. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/identity_file.h"

#define HOME "home"

/* What was written of the identity, open to being altered. */
static struct cs_buffer *content_of(struct fixture *f)
{
    size_t i = 0;
    while (i < f->fake.file_count && strcmp(f->fake.files[i].path, HOME "/identity") != 0) {
        i++;
    }
    assert_true(i < f->fake.file_count);
    return &f->fake.files[i].content;
}

static enum cs_status unlock(struct fixture *f, const char *passphrase, struct cs_identity **out,
                             struct cs_problem *problem)
{
    return cs_identity_unlock(&f->fake.world, HOME, CS_IDENTITY_FILE, T(passphrase), out, problem);
}

static int save_setup(void **state)
{
    struct fixture *f = *state;
    assert_ok(cs_identity_save(&f->fake.world, f->identity, HOME, CS_IDENTITY_FILE));
    return 0;
}

static int save_teardown(void **state)
{
    struct fixture *f = *state;
    cs_memory_fail_after(-1);
    fake_world_release(&f->fake);
    return 0;
}

static void what_was_saved_is_unlocked(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *loaded = NULL;
    assert_ok(unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL));
    assert_memory_equal(cs_identity_organisation(loaded), cs_identity_organisation(f->identity),
                        CS_HASH_SIZE);
    assert_memory_equal(cs_identity_certificate_id(loaded), cs_identity_certificate_id(f->identity),
                        CS_HASH_SIZE);
    assert_true(cs_identity_log(loaded) == cs_identity_log(f->identity));
    assert_int_equal(cs_identity_roles(loaded), CS_ROLE(OWNER));
    assert_true(cs_bytes_equal(cs_identity_chain(loaded), cs_identity_chain(f->identity)));
    assert_true(cs_bytes_equal(cs_sign_key_seed(cs_identity_sign_key(loaded)),
                               cs_sign_key_seed(cs_identity_sign_key(f->identity))));
    assert_true(cs_bytes_equal(cs_seal_key_secret(cs_identity_seal_key(loaded)),
                               cs_seal_key_secret(cs_identity_seal_key(f->identity))));
    assert_true(
        cs_bytes_equal(cs_sign_key_seed(cs_identity_root_key(loaded)), cs_sign_key_seed(f->root)));
    assert_true(
        cs_bytes_equal(cs_identity_master_key(loaded), cs_identity_master_key(f->identity)));
    assert_memory_equal(cs_identity_server(loaded), f->server_public, sizeof f->server_public);
    assert_string_equal(cs_identity_peer(loaded)->address, "server.example:8443");
    assert_int_equal(cs_identity_peer(loaded)->tls_key_hash[0], 1);
    assert_int_equal(cs_identity_server_statement(loaded)->epoch, 1);
    assert_true(
        cs_bytes_equal(cs_identity_server_statement_bytes(loaded), cs_buffer_bytes(&f->statement)));
    assert_true(
        cs_bytes_equal(cs_identity_server_identity(loaded), cs_buffer_bytes(&f->server_identity)));
    assert_true(cs_bytes_equal_text(cs_identity_certificate(loaded)->person_name, "王芳"));
    assert_int_equal(cs_identity_chain_parsed(loaded)->length, 1);
    /* Saved again from what was unlocked, it still opens with the same passphrase. */
    assert_ok(cs_identity_set_address(loaded, T("other:1")));
    assert_ok(cs_identity_save(&f->fake.world, loaded, HOME, CS_IDENTITY_FILE));
    cs_identity_destroy(loaded);
    assert_ok(unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL));
    assert_string_equal(cs_identity_peer(loaded)->address, "other:1");
    cs_identity_destroy(loaded);
}

static enum cs_status change(struct fixture *f, struct cs_identity *identity,
                             const char *passphrase, uint32_t memory_kib)
{
    return cs_identity_change_passphrase(&f->fake.world, identity, T(passphrase), memory_kib, HOME,
                                         CS_IDENTITY_FILE);
}

static void the_passphrase_is_changed_and_the_keys_stay(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *loaded = NULL;
    struct cs_identity *again = NULL;
    uint8_t salt[CS_KDF_SALT_SIZE];
    memcpy(salt, content_of(f)->data + 13, sizeof salt);
    assert_ok(unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL));
    assert_ok(change(f, loaded, "another one", 0));
    assert_memory_not_equal(salt, content_of(f)->data + 13, sizeof salt);
    assert_status(unlock(f, FIXTURE_PASSPHRASE, &again, NULL), CS_WRONG_PASSPHRASE);
    assert_null(again);
    assert_ok(unlock(f, "another one", &again, NULL));
    assert_true(cs_bytes_equal(cs_identity_master_key(again), cs_identity_master_key(loaded)));
    assert_true(cs_bytes_equal(cs_sign_key_seed(cs_identity_sign_key(again)),
                               cs_sign_key_seed(cs_identity_sign_key(loaded))));
    cs_identity_destroy(again);
    /* What is saved from now on keeps it. */
    assert_ok(cs_identity_save(&f->fake.world, loaded, HOME, CS_IDENTITY_FILE));
    assert_ok(unlock(f, "another one", &again, NULL));
    cs_identity_destroy(again);
    cs_identity_destroy(loaded);
}

static void a_passphrase_that_could_not_be_changed_is_the_old_one(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *loaded = NULL;
    struct cs_identity *again = NULL;
    assert_ok(unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL));
    assert_status(change(f, loaded, "another one", CS_KDF_MEMORY_KIB_MIN - 1), CS_INVALID);
    f->fake.fail_file = CS_DISK_FULL;
    assert_status(change(f, loaded, "another one", 0), CS_DISK_FULL);
    assert_ok(unlock(f, FIXTURE_PASSPHRASE, &again, NULL));
    cs_identity_destroy(again);
    bool completed = false;
    for (long n = 0; !completed && n < 60; n++) {
        cs_memory_fail_after(n);
        enum cs_status status = change(f, loaded, "another one", 0);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        if (!completed) {
            assert_ok(cs_identity_save(&f->fake.world, loaded, HOME, CS_IDENTITY_FILE));
            assert_ok(unlock(f, FIXTURE_PASSPHRASE, &again, NULL));
            cs_identity_destroy(again);
        }
    }
    assert_true(completed);
    assert_ok(unlock(f, "another one", &again, NULL));
    cs_identity_destroy(again);
    cs_identity_destroy(loaded);
}

static void no_secret_stands_in_the_file(void **state)
{
    struct fixture *f = *state;
    struct cs_bytes content = cs_buffer_bytes(content_of(f));
    struct cs_bytes secrets[] = {cs_sign_key_seed(cs_identity_sign_key(f->identity)),
                                 cs_seal_key_secret(cs_identity_seal_key(f->identity)),
                                 cs_sign_key_seed(f->root), cs_identity_master_key(f->identity)};
    for (size_t i = 0; i < CS_COUNT(secrets); i++) {
        assert_null(memmem(content.data, content.size, secrets[i].data, secrets[i].size));
    }
}

static void wrong_passphrases_and_missing_files(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *loaded = NULL;
    struct cs_problem problem = {""};
    assert_status(unlock(f, "wrong", &loaded, &problem), CS_WRONG_PASSPHRASE);
    assert_status(unlock(f, "", &loaded, &problem), CS_WRONG_PASSPHRASE);
    assert_status(cs_identity_unlock(&f->fake.world, "elsewhere", CS_IDENTITY_FILE,
                                     T(FIXTURE_PASSPHRASE), &loaded, &problem),
                  CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "not joined"));
    char home[CS_HOME_PATH_MAX + 1];
    memset(home, 'x', sizeof home - 1);
    home[sizeof home - 1] = '\0';
    assert_status(cs_identity_unlock(&f->fake.world, home, CS_IDENTITY_FILE, T(FIXTURE_PASSPHRASE),
                                     &loaded, &problem),
                  CS_INVALID);
    assert_status(cs_identity_save(&f->fake.world, f->identity, home, CS_IDENTITY_FILE),
                  CS_INVALID);
    f->fake.fail_file = CS_IO;
    assert_status(unlock(f, FIXTURE_PASSPHRASE, &loaded, &problem), CS_IO);
    f->fake.fail_file = CS_DISK_FULL;
    assert_status(cs_identity_save(&f->fake.world, f->identity, HOME, CS_IDENTITY_FILE),
                  CS_DISK_FULL);
    assert_null(loaded);
    cs_identity_destroy(NULL);
}

/* The first layer, under the real passphrase: header and parameters. */
static void every_altered_byte_of_the_header_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = content_of(f)->data;
    for (size_t i = 0; i < 29; i++) {
        struct cs_identity *loaded = NULL;
        uint8_t before = data[i];
        data[i] ^= i >= 5 && i < 9 ? 0x80 : 1; /* memory: away from values that cost gigabytes */
        enum cs_status status = unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL);
        data[i] = before;
        assert_null(loaded);
        enum cs_status expected = i < 4 ? CS_CORRUPT : i == 4 ? CS_UNSUPPORTED : CS_OK;
        if (expected != CS_OK) {
            assert_int_equal(status, expected);
        } else {
            assert_true(status == CS_CORRUPT || status == CS_WRONG_PASSPHRASE);
        }
    }
}

/* Both ciphertexts, with the keys in hand: every byte of them, sizes included. */
static void every_altered_byte_of_the_ciphertexts_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_buffer *content = content_of(f);
    struct cs_identity_file file;
    struct cs_secret *kdf_key = NULL;
    struct cs_secret *master = NULL;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_MEBI);
    assert_ok(cs_identity_file_split(cs_buffer_bytes(content), &file));
    assert_int_equal(file.parameters.memory_kib, FIXTURE_KDF_KIB);
    assert_ok(cs_kdf_derive(T(FIXTURE_PASSPHRASE), &file.parameters, &kdf_key));
    assert_ok(cs_identity_file_open_master(&file, cs_secret_bytes(kdf_key), &master));
    assert_ok(cs_identity_file_open_keys(&file, cs_secret_bytes(master), &plain));
    for (size_t i = 29; i < content->size; i++) {
        struct cs_identity_file altered;
        struct cs_secret *opened = NULL;
        content->data[i] ^= 1;
        enum cs_status status = cs_identity_file_split(cs_buffer_bytes(content), &altered);
        if (status == CS_OK) {
            status = cs_identity_file_open_master(&altered, cs_secret_bytes(kdf_key), &opened);
        }
        if (status == CS_OK) {
            cs_buffer_clear(&plain);
            status = cs_identity_file_open_keys(&altered, cs_secret_bytes(opened), &plain);
        }
        content->data[i] ^= 1;
        cs_secret_destroy(opened);
        assert_true(status == CS_CORRUPT || status == CS_WRONG_PASSPHRASE);
    }
    for (size_t size = 0; size < content->size; size++) {
        assert_int_equal(cs_identity_file_split(cs_bytes_make(content->data, size), &file),
                         CS_CORRUPT);
    }
    /* The second layer of another file does not open under this master key. */
    content->data[content->size - 1] ^= 1;
    struct cs_identity *loaded = NULL;
    struct cs_problem problem = {""};
    assert_status(unlock(f, FIXTURE_PASSPHRASE, &loaded, &problem), CS_CORRUPT);
    assert_non_null(strstr(problem.text, "damaged"));
    cs_buffer_release(&plain);
    cs_secret_destroy(kdf_key);
    cs_secret_destroy(master);
}

static void lowered_parameters_are_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_identity_file file;
    struct cs_bytes content = cs_buffer_bytes(content_of(f));
    static const struct {
        size_t place;
        uint8_t bytes[4];
    } changes[] = {
        {5, {0, 0, 0x40, 0}},    /* 16 MiB */
        {5, {0, 0, 0xff, 0xff}}, /* one KiB under the floor */
        {5, {0x7f, 0, 0, 0}},    /* more than may be asked for */
        {9, {0, 0, 0, 2}},       /* passes under the floor */
        {9, {0, 0, 0, 0xff}},    /* and over the limit */
    };
    uint8_t *copy = malloc(content.size);
    assert_non_null(copy);
    for (size_t i = 0; i < CS_COUNT(changes); i++) {
        memcpy(copy, content.data, content.size);
        memcpy(copy + changes[i].place, changes[i].bytes, 4);
        assert_int_equal(cs_identity_file_split(cs_bytes_make(copy, content.size), &file),
                         CS_CORRUPT);
    }
    free(copy);
}

/* Parts that do not belong together make no identity. */
static void parts_must_belong_together(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *made = NULL;
    struct cs_sign_key *other = NULL;
    struct cs_problem problem = {""};
    assert_ok(cs_sign_key_create_random(&f->fake.world, &other));
    struct cs_identity_parts good = {
        .sign_seed = cs_sign_key_seed(cs_identity_sign_key(f->identity)),
        .seal_secret = cs_seal_key_secret(cs_identity_seal_key(f->identity)),
        .root_seed = cs_sign_key_seed(f->root),
        .chain = cs_identity_chain(f->identity),
        .address = T("a:1"),
        .server_statement = cs_buffer_bytes(&f->statement),
        .server_identity = cs_buffer_bytes(&f->server_identity),
    };
    memcpy(good.server, f->server_public, sizeof good.server);
    struct cs_identity_parts parts[8];
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        parts[i] = good;
    }
    parts[0].sign_seed = cs_sign_key_seed(other);
    parts[1].seal_secret = cs_sign_key_seed(other);
    parts[2].root_seed = cs_sign_key_seed(other);
    parts[3].chain = T("junk");
    parts[4].server[0] ^= 1;
    parts[5].server_statement = T("junk");
    parts[6].address = CS_BYTES_NONE;
    parts[7].server_identity = T("junk");
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        assert_true(cs_identity_create(&f->fake.world, &parts[i], T("p"), FIXTURE_KDF_KIB, &made,
                                       &problem) != CS_OK);
        assert_null(made);
    }
    assert_status(cs_identity_create(&f->fake.world, &good, T("p"), 1024, &made, &problem),
                  CS_INVALID);
    assert_null(made);
    cs_sign_key_destroy(other);
}

static void the_servers_keys_only_go_forward(void **state)
{
    struct fixture *f = *state;
    struct cs_identity *loaded = NULL;
    struct cs_buffer newer;
    bool changed = true;
    assert_ok(unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL));
    cs_buffer_init(&newer, CS_MEBI);
    fixture_statement(f, 5, &newer);
    assert_ok(cs_identity_set_server_statement(loaded, cs_buffer_bytes(&f->statement), &changed));
    assert_false(changed);
    assert_ok(cs_identity_set_server_statement(loaded, cs_buffer_bytes(&newer), &changed));
    assert_true(changed);
    assert_int_equal(cs_identity_peer(loaded)->tls_key_hash[3], 5);
    assert_status(
        cs_identity_set_server_statement(loaded, cs_buffer_bytes(&f->statement), &changed),
        CS_ROLLED_BACK);
    newer.data[newer.size - 1] ^= 1;
    assert_status(cs_identity_set_server_statement(loaded, cs_buffer_bytes(&newer), &changed),
                  CS_FORGED);
    assert_int_equal(cs_identity_server_statement(loaded)->epoch, 5);
    char address[300];
    memset(address, 'a', sizeof address);
    assert_status(cs_identity_set_address(loaded, cs_bytes_make(address, 256)), CS_INVALID);
    assert_status(cs_identity_set_address(loaded, CS_BYTES_NONE), CS_INVALID);
    assert_status(cs_identity_set_address(loaded, cs_bytes_make("a\0b", 3)), CS_INVALID);
    assert_ok(cs_identity_set_address(loaded, cs_bytes_make(address, 255)));
    cs_buffer_release(&newer);
    cs_identity_destroy(loaded);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    bool completed = false;
    for (long n = 0; !completed && n < 100; n++) {
        struct cs_identity *loaded = NULL;
        cs_memory_fail_after(n);
        enum cs_status status = unlock(f, FIXTURE_PASSPHRASE, &loaded, NULL);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed ? loaded != NULL : loaded == NULL && status == CS_NO_MEMORY);
        cs_identity_destroy(loaded);
    }
    assert_true(completed);
}

#define saved_test(function) cmocka_unit_test_setup_teardown(function, save_setup, save_teardown)

/* A statement that could not be kept is not reported as kept, and the old one stays. */
static void new_keys_of_the_server_need_memory(void **state)
{
    struct fixture *f = *state;
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    struct cs_identity *identity = fixture_identity(f, CS_ROLE(OWNER));
    fixture_statement(f, 9, &statement);
    bool completed = false;
    for (long n = 0; !completed && n < 50; n++) {
        bool changed = false;
        cs_memory_fail_after(n);
        enum cs_status status =
            cs_identity_set_server_statement(identity, cs_buffer_bytes(&statement), &changed);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_int_equal(changed, completed);
        assert_int_equal(cs_identity_server_statement(identity)->epoch == 9, completed);
        assert_true(cs_identity_server_statement_bytes(identity).size > 0);
    }
    assert_true(completed);
    cs_identity_destroy(identity);
    cs_buffer_release(&statement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        saved_test(what_was_saved_is_unlocked),
        saved_test(the_passphrase_is_changed_and_the_keys_stay),
        saved_test(a_passphrase_that_could_not_be_changed_is_the_old_one),
        saved_test(no_secret_stands_in_the_file),
        saved_test(wrong_passphrases_and_missing_files),
        saved_test(every_altered_byte_of_the_header_is_refused),
        saved_test(every_altered_byte_of_the_ciphertexts_is_refused),
        saved_test(lowered_parameters_are_refused),
        saved_test(parts_must_belong_together),
        saved_test(the_servers_keys_only_go_forward),
        saved_test(memory_may_run_out_anywhere),
        saved_test(new_keys_of_the_server_need_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
