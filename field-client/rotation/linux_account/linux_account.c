/* The password of a Linux account, see linux_account.h. */
#include "field-client/rotation/linux_account/linux_account.h"

#include "field-client/rotation/linux_account/login.h"
#include "field-client/rotation/passwd_dialogue.h"
#include "field-client/rotation/reason.h"
#include "shared/crypto/secret.h"

#include <string.h>

/* Any login shell can run it; passwd itself stops the echo too, but some only after they have asked. */
#define COMMAND "sh -c 'stty -echo; LC_ALL=C exec passwd'"
/* The end of input is no answer to a question, unlike an empty line, and unlike the interrupt PAM does not hold it back. */
#define END_OF_INPUT "\x04"
/* Silence after which what was shown counts as a question. */
#define SILENCE_MS 100
#define PORT_USUAL 22u
#define COLUMNS 500
#define LINES 50

const char *const cs_linux_options[] = {"host_key", NULL};

struct rotation {
    const struct cs_rotation_request *request;
    struct cs_linux_target target;
    ssh_session session; /* the one that is kept for the change */
};

/* Text with an end mark, and with a line feed before it: what is typed. */
static enum cs_status text_of(struct cs_bytes secret, const char *tail, struct cs_secret **out,
                              struct cs_problem *problem)
{
    size_t tail_size = strlen(tail) + 1;
    for (size_t i = 0; i < secret.size; i++) {
        if (secret.data[i] < 0x20 || secret.data[i] == 0x7f) {
            return cs_problem_set(problem, CS_INVALID,
                                  "a password with control characters cannot be typed");
        }
    }
    if (secret.size > CS_LINUX_SECRET_MAX) {
        return cs_problem_set(problem, CS_TOO_LARGE, "a password is longer than 500 bytes");
    }
    enum cs_status status = cs_secret_create(secret.size + tail_size, out);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    memcpy(cs_secret_data(*out), secret.data, secret.size);
    memcpy(cs_secret_data(*out) + secret.size, tail, tail_size);
    return CS_OK;
}

static enum cs_rotation_login login(void *context, struct cs_bytes secret,
                                    enum cs_rotation_keep keep, struct cs_problem *problem)
{
    struct rotation *rotation = context;
    struct cs_secret *text = NULL;
    ssh_session session = NULL;
    if (text_of(secret, "", &text, problem) != CS_OK) {
        return CS_LOGIN_UNCLEAR;
    }
    enum cs_rotation_login outcome =
        cs_linux_login(&rotation->target, (const char *)cs_secret_data(text), &session, problem);
    cs_secret_destroy(text);
    if (keep == CS_SESSION_KEEP) {
        rotation->session = session;
    } else {
        cs_linux_end(session);
    }
    return outcome;
}

/* --- passwd --------------------------------------------------------------------------------------------------------- */

struct passwd {
    const struct rotation *rotation;
    ssh_channel channel;
    struct cs_passwd_dialogue dialogue;
    struct cs_secret *old_line; /* with a line feed */
    struct cs_secret *new_line;
    bool stopped; /* it was told to end, since it was not content */
};

static bool is_over(const struct passwd *passwd)
{
    return ssh_channel_is_eof(passwd->channel) != 0 ||
           ssh_channel_is_closed(passwd->channel) != 0 ||
           ssh_is_connected(passwd->rotation->session) == 0;
}

/* False when writing fails. What is typed has no end mark. */
static bool type_line(const struct passwd *passwd, const struct cs_secret *line)
{
    struct cs_bytes typed = cs_secret_bytes(line);
    uint32_t size = (uint32_t)(typed.size - 1);
    return ssh_channel_write(passwd->channel, typed.data, size) == (int)size;
}

/* Hears for a moment; true if something was heard. */
static bool hear(struct passwd *passwd)
{
    uint8_t shown[1024];
    int size = ssh_channel_read_timeout(passwd->channel, shown, sizeof shown, 0, SILENCE_MS);
    if (size > 0) {
        cs_passwd_dialogue_hear(&passwd->dialogue, cs_bytes_make(shown, (size_t)size));
    }
    return size > 0;
}

/* Why passwd was not content, in its own words. */
static void take_reason(const struct passwd *passwd, struct cs_problem *problem)
{
    const struct cs_rotation_request *request = passwd->rotation->request;
    cs_rotation_reason_set(problem, cs_passwd_dialogue_said(&passwd->dialogue), request->old_secret,
                           request->new_secret);
    if (problem->text[0] == '\0') {
        (void)cs_problem_set(problem, CS_OK, "passwd gives no reason");
    }
}

/* Again at every silence: there may be further questions, and PAM may take seconds over a refusal. */
static bool stop(struct passwd *passwd, struct cs_problem *problem)
{
    if (!passwd->stopped) {
        take_reason(passwd, problem);
    }
    passwd->stopped = true;
    return ssh_channel_write(passwd->channel, END_OF_INPUT, 1) == 1;
}

