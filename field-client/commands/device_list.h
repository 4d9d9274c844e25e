/*
 * The organisation's devices as this replica knows them: for the commands devices, revoke and review.
 */
#ifndef CS_COMMANDS_DEVICE_LIST_H
#define CS_COMMANDS_DEVICE_LIST_H

#include "field-client/console/command.h"

struct cs_device_item {
    struct cs_id id; /* of its row */
    struct cs_chain chain;
    char fingerprint[24];
    struct cs_bytes device_name;
    struct cs_bytes roles;
    struct cs_bytes state;
    struct cs_value joined_at;        /* instant or NULL */
    struct cs_value revoked_sequence; /* integer or NULL */
    bool own;
    /* Of the revocation that counts, or of one that waits to be sent. */
    bool revoked;
    bool unsent;
    struct cs_bytes revoked_by;
    struct cs_bytes reason;
    struct cs_value revoked_at;
};

/* All devices whose certificates verify, those that joined first at first; in the arena. */
enum cs_status cs_device_list(struct cs_command *command, struct cs_replica *replica,
                              struct cs_arena *arena, struct cs_device_item **out,
                              size_t *out_count) CS_MUST_USE;
/*
 * The device people mean: its row's id or fingerprint, its name or its person's name, the id of its person; or the beginning of
 * an id (4 digits or more) or of a name. Where several fit, those that are not revoked yet; if there are still several
 * CS_EXISTS, naming them. CS_NOT_FOUND.
 */
enum cs_status cs_device_find(struct cs_command *command, const struct cs_device_item *items,
                              size_t count, struct cs_bytes text,
                              const struct cs_device_item **out) CS_MUST_USE;
/* Was `inviter` among those that let `item` in, directly or not? */
bool cs_device_let_in(const struct cs_device_item *inviter, const struct cs_device_item *item);

#endif
