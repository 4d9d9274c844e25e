/*
 * Guarded memory that grows by blocks: texts of a password list. Pages are those of cs_secret: guarded, locked where the system
 * allows, wiped when freed.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_GUARDED_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_GUARDED_H

#include "shared/crypto/secret.h"

struct cs_guarded_block;

struct cs_guarded {
    struct cs_guarded_block *blocks; /* newest first */
    size_t used;                     /* bytes in sum */
};

void cs_guarded_init(struct cs_guarded *guarded);
void cs_guarded_release(struct cs_guarded *guarded);
/* A copy that lives as long as `guarded`. At most CS_PASSWORD_TEXT_MAX bytes (CS_TOO_LARGE). *out is untouched on failure. */
enum cs_status cs_guarded_copy(struct cs_guarded *guarded, struct cs_bytes bytes,
                               struct cs_bytes *out) CS_MUST_USE;

#endif
