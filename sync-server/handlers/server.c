/* Opening and preparing a server, and its readers; see server.h. */
#include "shared/evidence/invite_text.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/evidence_log.h"

#include <stdio.h>
#include <string.h>

enum cs_status cs_server_path(const char *folder, const char *name, char *out,
                              struct cs_problem *problem)
{
    int length = snprintf(out, CS_SERVER_PATH_MAX, "%s/%s", folder, name);
    if (length < 0 || length >= CS_SERVER_PATH_MAX) {
        return cs_problem_set(problem, CS_INVALID, "the folder's path is too long");
    }
    return CS_OK;
}

enum cs_status cs_fact_fixed(struct cs_store *store, const char *key, uint8_t *out, size_t size)
{
    struct cs_arena arena;
    cs_arena_init(&arena, 64 * CS_KIBI);
    struct cs_bytes bytes;
    enum cs_status status = cs_store_get(store, key, &arena, &bytes);
    if (status == CS_OK && bytes.size != size) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK) {
        memcpy(out, bytes.data, size);
    }
    cs_arena_release(&arena);
    return status;
}

/* What a new server's database knows: who it is, and the one token that may pin a root to it. */
static enum cs_status put_facts(const struct cs_world *world, struct cs_store *store,
                                const char *address, const uint8_t token[static CS_BEARER_SIZE])
{
    uint8_t incarnation[16];
    uint8_t hash[CS_HASH_SIZE];
    world->random(world->context, incarnation, sizeof incarnation);
    cs_hash("countersign bearer", cs_bytes_make(token, CS_BEARER_SIZE), hash);
    enum cs_status status = cs_store_begin(store);
    if (status != CS_OK) {
        return status;
    }
    status = cs_store_put(store, CS_FACT_INCARNATION, cs_bytes_of_array(incarnation));
    if (status == CS_OK) {
        status = cs_store_put(store, CS_FACT_BEARER, cs_bytes_of_array(hash));
    }
    if (status == CS_OK) {
        status = cs_store_put(store, CS_FACT_ADDRESS, cs_bytes_of_text(address));
    }
    if (status != CS_OK) {
        cs_store_rollback(store);
        return status;
    }
    return cs_store_commit(store);
}

enum cs_status cs_server_write_invite(const struct cs_server_keys *keys, struct cs_bytes address,
                                      const uint8_t token[static CS_BEARER_SIZE],
                                      struct cs_buffer *out)
{
    struct cs_invite_package package = {
        .first = true,
        .address = address,
        .server_statement = cs_server_keys_statement(keys),
    };
    cs_sign_key_public(cs_server_keys_identity(keys), package.server);
    memcpy(package.token, token, CS_BEARER_SIZE);
    enum cs_status status = cs_invite_package_encode(&package, out);
    cs_wipe(&package, sizeof package);
    return status;
}

