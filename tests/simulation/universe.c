/* A whole organisation in one process, see universe.h. */
#include "tests/simulation/universe.h"

#include "field-client/replica/invite.h"
#include "field-client/sync/join.h"
#include "shared/domain/value_text.h"
#include "sync-server/handlers/server_internal.h"
#include "tests/support/canary.h"
#include "tests/support/testing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KDF_MEMORY_MIB 64

/* universe's folder, a slash, name. */
static void path_in(const struct universe *universe, const char *name, char *out, size_t size)
{
    struct cs_buffer path;
    cs_buffer_init(&path, size - 1);
    cs_buffer_append_format(&path, "%s/%s", universe->folder, name);
    const char *text = cs_buffer_text(&path);
    assert_non_null(text);
    memcpy(out, text, path.size + 1);
    cs_buffer_release(&path);
}

enum cs_status universe_serve(struct universe *universe, struct cs_bytes body,
                              struct cs_buffer *response)
{
    struct cs_server_request *request;
    enum cs_status status = cs_server_open_request(universe->server, body, &request);
    if (status != CS_OK) {
        /* What the listener answers, without a body. */
        return cs_status_class(status) == CS_CLASS_LOCAL ? CS_UNAVAILABLE : CS_MALFORMED;
    }
    if (universe->server_lies) {
        request->sync.log_mark = CS_BYTES_NONE;
    }
    cs_server_commit(universe->server, &request, 1);
    return cs_server_reply(universe->server, request, response);
}

/* A private copy with one bit changed. */
static uint8_t *flipped(struct cs_bytes bytes, size_t at)
{
    uint8_t *copy = malloc(bytes.size);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    copy[(at / 8) % bytes.size] ^= (uint8_t)(1u << (at % 8));
    return copy;
}

/* The laptop's server answers; counted. */
static enum cs_status serve(struct laptop *laptop, struct cs_bytes request,
                            struct cs_buffer *response)
{
    struct universe *universe = laptop->universe;
    size_t before = response->size;
    enum cs_status status = universe_serve(universe, request, response);
    laptop->answers++;
    laptop->answers_size += response->size - before;
    if (universe->canary != NULL) {
        canary_assert_none(request, universe->canary, "a request");
        canary_assert_none(cs_buffer_bytes(response), universe->canary, "a response");
        universe->traced += request.size + response->size;
    }
    return status;
}

static enum cs_status exchange_faulty(struct laptop *laptop, struct cs_bytes request,
                                      struct cs_buffer *response)
{
    struct cs_buffer answer;
    cs_buffer_init(&answer, CS_RESPONSE_MAX);
    uint8_t *altered = NULL;
    enum cs_status status = CS_UNREACHABLE;
    switch (laptop->fault) {
    case NETWORK_FINE:
    case NETWORK_DOWN:
        break;
    case NETWORK_RESPONSE_LOST:
        (void)serve(laptop, request, &answer);
        status = CS_TIMEOUT;
        break;
    case NETWORK_REQUEST_FLIPPED:
        altered = flipped(request, laptop->fault_at);
        status = serve(laptop, cs_bytes_make(altered, request.size), response);
        break;
    case NETWORK_RESPONSE_FLIPPED:
        status = serve(laptop, request, &answer);
        if (status == CS_OK) {
            altered = flipped(cs_buffer_bytes(&answer), laptop->fault_at);
            cs_buffer_append(response, altered, answer.size);
        }
        break;
    case NETWORK_REQUEST_TWICE:
        (void)serve(laptop, request, &answer);
        status = serve(laptop, request, response);
        break;
    }
    free(altered);
    cs_buffer_release(&answer);
    return status;
}

static enum cs_status exchange(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem)
{
    struct laptop *laptop = context;
    (void)peer;
    (void)problem;
    if (laptop->exchanges_left == 0) {
        return CS_UNREACHABLE;
    }
    laptop->exchanges_left -= laptop->exchanges_left > 0 ? 1 : 0;
    return laptop->fault == NETWORK_FINE ? serve(laptop, request, response)
                                         : exchange_faulty(laptop, request, response);
}

