/*
 * The signed records of a vault (design §10): what server and clients both encode, decode and verify. Pure; opens nothing.
 *
 * Every one is a record of evidence (shared/evidence/record.h) with a kind and a fixed set of fields of its own: the table in
 * record.c, in prose in FORMAT.md. One flat struct holds the fields of all kinds; those that a kind does not have are neither
 * written nor read (zero after decoding).
 *
 * The first four kinds are the vault's log (log.h). All others name a position of that log and its head there: what their
 * author had seen, and by which his right is judged (rules.h).
 */
#ifndef CS_VAULT_RECORD_H
#define CS_VAULT_RECORD_H

#include "shared/evidence/certificate.h"
#include "shared/evidence/record.h"
#include "shared/vault/binding.h"

enum cs_vault_kind {
    CS_VAULT_CREATION,   /* a vault for a project */
    CS_VAULT_EPOCH,      /* a new vault key, by its commitment */
    CS_VAULT_GRANT,      /* rights, and the key, to one device */
    CS_VAULT_WITHDRAWAL, /* a grant ends */
    CS_VAULT_ENTRY,      /* listing data of an item */
    CS_VAULT_VERSION,    /* a secret; begins as PENDING */
    CS_VAULT_STATE,      /* a version comes into another state */
    CS_VAULT_CAMPAIGN,   /* all secrets of the vault are to be changed; or that ends */
    CS_VAULT_LEAK,       /* a version is known to somebody it should not be known to */
    CS_VAULT_REQUEST,    /* to be shown one version */
    CS_VAULT_APPROVAL,   /* of a request, lease or export, by another person */
    CS_VAULT_RELEASE, /* the server's halves for what was asked; signed by the server's identity */
    CS_VAULT_LEASE,   /* to be able to see these versions without network until it expires */
    CS_VAULT_REVEAL,  /* a leased version was shown */
    CS_VAULT_RETURN,  /* the device has destroyed the key of its lease */
    CS_VAULT_EXPORT,  /* to take these versions out in clear */
    CS_VAULT_EMERGENCY, /* an approver is shown one version without another person's approval */
    CS_VAULT_KIND_COUNT
};

enum cs_vault_right {
    CS_VAULT_MAY_LIST = 1 << 0,
    CS_VAULT_MAY_REVEAL = 1 << 1,
    CS_VAULT_MAY_LEASE = 1 << 2,
    CS_VAULT_MAY_EDIT = 1 << 3,
    CS_VAULT_MAY_APPROVE = 1 << 4,
    CS_VAULT_MAY_MANAGE = 1 << 5,
};
#define CS_VAULT_RIGHTS_ALL 0x3f

/* Of a version: from pending, with which it begins, to archived. */
enum cs_vault_state {
    CS_VAULT_PENDING = 1,
    CS_VAULT_APPLIED = 2,  /* from here on it may be in force; signed before the first attempt */
    CS_VAULT_VERIFIED = 3, /* it was logged in with */
    CS_VAULT_CONFIRMED = 4,
    CS_VAULT_ARCHIVED = 5
};

/* One entry of `approvers`: certificate id, and a sealed to that device. Entries ascend by certificate id. */
#define CS_VAULT_APPROVER_SIZE (CS_HASH_SIZE + CS_VAULT_SEALED_SIZE)

struct cs_vault_record {
    enum cs_vault_kind kind;
    uint8_t id[CS_HASH_SIZE]; /* of the signed statement; set by decoding, ignored by encoding */
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t author[CS_HASH_SIZE]; /* certificate id; of a release: the server's identity */
    int64_t claimed;              /* instant */
    struct cs_bytes checkpoint;   /* see cs_record */

    /* Every kind. */
    struct cs_id vault;
    int64_t position;           /* records of the vault's log before this one */
    uint8_t head[CS_HASH_SIZE]; /* id of the last of them; zero if there is none */

