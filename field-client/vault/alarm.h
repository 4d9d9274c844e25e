/*
 * Alarms: what happened in a vault by the rules and has to be known to people all the same. A password was shown by break-glass; a device
 * took the place of who managed the vault.
 *
 * What is noted is the record alone, when it comes (receive.h): who, when, what and why is in it, verified, and is put into words where it is
 * shown. Each person puts it aside for himself (cs_vault_finding_remove).
 */
#ifndef CS_FIELD_CLIENT_VAULT_ALARM_H
#define CS_FIELD_CLIENT_VAULT_ALARM_H

#include "field-client/vault/book.h"

enum cs_vault_alarm_kind {
    CS_VAULT_ALARM_EMERGENCY, /* somebody was shown a password without anybody's approval */
    CS_VAULT_ALARM_PLACE_TAKEN, /* another device of who managed the vault took the place of those that were revoked */
};

/* For a record that is taken: it was appended to `log` if it is of it. An emergency of the own person is none, nor what this device signed. */
enum cs_status cs_vault_alarm_emergency(struct cs_vault_book *book,
                                        const struct cs_vault_record *emergency,
                                        const struct cs_chain *author) CS_MUST_USE;
enum cs_status cs_vault_alarm_place_taken(struct cs_vault_book *book,
                                          const struct cs_vault_record *grant) CS_MUST_USE;
/* Before it is appended: would this record of the log take the place of who managed? Whether it may is known once it is appended. */
bool cs_vault_alarm_takes_place(const struct cs_vault_log *log,
                                const struct cs_vault_record *record, int64_t logged_ms);

struct cs_vault_alarm {
    enum cs_vault_alarm_kind kind;
    struct cs_vault_record record;
    const struct cs_chain *author; /* of the book */
    int64_t logged_ms;             /* by the server */
    /* Of an emergency: what was shown. */
    struct cs_vault_record version;
};
/*
 * What is behind a finding that is an alarm; views into the arena. CS_NOT_FOUND: it is not for this device now: an emergency is for whoever
 * manages; that a place was taken, for them and for all who were members then, since of those who managed nobody is left. Local failures.
 */
enum cs_status cs_vault_alarm_read(struct cs_vault_book *book,
                                   const struct cs_vault_finding *finding, struct cs_arena *arena,
                                   struct cs_vault_alarm *out) CS_MUST_USE;

#endif