static struct cs_server_options server_options(struct universe *universe)
{
    return (struct cs_server_options){
        .world = &universe->fake.world,
        .folder = universe->server_folder,
        .registry = universe->registry,
        .master_key = cs_secret_bytes(universe->master_key),
        .page_rows_max = universe->page_rows_max,
        .attachment_bytes_max = universe->attachment_bytes_max,
    };
}

static const struct cs_tls_material no_tls = {.key = {(const uint8_t *)"key", 3},
                                              .certificate = {(const uint8_t *)"certificate", 11}};

void universe_open(struct universe *universe, const struct cs_registry *registry, uint64_t seed)
{
    memset(universe, 0, sizeof *universe);
    assert_ok(cs_crypto_start());
    (void)snprintf(universe->folder, sizeof universe->folder, "/tmp/countersign-universe-XXXXXX");
    assert_non_null(mkdtemp(universe->folder));
    path_in(universe, "server", universe->server_folder, sizeof universe->server_folder);
    assert_int_equal(mkdir(universe->server_folder, 0700), 0);
    universe->registry = registry;
    fake_world_init(&universe->fake, seed);
    assert_ok(
        cs_secret_create_random(&universe->fake.world, CS_MASTER_KEY_SIZE, &universe->master_key));
}

enum cs_status universe_try_restart_server(struct universe *universe)
{
    struct cs_server_options options = server_options(universe);
    cs_server_close(universe->server);
    universe->server = NULL;
    return cs_server_open(&options, &universe->server, &universe->problem);
}

void universe_restart_server(struct universe *universe)
{
    assert_ok(universe_try_restart_server(universe));
}

static void remove_folder(const char *folder)
{
    char command[512];
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
}

void universe_close(struct universe *universe)
{
    for (size_t i = 0; i < universe->laptop_count; i++) {
        cs_replica_close(universe->laptops[i].replica);
        cs_identity_destroy(universe->laptops[i].identity);
        fake_world_release(&universe->laptops[i].fake);
    }
    cs_server_close(universe->server);
    cs_secret_destroy(universe->master_key);
    fake_world_release(&universe->fake);
    remove_folder(universe->folder);
}

void universe_advance(struct universe *universe, int64_t ms)
{
    fake_world_advance(&universe->fake, ms);
    for (size_t i = 0; i < universe->laptop_count; i++) {
        fake_world_advance(&universe->laptops[i].fake, ms);
    }
}

void laptop_close(struct laptop *laptop)
{
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    cs_identity_destroy(laptop->identity);
    laptop->identity = NULL;
}

void laptop_open(struct laptop *laptop)
{
    assert_ok(cs_identity_unlock(&laptop->fake.world, laptop->home, CS_IDENTITY_FILE,
                                 cs_bytes_of_text(UNIVERSE_PASSPHRASE), &laptop->identity,
                                 &laptop->universe->problem));
    assert_ok(cs_replica_open(&laptop->fake.world, laptop->home, laptop->registry, laptop->identity,
                              &laptop->replica, &laptop->universe->problem));
}

void laptop_restart(struct laptop *laptop)
{
    laptop_close(laptop);
    laptop_open(laptop);
}

/* Replaces the folder `to` by a copy of `from`. */
static void copy_folder(const char *from, const char *to)
{
    char command[1024];
    int size =
        snprintf(command, sizeof command, "rm -rf -- '%s' && cp -a -- '%s' '%s'", to, from, to);
    assert_true(size > 0 && (size_t)size < sizeof command);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folders */
}

/* The small files of a home: they are in the laptop's world, not on this machine's disk. */
static void copy_files(struct fake_world *from, const char *from_home, struct fake_world *to,
                       const char *to_home)
{
    size_t size = strlen(from_home);
    for (size_t i = 0; i < from->file_count; i++) {
        const char *path = from->files[i].path;
        if (strncmp(path, from_home, size) != 0 || path[size] != '/') {
            continue;
        }
        char copy[512];
        (void)snprintf(copy, sizeof copy, "%s%s", to_home, path + size);
        struct cs_buffer content;
        cs_buffer_init(&content, CS_MEBI);
        cs_buffer_append_bytes(&content, cs_buffer_bytes(&from->files[i].content));
        assert_ok(content.status);
        assert_ok(to->world.file_replace(to->world.context, copy, cs_buffer_bytes(&content)));
        cs_buffer_release(&content);
    }
}