enum cs_status cs_server_init(const struct cs_server_options *options,
                              const struct cs_tls_material *tls, const char *address,
                              struct cs_buffer *out_invite, struct cs_problem *problem)
{
    const struct cs_world *world = options->world;
    char keys_path[CS_SERVER_PATH_MAX];
    char database_path[CS_SERVER_PATH_MAX];
    enum cs_status status =
        cs_server_path(options->folder, CS_SERVER_KEYS_FILE, keys_path, problem);
    if (status == CS_OK) {
        status = cs_server_path(options->folder, CS_SERVER_DATABASE_FILE, database_path, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer existing;
    cs_buffer_init(&existing, CS_MEBI);
    enum cs_status found = world->file_read(world->context, keys_path, &existing);
    cs_buffer_release(&existing);
    if (found != CS_NOT_FOUND) {
        return cs_problem_set(problem, CS_EXISTS, "%s holds a server already", options->folder);
    }
    struct cs_server_keys *keys = NULL;
    struct cs_store *store = NULL;
    uint8_t token[CS_BEARER_SIZE];
    world->random(world->context, token, sizeof token);
    status =
        cs_store_open(world, database_path, CS_STORE_WRITER, options->registry, &store, problem);
    if (status == CS_OK) {
        status = put_facts(world, store, address, token);
    }
    if (status == CS_OK) {
        status = cs_server_keys_create(world, keys_path, options->master_key, tls, &keys, problem);
    }
    if (status == CS_OK) {
        status = cs_server_write_invite(keys, cs_bytes_of_text(address), token, out_invite);
    }
    cs_wipe(token, sizeof token);
    cs_server_keys_destroy(keys);
    cs_store_close(store);
    return status;
}

/* This may be the newer server that some changes wait for. They wait on where it does not work: serving does not depend on it. */
static void wake(struct cs_server *server)
{
    struct cs_arena arena;
    struct cs_push_clock clock = {.now_ms = server->world->wall_ms(server->world->context)};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_store_begin(server->writer);
    if (status == CS_OK) {
        status = cs_push_wake(server->writer, &clock, &arena);
        if (status == CS_OK) {
            status = cs_store_commit(server->writer);
        }
        cs_store_rollback(server->writer);
    }
    if (status != CS_OK) {
        cs_log_event(server->log, CS_LOG_ERROR, "held_not_tried",
                     CS_LOG_TEXT("status", cs_status_name(status)));
    }
    cs_arena_release(&arena);
}

/* A database from before there was an evidence log gets one: devices will not do without. */
static enum cs_status begin_log(struct cs_server *server)
{
    enum cs_status status = cs_store_begin(server->writer);
    if (status == CS_OK) {
        status = cs_evidence_log_fill(server->writer);
        if (status == CS_OK) {
            status = cs_store_commit(server->writer);
        }
        cs_store_rollback(server->writer);
    }
    return status;
}

enum cs_status cs_server_open(const struct cs_server_options *options, struct cs_server **out,
                              struct cs_problem *problem)
{
    struct cs_server *server = cs_alloc_zero(1, sizeof *server);
    if (server == NULL) {
        return CS_NO_MEMORY;
    }
    server->world = options->world;
    server->registry = options->registry;
    server->log = options->log;
    bool fewer = options->page_rows_max > 0 && options->page_rows_max < CS_PAGE_ROWS_MAX;
    server->page.rows_max = fewer ? options->page_rows_max : CS_PAGE_ROWS_MAX;
    server->page.bytes_target = CS_PAGE_BYTES_TARGET;
    server->attachment_bytes_max = options->attachment_bytes_max > 0
                                       ? options->attachment_bytes_max
                                       : CS_ATTACHMENT_DEVICE_BYTES_MAX;
    cs_require(pthread_mutex_init(&server->readers_lock, NULL) == 0);
    cs_horizon_answer_init(&server->horizon, options->world, options->log);
    cs_require(pthread_mutex_init(&server->writer_lock, NULL) == 0);
    char keys_path[CS_SERVER_PATH_MAX];
    enum cs_status status =
        cs_server_path(options->folder, CS_SERVER_KEYS_FILE, keys_path, problem);
    if (status == CS_OK) {
        status = cs_server_path(options->folder, CS_SERVER_DATABASE_FILE, server->database_path,
                                problem);
    }
    if (status == CS_OK) {
        status =
            cs_server_path(options->folder, CS_SERVER_HORIZON_FILE, server->horizon.path, problem);
    }
    if (status == CS_OK) {
        status = cs_server_keys_open(options->world, keys_path, options->master_key, &server->keys,
                                     problem);
    }
    if (status == CS_OK) {
        status = cs_store_open(options->world, server->database_path, CS_STORE_WRITER,
                               options->registry, &server->writer, problem);
    }
    if (status == CS_OK) {
        uint8_t incarnation[16];
        status =
            cs_fact_fixed(server->writer, CS_FACT_INCARNATION, incarnation, sizeof incarnation);
    }
    if (status == CS_OK) {
        status = begin_log(server);
    }
    if (status == CS_OK) {
        uint8_t identity[CS_SIGN_PUBLIC_SIZE];
        cs_sign_key_public(cs_server_keys_identity(server->keys), identity);
        status = cs_vault_office_create(identity, &server->vaults);
    }
    if (status != CS_OK) {
        cs_server_close(server);
        return status;
    }
    wake(server);
    *out = server;
    return CS_OK;
}

void cs_server_close(struct cs_server *server)
{
    if (server != NULL) {
        for (size_t i = 0; i < server->reader_count; i++) {
            cs_store_close(server->readers[i]);
        }
        cs_vault_office_destroy(server->vaults);
        cs_store_close(server->writer);
        cs_server_keys_destroy(server->keys);
        cs_horizon_answer_release(&server->horizon);
        (void)pthread_mutex_destroy(&server->readers_lock);
        (void)pthread_mutex_destroy(&server->writer_lock);
        cs_free(server);
    }
}

const struct cs_tls_material *cs_server_tls(const struct cs_server *server)
{
    return cs_server_keys_tls(server->keys);
}

struct cs_store *cs_server_store(struct cs_server *server)
{
    return server->writer;
}

enum cs_status cs_server_borrow_reader(struct cs_server *server, struct cs_store **out)
{
    struct cs_store *reader = NULL;
    (void)pthread_mutex_lock(&server->readers_lock);
    if (server->reader_count > 0) {
        reader = server->readers[--server->reader_count];
    }
    (void)pthread_mutex_unlock(&server->readers_lock);
    enum cs_status status = CS_OK;
    if (reader == NULL) {
        status = cs_store_open(server->world, server->database_path, CS_STORE_READER,
                               server->registry, &reader, NULL);
    }
    if (status == CS_OK) {
        status = cs_store_begin(reader);
        if (status != CS_OK) {
            cs_store_close(reader);
        }
    }
    if (status == CS_OK) {
        *out = reader;
    }
    return status;
}

void cs_server_return_reader(struct cs_server *server, struct cs_store *reader)
{
    cs_store_rollback(reader);
    (void)pthread_mutex_lock(&server->readers_lock);
    bool kept = server->reader_count < CS_SERVER_READERS_MAX;
    if (kept) {
        server->readers[server->reader_count++] = reader;
    }
    (void)pthread_mutex_unlock(&server->readers_lock);
    if (!kept) {
        cs_store_close(reader);
    }
}
