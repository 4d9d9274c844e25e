/*
 * The owner's own laptop was copied or set back, and nobody is left who could invite it again: the certificate of the device that made
 * the organisation can only be followed by another one that the root key signs. Two have to agree to that: whoever runs the server makes a token
 * (cs_server_invite_owner), and the laptop signs with the root key that it holds (field-client/sync/join_again.c).
 *
 * Or every device of an owner is lost. Then the operator makes a token of another kind, and the certificate is signed with the root key put
 * together from shares (field-client/vault/root_shares.h) on a laptop that has nothing else. The server cannot know that they are lost: it takes the
 * operator's word and the root key's signature, neither alone. The devices that were lost stay active until the new one revokes them.
 *
 * What must stay true: of the first kind never for a device that was revoked, and never while an owner's device is active. Of both: once for
 * each token, and only the root key that was pinned.
 */
#include "sync-server/handlers/owner_return.h"

#include "sync-server/handlers/server_internal.h"

#include <string.h>

/* What a token is good for stands in how it is hashed. */
enum token { TOKEN_NONE, TOKEN_COPIED, TOKEN_LOST };
static const char *const labels[] = {
    [TOKEN_COPIED] = "countersign owner return",
    [TOKEN_LOST] = "countersign owner lost",
};

/* How the devices of owners stand. */
struct owners {
    bool copied;  /* one certified by the root key, and nothing it sends is taken */
    bool revoked; /* one certified by the root key */
    bool active;  /* any device of an owner */
    struct cs_id person;
    struct cs_bytes active_name;
};

static enum cs_status note(const struct cs_device *device,
                           const uint8_t organisation[static CS_HASH_SIZE], struct owners *owners)
{
    struct cs_chain chain;
    enum cs_status status = cs_chain_verify(device->chain, organisation, &chain, NULL);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
    }
    if ((device->roles & CS_ROLE(OWNER)) != 0 && device->state == CS_DEVICE_ACTIVE) {
        owners->active = true;
        owners->active_name = device->person_name;
    }
    if (chain.length == 1 && device->state == CS_DEVICE_FORKED) {
        owners->copied = true;
        owners->person = device->person;
    }
    owners->revoked = owners->revoked || (chain.length == 1 && device->state == CS_DEVICE_REVOKED);
    return CS_OK;
}

