/*
 * Who knows which version of a secret, since when and how; and what is due for rotation, and why (design §10). Pure: from the
 * verified records of one vault, and what the caller says of the devices.
 *
 * Called by the reports and by campaigns: create, add every kept record, settle once, look, destroy (exposure_read.h does it for a
 * vault of a book).
 *
 * Everything but the moments is in records that were signed, so a report is as good as what the replica has been sent: a device
 * that may neither approve nor manage has its own disclosures only.
 *
 * A version **may be in force** from when it is written, unless it was archived without ever having been tried. A reason holds
 * for a version that somebody knows until a later version of the same secret was confirmed that this somebody does not know:
 *
 *   somebody             is                                                       knows
 *   a device that left   revoked; or its grant withdrawn, reduced or expired      every version it has a record for
 *   the device of a lease overdue (ended, not returned), or lost (revoked, or     the same; the reason holds for what is leased
 *                        suspended: it has to join again)
 *   who has the file     that an export made                                      what was exported
 *   whoever saw it       in an emergency, or as a leak declares                   that version
 *
 * "Later" is by the order in which the versions follow each other, not by time. Who left and looks up an older version makes
 * nothing due, for that is not in force.
 *
 * Sorting and binary search throughout: ids are chosen by authors, so a hash table would be theirs to slow down.
 */
#ifndef CS_FIELD_CLIENT_VAULT_EXPOSURE_H
#define CS_FIELD_CLIENT_VAULT_EXPOSURE_H

#include "shared/vault/record.h"

/* How somebody came to know a version. Names are in the JSON and CSV of reports. */
enum cs_exposure_how {
    CS_EXPOSURE_WROTE,       /* signed the version */
    CS_EXPOSURE_SHOWN,       /* asked, and the server released it */
    CS_EXPOSURE_LEASED,      /* for use without network, seen or not */
    CS_EXPOSURE_REVEALED,    /* shown under a lease */
    CS_EXPOSURE_BREAK_GLASS, /* shown in an emergency, without another person's approval */
    CS_EXPOSURE_EXPORTED,    /* taken out in clear */
    CS_EXPOSURE_APPLIED,     /* tried it at the site */
    CS_EXPOSURE_HOW_COUNT
};
enum cs_due_why {
    CS_DUE_REVOKED,   /* known to a device that was revoked */
    CS_DUE_WITHDRAWN, /* known to a device whose grant was withdrawn, or no longer has the key */
    CS_DUE_ENDED,     /* known to a device whose grant has expired */
    CS_DUE_OVERDUE,   /* in a lease that ended and was not returned */
    CS_DUE_LOST, /* in a lease, not returned, of a device that was revoked or has to join again */
    CS_DUE_EXPORTED,
    CS_DUE_EMERGENCY,
    CS_DUE_LEAK,
    CS_DUE_WHY_COUNT
};
/* "shown", "lease_overdue"; static. */
const char *cs_exposure_how_name(enum cs_exposure_how how);
const char *cs_due_why_name(enum cs_due_why why);

/* One field of an item. Its versions and dues are contiguous. */
struct cs_exposed_secret {
    struct cs_id item;
    struct cs_bytes field;
    size_t first_version;
    size_t version_count; /* in the order in which they follow each other */
    size_t first_due;
    size_t due_count; /* 0: nothing is due */
};
struct cs_exposed_version {
    size_t secret;
    struct cs_id id;
    size_t author; /* device */
    int64_t written_ms;
    enum cs_vault_state state; /* now */
    bool confirmed;            /* is or was */
    bool tried;                /* is or was applied, verified or confirmed */
    bool may_be_in_force;      /* now or once: everything but what was archived untried */
    size_t first_knowing;
    size_t knowing_count; /* by time */
};
struct cs_exposed_device {
    uint8_t certificate[CS_HASH_SIZE];
    int64_t rights;     /* of its grant in force; 0: none, or expired */
    int64_t expires_ms; /* of that; 0: never */
    bool left;
    enum cs_due_why left_why;    /* CS_DUE_REVOKED, CS_DUE_WITHDRAWN or CS_DUE_ENDED */
    int64_t left_ms;             /* 0: not known */
    struct cs_bytes left_reason; /* of the withdrawal */
    bool suspended;
};
/* One record by which a device knows a version. Texts are borrowed. */
struct cs_knowing {
    size_t version;
    size_t device;
    enum cs_exposure_how how;
    int64_t
        since_ms; /* logged by the server; shown under a lease: when the device says, if that is earlier */
    uint64_t feed;                /* order of the records */
    uint8_t record[CS_HASH_SIZE]; /* version, request, lease, reveal, emergency, export or state */
    struct cs_bytes reason;       /* empty: written or applied */
    struct cs_bytes work_order;   /* id, or empty */
};
struct cs_due {
    size_t secret;
    size_t version; /* the newest that the reason holds for */
    size_t device;  /* who left or leased; for an export, emergency or leak: who signed that */
    enum cs_due_why why;
    int64_t since_ms; /* since when both is true: that it is known, and that it should not be */
    uint8_t
        record[CS_HASH_SIZE]; /* lease, export, emergency or leak; zero: of a device that left */
    struct cs_bytes reason;   /* of that record */
};

struct cs_exposure_view {
    const struct cs_exposed_secret *secrets; /* by item and field */
    size_t secret_count;
    const struct cs_exposed_version *versions;
    size_t version_count;
    const struct cs_exposed_device *devices; /* by certificate */
    size_t device_count;
    const struct cs_knowing *knowings;
    size_t knowing_count;
    const struct cs_due *dues;
    size_t due_count;
};

/* How a device stands, as the evidence says. */
struct cs_exposure_standing {
    bool revoked;
    int64_t revoked_ms;
    bool suspended; /* it has to join again */
};
struct cs_exposure_terms {
    int64_t now_ms;
    void *context;
    enum cs_status (*stand)(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                            struct cs_exposure_standing *out);
};

struct cs_exposure; /* opaque */

enum cs_status cs_exposure_create(struct cs_exposure **out) CS_MUST_USE;
/* NULL is accepted. */
void cs_exposure_destroy(struct cs_exposure *exposure);
/* A verified record of the vault, copied as far as it is needed; of any kind and in any order. `feed`: its place among the records of the
 * vault; `logged_ms`: when the server logged it. CS_NO_MEMORY. */
enum cs_status cs_exposure_add(struct cs_exposure *exposure, const struct cs_vault_record *record,
                               uint64_t feed, int64_t logged_ms) CS_MUST_USE;
/* After all were added, once. The view lives as long as `exposure`. A record that names what was not added says nothing. CS_NO_MEMORY; as
 * `stand`. */
enum cs_status cs_exposure_settle(struct cs_exposure *exposure,
                                  const struct cs_exposure_terms *terms,
                                  const struct cs_exposure_view **out) CS_MUST_USE;

/* The version with this id, the device with this certificate; CS_EXPOSURE_NONE: there is none. */
#define CS_EXPOSURE_NONE SIZE_MAX
size_t cs_exposure_version(const struct cs_exposure *exposure, const struct cs_id *version);
size_t cs_exposure_device(const struct cs_exposure_view *view,
                          const uint8_t certificate[static CS_HASH_SIZE]);
/* The secret of this item and field; CS_EXPOSURE_NONE. */
size_t cs_exposure_secret(const struct cs_exposure_view *view, const struct cs_id *item,
                          struct cs_bytes field);

#endif
