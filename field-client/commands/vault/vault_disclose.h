/*
 * What reveal and code share: which version is wanted, asking for it, and giving it to the person or program that asked.
 *
 * In this order: options, the clipboard's program, what was typed found, the request logged by the server (or a lease of this device, without
 * network), the half checked, the kept key destroyed; and only then anything is shown.
 */
#ifndef CS_COMMANDS_VAULT_DISCLOSE_H
#define CS_COMMANDS_VAULT_DISCLOSE_H

#include "field-client/commands/vault/vault_command.h"
#include "field-client/console/clipboard.h"

/* What was typed; borrowed from the arguments. */
struct cs_vault_typed {
    const char *project;
    const char *field; /* NULL: the caller's */
    const char *version;
    const char *reason;
    const char *work_order;
    const char *request; /* goes on with one that waits; nothing of the above then */
    bool emergency;
};
/* Takes the options, and what is wrong with them is said before anything is unlocked. */
enum cs_status cs_vault_typed_take(struct cs_command *command,
                                   struct cs_vault_typed *out) CS_MUST_USE;

/* How it is given. */
struct cs_vault_giving {
    const struct cs_clipboard_tool *clipboard; /* NULL: not there */
    int64_t seconds;                           /* in the clipboard, or on the screen */
};
enum cs_status cs_vault_giving_take(struct cs_command *command,
                                    struct cs_vault_giving *out) CS_MUST_USE;

struct cs_vault_disclosed {
    struct cs_vault_credential credential;
    struct cs_bytes field;
    struct cs_id version;
    enum cs_vault_state state;
    uint8_t request[CS_HASH_SIZE];
    bool leased; /* shown under a lease: there is no request */
    struct cs_secret *secret;
};
void cs_vault_disclosed_release(struct cs_vault_disclosed *disclosed);

/*
 * The secret, logged first. `field`: which one unless another was typed. CS_LOCKED: it waits for somebody else's approval; the problem and
 * the failure's JSON say under which id (exit code 1: nothing is wrong with a passphrase). The work's book is closed on the way.
 */
enum cs_status cs_vault_disclose(struct cs_vault_work *work, struct cs_bytes credential,
                                 const struct cs_vault_typed *typed, const char *field,
                                 struct cs_vault_disclosed *out) CS_MUST_USE;

/* The answer's members but the secret itself; NULL: no memory. */
struct cs_json *cs_vault_disclosed_json(const struct cs_vault_disclosed *disclosed);
/* Terminal, standard output, JSON or clipboard, as it was asked for. `json` and `name` as cs_secret_print_json. */
enum cs_status cs_vault_give(struct cs_command *command, const struct cs_vault_giving *giving,
                             const struct cs_vault_disclosed *disclosed, struct cs_json *owned_json,
                             const char *name, struct cs_bytes secret) CS_MUST_USE;

#endif