/* It is silent. False: it cannot be answered. */
static bool answer(struct passwd *passwd, struct cs_problem *problem)
{
    if (passwd->stopped) {
        return stop(passwd, problem);
    }
    switch (cs_passwd_dialogue_next(&passwd->dialogue)) {
    case CS_PASSWD_WAIT:
        return true;
    case CS_PASSWD_SEND_OLD:
        return type_line(passwd, passwd->old_line);
    case CS_PASSWD_SEND_NEW:
        return type_line(passwd, passwd->new_line);
    case CS_PASSWD_STOP:
        break;
    }
    return stop(passwd, problem);
}

/* Until passwd has ended; false when the time is over, or the connection. */
static bool converse(struct passwd *passwd, struct cs_problem *problem)
{
    const struct cs_linux_target *target = &passwd->rotation->target;
    while (!is_over(passwd)) {
        if (cs_rotation_left_ms(target->world, target->deadline_ms) == 0 ||
            (!hear(passwd) && !is_over(passwd) && !answer(passwd, problem))) {
            return false;
        }
    }
    return ssh_is_connected(passwd->rotation->session) != 0;
}

static bool start(struct passwd *passwd, struct cs_problem *problem)
{
    ssh_session session = passwd->rotation->session;
    cs_linux_set_time(&passwd->rotation->target, session);
    passwd->channel = ssh_channel_new(session);
    if (passwd->channel == NULL || ssh_channel_open_session(passwd->channel) != SSH_OK ||
        ssh_channel_request_pty_size(passwd->channel, "dumb", COLUMNS, LINES) != SSH_OK ||
        ssh_channel_request_exec(passwd->channel, COMMAND) != SSH_OK) {
        (void)cs_problem_set(problem, CS_OK, "passwd cannot be started: %s",
                             ssh_get_error(session));
        return false;
    }
    return true;
}

/* What its end says. The exit status of a process that was ended by a signal is -1, as that of one that was never heard of. */
static enum cs_rotation_change outcome_of(struct passwd *passwd, struct cs_problem *problem)
{
    bool ended = converse(passwd, problem);
    int code = ended ? ssh_channel_get_exit_status(passwd->channel) : -1;
    bool sent = passwd->dialogue.sent_new > 0;
    if (code == 0 && sent && !passwd->stopped) {
        return CS_CHANGE_DONE;
    }
    if (code >= 0) {
        if (!passwd->stopped) {
            take_reason(passwd, problem);
        }
        return sent ? CS_CHANGE_DOUBTFUL : CS_CHANGE_NOT_SENT;
    }
    (void)cs_problem_set(problem, CS_OK, "the connection ended, or the time, before passwd did");
    return sent ? CS_CHANGE_UNCLEAR : CS_CHANGE_NOT_SENT;
}

static enum cs_rotation_change change(void *context, struct cs_problem *problem)
{
    struct rotation *rotation = context;
    struct passwd passwd = {.rotation = rotation};
    enum cs_rotation_change outcome = CS_CHANGE_NOT_SENT;
    cs_passwd_dialogue_init(&passwd.dialogue);
    if (text_of(rotation->request->old_secret, "\n", &passwd.old_line, problem) == CS_OK &&
        text_of(rotation->request->new_secret, "\n", &passwd.new_line, problem) == CS_OK &&
        start(&passwd, problem)) {
        outcome = outcome_of(&passwd, problem);
    }
    if (passwd.channel != NULL) {
        ssh_channel_free(passwd.channel);
    }
    cs_secret_destroy(passwd.old_line);
    cs_secret_destroy(passwd.new_line);
    cs_passwd_dialogue_release(&passwd.dialogue);
    cs_linux_end(rotation->session);
    rotation->session = NULL;
    return outcome;
}

/* --- the whole ------------------------------------------------------------------------------------------------------ */

static enum cs_status take_target(const struct cs_world *world,
                                  const struct cs_rotation_request *request, int64_t deadline_ms,
                                  struct cs_linux_target *out, struct cs_problem *problem)
{
    struct cs_linux_target target = {.world = world,
                                     .deadline_ms = deadline_ms,
                                     .port = request->port == 0 ? PORT_USUAL : request->port};
    cs_require(request->host.size < sizeof target.host && request->user.size < sizeof target.user);
    memcpy(target.host, request->host.data, request->host.size);
    memcpy(target.user, request->user.data, request->user.size);
    enum cs_status status =
        cs_host_keys_read(cs_rotation_option(request, "host_key"), &target.keys, problem);
    if (status == CS_OK) {
        *out = target;
    }
    return status;
}

enum cs_rotation_answer cs_linux_rotate(const struct cs_world *world,
                                        const struct cs_rotation_request *request,
                                        int64_t deadline_ms, struct cs_problem *problem)
{
    struct rotation rotation = {.request = request};
    struct cs_rotation_system system = {&rotation, login, change};
    if (take_target(world, request, deadline_ms, &rotation.target, problem) != CS_OK) {
        return request->operation == CS_ROTATION_APPLY ? CS_ROTATION_FAILED : CS_ROTATION_UNKNOWN;
    }
    enum cs_rotation_answer answer = cs_rotation_conduct(request, &system, problem);
    cs_linux_end(rotation.session);
    cs_host_keys_release(&rotation.target.keys);
    return answer;
}
