/*
 * What exposure.c collects, exposure_join.c joins and exposure_due.c judges. Inside field-client/vault only.
 */
#ifndef CS_FIELD_CLIENT_VAULT_EXPOSURE_INTERNAL_H
#define CS_FIELD_CLIENT_VAULT_EXPOSURE_INTERNAL_H

#include "field-client/vault/exposure.h"
#include "shared/vault/version_state.h"

#include <stddef.h>

struct exposed_moment {
    uint64_t feed;
    int64_t ms;
};
/* Of a version; becomes a cs_exposed_version. */
struct exposed_writing {
    struct cs_id item;
    struct cs_bytes field;
    struct cs_id version;
    uint8_t author[CS_HASH_SIZE];
    uint8_t record[CS_HASH_SIZE];
    struct exposed_moment at;
    struct cs_version_state state; /* settled by its states */
};
struct exposed_state {
    struct cs_id version;
    int64_t state;
    uint8_t author[CS_HASH_SIZE];
    uint8_t record[CS_HASH_SIZE];
    struct exposed_moment at;
};
/* A request, lease, emergency or export; and with a version each, a reveal or leak. */
struct exposed_ask {
    uint8_t record[CS_HASH_SIZE];
    enum cs_vault_kind kind;
    uint8_t author[CS_HASH_SIZE];
    struct cs_bytes versions;
    struct cs_bytes reason;
    struct cs_bytes work_order;
    int64_t expires_ms; /* of a lease */
    struct exposed_moment at;
    bool released;
    struct exposed_moment released_at;
    bool returned;
};
/* A release or return. */
struct exposed_answer {
    enum cs_vault_kind kind;
    uint8_t request[CS_HASH_SIZE];
    uint8_t author[CS_HASH_SIZE];
    struct exposed_moment at;
};
/* A creation, grant or withdrawal. */
struct exposed_grant {
    uint8_t recipient[CS_HASH_SIZE];
    int64_t rights; /* 0: withdrawn */
    int64_t expires_ms;
    struct cs_bytes reason; /* of a withdrawal */
    struct exposed_moment at;
};

/* Growing array in the arena. */
struct exposed_list {
    void *items;
    size_t count;
    size_t capacity;
    size_t item_size;
};

struct exposed_by_id {
    struct cs_id id;
    size_t version;
};

struct cs_exposure {
    struct cs_arena arena;
    struct exposed_list writings;
    struct exposed_list states;
    struct exposed_list asks; /* by record id once sorted */
    struct exposed_list answers;
    struct exposed_list grants;
    struct exposed_list knowings;
    struct exposed_list dues;
    struct cs_exposed_secret *secrets;
    struct cs_exposed_version *versions;
    struct exposed_by_id *by_id;
    struct cs_exposed_device *devices;
    bool settled;
    struct cs_exposure_view view;
};

/* A zeroed item at the end; NULL when memory is out. */
void *cs_exposed_add(struct cs_exposure *exposure, struct exposed_list *list);
void cs_exposed_sort(struct exposed_list *list, int (*compare)(const void *a, const void *b));
/* NULL: not asked for. */
struct exposed_ask *cs_exposed_find_ask(const struct cs_exposure *exposure,
                                        const uint8_t record[static CS_HASH_SIZE]);
/* exposure_due.c: what is due, once everything else is settled. */
enum cs_status cs_exposed_judge(struct cs_exposure *exposure, int64_t now_ms) CS_MUST_USE;

#endif
