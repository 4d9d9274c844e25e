/* The root key while a command runs, see root_session.h. */
#include "field-client/commands/vault/root_session.h"

#include "field-client/commands/vault/share_paper.h"
#include "field-client/replica/meta.h"

#include <string.h>

enum cs_status cs_root_split_load(struct cs_replica *replica, struct cs_root_split *out)
{
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_ROOT_SPLIT_BYTES_MAX);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_ROOT_SPLIT, &statement);
    if (status == CS_OK) {
        status = statement.size == 0 ? CS_NOT_FOUND
                                     : cs_root_split_verify(cs_buffer_bytes(&statement), out);
    }
    cs_buffer_release(&statement);
    return status;
}

enum cs_status cs_root_split_save(struct cs_replica *replica, struct cs_bytes statement)
{
    return cs_replica_meta_set_bytes(replica, CS_META_ROOT_SPLIT, statement);
}

enum cs_status cs_root_session_gather(struct cs_command *command, const struct cs_root_split *split,
                                      struct cs_root_session *out)
{
    struct cs_vault_gathering *gathering = NULL;
    struct cs_root_session session = {.key = NULL};
    enum cs_status status = cs_root_gathering_create(split, &gathering);
    if (status == CS_OK) {
        status = cs_share_paper_gather(command, gathering);
    }
    if (status == CS_OK) {
        status =
            cs_root_gathering_finish(gathering, &session.owned, &session.split, &command->problem);
    }
    cs_vault_gathering_destroy(gathering);
    if (status == CS_OK) {
        session.key = session.owned;
        *out = session;
    }
    return status;
}

enum cs_status cs_root_session_from_shares(struct cs_command *command, struct cs_replica *replica,
                                           const struct cs_root_split *split,
                                           struct cs_root_session *out)
{
    struct cs_root_session session;
    const struct cs_chain *chain = cs_identity_chain_parsed(cs_replica_identity(replica));
    enum cs_status status = cs_root_session_gather(command, split, &session);
    if (status != CS_OK) {
        return status;
    }
    if (memcmp(session.split.root_key, chain->root_key, sizeof session.split.root_key) != 0) {
        cs_root_session_close(&session);
        return cs_problem_set(&command->problem, CS_WRONG_ORGANISATION,
                              "these are shares of another organisation's root key");
    }
    *out = session;
    return CS_OK;
}

enum cs_status cs_root_session_open(struct cs_command *command, struct cs_replica *replica,
                                    bool from_shares, struct cs_root_session *out)
{
    struct cs_root_session session = {.key = NULL};
    const struct cs_sign_key *own = cs_identity_root_key(cs_replica_identity(replica));
    if (from_shares) {
        return cs_root_session_from_shares(command, replica, NULL, out);
    }
    if (own == NULL) {
        return cs_problem_set(&command->problem, CS_DENIED,
                              "only the organisation's first device has the root key, if any. "
                              "With as many of its shares as are needed, run it with "
                              "--root-shares");
    }
    enum cs_status status = cs_sign_key_create(cs_sign_key_seed(own), &session.owned);
    if (status == CS_OK) {
        session.key = session.owned;
        *out = session;
    }
    return status;
}

void cs_root_session_close(struct cs_root_session *session)
{
    cs_sign_key_destroy(session->owned);
    *session = (struct cs_root_session){.key = NULL};
}
