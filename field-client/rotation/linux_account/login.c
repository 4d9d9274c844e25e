/* One SSH session, see login.h. */
#include "field-client/rotation/linux_account/login.h"

#include "field-client/rotation/helper.h"

#include <string.h>

/* Nothing is in it. */
#define NO_FOLDER "/dev/null"

static bool set_up(const struct cs_linux_target *target, ssh_session session)
{
    bool process_config = false;
    return ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &process_config) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_SSH_DIR, NO_FOLDER) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, NO_FOLDER) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, NO_FOLDER) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_HOST, target->host) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_PORT, &target->port) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_USER, target->user) == 0 &&
           ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, target->keys.algorithms) == 0;
}

void cs_linux_set_time(const struct cs_linux_target *target, ssh_session session)
{
    long seconds = (cs_rotation_left_ms(target->world, target->deadline_ms) + 999) / 1000;
    seconds = seconds > 0 ? seconds : 1;
    (void)ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &seconds);
}

/* The last failure of the library, which says nothing of passwords. */
static enum cs_rotation_login unclear(ssh_session session, struct cs_problem *problem)
{
    (void)cs_problem_set(problem, CS_OK, "no login was possible: %s", ssh_get_error(session));
    return CS_LOGIN_UNCLEAR;
}

static enum cs_rotation_login outcome_of(ssh_session session, int code, struct cs_problem *problem)
{
    switch (code) {
    case SSH_AUTH_SUCCESS:
        return CS_LOGIN_ACCEPTED;
    case SSH_AUTH_DENIED:
        (void)cs_problem_set(problem, CS_OK, "the host does not take this password");
        return CS_LOGIN_DENIED;
    case SSH_AUTH_PARTIAL:
    case SSH_AUTH_INFO:
        (void)cs_problem_set(problem, CS_OK, "the host asks for more than a password");
        return CS_LOGIN_UNCLEAR;
    default:
        return unclear(session, problem);
    }
}

/* One question that is not shown while it is answered: the password. Any other ends it, with SSH_AUTH_INFO. */
static int answer_questions(ssh_session session, const char *password)
{
    bool answered = false;
    int code = ssh_userauth_kbdint(session, NULL, NULL);
    while (code == SSH_AUTH_INFO) {
        int questions = ssh_userauth_kbdint_getnprompts(session);
        char shown = 1;
        if (questions > 1 || (questions == 1 && answered)) {
            return code;
        }
        if (questions == 1) {
            if (ssh_userauth_kbdint_getprompt(session, 0, &shown) == NULL || shown != 0 ||
                ssh_userauth_kbdint_setanswer(session, 0, password) != 0) {
                return code;
            }
            answered = true;
        }
        code = ssh_userauth_kbdint(session, NULL, NULL);
    }
    return code == SSH_AUTH_SUCCESS && !answered ? SSH_AUTH_ERROR : code;
}

/* One method and one attempt: a second one with a wrong password could lock the account. */
static enum cs_rotation_login try_password(const struct cs_linux_target *target,
                                           ssh_session session, const char *password,
                                           struct cs_problem *problem)
{
    int code = ssh_userauth_none(session, NULL);
    if (code == SSH_AUTH_SUCCESS) {
        (void)cs_problem_set(problem, CS_OK,
                             "the host lets this account in without asking for a password");
        return CS_LOGIN_UNCLEAR;
    }
    if (code != SSH_AUTH_DENIED && code != SSH_AUTH_PARTIAL) {
        return unclear(session, problem);
    }
    unsigned methods = (unsigned)ssh_userauth_list(session, NULL);
    cs_linux_set_time(target, session);
    if ((methods & SSH_AUTH_METHOD_PASSWORD) != 0) {
        return outcome_of(session, ssh_userauth_password(session, NULL, password), problem);
    }
    if ((methods & SSH_AUTH_METHOD_INTERACTIVE) != 0) {
        return outcome_of(session, answer_questions(session, password), problem);
    }
    (void)cs_problem_set(problem, CS_OK, "the host takes no passwords for this account");
    return CS_LOGIN_UNCLEAR;
}

static enum cs_rotation_login try_login(const struct cs_linux_target *target, ssh_session session,
                                        const char *password, struct cs_problem *problem)
{
    if (cs_rotation_left_ms(target->world, target->deadline_ms) == 0) {
        (void)cs_problem_set(problem, CS_TIMEOUT, "no time is left");
        return CS_LOGIN_UNCLEAR;
    }
    cs_linux_set_time(target, session);
    if (!set_up(target, session) || ssh_connect(session) != SSH_OK) {
        return unclear(session, problem);
    }
    /* Before anything of ours is sent. */
    if (!cs_host_keys_match(&target->keys, session)) {
        (void)cs_problem_set(problem, CS_OK, "the host shows another key than the one it should");
        return CS_LOGIN_UNCLEAR;
    }
    cs_linux_set_time(target, session);
    return try_password(target, session, password, problem);
}

enum cs_rotation_login cs_linux_login(const struct cs_linux_target *target, const char *password,
                                      ssh_session *out_session, struct cs_problem *problem)
{
    ssh_session session = ssh_new();
    if (session == NULL) {
        (void)cs_problem_set(problem, CS_NO_MEMORY, "out of memory");
        return CS_LOGIN_UNCLEAR;
    }
    enum cs_rotation_login login = try_login(target, session, password, problem);
    if (login == CS_LOGIN_ACCEPTED) {
        *out_session = session;
    } else {
        cs_linux_end(session);
    }
    return login;
}

void cs_linux_end(ssh_session session)
{
    if (session != NULL) {
        ssh_disconnect(session);
        ssh_free(session);
    }
}