    struct cs_bytes approvers;  /* version: CS_VAULT_APPROVER_SIZE each; empty: not four eyes */
    struct cs_bytes ciphertext; /* entry, version */
    uint8_t commitment[CS_HASH_SIZE];   /* epoch, grant: to the vault key; version: to the half */
    int64_t epoch;                      /* epoch, grant, entry, version; from 1 */
    int64_t expires_ms;                 /* grant: 0 = never; lease */
    struct cs_bytes field;              /* version, state: of the item, "password" */
    int64_t four_eyes;                  /* epoch: 1 = its versions need approval */
    struct cs_bytes half;               /* version: sealed to half_key */
    uint8_t half_key[CS_SEAL_KEY_SIZE]; /* version: the server's */
    struct cs_id item;                  /* entry, version, state */
    uint8_t key[CS_SEAL_KEY_SIZE];      /* request, lease, export, emergency: fresh, for this one */
    uint8_t listing_commitment[CS_HASH_SIZE]; /* epoch */
    struct cs_bytes listing_wrapped; /* epoch: the previous listing key; empty in the first */
    /* entry, version, state: id of the record it follows; zero: the first. campaign: the one it ends; zero: it begins one */
    uint8_t previous[CS_HASH_SIZE];
    struct cs_id project; /* creation */
    struct cs_bytes
        reason; /* withdrawal, campaign, leak, request, lease, reveal, return, export, emergency */
    uint8_t recipient[CS_HASH_SIZE]; /* grant, withdrawal: certificate id */
    struct cs_bytes
        recovered; /* epoch: the vault key, version: the half; sealed to the recovery key */
    uint8_t recovery
        [CS_HASH_SIZE]; /* epoch, version: id of the recovery key's statement (recovery.h) */
    uint8_t
        request[CS_HASH_SIZE]; /* approval, release: what they answer; reveal, return: the lease */
    int64_t rights;            /* grant: of enum cs_vault_right */
    struct cs_bytes sealed;    /* grant: the key; approval, release: a half for each version */
    int64_t state;             /* state: of enum cs_vault_state */
    struct cs_id version;      /* version, state, leak, reveal */
    struct cs_bytes
        versions; /* request, lease, export, emergency, release: 16 bytes each, ascending */
    struct cs_bytes work_order; /* request, lease, reveal, emergency: id, or empty */
    struct cs_bytes wrapped;    /* epoch: the previous vault key; empty in the first */
};

/* A reveal or return: what a device did with a lease, which is true whoever has lost which right since. */
bool cs_vault_kind_under_lease(enum cs_vault_kind kind);
/* "vault grant"; static. */
const char *cs_vault_kind_name(enum cs_vault_kind kind);
/* Kinds that the server answers with a release: request, lease, export, emergency. */
bool cs_vault_kind_asks(enum cs_vault_kind kind);

/* Appends signature ‖ statement. CS_INVALID for what no reader would take; CS_TOO_LARGE. */
enum cs_status cs_vault_record_encode(const struct cs_vault_record *record,
                                      const struct cs_sign_key *key,
                                      struct cs_buffer *out) CS_MUST_USE;
/* Trusts nothing. Views into `bytes`. Exactly the kind's fields, each of its type and size: CS_MALFORMED otherwise; CS_UNSUPPORTED
 * for another version, kind or right; CS_LIMIT; CS_NO_MEMORY. */
enum cs_status cs_vault_record_decode(struct cs_bytes bytes,
                                      struct cs_vault_record *out) CS_MUST_USE;

/* Whose signatures are believed. */
struct cs_vault_directory {
    const uint8_t *organisation; /* CS_HASH_SIZE bytes */
    const uint8_t *
        server_identity; /* CS_SIGN_PUBLIC_SIZE bytes, as the root says (server_statement.h); NULL: none is known */
    void *context;
    /* The chain of this certificate, verified by cs_chain_verify; borrowed, valid as long as the directory. CS_NOT_FOUND;
     * CS_REVOKED, with the chain all the same, if what it signs now is not to be believed: by positions in the evidence log, which
     * only the caller knows. */
    enum cs_status (*find)(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                           const struct cs_chain **out);
    /* CS_OK if this is the id of a recovery key's statement that the root signed (recovery.h); CS_NOT_FOUND. */
    enum cs_status (*find_recovery)(void *context, const uint8_t id[static CS_HASH_SIZE]);
};

/* Signature first, by the key that the directory has for the named author; then organisation and fields. `out_author` is NULL
 * for a release. As cs_vault_record_decode; CS_UNKNOWN_DEVICE, CS_REVOKED, CS_FORGED, CS_WRONG_ORGANISATION, CS_WRONG_SERVER (a
 * release not by the organisation's server). Outputs untouched on failure. */
enum cs_status cs_vault_record_open(struct cs_bytes bytes,
                                    const struct cs_vault_directory *directory,
                                    struct cs_vault_record *out, const struct cs_chain **out_author,
                                    struct cs_problem *problem) CS_MUST_USE;

/* Where what stands in this record belongs: its organisation (borrowed), vault, epoch, item, field and version. */
struct cs_vault_place cs_vault_record_place(const struct cs_vault_record *record,
                                            enum cs_vault_class class_value,
                                            const uint8_t *subject);

/* Does a list of versions name this one, and as which? */
bool cs_vault_versions_find(struct cs_bytes versions, const struct cs_id *version,
                            size_t *out_index);
/* The part of a version that is sealed to this approver: CS_VAULT_SEALED_SIZE bytes, or none. */
struct cs_bytes cs_vault_approver_part(const struct cs_vault_record *version,
                                       const uint8_t certificate[static CS_HASH_SIZE]);
/* Rights that need the vault key. Others (list, approve) get the listing key alone. */
bool cs_vault_rights_need_key(int64_t rights);

#endif
