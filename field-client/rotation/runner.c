/* Runs a helper program, see runner.h. */
#include "field-client/rotation/runner.h"

#include "field-client/rotation/child.h"
#include "field-client/rotation/reason.h"
#include "shared/base/memory.h"
#include "shared/crypto/secret.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The longest word has 7 letters; a byte more than is taken shows that there was more. */
#define OUTPUT_MAX ((size_t)16)
/* A password that begins in the part that is shown is in here whole, so that it is seen. */
#define ERRORS_MAX (CS_ROTATION_REASON_MAX + CS_ROTATION_SECRET_MAX)
/* Everything of a message that is neither a value nor an option. */
#define MESSAGE_FRAME_MAX ((size_t)1024)
#define WAIT_STEP_MS 5
/* The clock is the world's, so it is looked at again and again. */
#define POLL_STEP_MS 100

struct run {
    const struct cs_world *world;
    int64_t deadline_ms;
    struct cs_rotation_child child;
    struct cs_bytes unsent; /* view of the message */
    uint8_t output[OUTPUT_MAX];
    size_t output_size;
    uint8_t errors[ERRORS_MAX];
    size_t errors_size;
};

static int left_ms(const struct run *run)
{
    int64_t left = run->deadline_ms - run->world->monotonic_ms(run->world->context);
    return left <= 0 ? 0 : (int)left;
}

/* The message in secret memory of its own size. */
static enum cs_status make_message(const struct cs_rotation_request *request,
                                   struct cs_secret **out, struct cs_bytes *out_message,
                                   struct cs_problem *reason)
{
    size_t room = MESSAGE_FRAME_MAX + request->host.size + request->user.size +
                  request->old_secret.size + request->new_secret.size;
    for (size_t i = 0; i < request->option_count; i++) {
        room += request->options[i].value.size;
    }
    if (room > CS_ROTATION_MESSAGE_MAX) {
        return cs_problem_set(reason, CS_INVALID, "the options are too long");
    }
    struct cs_secret *storage = NULL;
    enum cs_status status = cs_secret_create(room, &storage);
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer buffer = cs_secret_buffer(storage);
    status = cs_rotation_request_encode(request, &buffer, reason);
    if (status != CS_OK) {
        cs_secret_destroy(storage);
        return status;
    }
    *out = storage;
    *out_message = cs_buffer_bytes(&buffer);
    return CS_OK;
}

/* A helper that does not read is no failure of ours: its answer counts. */
static void write_some(struct run *run)
{
    ssize_t written = write(run->child.input, run->unsent.data, run->unsent.size);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (written < 0) {
        run->unsent = CS_BYTES_NONE;
    } else {
        run->unsent = cs_bytes_make(run->unsent.data + written, run->unsent.size - (size_t)written);
    }
    if (run->unsent.size == 0) {
        cs_rotation_child_close(&run->child.input);
    }
}

/* Keeps what there is room for and forgets the rest, so that a helper that talks much is not held up. */
static void read_some(int *file, uint8_t *kept, size_t room, size_t *size)
{
    uint8_t chunk[4096];
    ssize_t got = read(*file, chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (got <= 0) {
        cs_rotation_child_close(file);
        return;
    }
    size_t taken = (size_t)got < room - *size ? (size_t)got : room - *size;
    memcpy(kept + *size, chunk, taken);
    *size += taken;
}

/* Until both outputs have ended; false when the time is over before. poll passes over descriptors of -1. */
static bool converse(struct run *run)
{
    while (run->child.output >= 0 || run->child.errors >= 0) {
        struct pollfd files[] = {{run->child.input, POLLOUT, 0},
                                 {run->child.output, POLLIN, 0},
                                 {run->child.errors, POLLIN, 0}};
        int wait_ms = left_ms(run);
        int ready = poll(files, CS_COUNT(files), wait_ms < POLL_STEP_MS ? wait_ms : POLL_STEP_MS);
        if (ready < 0 && errno != EINTR) {
            return false;
        }
        if (wait_ms == 0) {
            return false;
        }
        if (ready <= 0) {
            continue;
        }
        if (files[0].revents != 0) {
            write_some(run);
        }
        if (files[1].revents != 0) {
            read_some(&run->child.output, run->output, sizeof run->output, &run->output_size);
        }
        if (files[2].revents != 0) {
            read_some(&run->child.errors, run->errors, sizeof run->errors, &run->errors_size);
        }
    }
    return true;
}

/* False when it is still there at the deadline. */
static bool await_end(struct run *run, bool *out_clean)
{
    const struct timespec step = {0, WAIT_STEP_MS * 1000L * 1000L};
    while (!cs_rotation_child_ended(&run->child, out_clean)) {
        if (left_ms(run) == 0) {
            return false;
        }
        (void)nanosleep(&step, NULL);
    }
    return true;
}

static enum cs_rotation_answer
take_answer(struct run *run, const struct cs_rotation_request *request, struct cs_problem *reason)
{
    bool clean = false;
    const char *wrong = NULL;
    enum cs_rotation_answer answer = CS_ROTATION_UNKNOWN;
    if (!converse(run) || !await_end(run, &clean)) {
        wrong = "the helper did not end in time";
    } else if (!clean) {
        wrong = "the helper failed";
    } else {
        answer = cs_rotation_answer_parse(request->operation,
                                          cs_bytes_make(run->output, run->output_size));
    }
    cs_rotation_reason_set(reason, cs_bytes_make(run->errors, run->errors_size),
                           request->old_secret, request->new_secret);
    if (reason->text[0] == '\0' && answer == CS_ROTATION_UNKNOWN) {
        (void)cs_problem_set(reason, CS_OK, "%s",
                             wrong != NULL ? wrong : "the helper gave no answer that counts");
    }
    return answer;
}

/* What happens to SIGPIPE while a helper that does not read is written to: it waits, and is taken away. */
struct quiet {
    sigset_t before;
    bool was_pending;
};

static void quiet_begin(struct quiet *quiet)
{
    sigset_t pipe_only;
    sigset_t pending;
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    (void)sigemptyset(&pending);
    (void)sigpending(&pending);
    quiet->was_pending = sigismember(&pending, SIGPIPE) == 1;
    cs_require(pthread_sigmask(SIG_BLOCK, &pipe_only, &quiet->before) == 0);
}

static void quiet_end(const struct quiet *quiet)
{
    const struct timespec now = {0, 0};
    sigset_t pipe_only;
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    if (!quiet->was_pending) {
        (void)sigtimedwait(&pipe_only, NULL, &now);
    }
    cs_require(pthread_sigmask(SIG_SETMASK, &quiet->before, NULL) == 0);
}

enum cs_status cs_rotation_run(const struct cs_world *world, const char *helper,
                               const struct cs_rotation_request *request,
                               enum cs_rotation_answer *out_answer, struct cs_problem *reason)
{
    struct run run = {.world = world};
    struct cs_secret *message = NULL;
    struct quiet quiet;
    reason->text[0] = '\0';
    enum cs_status status = make_message(request, &message, &run.unsent, reason);
    if (status != CS_OK) {
        return status;
    }
    status = cs_rotation_child_start(helper, &run.child, reason);
    if (status == CS_OK) {
        run.deadline_ms = world->monotonic_ms(world->context) +
                          (int64_t)(request->seconds + CS_ROTATION_GRACE_SECONDS) * 1000;
        quiet_begin(&quiet);
        *out_answer = take_answer(&run, request, reason);
        quiet_end(&quiet);
        cs_rotation_child_release(&run.child);
    }
    cs_secret_destroy(message);
    cs_wipe(run.errors, sizeof run.errors);
    return status;
}
