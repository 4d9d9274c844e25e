/*
 * The conversation with passwd(1): which of its questions wants which password. Pure; the caller reads and writes the terminal.
 *
 * passwd is spoken to in LC_ALL=C. Its questions differ between PAM modules and systems, so they are known by the words in them; one
 * that is not known, or comes again, ends the conversation: nothing is ever answered by guess with the new password.
 */
#ifndef CS_ROTATION_PASSWD_DIALOGUE_H
#define CS_ROTATION_PASSWD_DIALOGUE_H

#include "shared/base/bytes.h"

enum cs_passwd_step {
    CS_PASSWD_WAIT,     /* no question yet */
    CS_PASSWD_SEND_OLD, /* and a line feed */
    CS_PASSWD_SEND_NEW,
    CS_PASSWD_STOP, /* it asks again, which is how it refuses, or asks what is not known */
};

struct cs_passwd_dialogue {
    struct cs_buffer text; /* since the last answer */
    bool sent_old;
    unsigned sent_new; /* how often: from then on the password may change */
};

void cs_passwd_dialogue_init(struct cs_passwd_dialogue *dialogue);
void cs_passwd_dialogue_release(struct cs_passwd_dialogue *dialogue);
/* What the terminal shows. */
void cs_passwd_dialogue_hear(struct cs_passwd_dialogue *dialogue, struct cs_bytes shown);
/* To be asked when it has been silent for a moment: questions arrive in pieces. A step to send counts as done. */
enum cs_passwd_step cs_passwd_dialogue_next(struct cs_passwd_dialogue *dialogue);
/* What it said since the last answer, without a question at the end: why it refuses. A view, valid until the next call. */
struct cs_bytes cs_passwd_dialogue_said(const struct cs_passwd_dialogue *dialogue);

#endif