static void stop(struct laptop *laptop)
{
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
}

void laptop_save(struct laptop *laptop, const char *name)
{
    char path[256];
    path_in(laptop->universe, name, path, sizeof path);
    stop(laptop);
    copy_folder(laptop->home, path);
    copy_files(&laptop->fake, laptop->home, &laptop->fake, path);
    laptop_restart(laptop);
}

void laptop_set_back(struct laptop *laptop, const char *name)
{
    char path[256];
    path_in(laptop->universe, name, path, sizeof path);
    stop(laptop);
    copy_folder(path, laptop->home);
    copy_files(&laptop->fake, path, &laptop->fake, laptop->home);
    laptop_restart(laptop);
}

struct laptop *universe_clone(struct laptop *laptop)
{
    struct laptop *clone = universe_new_laptop(laptop->universe);
    clone->registry = laptop->registry;
    clone->fake.wall_ms = laptop->fake.wall_ms;
    stop(laptop);
    copy_folder(laptop->home, clone->home);
    copy_files(&laptop->fake, laptop->home, &clone->fake, clone->home);
    laptop_restart(laptop);
    laptop_restart(clone);
    return clone;
}

void universe_save_server(struct universe *universe, const char *name)
{
    char path[256];
    path_in(universe, name, path, sizeof path);
    cs_server_close(universe->server);
    universe->server = NULL;
    copy_folder(universe->server_folder, path);
    universe_restart_server(universe);
}

void universe_set_server_back(struct universe *universe, const char *name)
{
    char path[256];
    path_in(universe, name, path, sizeof path);
    cs_server_close(universe->server);
    universe->server = NULL;
    copy_folder(path, universe->server_folder);
    universe_restart_server(universe);
}

struct laptop *universe_new_laptop(struct universe *universe)
{
    assert_true(universe->laptop_count < UNIVERSE_LAPTOPS_MAX);
    struct laptop *laptop = &universe->laptops[universe->laptop_count];
    laptop->universe = universe;
    laptop->registry = universe->registry;
    laptop->exchanges_left = -1;
    fake_world_init(&laptop->fake, fake_world_next(&universe->fake));
    laptop->fake.wall_ms = universe->fake.wall_ms;
    laptop->fake.world.exchange = exchange;
    laptop->fake.world.exchange_context = laptop;
    char name[32];
    (void)snprintf(name, sizeof name, "laptop-%zu", universe->laptop_count);
    path_in(universe, name, laptop->home, sizeof laptop->home);
    assert_int_equal(mkdir(laptop->home, 0700), 0);
    universe->laptop_count++;
    return laptop;
}

enum cs_status laptop_join(struct laptop *laptop, struct cs_bytes invite, const char *person)
{
    struct cs_join_input input = {
        .world = &laptop->fake.world,
        .home = laptop->home,
        .registry = laptop->registry,
        .invite_text = invite,
        .person_name = cs_bytes_of_text(person),
        .device_name = cs_bytes_of_text("laptop"),
        .passphrase = cs_bytes_of_text(UNIVERSE_PASSPHRASE),
        .kdf_memory_mib = KDF_MEMORY_MIB,
    };
    struct cs_join_result result;
    laptop->universe->problem.text[0] = '\0';
    enum cs_status status = cs_join_run(&input, &result, &laptop->universe->problem);
    if (status == CS_OK) {
        laptop_restart(laptop);
    }
    return status;
}

static struct laptop *join(struct universe *universe, struct cs_bytes invite, const char *person)
{
    struct laptop *laptop = universe_new_laptop(universe);
    enum cs_status status = laptop_join(laptop, invite, person);
    if (status != CS_OK) {
        print_error("join: %s: %s\n", cs_status_name(status), universe->problem.text);
    }
    assert_ok(status);
    return laptop;
}

