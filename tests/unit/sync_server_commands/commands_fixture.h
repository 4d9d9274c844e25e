/*
 * What the tests of the server's commands share: a folder that goes away again, running a command with its output caught, and a
 * server with one device and some rows in it.
 */
#ifndef TESTS_UNIT_SYNC_SERVER_COMMANDS_FIXTURE_H
#define TESTS_UNIT_SYNC_SERVER_COMMANDS_FIXTURE_H

#include "shared/base/text.h"
#include "shared/crypto/secret.h"
#include "shared/evidence/certificate.h"
#include "sync-server/commands/command.h"
#include "sync-server/commands/facts.h"
#include "sync-server/commands/folder.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/push.h"
#include "tests/support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_ARGUMENTS_MAX 12

struct fixture {
    struct cs_world world;
    char root[256];   /* a new folder */
    char server[300]; /* root/server */
    /* The last run. */
    char *out;
    size_t out_size;
    char *err;
    size_t err_size;
    /* The one device. */
    struct cs_sign_key *root_key;
    struct cs_sign_key *device_key;
    struct cs_buffer chain;
    uint8_t organisation[CS_HASH_SIZE];
    struct cs_device device;
    struct cs_id_generator ids;
};

static struct fixture fixture;

static inline void forget_output(void)
{
    free(fixture.out);
    free(fixture.err);
    fixture.out = NULL;
    fixture.err = NULL;
}

static inline int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof fixture);
    assert_ok(cs_crypto_start());
    (void)unsetenv("COUNTERSIGN_MASTER_KEY_FILE");
    (void)unsetenv("COUNTERSIGN_BACKUP_KEY_FILE");
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    cs_world_system(&fixture.world);
    cs_buffer_init(&fixture.chain, CS_CHAIN_BYTES_MAX);
    (void)snprintf(fixture.root, sizeof fixture.root, "%s/commands-XXXXXX", CS_TEST_BINARY_DIR);
    assert_non_null(mkdtemp(fixture.root));
    (void)snprintf(fixture.server, sizeof fixture.server, "%s/server", fixture.root);
    return 0;
}

/* A folder and what is in it, one level of folders deep. */
static inline void remove_tree(const char *path, int depth)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char inside[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        int size = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        assert_in_range(size, 1, sizeof inside - 1);
        if (unlink(inside) != 0 && depth > 0) {
            remove_tree(inside, depth - 1);
        }
    }
    if (entries != NULL) {
        (void)closedir(entries);
    }
    (void)rmdir(path);
}

static inline int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    forget_output();
    remove_tree(fixture.root, 2);
    cs_sign_key_destroy(fixture.root_key);
    cs_sign_key_destroy(fixture.device_key);
    cs_buffer_release(&fixture.chain);
    return 0;
}

/* root/name; at most four at a time. */
static inline char *in_root(const char *name)
{
    static char paths[4][320];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", fixture.root, name);
    return path;
}

/* Runs `countersign-server ARGUMENTS…` (NULL ends) and keeps both outputs. Returns the exit code. */
static inline int run_arguments(char **arguments, int count)
{
    forget_output();
    FILE *out = open_memstream(&fixture.out, &fixture.out_size);
    FILE *err = open_memstream(&fixture.err, &fixture.err_size);
    assert_non_null(out);
    assert_non_null(err);
    struct cs_admin_surroundings around = {
        .registry = cs_registry_core(), .world = &fixture.world, .out = out, .err = err};
    int code = (int)cs_admin_run(count, arguments, &around);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

static inline int run_list(const char *const *list, size_t count)
{
    char *arguments[RUN_ARGUMENTS_MAX + 2] = {0};
    char *copies[RUN_ARGUMENTS_MAX + 1];
    assert_true(count <= RUN_ARGUMENTS_MAX);
    copies[0] = strdup("countersign-server");
    for (size_t i = 0; i < count; i++) {
        copies[i + 1] = strdup(list[i]);
    }
    /* The run uses the list up, never the texts. */
    memcpy(arguments, copies, (count + 1) * sizeof *copies);
    int code = run_arguments(arguments, (int)count + 1);
    for (size_t i = 0; i <= count; i++) {
        free(copies[i]);
    }
    return code;
}

#define run(...)                                                                                   \
    run_list((const char *const[]){__VA_ARGS__},                                                   \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static inline void assert_says(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text == NULL ? "" : text, part);
    }
}

