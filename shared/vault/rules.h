/*
 * Who may sign which record of a vault, besides those of its log (design §10). Pure.
 *
 * All functions take records that cs_vault_record_open has verified, and judge by the vault's log: the author must have had the
 * right at the position that he names, by his clock, and still at the position at which the record was logged, by the server's.
 * So a device whose grant was withdrawn gains nothing by naming an old position.
 *
 * Common statuses; `problem` says which rule:
 *   CS_FORGED         another vault; not what it claims to answer
 *   CS_GAP            the author has seen records that are missing here
 *   CS_OTHER_HISTORY  the author was shown another log
 *   CS_DENIED, CS_EXPIRED  as cs_vault_log_permits
 *   CS_OUTDATED       encrypted under an epoch that is over, or that is due for a new one; or it follows what is not the latest
 */
#ifndef CS_VAULT_RULES_H
#define CS_VAULT_RULES_H

#include "shared/vault/log.h"
#include "shared/vault/version_state.h"

/* Where and when a record was logged. */
struct cs_vault_moment {
    const struct cs_vault_log *log;
    uint64_t position; /* records of the vault's log before it, at most the log's */
    int64_t ms;
};

/* Listing data. `current`: id of the item's latest entry before this one; NULL: there is none. */
enum cs_status cs_vault_check_entry(const struct cs_vault_record *entry,
                                    const struct cs_vault_moment *moment, const uint8_t *current,
                                    struct cs_problem *problem) CS_MUST_USE;
/* A version of a secret. `current`: id of the field's latest version before this one; NULL: there is none. It must have parts for
 * approvers if the epoch wants four eyes, all of them with the right to approve, and none otherwise (CS_DENIED). */
enum cs_status cs_vault_check_version(const struct cs_vault_record *version,
                                      const struct cs_vault_moment *moment, const uint8_t *current,
                                      struct cs_problem *problem) CS_MUST_USE;
/* "pending"; static. */
const char *cs_vault_state_name(enum cs_vault_state state);
/* A change of state of `version`, which is in `from`. CS_OUTDATED: it does not go on from there; CS_USED: it cannot come to that state. From pending a version goes to applied, from there to verified or back to pending, said by
 * whoever may reveal, lease or edit; to confirmed from any of these, and to archived from all, by those who edit. */
enum cs_status cs_vault_check_state(const struct cs_vault_record *state,
                                    const struct cs_vault_record *version,
                                    const struct cs_version_state *from,
                                    const struct cs_vault_moment *moment,
                                    struct cs_problem *problem) CS_MUST_USE;

/* Does it begin one, or end one? */
bool cs_vault_campaign_begins(const struct cs_vault_record *campaign);
/* A campaign of rotation, by an officer who may edit. `open`: id of the one that has not ended; NULL: there is none. CS_USED: it begins
 * while another is open; CS_OUTDATED: it ends one that is not open. */
enum cs_status cs_vault_check_campaign(const struct cs_vault_record *campaign,
                                       const struct cs_chain *author,
                                       const struct cs_vault_moment *moment, const uint8_t *open,
                                       struct cs_problem *problem) CS_MUST_USE;

/* A leak of `version`, declared by whoever may know passwords, approve or manage: whoever hears of it says so. CS_FORGED: of another. */
enum cs_status cs_vault_check_leak(const struct cs_vault_record *leak,
                                   const struct cs_vault_record *version,
                                   const struct cs_vault_moment *moment,
                                   struct cs_problem *problem) CS_MUST_USE;

/* A request, lease, export or emergency. Whoever is no officer names a work order; a lease lasts at most CS_VAULT_LEASE_DAYS_MAX; an export is an
 * officer's; an emergency is of somebody who may reveal and approve both (CS_INVALID, CS_DENIED). */
enum cs_status cs_vault_check_request(const struct cs_vault_record *request,
                                      const struct cs_chain *author,
                                      const struct cs_vault_moment *moment,
                                      struct cs_problem *problem) CS_MUST_USE;
/* An emergency is about a password that somebody would have to approve, and of which its author has a part himself: so it is no
 * way around a right, only around the second person, and every one is an alarm. CS_INVALID, CS_DENIED. */
enum cs_status cs_vault_check_emergency(const struct cs_vault_record *emergency,
                                        const struct cs_vault_record *version,
                                        struct cs_problem *problem) CS_MUST_USE;
/* The devices of one person, as far as they are known; the author's first. */
struct cs_vault_person {
    const struct cs_chain *const *devices;
    size_t count;
};
/* An approval of `request` by another person, neither of whom certified the other. With four eyes, one sealed part for each version.
 * An export is approved by an officer. */
enum cs_status cs_vault_check_approval(const struct cs_vault_record *approval,
                                       const struct cs_vault_person *approver,
                                       const struct cs_vault_record *request,
                                       const struct cs_vault_person *requester,
                                       const struct cs_vault_moment *moment,
                                       struct cs_problem *problem) CS_MUST_USE;
/* When a request, lease or export that was logged at `logged_ms` is over, and is not approved any more: CS_VAULT_WAITING_DAYS_MAX days
 * later, by the server's clock; a lease also with its own end. */
int64_t cs_vault_waiting_ends_ms(const struct cs_vault_record *request, int64_t logged_ms);
/* CS_EXPIRED: it is over at `at_ms`. */
enum cs_status cs_vault_check_waiting(const struct cs_vault_record *request, int64_t logged_ms,
                                      int64_t at_ms, struct cs_problem *problem) CS_MUST_USE;
/* `end` is the newest return of this request, lease or export. CS_EXPIRED: by who asked, so that nothing is to be released for it any more. */
enum cs_status cs_vault_check_not_ended(const struct cs_vault_record *end,
                                        const struct cs_vault_record *request,
                                        struct cs_problem *problem) CS_MUST_USE;
/* The rule of four eyes by itself: another person, and no certificate above any device of one is of the other. CS_DENIED. */
enum cs_status cs_vault_check_four_eyes(const struct cs_vault_person *requester,
                                        const struct cs_vault_person *approver,
                                        struct cs_problem *problem) CS_MUST_USE;
/* The server's answer to `request` is to it, and of what it asks for. */
enum cs_status cs_vault_check_release(const struct cs_vault_record *release,
                                      const struct cs_vault_record *request,
                                      struct cs_problem *problem) CS_MUST_USE;
/* A reveal under `lease`: by the same device, of a version in it, before its end by its clock. CS_DENIED, CS_NOT_FOUND, CS_EXPIRED.
 * The device asks before it shows anything. Whoever receives a reveal keeps it in any case: one that breaks a rule is an alarm, and
 * the password was seen all the same. */
enum cs_status cs_vault_check_reveal(const struct cs_vault_record *reveal,
                                     const struct cs_vault_record *lease,
                                     struct cs_problem *problem) CS_MUST_USE;

/* The reason in the return of what was given up. */
#define CS_VAULT_REASON_GIVEN_UP "given up"
/* Is this return one of a request or export that waited, rather than of a lease? Nobody knows a password by that, or that nobody knows it: so
 * unlike the return of a lease it is refused where cs_vault_check_return says so. */
bool cs_vault_given_up(const struct cs_vault_record *end, const struct cs_vault_record *request);
/* The end of `lease`, or of a request or export, by the same device. Of a lease kept in any case, as a reveal. CS_DENIED, CS_FORGED. */
enum cs_status cs_vault_check_return(const struct cs_vault_record *end,
                                     const struct cs_vault_record *lease,
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
