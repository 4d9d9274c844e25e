/*
 * Runs a helper as the client does, for the rotation scripts: a message on standard input goes through the runner to the helper.
 *
 * usage: end_to_end_rotate HELPER <MESSAGE
 *
 * Prints the answer, and the reason in a second line. Exit status 1: the helper was not started; 2: the message is no message.
 */
#include "field-client/rotation/runner.h"

#include "shared/crypto/secret.h"

#include <stdio.h>
#include <unistd.h>

/* All of standard input; 0 if it is too long or cannot be read. */
static size_t read_message(struct cs_secret *storage)
{
    size_t size = 0;
    for (;;) {
        ssize_t got = read(STDIN_FILENO, cs_secret_data(storage) + size,
                           cs_secret_bytes(storage).size - size);
        if (got <= 0) {
            return got == 0 ? size : 0;
        }
        size += (size_t)got;
    }
}

static int rotate(const char *helper, struct cs_bytes message)
{
    struct cs_world world;
    struct cs_rotation_request request;
    struct cs_problem reason = {""};
    enum cs_rotation_answer answer = CS_ROTATION_UNKNOWN;
    cs_world_system(&world);
    if (cs_rotation_request_decode(message, &request, &reason) != CS_OK) {
        (void)fprintf(stderr, "%s\n", reason.text);
        return 2;
    }
    if (cs_rotation_run(&world, helper, &request, &answer, &reason) != CS_OK) {
        (void)fprintf(stderr, "%s\n", reason.text);
        return 1;
    }
    (void)printf("%s\n%s\n", cs_rotation_answer_text(answer), reason.text);
    return 0;
}

int main(int argument_count, char **arguments)
{
    struct cs_secret *storage = NULL;
    if (argument_count != 2 || cs_crypto_start() != CS_OK ||
        cs_secret_create(CS_ROTATION_MESSAGE_MAX + 1, &storage) != CS_OK) {
        (void)fprintf(stderr, "usage: end_to_end_rotate HELPER <MESSAGE\n");
        return 2;
    }
    size_t size = read_message(storage);
    int code = rotate(arguments[1], cs_bytes_make(cs_secret_data(storage), size));
    cs_secret_destroy(storage);
    return code;
}
