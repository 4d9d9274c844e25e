/* What people read about a change: one line, readable, and never with one of the secrets in it. Pure. */
#ifndef CS_ROTATION_REASON_H
#define CS_ROTATION_REASON_H

#include "shared/base/bytes.h"

/* Control characters and malformed text become blanks, ends are cut; a text with one of the secrets in it, which can come
 * from a system that repeats what it was sent, is replaced as a whole. */
void cs_rotation_reason_clean(struct cs_problem *reason, struct cs_bytes old_secret,
                              struct cs_bytes new_secret);
/* Sets it from bytes of any kind, cleaned. */
void cs_rotation_reason_set(struct cs_problem *reason, struct cs_bytes text,
                            struct cs_bytes old_secret, struct cs_bytes new_secret);

#endif
