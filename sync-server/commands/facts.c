/* Small named values, see facts.h. */
#include "sync-server/commands/facts.h"

#include <string.h>

static enum cs_status read_fixed(struct cs_store *store, const char *key, struct cs_arena *arena,
                                 uint8_t *out, size_t size, struct cs_problem *problem)
{
    struct cs_bytes bytes;
    enum cs_status status = cs_store_get(store, key, arena, &bytes);
    if (status == CS_OK && bytes.size != size) {
        return cs_problem_set(problem, CS_CORRUPT, "the database's %s is damaged", key);
    }
    if (status == CS_OK) {
        memcpy(out, bytes.data, size);
    }
    return status;
}

enum cs_status cs_facts_read(struct cs_store *store, struct cs_arena *arena, struct cs_facts *out,
                             struct cs_problem *problem)
{
    struct cs_facts facts = {0};
    enum cs_status status = read_fixed(store, CS_FACTS_INCARNATION, arena, facts.incarnation,
                                       sizeof facts.incarnation, problem);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, CS_CORRUPT,
                              "the database has no incarnation: it was not made by init");
    }
    if (status == CS_OK) {
        status = read_fixed(store, CS_FACTS_ORGANISATION, arena, facts.organisation,
                            sizeof facts.organisation, problem);
        facts.has_organisation = status == CS_OK;
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK) {
        status = cs_store_get(store, CS_FACTS_ADDRESS, arena, &facts.address);
        status = status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (status == CS_OK) {
        status = cs_store_position(store, &facts.position);
    }
    if (status == CS_OK) {
        *out = facts;
    }
    return status;
}

const char *cs_facts_device_state(enum cs_device_state state)
{
    switch (state) {
    case CS_DEVICE_ACTIVE:
        return "active";
    case CS_DEVICE_SUSPENDED:
        return "suspended";
    case CS_DEVICE_FORKED:
        return "forked";
    case CS_DEVICE_REVOKED:
        return "revoked";
    }
    return "unknown";
}
