/*
 * How a change is made: which helper, what it is told besides the secrets, and what stands as the reason in the records. From the options of
 * vault rotate apply, and from the credential's address (field-client/rotation/FORMAT.md, Addresses).
 */
#ifndef CS_COMMANDS_VAULT_ROTATE_HOW_H
#define CS_COMMANDS_VAULT_ROTATE_HOW_H

#include "field-client/commands/vault/vault_rotate_secrets.h"
#include "field-client/rotation/target.h"

#define CS_ROTATE_HELPER_PATH_MAX ((size_t)4096)

struct cs_rotate_how {
    const char *reason;
    const char *work_order;
    const char *helper;
    struct cs_rotation_option
        options[CS_ROTATION_OPTIONS_MAX]; /* in the order in which they were typed */
    size_t option_count;
    int64_t seconds;
    struct cs_id work_order_id;
    struct cs_arena arena; /* what was read of files */
};
/* The options; wrong use. To be released in any case. */
enum cs_status cs_rotate_how_take(struct cs_command *command,
                                  struct cs_rotate_how *how) CS_MUST_USE;
void cs_rotate_how_release(struct cs_rotate_how *how);
/* The reason that was typed, or else the campaign's consent; the work order. CS_NOT_FOUND. */
enum cs_status cs_rotate_how_why(struct cs_rotate *rotate, struct cs_rotate_how *how,
                                 struct cs_rotate_why *out) CS_MUST_USE;
/* Where the credential is. CS_UNSUPPORTED: no helper is for it, and none was typed; CS_INVALID: its address is wrong. */
enum cs_status cs_rotate_how_target(const struct cs_rotate_how *how,
                                    const struct cs_rotate_item *item, struct cs_arena *arena,
                                    struct cs_rotation_target *out,
                                    struct cs_problem *problem) CS_MUST_USE;
/* All of the request but the secrets, checked, and the helper's path; views into the arena. */
enum cs_status cs_rotate_how_request(const struct cs_rotate *rotate,
                                     const struct cs_rotate_how *how,
                                     const struct cs_rotate_item *item, struct cs_arena *arena,
                                     struct cs_rotation_request *out,
                                     char out_helper[static CS_ROTATE_HELPER_PATH_MAX],
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
