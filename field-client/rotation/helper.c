/* The frame of our helper programs, see helper.h. */
#include "field-client/rotation/helper.h"

#include "field-client/rotation/reason.h"
#include "shared/crypto/secret.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_ANSWERED 0
#define EXIT_NO_ANSWER 1
#define EXIT_USAGE 2

/* Libraries read much from the environment, such as other servers and files of settings: nothing of that here. */
static bool harden(void)
{
    const struct rlimit none = {0, 0};
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           clearenv() == 0;
}

static bool write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, text, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text += written;
        size -= (size_t)written;
    }
    return true;
}

static void say(const struct cs_rotation_helper *helper, const char *text)
{
    (void)(write_all(STDERR_FILENO, helper->program, strlen(helper->program)) &&
           write_all(STDERR_FILENO, ": ", 2) && write_all(STDERR_FILENO, text, strlen(text)) &&
           write_all(STDERR_FILENO, "\n", 1));
}

/* All of standard input; false if it fails or is longer than the buffer. */
static bool read_all(struct cs_secret *storage, size_t *out_size)
{
    size_t size = 0;
    size_t room = cs_secret_bytes(storage).size;
    while (size < room) {
        ssize_t got = read(STDIN_FILENO, cs_secret_data(storage) + size, room - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            *out_size = size;
            return got == 0;
        }
        size += (size_t)got;
    }
    return false;
}

static enum cs_status check_options(const struct cs_rotation_helper *helper,
                                    const struct cs_rotation_request *request,
                                    struct cs_problem *problem)
{
    for (size_t i = 0; i < request->option_count; i++) {
        const char *const *known = helper->options;
        while (*known != NULL && !cs_bytes_equal_text(request->options[i].name, *known)) {
            known++;
        }
        if (*known == NULL) {
            return cs_problem_set(problem, CS_INVALID, "option %.*s is not known here",
                                  (int)request->options[i].name.size,
                                  (const char *)request->options[i].name.data);
        }
    }
    return CS_OK;
}

/* A message that cannot be obeyed changes nothing: to "apply" that is "failed". */
static enum cs_rotation_answer answer_to(const struct cs_rotation_helper *helper,
                                         struct cs_bytes message, struct cs_problem *problem)
{
    struct cs_world world;
    struct cs_rotation_request request;
    cs_world_system(&world);
    enum cs_status status = cs_rotation_request_decode(message, &request, problem);
    if (status != CS_OK) {
        return CS_ROTATION_FAILED;
    }
    status = check_options(helper, &request, problem);
    if (status != CS_OK) {
        return request.operation == CS_ROTATION_APPLY ? CS_ROTATION_FAILED : CS_ROTATION_UNKNOWN;
    }
    int64_t deadline_ms = world.monotonic_ms(world.context) + (int64_t)request.seconds * 1000;
    enum cs_rotation_answer answer = helper->work(&world, &request, deadline_ms, problem);
    cs_rotation_reason_clean(problem, request.old_secret, request.new_secret);
    return answer;
}

static int answer_input(const struct cs_rotation_helper *helper, struct cs_secret *storage)
{
    struct cs_problem problem = {""};
    char line[16];
    size_t size = 0;
    if (!read_all(storage, &size)) {
        say(helper, "the message cannot be read, or is too long");
        return EXIT_NO_ANSWER;
    }
    enum cs_rotation_answer answer =
        answer_to(helper, cs_bytes_make(cs_secret_data(storage), size), &problem);
    if (problem.text[0] != '\0') {
        say(helper, problem.text);
    }
    const char *word = cs_rotation_answer_text(answer);
    size_t length = strlen(word);
    cs_require(length + 1 < sizeof line);
    memcpy(line, word, length);
    line[length] = '\n';
    return write_all(STDOUT_FILENO, line, length + 1) ? EXIT_ANSWERED : EXIT_NO_ANSWER;
}

int cs_rotation_helper_run(const struct cs_rotation_helper *helper, int argument_count)
{
    if (argument_count > 1) {
        say(helper, "takes no arguments: it reads one message on standard input "
                    "(field-client/rotation/FORMAT.md)");
        return EXIT_USAGE;
    }
    struct cs_secret *storage = NULL;
    if (!harden() || cs_crypto_start() != CS_OK ||
        cs_secret_create(CS_ROTATION_MESSAGE_MAX + 1, &storage) != CS_OK) {
        say(helper, "cannot make itself safe for passwords");
        return EXIT_NO_ANSWER;
    }
    int code = answer_input(helper, storage);
    cs_secret_destroy(storage);
    return code;
}

int cs_rotation_left_ms(const struct cs_world *world, int64_t deadline_ms)
{
    int64_t left = deadline_ms - world->monotonic_ms(world->context);
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}
