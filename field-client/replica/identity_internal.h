/* What identity.c (making, unlocking, saving) and identity_access.c (getters) share. */
#ifndef CS_REPLICA_IDENTITY_INTERNAL_H
#define CS_REPLICA_IDENTITY_INTERNAL_H

#include "field-client/replica/identity_file.h"

struct cs_identity {
    struct cs_secret *master;
    struct cs_secret
        *own; /* what is sealed inside the replica is under this; NULL: under `master` */
    struct cs_buffer layer; /* first layer of the file, as written with the present passphrase */
    struct cs_sign_key *sign_key;
    struct cs_sign_key *root_key; /* NULL unless first device */
    struct cs_seal_key *seal_key;
    struct cs_buffer chain;
    struct cs_chain parsed; /* views into `chain` */
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t server[CS_SIGN_PUBLIC_SIZE];
    struct cs_buffer address; /* ends with NUL beyond its size */
    struct cs_buffer statement;
    struct cs_server_statement statement_parsed;
    struct cs_buffer server_identity;
    struct cs_peer peer;
};

#endif
