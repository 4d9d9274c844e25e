/* The root key while a command runs, see root_session.h. */
#include "field-client/commands/vault/root_session.h"

#include "field-client/commands/vault/share_paper.h"
#include "field-client/replica/meta.h"

#include <string.h>

#define STATEMENT_MAX (4 * CS_KIBI)

enum cs_status cs_root_split_load(struct cs_replica *replica, struct cs_root_split *out)
{
    struct cs_buffer statement;
    cs_buffer_init(&statement, STATEMENT_MAX);
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

static enum cs_status open_from_shares(struct cs_command *command,
                                       const struct cs_identity *identity,
                                       struct cs_root_session *out)
{
    struct cs_root_session session;
    enum cs_status status = cs_root_session_gather(command, NULL, &session);
    if (status != CS_OK) {
        return status;
    }
    if (memcmp(session.split.root_key, cs_identity_chain_parsed(identity)->root_key,
               sizeof session.split.root_key) != 0) {
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
    const struct cs_identity *identity = cs_replica_identity(replica);
    *out = (struct cs_root_session){.key = cs_identity_root_key(identity)};
    if (from_shares) {
        return open_from_shares(command, identity, out);
    }
    return out->key != NULL
               ? CS_OK
               : cs_problem_set(&command->problem, CS_DENIED,
                                "only the organisation's first device has the root key, if any. "
                                "With as many of its shares as are needed, run it with "
                                "--root-shares");
}

void cs_root_session_close(struct cs_root_session *session)
{
    cs_sign_key_destroy(session->owned);
    *session = (struct cs_root_session){.key = NULL};
}
