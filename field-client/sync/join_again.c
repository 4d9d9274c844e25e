/* Joining again in a home whose log cannot go on; see join.h and replica/rejoin.h. */
#include "field-client/replica/query.h"
#include "field-client/replica/rejoin.h"
#include "field-client/replica/revocation.h"
#include "field-client/sync/join_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMER_FILE CS_IDENTITY_FORMER_FILE "%016" PRIx64

static enum cs_status home_path(const struct cs_join *join, const char *file,
                                char out[static CS_HOME_PATH_MAX], struct cs_problem *problem)
{
    int size = snprintf(out, CS_HOME_PATH_MAX, "%s/%s", join->input->home, file);
    return size >= 0 && (size_t)size < CS_HOME_PATH_MAX
               ? CS_OK
               : cs_problem_set(problem, CS_INVALID, "the path of the home folder is too long");
}

/* The file as it is; CS_NOT_FOUND also for an empty one. */
static enum cs_status read_identity(const struct cs_join *join, struct cs_buffer *out,
                                    struct cs_problem *problem)
{
    const struct cs_world *world = join->input->world;
    char path[CS_HOME_PATH_MAX];
    enum cs_status status = home_path(join, CS_IDENTITY_FILE, path, problem);
    if (status == CS_OK) {
        status = world->file_read(world->context, path, out);
    }
    return status == CS_OK && out->size == 0 ? CS_NOT_FOUND : status;
}

static enum cs_status open_replica(struct cs_join *join, struct cs_identity *identity,
                                   struct cs_replica **out, struct cs_problem *problem)
{
    const struct cs_join_input *input = join->input;
    return cs_replica_open(input->world, input->home, input->registry, identity, out, problem);
}

/*
 * A revoked laptop sends what it still holds under its old keys, for review; nothing of it may pass by that. So it is told what to do
 * instead of joining here.
 */
static enum cs_status refuse(struct cs_replica *replica, struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_revoked_response own;
    struct cs_pending_counts counts;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_own_revocation_load(replica, &arena, &own);
    cs_arena_release(&arena);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, CS_EXISTS, "this laptop has joined already");
    }
    if (status == CS_OK) {
        status = cs_query_pending_counts(replica, &counts);
    }
    if (status != CS_OK) {
        return status;
    }
    int64_t left = counts.waiting + counts.packed;
    return cs_problem_set(problem, CS_EXISTS,
                          "the device in this folder was revoked: join in a new folder. Nothing "
                          "here is deleted; %" PRId64 " of its changes still wait to be sent%s",
                          left, left == 0 ? "" : ": sync here first, and the office reviews them");
}

static enum cs_status check_left(struct cs_join *join, struct cs_problem *problem)
{
    struct cs_replica *replica;
    enum cs_status reason = CS_OK;
    enum cs_status status = open_replica(join, join->former, &replica, problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_rejoin_reason(replica, &reason);
    if (status == CS_OK && reason == CS_OK) {
        status = refuse(replica, problem);
    }
    cs_replica_close(replica);
    return status;
}

enum cs_status cs_join_open_former(struct cs_join *join, struct cs_problem *problem)
{
    const struct cs_join_input *input = join->input;
    struct cs_buffer content;
    cs_buffer_init(&content, CS_MEBI);
    enum cs_status status = read_identity(join, &content, problem);
    cs_buffer_release(&content);
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    status = cs_identity_unlock(input->world, input->home, CS_IDENTITY_FILE, input->passphrase,
                                &join->former, problem);
    return status != CS_OK ? status : check_left(join, problem);
}

/*
 * The server's own invite, made once more for the laptop that holds the root key: nobody else can certify it anew where no other
 * owner is left.
 */
static enum cs_status check_owner(const struct cs_join *join, struct cs_problem *problem)
{
    const struct cs_sign_key *shared = join->input->root_key;
    if (shared != NULL) {
        uint8_t root[CS_SIGN_PUBLIC_SIZE];
        const struct cs_chain *chain = cs_identity_chain_parsed(join->former);
        cs_sign_key_public(shared, root);
        if (memcmp(root, chain->root_key, sizeof root) != 0) {
            return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                                  "these are shares of another organisation's root key");
        }
        if (chain->length != 1) {
            return cs_problem_set(problem, CS_DENIED,
                                  "this laptop was invited by a device: only an owner's that the "
                                  "root key certified comes back with its shares. Use a new "
                                  "folder");
        }
    } else if (cs_identity_root_key(join->former) == NULL) {
        return cs_problem_set(problem, CS_EXISTS,
                              "this laptop has joined already: joining again takes an invite that "
                              "a device of your organisation made");
    }
    if (memcmp(cs_identity_server(join->former), join->package.server, CS_SIGN_PUBLIC_SIZE) != 0) {
        return cs_problem_set(problem, CS_WRONG_SERVER,
                              "this invite is of another server than the organisation's");
    }
    return CS_OK;
}

enum cs_status cs_join_check_former(const struct cs_join *join, struct cs_problem *problem)
{
    if (join->former == NULL) {
        return CS_OK;
    }
    const struct cs_certificate *own = cs_identity_certificate(join->former);
    if (join->package.first) {
        return check_owner(join, problem);
    }
    if (memcmp(join->invite.organisation, own->organisation, CS_HASH_SIZE) != 0) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                              "this invite is of another organisation than this laptop");
    }
    if (!cs_id_equal(&join->invite.person, &own->person)) {
        return cs_problem_set(problem, CS_INVALID,
                              "this invite is for another person than the one this laptop belongs "
                              "to: nobody's unsent work may go out under another name");
    }
    return CS_OK;
}

/* A copy under its log's name; making it twice is the same. */
static enum cs_status archive(struct cs_join *join, struct cs_problem *problem)
{
    const struct cs_world *world = join->input->world;
    char name[64];
    char path[CS_HOME_PATH_MAX];
    struct cs_buffer content;
    cs_buffer_init(&content, CS_MEBI);
    (void)snprintf(name, sizeof name, FORMER_FILE, cs_identity_log(join->former));
    enum cs_status status = home_path(join, name, path, problem);
    if (status == CS_OK) {
        status = read_identity(join, &content, problem);
    }
    if (status == CS_OK) {
        status = world->file_replace(world->context, path, cs_buffer_bytes(&content));
    }
    cs_buffer_release(&content);
    return status;
}

/* The new identity is saved while the replica is held: whoever opens it next does so with the new one. */
static enum cs_status hand_over(struct cs_join *join, struct cs_problem *problem)
{
    struct cs_replica *replica;
    enum cs_status status = open_replica(join, join->former, &replica, problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_rejoin_announce(replica, cs_identity_certificate_id(join->identity));
    if (status == CS_OK) {
        status = cs_replica_renew(replica, join->identity, NULL, problem);
    }
    if (status == CS_OK) {
        status = cs_identity_save(join->input->world, join->identity, join->input->home,
                                  CS_IDENTITY_FILE);
    }
    cs_replica_close(replica);
    return status;
}

enum cs_status cs_join_replace_former(struct cs_join *join, struct cs_problem *problem)
{
    enum cs_status status = archive(join, problem);
    return status != CS_OK ? status : hand_over(join, problem);
}
