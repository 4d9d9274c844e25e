/* Making invites, see invite.h. */
#include "field-client/replica/invite.h"

#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/evidence/invite_text.h"

#include <string.h>

#define PERSON "person"
#define NAME "name"

enum cs_status cs_invite_insert_person(struct cs_replica *replica, const struct cs_id *id,
                                       struct cs_bytes name, struct cs_id *out_id,
                                       struct cs_problem *problem)
{
    struct cs_edit *edit;
    struct cs_id inserted;
    struct cs_named_value value = {cs_bytes_of_text(NAME), cs_value_text(name)};
    enum cs_status status = cs_edit_begin(replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_insert(edit, cs_bytes_of_text(PERSON), id, &value, 1, &inserted, problem);
    if (status != CS_OK) {
        cs_edit_abort(edit);
        return status;
    }
    status = cs_edit_commit(edit);
    if (status == CS_OK && out_id != NULL) {
        *out_id = inserted;
    }
    return status;
}

/* A person row as an invite needs it: the id and the name that certificates will carry. */
struct invited {
    struct cs_id id;
    struct cs_bytes name;
    bool is_new;
};

static enum cs_status find_by_id(struct cs_replica *replica, const struct cs_id *id,
                                 struct cs_arena *arena, struct invited *out,
                                 struct cs_problem *problem)
{
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text(PERSON), id, arena, &row, problem);
    if (status != CS_OK) {
        return status;
    }
    int index = cs_entity_field_index(row.entity, cs_bytes_of_text(NAME));
    *out = (struct invited){*id, index < 0 ? CS_BYTES_NONE : row.values[index].bytes, false};
    return CS_OK;
}

static enum cs_status find_invited(struct cs_replica *replica, struct cs_bytes person,
                                   struct cs_arena *arena, struct invited *out,
                                   struct cs_problem *problem)
{
    struct cs_id id;
    if (cs_id_parse(person, &id) == CS_OK) {
        return find_by_id(replica, &id, arena, out, problem);
    }
    if (person.size == 0 || person.size > CS_PERSON_NAME_MAX) {
        return cs_problem_set(problem, CS_INVALID, "a person's name has 1 to %zu bytes",
                              CS_PERSON_NAME_MAX);
    }
    struct cs_id *ids = NULL;
    size_t count = 0;
    struct cs_value value = cs_value_text(person);
    enum cs_status status = cs_query_find(replica, cs_bytes_of_text(PERSON), cs_bytes_of_text(NAME),
                                          &value, 2, arena, &ids, &count, problem);
    if (status != CS_OK) {
        return status;
    }
    if (count > 1) {
        return cs_problem_set(problem, CS_EXISTS,
                              "several persons have this name: give the person's id instead");
    }
    *out = (struct invited){.name = person, .is_new = count == 0};
    if (count == 1) {
        out->id = ids[0];
    }
    return CS_OK;
}

static enum cs_status check_request(struct cs_replica *replica, cs_roles roles, int64_t expires_ms,
                                    struct cs_problem *problem)
{
    if (roles == CS_ROLES_NONE || (roles & ~CS_ROLES_ALL) != 0) {
        return cs_problem_set(problem, CS_INVALID, "an invite names at least one role");
    }
    cs_roles allowed = cs_roles_may_invite(cs_identity_roles(replica->identity));
    if ((roles & ~allowed) != 0) {
        struct cs_buffer text;
        cs_buffer_init(&text, CS_PROBLEM_TEXT_MAX);
        cs_roles_format(allowed, &text);
        const char *names = cs_buffer_text(&text);
        enum cs_status status =
            cs_problem_set(problem, CS_DENIED, "this device may invite with these roles only: %s",
                           names == NULL || names[0] == '\0' ? "none" : names);
        cs_buffer_release(&text);
        return status;
    }
    if (cs_identity_chain_parsed(replica->identity)->length >= CS_CHAIN_LENGTH_MAX) {
        return cs_problem_set(problem, CS_DENIED,
                              "this device is too far from the first one to invite others");
    }
    if (expires_ms <= replica->world->wall_ms(replica->world->context)) {
        return cs_problem_set(problem, CS_INVALID, "the invite would have expired already");
    }
    return CS_OK;
}

static enum cs_status encode_package(struct cs_replica *replica, struct cs_bytes invite,
                                     const struct cs_sign_key *key, struct cs_buffer *out)
{
    const struct cs_identity *identity = replica->identity;
    struct cs_invite_package package = {
        .first = false,
        .address = cs_bytes_of_text(cs_identity_peer(identity)->address),
        .server_statement = cs_identity_server_statement_bytes(identity),
        .server_identity = cs_identity_server_identity(identity),
        .chain = cs_identity_chain(identity),
        .invite = invite,
    };
    memcpy(package.server, cs_identity_server(identity), sizeof package.server);
    memcpy(package.token, cs_sign_key_seed(key).data, sizeof package.token);
    enum cs_status status = cs_invite_package_encode(&package, out);
    cs_wipe(package.token, sizeof package.token);
    return status;
}

static enum cs_status sign_invite(struct cs_replica *replica, const struct invited *person,
                                  cs_roles roles, int64_t expires_ms, struct cs_buffer *out)
{
    const struct cs_identity *identity = replica->identity;
    struct cs_sign_key *key = NULL;
    struct cs_buffer signed_invite;
    cs_buffer_init(&signed_invite, CS_CHAIN_BYTES_MAX);
    enum cs_status status = cs_sign_key_create_random(replica->world, &key);
    struct cs_invite invite = {
        .person = person->id,
        .person_name = person->name,
        .roles = roles,
        .expires_ms = expires_ms,
    };
    if (status == CS_OK) {
        memcpy(invite.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
        memcpy(invite.inviter, cs_identity_certificate_id(identity), CS_HASH_SIZE);
        cs_sign_key_public(key, invite.invite_key);
        status = cs_invite_encode(&invite, cs_identity_sign_key(identity), &signed_invite);
    }
    if (status == CS_OK) {
        status = encode_package(replica, cs_buffer_bytes(&signed_invite), key, out);
    }
    cs_sign_key_destroy(key);
    cs_buffer_release(&signed_invite);
    return status;
}

enum cs_status cs_invite_make(struct cs_replica *replica, struct cs_bytes person, cs_roles roles,
                              int64_t expires_ms, struct cs_buffer *out_text,
                              struct cs_invite_made *out, struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct invited invited;
    enum cs_status status = check_request(replica, roles, expires_ms, problem);
    if (status == CS_OK) {
        status = find_invited(replica, person, &arena, &invited, problem);
    }
    if (status == CS_OK && invited.is_new) {
        status = cs_invite_insert_person(replica, NULL, invited.name, &invited.id, problem);
    }
    if (status == CS_OK) {
        status = sign_invite(replica, &invited, roles, expires_ms, out_text);
    }
    if (status == CS_OK && out != NULL) {
        *out = (struct cs_invite_made){invited.id, invited.is_new};
    }
    cs_arena_release(&arena);
    return status;
}
