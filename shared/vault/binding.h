/*
 * What every ciphertext, key and commitment of a vault is bound to (FORMAT.md, Binding). Pure.
 *
 * The place is the associated data of the ciphertext, the header of the seal, or what the keyed hash is over: so nothing opens
 * at another place than it was made for. Who opens knows the place from a verified record, never from the ciphertext.
 */
#ifndef CS_VAULT_BINDING_H
#define CS_VAULT_BINDING_H

#include "shared/base/id.h"
#include "shared/base/limits.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/seal.h"

/* What it is. Each has a label of its own for encryption; numbers and labels are part of the formats. */
enum cs_vault_class {
    CS_VAULT_CLASS_KEY = 1,             /* a vault key, sealed to a device */
    CS_VAULT_CLASS_LISTING_KEY = 2,     /* a listing key, sealed to a device */
    CS_VAULT_CLASS_WRAPPED_KEY = 3,     /* the previous vault key under this one */
    CS_VAULT_CLASS_WRAPPED_LISTING = 4, /* the previous listing key under this one */
    CS_VAULT_CLASS_RECOVERED_KEY = 5,   /* a vault key, sealed to the recovery key */
    CS_VAULT_CLASS_LISTING = 6,         /* listing data */
    CS_VAULT_CLASS_SECRET = 7,          /* a version of a secret */
    CS_VAULT_CLASS_HALF_SERVER = 8,     /* half (or s) sealed to the server */
    CS_VAULT_CLASS_HALF_RECOVERY = 9,   /* half sealed to the recovery key */
    CS_VAULT_CLASS_HALF_APPROVER = 10,  /* a sealed to an approver's device */
    CS_VAULT_CLASS_HALF_APPROVED = 11,  /* a, sealed again by an approver to a request's key */
    CS_VAULT_CLASS_HALF_RELEASED =
        12, /* half (or s), sealed again by the server to a request's key */
};
#define CS_VAULT_CLASS_MAX 12

struct cs_vault_place {
    enum cs_vault_class class_value;
    const uint8_t *organisation; /* CS_HASH_SIZE bytes */
    struct cs_id vault;
    uint64_t epoch;
    struct cs_id item; /* zero for keys */
    struct cs_bytes
        field; /* of the item, at most CS_NAME_MAX bytes; empty for keys and listing data */
    struct cs_id version; /* zero for keys and listing data */
    const uint8_t *
        subject; /* CS_HASH_SIZE bytes: the request, approver or recovery key it is for; NULL: none (zeros) */
};

#define CS_VAULT_BINDING_MAX (8 * 4 + 1 + 32 + 16 + 8 + 16 + CS_NAME_MAX + 16 + 32)

struct cs_vault_binding {
    uint8_t bytes[CS_VAULT_BINDING_MAX];
    size_t size;
};

void cs_vault_bind(const struct cs_vault_place *place, struct cs_vault_binding *out);
struct cs_bytes cs_vault_binding_bytes(const struct cs_vault_binding *binding);
/* The label that this class is encrypted or sealed under. */
const char *cs_vault_class_label(enum cs_vault_class class_value);

/* The place of the same version, of another class and for another subject. */
struct cs_vault_place cs_vault_place_of_class(const struct cs_vault_place *place,
                                              enum cs_vault_class class_value,
                                              const uint8_t *subject);

#define CS_VAULT_HALF_SIZE ((size_t)32)
/* Sizes of a sealed and of a wrapped key or half. */
#define CS_VAULT_SEALED_SIZE (CS_VAULT_HALF_SIZE + CS_SEAL_OVERHEAD)
#define CS_VAULT_WRAPPED_SIZE (CS_VAULT_HALF_SIZE + CS_AEAD_OVERHEAD)

/* The commitment to a half: keyed hash of the secret's place (class SECRET). `half` has CS_VAULT_HALF_SIZE bytes. */
void cs_vault_half_commitment(struct cs_bytes half, const struct cs_vault_place *place,
                              uint8_t out[static CS_HASH_SIZE]);

#endif
