/*
 * How a password is changed, whatever the system: which steps, and what their outcomes allow to be said. Pure.
 *
 * A helper program supplies the steps (struct cs_rotation_system). The rules, which FORMAT.md gives for every helper:
 * "applied" only after a new login with the new secret; "failed" only while nothing that could change the password was sent, or
 * after the system said no; everything between is "unknown".
 */
#ifndef CS_ROTATION_CONDUCT_H
#define CS_ROTATION_CONDUCT_H

#include "field-client/rotation/answer.h"

enum cs_rotation_login {
    CS_LOGIN_UNCLEAR,  /* not reached, cut off, out of time: says nothing about the secret */
    CS_LOGIN_ACCEPTED, /* the system asked for a secret and took this one */
    CS_LOGIN_DENIED,   /* the system asked for a secret and did not take this one */
};

enum cs_rotation_change {
    CS_CHANGE_UNCLEAR,  /* sent, at least in part, and not answered */
    CS_CHANGE_NOT_SENT, /* given up before anything was sent that could change the password */
    CS_CHANGE_REFUSED,  /* the system said that it did not change it */
    CS_CHANGE_DOUBTFUL, /* the system said no, but in a way that needs a look: only a login tells */
    CS_CHANGE_DONE,     /* the system said that it did */
};

/* What becomes of the session of a login that was accepted. */
enum cs_rotation_keep { CS_SESSION_CLOSE, CS_SESSION_KEEP };

/* `context` is the helper's. Each returns in the time that the request allows, or soon after, and says in `problem` what went wrong,
 * without secrets. */
struct cs_rotation_system {
    void *context;
    /* A new session. An accepted one that is kept is the one that `change` works in. */
    enum cs_rotation_login (*login)(void *context, struct cs_bytes secret,
                                    enum cs_rotation_keep keep, struct cs_problem *problem);
    /* To the request's new secret, in the session that was kept; ends it. */
    enum cs_rotation_change (*change)(void *context, struct cs_problem *problem);
};

/* Does what the request says. `problem` is for people: why it is not "applied"; empty if there is nothing to say. */
enum cs_rotation_answer cs_rotation_conduct(const struct cs_rotation_request *request,
                                            const struct cs_rotation_system *system,
                                            struct cs_problem *problem);

#endif
