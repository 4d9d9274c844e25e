/*
 * Bugs that can be switched on, to see that the simulator finds them (tests/simulation/whole).
 *
 * Only in a build with CS_PLANT_BUGS, which the preset `simulate` makes: in every other one CS_PLANTED is the constant 0 and nothing
 * of this remains. Each stands where a programmer could have made the mistake, in as little code as the mistake would take.
 */
#ifndef CS_BASE_PLANTED_H
#define CS_BASE_PLANTED_H

/* name, the mistake */
#define CS_PLANTED_TABLE(X)                                                                        \
    X(ACKNOWLEDGE_EARLY, "acknowledge before the commit")                                          \
    X(DROP_LOSING_VALUE, "drop the losing value")                                                  \
    X(FORGET_SCOPE, "forget a scope on reassignment")                                              \
    X(ACCEPT_GAP, "accept a gap in the device log")                                                \
    X(REUSE_NONCE, "reuse a nonce")                                                                \
    X(SKIP_BASE_CHECK, "skip the check of bases")                                                  \
    X(PURGE_UNSENT, "purge unsent rows when a scope is lost")                                      \
    X(CLAIMED_TIME_DECIDES, "let a claimed time decide what came first")                           \
    X(IGNORE_PREVIOUS_HASH, "ignore the hash of the previous change-set")                          \
    X(HALF_TRANSACTION, "apply half a transaction")                                                \
    X(FRESH_OUTCOME, "give a resent change-set a fresh outcome")                                   \
    X(ONE_CURSOR, "take one scope's cursor for all of them")                                       \
    X(APPLY_REVOKED, "apply what a revoked device sends later")                                    \
    X(SERVE_REVOKED, "send rows to a revoked device")                                              \
    X(LEAF_AS_NODE, "hash leaves of the evidence log like nodes")                                  \
    X(HELD_UNLOGGED, "keep held work out of the evidence log")                                     \
    X(SKIP_CONSISTENCY, "follow the evidence log without the proof that it goes on")               \
    X(SKIP_INCLUSION, "believe rows that are not proved to stand in the log")                      \
    X(TRUST_DEVICES, "believe what the server says of devices")                                    \
    X(FORGET_ALARM, "do not note what is wrong with the evidence log")                             \
    X(HUSH_LOSS, "do not tell the office what the server had lost")                                \
    X(STALE_TEXT, "leave the text of one conflict in the next")                                    \
    X(DROP_UNKNOWN, "leave out what a newer program had written")                                  \
    X(REFUSE_EARLY, "refuse what rests on a row that has not come back yet")                       \
    X(KEEP_FORMER_NAMES, "join again without naming bases anew")                                   \
    X(KNOW_BY_ONE_NAME, "know a carried change by its first name only")

#ifdef CS_PLANT_BUGS

enum cs_planted {
    CS_PLANTED_NONE,
#define CS_PLANTED_ENUM(name, text) CS_PLANTED_##name,
    CS_PLANTED_TABLE(CS_PLANTED_ENUM)
#undef CS_PLANTED_ENUM
        CS_PLANTED_COUNT
};
/* The one that is switched on. */
extern enum cs_planted cs_planted_bug;
#define CS_PLANTED(name) (cs_planted_bug == CS_PLANTED_##name)

#else

#define CS_PLANTED(name) 0

#endif

#endif
