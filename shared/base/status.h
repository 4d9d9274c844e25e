/*
 * Status codes: the one table of everything that can go wrong.
 *
 * Every function that can fail returns `enum cs_status`; CS_OK is zero. The class of a status says who can do
 * something about it. Codes of SQLite, curl, mbedTLS, libuv and errno are translated in the folder that owns the
 * library and never travel further.
 */
#ifndef CS_BASE_STATUS_H
#define CS_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define CS_MUST_USE __attribute__((warn_unused_result))
#define CS_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#else
#define CS_MUST_USE
#define CS_PRINTF(format_index, first_index)
#endif

/* Who can act on a failure. */
enum cs_status_class {
    CS_CLASS_NONE,   /* no failure */
    CS_CLASS_LATER,  /* try again later: network, busy */
    CS_CLASS_PEER,   /* what another program sent is at fault; trying again gives the same */
    CS_CLASS_LOCAL,  /* this machine is at fault: memory, disk */
    CS_CLASS_CALLER, /* the person or code that asked is at fault: correct the request */
};

/* name, class, text for people (English, lower case, no full stop) */
#define CS_STATUS_TABLE(X)                                                                         \
    X(OK, NONE, "done")                                                                            \
    X(NO_MEMORY, LOCAL, "out of memory")                                                           \
    X(IO, LOCAL, "reading or writing failed")                                                      \
    X(DISK_FULL, LOCAL, "the disk is full")                                                        \
    X(CORRUPT, LOCAL, "stored data is damaged")                                                    \
    X(BUSY, LATER, "in use by another process")                                                    \
    X(UNREACHABLE, LATER, "the server cannot be reached")                                          \
    X(TIMEOUT, LATER, "no answer in time")                                                         \
    X(GAP, LATER, "an earlier change-set is missing")                                              \
    X(UNAVAILABLE, LATER, "the server cannot answer now")                                          \
    X(MALFORMED, PEER, "malformed data")                                                           \
    X(FORGED, PEER, "a signature or authentication tag does not match")                            \
    X(UNSUPPORTED, PEER, "made by a newer or unknown version")                                     \
    X(LIMIT, PEER, "a limit is exceeded")                                                          \
    X(TLS, PEER, "the TLS connection failed")                                                      \
    X(WRONG_SERVER, PEER, "this is not the server of the organisation")                            \
    X(WRONG_ORGANISATION, PEER, "this belongs to another organisation")                            \
    X(FORKED, PEER, "the device was copied or restored: its log has two continuations")            \
    X(ROLLED_BACK, PEER, "the peer has gone back in time")                                         \
    X(OTHER_HISTORY, PEER, "the server shows this device another history than before")             \
    X(UNKNOWN_DEVICE, PEER, "the device is not known")                                             \
    X(SUSPENDED, PEER, "the device is suspended")                                                  \
    X(REVOKED, PEER, "the device was revoked")                                                     \
    X(REFUSED, PEER, "refused")                                                                    \
    X(NOT_FOUND, CALLER, "not found")                                                              \
    X(EXISTS, CALLER, "already exists")                                                            \
    X(USAGE, CALLER, "invalid use")                                                                \
    X(INVALID, CALLER, "the value is not valid")                                                   \
    X(TOO_LARGE, CALLER, "too large")                                                              \
    X(DENIED, CALLER, "not permitted for this role")                                               \
    X(MISSING_REFERENCE, CALLER, "the row it refers to does not exist")                            \
    X(EXPIRED, CALLER, "expired")                                                                  \
    X(USED, CALLER, "already used")                                                                \
    X(WRONG_PASSPHRASE, CALLER, "wrong passphrase")                                                \
    X(LOCKED, CALLER, "locked")                                                                    \
    X(OUTDATED, LATER, "something newer came first: look at it and try again")                     \
    X(INTERRUPTED, LOCAL, "it was interrupted")

enum cs_status {
#define CS_STATUS_ENUM(name, class_name, text) CS_##name,
    CS_STATUS_TABLE(CS_STATUS_ENUM)
#undef CS_STATUS_ENUM
        CS_STATUS_COUNT
};

/* Text for people; never NULL, static storage. */
const char *cs_status_text(enum cs_status status);
/* Name for programs ("NO_MEMORY"); stable; never NULL, static storage. */
const char *cs_status_name(enum cs_status status);
enum cs_status_class cs_status_class(enum cs_status status);
/* The status with this name; false and *out_status untouched if there is none. */
bool cs_status_from_name(const char *name, enum cs_status *out_status);

/* Largest text of a problem, bytes with its end mark; longer texts are cut at a character boundary. */
#define CS_PROBLEM_TEXT_MAX 512

/*
 * What went wrong, for people: names the thing and says what to do. Optional everywhere (NULL is accepted by
 * cs_problem_set). Never holds a secret.
 */
struct cs_problem {
    char text[CS_PROBLEM_TEXT_MAX];
};

/* Writes the text and returns `status`, so that `return cs_problem_set(problem, CS_INVALID, "...")` reads well. */
enum cs_status cs_problem_set(struct cs_problem *problem, enum cs_status status, const char *format,
                              ...) CS_PRINTF(3, 4);

/* A broken invariant: always on, no side effects in the condition, aborts. Never on input. */
#define cs_require(condition)                                                                      \
    ((condition) ? (void)0 : cs_require_failed(#condition, __FILE__, __LINE__))
_Noreturn void cs_require_failed(const char *condition, const char *file, int line);

#define CS_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