void universe_first_invite(struct universe *universe, struct cs_buffer *out)
{
    struct cs_server_options options = server_options(universe);
    assert_ok(cs_server_init(&options, &no_tls, "127.0.0.1:1", out, &universe->problem));
    assert_ok(cs_server_open(&options, &universe->server, &universe->problem));
}

struct laptop *universe_found(struct universe *universe, const char *person)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_first_invite(universe, &invite);
    struct laptop *laptop = join(universe, cs_buffer_bytes(&invite), person);
    cs_buffer_release(&invite);
    return laptop;
}

void universe_invite(struct laptop *inviter, const char *person, cs_roles roles, int64_t expires_ms,
                     struct cs_buffer *out)
{
    struct cs_invite_made made;
    assert_ok(cs_invite_make(inviter->replica, cs_bytes_of_text(person), roles, expires_ms, out,
                             &made, &inviter->universe->problem));
}

struct laptop *universe_join(struct universe *universe, struct laptop *inviter, const char *person,
                             cs_roles roles)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(inviter, person, roles, universe->fake.wall_ms + 24 * 3600 * 1000, &invite);
    struct laptop *laptop = join(universe, cs_buffer_bytes(&invite), "");
    cs_buffer_release(&invite);
    return laptop;
}

enum cs_status laptop_join_again(struct laptop *laptop, struct laptop *inviter)
{
    const struct cs_certificate *own = cs_identity_certificate(laptop->identity);
    struct cs_buffer invite;
    struct cs_buffer name;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    cs_buffer_init(&name, CS_PERSON_NAME_MAX + 1);
    cs_buffer_append_bytes(&name, own->person_name);
    universe_invite(inviter, cs_buffer_text(&name), own->roles,
                    laptop->universe->fake.wall_ms + 24 * 3600 * 1000, &invite);
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    enum cs_status status = laptop_join(laptop, cs_buffer_bytes(&invite), "");
    cs_buffer_release(&invite);
    cs_buffer_release(&name);
    if (status != CS_OK) {
        laptop_restart(laptop);
    }
    return status;
}

enum cs_status laptop_sync(struct laptop *laptop)
{
    struct cs_sync_session *session = NULL;
    laptop->universe->problem.text[0] = '\0';
    enum cs_status status = cs_sync_run(laptop->replica, &session, &laptop->universe->problem);
    if (session != NULL) {
        laptop->last = *cs_sync_result(session);
        laptop->last.refusals = NULL;
        laptop->last.unequal_text = NULL;
    }
    cs_sync_end(session);
    return status;
}

void laptop_sync_equal(struct laptop *laptop)
{
    enum cs_status status = laptop_sync(laptop);
    if (status != CS_OK) {
        print_error("sync: %s: %s\n", cs_status_name(status), laptop->universe->problem.text);
    }
    assert_ok(status);
    assert_int_equal(laptop->last.digest, CS_SYNC_DIGEST_EQUAL);
    assert_true(laptop->damaged || laptop->last.repaired + laptop->last.sums_mended == 0);
}

#define FIELDS_MAX 32

/* Parses "field=value" arguments. */
static size_t parse_fields(struct laptop *laptop, const char *entity, va_list arguments,
                           struct cs_arena *arena, struct cs_named_value *out)
{
    size_t count = 0;
    for (const char *pair = va_arg(arguments, const char *); pair != NULL;
         pair = va_arg(arguments, const char *)) {
        const char *equals = strchr(pair, '=');
        assert_non_null(equals);
        assert_true(count < FIELDS_MAX);
        enum cs_status status = cs_edit_parse(
            laptop->replica, cs_bytes_of_text(entity), cs_bytes_make(pair, (size_t)(equals - pair)),
            cs_bytes_of_text(equals + 1), arena, &out[count++], &laptop->universe->problem);
        if (status != CS_OK) {
            print_error("%s: %s\n", pair, laptop->universe->problem.text);
        }
        assert_ok(status);
    }
    return count;
}

/* Ends an edit: commit if the operation went through. */
static enum cs_status conclude(struct cs_edit *edit, enum cs_status status)
{
    if (status == CS_OK) {
        return cs_edit_commit(edit);
    }
    cs_edit_abort(edit);
    return status;
}