/* The answer as JSON; to be destroyed. */
static inline struct cs_json *answer_json(void)
{
    struct cs_json *json = NULL;
    if (cs_json_parse(cs_bytes_of_text(fixture.out), &json) != CS_OK) {
        fail_msg("not JSON: %s", fixture.out);
    }
    return json;
}

static inline int64_t json_number(const struct cs_json *json, const char *key)
{
    int64_t number = -1;
    assert_true(cs_json_get_integer(cs_json_get(json, key), &number));
    return number;
}

static inline void assert_json_text(const struct cs_json *json, const char *key, const char *text)
{
    struct cs_bytes found = CS_BYTES_NONE;
    assert_true(cs_json_get_text(cs_json_get(json, key), &found));
    assert_int_equal(found.size, strlen(text));
    assert_memory_equal(found.data, text, found.size);
}

static inline mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

/* What failed is told in one JSON object and nothing else. */
static inline void assert_json_error(const char *name)
{
    struct cs_json *json = answer_json();
    assert_json_text(json, "error", name);
    assert_non_null(cs_json_get(json, "message"));
    cs_json_destroy(json);
}

/* ---- a server with content ---- */

static inline void make_server(void)
{
    assert_int_equal(run("init", fixture.server, "--address", "sync.example:8443"), 0);
}

static inline struct cs_store *open_writer(const char *folder)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    assert_ok(cs_folder_path(folder, CS_SERVER_DATABASE_FILE, path, NULL));
    if (cs_store_open(&fixture.world, path, CS_STORE_WRITER, cs_registry_core(), &store,
                      &problem) != CS_OK) {
        fail_msg("%s", problem.text);
    }
    return store;
}

static inline void make_device(void)
{
    struct cs_buffer certificate;
    struct cs_chain chain;
    struct cs_certificate leaf = {
        .person = {{1, 2, 3}},
        .person_name = cs_bytes_of_text("\xe7\x8e\x8b Owner"),
        .roles = CS_ROLE(OWNER) | CS_ROLE(OFFICE),
        .created_ms = 1767225600000,
        .device_name = cs_bytes_of_text("desk"),
    };
    uint8_t root_public[CS_SIGN_PUBLIC_SIZE];
    cs_buffer_init(&certificate, 4 * CS_KIBI);
    assert_ok(cs_sign_key_create_random(&fixture.world, &fixture.root_key));
    assert_ok(cs_sign_key_create_random(&fixture.world, &fixture.device_key));
    cs_sign_key_public(fixture.root_key, root_public);
    cs_organisation_id(root_public, fixture.organisation);
    memcpy(leaf.organisation, fixture.organisation, CS_HASH_SIZE);
    cs_sign_key_public(fixture.device_key, leaf.sign_key);
    fixture.world.random(NULL, leaf.seal_key, sizeof leaf.seal_key);
    assert_ok(cs_certificate_encode(&leaf, fixture.root_key, &certificate));
    assert_ok(cs_chain_encode_first(root_public, cs_buffer_bytes(&certificate), &fixture.chain));
    assert_ok(cs_chain_verify(cs_buffer_bytes(&fixture.chain), fixture.organisation, &chain, NULL));
    fixture.device = (struct cs_device){
        .log = cs_certificate_log(chain.leaf_id),
        .person = leaf.person,
        .person_name = leaf.person_name,
        .device_name = leaf.device_name,
        .roles = leaf.roles,
        .chain = cs_buffer_bytes(&fixture.chain),
        .state = CS_DEVICE_ACTIVE,
        .joined_ms = 1767225600000,
        .seen_ms = 1767229200000,
    };
    memcpy(fixture.device.certificate, chain.leaf_id, CS_HASH_SIZE);
    memcpy(fixture.device.sign_key, leaf.sign_key, sizeof leaf.sign_key);
    memcpy(fixture.device.seal_key, leaf.seal_key, sizeof leaf.seal_key);
    cs_buffer_release(&certificate);
    static const uint8_t seed[4] = {1, 2, 3, 4};
    cs_id_generator_init(&fixture.ids, seed, seed);
}

/* As joining does. */
static inline void join_device(struct cs_store *store)
{
    struct cs_push_clock clock = {.now_ms = 1767225600000};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    make_device();
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put(store, CS_FACTS_ORGANISATION, cs_bytes_of_array(fixture.organisation)));
    assert_ok(cs_store_put_device(store, &fixture.device));
    assert_ok(cs_directory_put(store, &clock, &fixture.device, &arena));
    struct cs_leaf leaf;
    cs_leaf_certificate(fixture.device.certificate, &leaf);
    assert_ok(cs_evidence_log_enter(store, &leaf));
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
}

