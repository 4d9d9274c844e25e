/* What a helper answers: one word (FORMAT.md, Answer). Pure. */
#ifndef CS_ROTATION_ANSWER_H
#define CS_ROTATION_ANSWER_H

#include "field-client/rotation/request.h"

enum cs_rotation_answer {
    CS_ROTATION_UNKNOWN, /* to both operations: it cannot be told which secret works */
    CS_ROTATION_APPLIED, /* apply: a new login with the new secret worked */
    CS_ROTATION_FAILED,  /* apply: nothing was changed */
    CS_ROTATION_OLD,     /* verify: only the old secret works */
    CS_ROTATION_NEW,     /* verify: only the new secret works */
    CS_ROTATION_BOTH,    /* verify: both do */
    CS_ROTATION_NEITHER, /* verify: neither does */
};

/* The word; static storage. */
const char *cs_rotation_answer_text(enum cs_rotation_answer answer);
/* Exactly one word that belongs to the operation, with a line feed behind it; anything else is unknown. */
enum cs_rotation_answer cs_rotation_answer_parse(enum cs_rotation_operation operation,
                                                 struct cs_bytes output);

#endif