struct cs_id laptop_new(struct laptop *laptop, const char *entity, ...)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value values[FIELDS_MAX];
    va_list arguments;
    va_start(arguments, entity);
    size_t count = parse_fields(laptop, entity, arguments, &arena, values);
    va_end(arguments);
    struct cs_edit *edit;
    struct cs_id id;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    enum cs_status status =
        conclude(edit, cs_edit_insert(edit, cs_bytes_of_text(entity), NULL, values, count, &id,
                                      &laptop->universe->problem));
    if (status != CS_OK) {
        print_error("new %s: %s\n", entity, laptop->universe->problem.text);
    }
    assert_ok(status);
    cs_arena_release(&arena);
    return id;
}

enum cs_status laptop_set(struct laptop *laptop, const char *entity, struct cs_id id, ...)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value values[FIELDS_MAX];
    va_list arguments;
    va_start(arguments, id);
    size_t count = parse_fields(laptop, entity, arguments, &arena, values);
    va_end(arguments);
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    enum cs_status status =
        conclude(edit, cs_edit_update(edit, cs_bytes_of_text(entity), &id, values, count,
                                      &laptop->universe->problem));
    cs_arena_release(&arena);
    return status;
}

enum cs_status laptop_delete(struct laptop *laptop, const char *entity, struct cs_id id)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    return conclude(
        edit, cs_edit_delete(edit, cs_bytes_of_text(entity), &id, &laptop->universe->problem));
}

const char *laptop_text(struct laptop *laptop, const char *entity, struct cs_id id,
                        const char *field)
{
    static char text[4096];
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_problem problem;
    (void)snprintf(text, sizeof text, "(none)");
    if (cs_query_get(laptop->replica, cs_bytes_of_text(entity), &id, &arena, &row, &problem) ==
        CS_OK) {
        int index = cs_entity_field_index(row.entity, cs_bytes_of_text(field));
        assert_true(index >= 0);
        struct cs_buffer buffer;
        cs_buffer_init(&buffer, sizeof text - 1);
        cs_value_format(&row.entity->fields[index], &row.values[index], &buffer);
        (void)snprintf(text, sizeof text, "%s", cs_buffer_text(&buffer));
        cs_buffer_release(&buffer);
    }
    cs_arena_release(&arena);
    return text;
}

int64_t laptop_count(struct laptop *laptop, const char *entity, const char *field, const char *text)
{
    int64_t count = 0;
    assert_ok(cs_query_count(laptop->replica, entity, field, text, &count));
    return count;
}

struct cs_id laptop_find(struct laptop *laptop, const char *entity, const char *field,
                         const char *text)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_value value = cs_value_text(cs_bytes_of_text(text));
    struct cs_id *ids;
    size_t count = 0;
    assert_ok(cs_query_find(laptop->replica, cs_bytes_of_text(entity), cs_bytes_of_text(field),
                            &value, 2, &arena, &ids, &count, &laptop->universe->problem));
    assert_true(count > 0);
    struct cs_id id = ids[0];
    cs_arena_release(&arena);
    return id;
}

static enum cs_status add_hash(void *context, const struct cs_stored_row *row)
{
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    if (status == CS_OK) {
        cs_multiset_add(context, hash);
    }
    return status;
}

void laptop_fingerprint(struct laptop *laptop, struct cs_multiset *out)
{
    memset(out, 0, sizeof *out);
    assert_ok(cs_row_scan_all(cs_replica_tables(laptop->replica), add_hash, out));
}

void universe_server_state(struct universe *universe, struct server_state *out)
{
    struct cs_store *store = cs_server_store(universe->server);
    memset(out, 0, sizeof *out);
    assert_ok(cs_row_scan_all(cs_store_rows(store), add_hash, &out->rows));
    assert_ok(cs_store_position(store, &out->position));
}

const char *id_text(struct cs_id id)
{
    static char texts[4][CS_ID_TEXT_SIZE];
    static size_t next;
    char *text = texts[next++ % 4];
    cs_id_format(&id, text);
    return text;
}