/* Signs one change-set of these transactions; numbers and ids are given here. */
static inline void sign_change_set(struct cs_transaction *transactions, size_t count,
                                   struct cs_buffer *inner)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_CHANGE_SET_BODY_MAX);
    for (size_t i = 0; i < count; i++) {
        transactions[i].counter = fixture.device.counter + 1 + i;
        transactions[i].elapsed_ms = -1;
        transactions[i].claimed = cs_instant_make(1767229200000, 480);
        fixture.world.random(NULL, transactions[i].id, sizeof transactions[i].id);
    }
    struct cs_inner_header header = {
        .sequence = fixture.device.sequence + 1,
        .first_counter = fixture.device.counter + 1,
        .transaction_count = (uint32_t)count,
    };
    memcpy(header.organisation, fixture.organisation, CS_HASH_SIZE);
    memcpy(header.certificate, fixture.device.certificate, CS_HASH_SIZE);
    memcpy(header.previous, fixture.device.head, CS_HASH_SIZE);
    assert_ok(cs_body_encode(transactions, count, &body));
    assert_ok(cs_inner_encode(&header, cs_buffer_bytes(&body), fixture.device_key, inner));
    cs_buffer_release(&body);
}

/* When the server's clock says that it is pushed. */
static int64_t push_at_ms = 1767229300000;

/* As the committer does with a verified request. */
static inline void push(struct cs_store *store, struct cs_transaction *transactions, size_t count)
{
    struct cs_buffer inner;
    struct cs_bytes body;
    struct cs_arena arena;
    struct cs_push_result result;
    struct cs_push_change_set change_set;
    struct cs_push_clock clock = {.now_ms = push_at_ms};
    cs_arena_init(&arena, 64 * CS_MEBI);
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    sign_change_set(transactions, count, &inner);
    change_set.inner = cs_buffer_bytes(&inner);
    assert_ok(cs_inner_split(change_set.inner, &change_set.header, &body));
    assert_ok(cs_inner_hash(change_set.inner, change_set.hash));
    assert_ok(cs_body_decode(body, &arena, &change_set.transactions));
    assert_ok(cs_store_begin(store));
    assert_ok(cs_push_apply(store, &clock, &fixture.device, &change_set, 1, &arena, &result));
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
    cs_buffer_release(&inner);
}

/* One transaction with one operation on a part: insert (code and name), or update of the name. */
static inline void push_part(struct cs_store *store, const struct cs_id *id,
                             enum cs_operation_kind kind, const char *code, const char *name)
{
    struct cs_version base = {fixture.device.log, fixture.device.counter};
    struct cs_field_change changes[2] = {
        {.field = cs_bytes_of_text("name"), .value = cs_value_text(cs_bytes_of_text(name))},
        {.field = cs_bytes_of_text("code"), .value = cs_value_text(cs_bytes_of_text(code))},
    };
    if (kind == CS_OPERATION_UPDATE) {
        changes[0].base = (struct cs_versions){&base, 1};
    }
    struct cs_operation operation = {
        .kind = kind,
        .entity = cs_bytes_of_text("part"),
        .row = *id,
        .changes = changes,
        .change_count = kind == CS_OPERATION_INSERT ? 2 : 1,
    };
    struct cs_transaction transaction = {.operations = &operation, .operation_count = 1};
    push(store, &transaction, 1);
}

/* A name that no certificate would have, as if someone had written into the database. */
static inline void spoil_device_name(void)
{
    struct cs_store *store = open_writer(fixture.server);
    fixture.device.device_name = cs_bytes_of_text("desk\x1b[31m");
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_device(store, &fixture.device));
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
}

/* A server with one device, which made a part and renamed it: two change-sets. */
static inline struct cs_id make_filled_server(void)
{
    make_server();
    struct cs_store *store = open_writer(fixture.server);
    join_device(store);
    struct cs_id id = cs_id_next(&fixture.ids, 1767229200000);
    push_part(store, &id, CS_OPERATION_INSERT, "P-1", "Fan");
    push_part(store, &id, CS_OPERATION_UPDATE, "", "Fan, large");
    cs_store_close(store);
    return id;
}

#endif
