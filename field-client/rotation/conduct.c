/* How a password is changed, see conduct.h. */
#include "field-client/rotation/conduct.h"

/* What follows from whether the new secret works, when `otherwise` is the answer if it does not. */
static enum cs_rotation_answer by_new_login(const struct cs_rotation_request *request,
                                            const struct cs_rotation_system *system,
                                            enum cs_rotation_answer otherwise,
                                            struct cs_problem *problem)
{
    struct cs_problem why = {""};
    enum cs_rotation_login login =
        system->login(system->context, request->new_secret, CS_SESSION_CLOSE, &why);
    if (login == CS_LOGIN_ACCEPTED) {
        problem->text[0] = '\0';
        return CS_ROTATION_APPLIED;
    }
    if (problem->text[0] == '\0') {
        (void)cs_problem_set(problem, CS_OK,
                             "the system says that it changed the password, but the login with the "
                             "new one did not work: %s",
                             why.text);
    }
    return otherwise;
}

/* The old secret is not taken. If the new one is, an earlier attempt was applied; otherwise nothing was changed by this one. */
static enum cs_rotation_answer already(const struct cs_rotation_request *request,
                                       const struct cs_rotation_system *system,
                                       struct cs_problem *problem)
{
    return by_new_login(request, system, CS_ROTATION_FAILED, problem);
}

/* The system said no in a way that proves nothing. */
static enum cs_rotation_answer by_old_login(const struct cs_rotation_request *request,
                                            const struct cs_rotation_system *system,
                                            struct cs_problem *problem)
{
    struct cs_problem why = {""};
    enum cs_rotation_login login =
        system->login(system->context, request->old_secret, CS_SESSION_CLOSE, &why);
    if (login == CS_LOGIN_ACCEPTED) {
        return CS_ROTATION_FAILED;
    }
    if (login == CS_LOGIN_DENIED) {
        return by_new_login(request, system, CS_ROTATION_UNKNOWN, problem);
    }
    return CS_ROTATION_UNKNOWN;
}

static enum cs_rotation_answer apply(const struct cs_rotation_request *request,
                                     const struct cs_rotation_system *system,
                                     struct cs_problem *problem)
{
    switch (system->login(system->context, request->old_secret, CS_SESSION_KEEP, problem)) {
    case CS_LOGIN_ACCEPTED:
        break;
    case CS_LOGIN_DENIED:
        return already(request, system, problem);
    case CS_LOGIN_UNCLEAR:
        return CS_ROTATION_FAILED;
    }
    switch (system->change(system->context, problem)) {
    case CS_CHANGE_DONE:
        return by_new_login(request, system, CS_ROTATION_UNKNOWN, problem);
    case CS_CHANGE_NOT_SENT:
    case CS_CHANGE_REFUSED:
        return CS_ROTATION_FAILED;
    case CS_CHANGE_DOUBTFUL:
        return by_old_login(request, system, problem);
    case CS_CHANGE_UNCLEAR:
        break;
    }
    return CS_ROTATION_UNKNOWN;
}

/* The new one first: after a rotation it is the one that works, and a wrong secret may cost a delay or an attempt. */
static enum cs_rotation_answer verify(const struct cs_rotation_request *request,
                                      const struct cs_rotation_system *system,
                                      struct cs_problem *problem)
{
    enum cs_rotation_login with_new =
        system->login(system->context, request->new_secret, CS_SESSION_CLOSE, problem);
    if (with_new == CS_LOGIN_UNCLEAR) {
        return CS_ROTATION_UNKNOWN;
    }
    enum cs_rotation_login with_old =
        system->login(system->context, request->old_secret, CS_SESSION_CLOSE, problem);
    if (with_old == CS_LOGIN_UNCLEAR) {
        return CS_ROTATION_UNKNOWN;
    }
    if (with_new == CS_LOGIN_ACCEPTED) {
        return with_old == CS_LOGIN_ACCEPTED ? CS_ROTATION_BOTH : CS_ROTATION_NEW;
    }
    return with_old == CS_LOGIN_ACCEPTED ? CS_ROTATION_OLD : CS_ROTATION_NEITHER;
}

enum cs_rotation_answer cs_rotation_conduct(const struct cs_rotation_request *request,
                                            const struct cs_rotation_system *system,
                                            struct cs_problem *problem)
{
    problem->text[0] = '\0';
    return request->operation == CS_ROTATION_APPLY ? apply(request, system, problem)
                                                   : verify(request, system, problem);
}