static enum cs_status look_at_owners(struct cs_store *store, struct cs_arena *arena,
                                     struct owners *out)
{
    uint8_t organisation[CS_HASH_SIZE];
    struct cs_device *devices;
    size_t count = 0;
    *out = (struct owners){.copied = false};
    enum cs_status status =
        cs_fact_fixed(store, CS_FACT_ORGANISATION, organisation, sizeof organisation);
    if (status == CS_OK) {
        status = cs_store_devices(store, arena, &devices, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = note(&devices[i], organisation, out);
    }
    return status;
}

static enum cs_status check_owners(struct cs_store *store, enum token kind,
                                   struct cs_problem *problem)
{
    struct cs_arena arena;
    struct owners owners;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = look_at_owners(store, &arena, &owners);
    if (status == CS_NOT_FOUND) {
        status = cs_problem_set(problem, CS_DENIED,
                                "nobody has joined yet: use the invite that init made");
    } else if (kind == TOKEN_LOST) {
        /* nothing that is known here says that they are not */
    } else if (status == CS_OK && owners.active) {
        status = cs_problem_set(
            problem, CS_DENIED, "a device of an owner is active (%.*s): let it make the invite",
            (int)owners.active_name.size, (const char *)owners.active_name.data);
    } else if (status == CS_OK && owners.revoked) {
        status = cs_problem_set(problem, CS_DENIED,
                                "the device that holds the root key was revoked: it never comes "
                                "back. With shares of the root key: --lost");
    } else if (status == CS_OK && !owners.copied) {
        status = cs_problem_set(problem, CS_DENIED,
                                "the device that holds the root key has not been found to be "
                                "copied or set back: let it sync first");
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status put_token(struct cs_store *store, enum token kind,
                                const uint8_t token[static CS_BEARER_SIZE])
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash(labels[kind], cs_bytes_make(token, CS_BEARER_SIZE), hash);
    enum cs_status status = cs_store_begin(store);
    if (status != CS_OK) {
        return status;
    }
    status = cs_store_put(store, CS_FACT_OWNER_RETURN, cs_bytes_of_array(hash));
    if (status != CS_OK) {
        cs_store_rollback(store);
        return status;
    }
    return cs_store_commit(store);
}

static enum cs_status write_text(struct cs_store *store, const struct cs_server_keys *keys,
                                 const uint8_t token[static CS_BEARER_SIZE], struct cs_buffer *out)
{
    struct cs_arena arena;
    struct cs_bytes address;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_store_get(store, CS_FACT_ADDRESS, &arena, &address);
    if (status == CS_OK) {
        status = cs_server_write_invite(keys, address, token, out);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status invite(const struct cs_server_options *options, enum token kind,
                             struct cs_buffer *out_invite, struct cs_problem *problem)
{
    const struct cs_world *world = options->world;
    struct cs_server_keys *keys = NULL;
    struct cs_store *store = NULL;
    uint8_t token[CS_BEARER_SIZE];
    char path[CS_SERVER_PATH_MAX];
    world->random(world->context, token, sizeof token);
    enum cs_status status = cs_server_path(options->folder, CS_SERVER_KEYS_FILE, path, problem);
    if (status == CS_OK) {
        status = cs_server_keys_open(world, path, options->master_key, &keys, problem);
    }
    if (status == CS_OK) {
        status = cs_server_path(options->folder, CS_SERVER_DATABASE_FILE, path, problem);
    }
    if (status == CS_OK) {
        status = cs_store_open(world, path, CS_STORE_WRITER, options->registry, &store, problem);
    }
    if (status == CS_OK) {
        status = check_owners(store, kind, problem);
    }
    if (status == CS_OK) {
        status = write_text(store, keys, token, out_invite);
    }
    if (status == CS_OK) {
        status = put_token(store, kind, token);
    }
    cs_wipe(token, sizeof token);
    cs_server_keys_destroy(keys);
    cs_store_close(store);
    return status;
}

enum cs_status cs_server_invite_owner(const struct cs_server_options *options,
                                      struct cs_buffer *out_invite, struct cs_problem *problem)
{
    return invite(options, TOKEN_COPIED, out_invite, problem);
}

enum cs_status cs_server_invite_lost_owner(const struct cs_server_options *options,
                                           struct cs_buffer *out_invite, struct cs_problem *problem)
{
    return invite(options, TOKEN_LOST, out_invite, problem);
}

static bool is_of_kind(enum token kind, struct cs_bytes bearer, struct cs_bytes expected)
{
    uint8_t shown[CS_HASH_SIZE];
    cs_hash(labels[kind], bearer, shown);
    return expected.size == sizeof shown && cs_secret_equal(cs_bytes_of_array(shown), expected);
}

static enum cs_status find_token(struct cs_server *server, const struct cs_server_request *request,
                                 enum token *out)
{
    struct cs_arena arena;
    struct cs_bytes expected = CS_BYTES_NONE;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_store_get(server->writer, CS_FACT_OWNER_RETURN, &arena, &expected);
    *out = TOKEN_NONE;
    if (status == CS_OK) {
        *out = is_of_kind(TOKEN_COPIED, request->join.bearer, expected) ? TOKEN_COPIED
               : is_of_kind(TOKEN_LOST, request->join.bearer, expected) ? TOKEN_LOST
                                                                        : TOKEN_NONE;
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_owner_returns(struct cs_server *server, struct cs_server_request *request,
                                bool *out)
{
    struct owners owners;
    enum token token = TOKEN_NONE;
    *out = false;
    enum cs_status status = CS_OK;
    if (request->join.bearer.size > 0) {
        status = find_token(server, request, &token);
    }
    if (status != CS_OK || token == TOKEN_NONE) {
        return status;
    }
    status = look_at_owners(server->writer, &request->arena, &owners);
    bool may = status == CS_OK &&
               (token == TOKEN_LOST ? (request->device.roles & CS_ROLE(OWNER)) != 0
                                    : owners.copied && !owners.revoked && !owners.active &&
                                          cs_id_equal(&owners.person, &request->chain.leaf.person));
    if (may) {
        status = cs_store_put(server->writer, CS_FACT_OWNER_RETURN, CS_BYTES_NONE);
        cs_log_event(server->log, CS_LOG_WARNING,
                     token == TOKEN_LOST ? "owner_returned_with_shares" : "owner_returned",
                     CS_LOG_NUMBER("log", request->device.log));
    }
    *out = status == CS_OK && may;
    return status;
}
