/* Fuzzing entries of what helpers read: the message, and what passwd says on its terminal. See targets.h. */
#include "tests/fuzz/targets.h"

#include "field-client/rotation/passwd_dialogue.h"
#include "field-client/rotation/request.h"

#include <string.h>

/* What is accepted has one form: written again, it is the same. */
void fuzz_rotation_message(const uint8_t *data, size_t size)
{
    struct cs_rotation_request request;
    struct cs_buffer again;
    cs_buffer_init(&again, CS_ROTATION_MESSAGE_MAX);
    if (cs_rotation_request_decode(cs_bytes_make(data, size), &request, NULL) == CS_OK) {
        cs_require(cs_rotation_request_encode(&request, &again, NULL) == CS_OK);
        cs_require(again.size == size && memcmp(again.data, data, size) == 0);
    }
    cs_buffer_release(&again);
}

/* In pieces that end with a zero byte. The old password is given at most once, before the new one; the new one at most twice; after a
 * stop nothing is given. */
void fuzz_rotation_passwd(const uint8_t *data, size_t size)
{
    struct cs_passwd_dialogue dialogue;
    unsigned old_sent = 0;
    unsigned new_sent = 0;
    cs_passwd_dialogue_init(&dialogue);
    while (size > 0) {
        const uint8_t *end = memchr(data, 0, size);
        size_t piece = end == NULL ? size : (size_t)(end - data);
        cs_passwd_dialogue_hear(&dialogue, cs_bytes_make(data, piece));
        size_t taken = end == NULL ? piece : piece + 1;
        data += taken;
        size -= taken;
        enum cs_passwd_step step = cs_passwd_dialogue_next(&dialogue);
        if (step == CS_PASSWD_STOP) {
            break;
        }
        cs_require(step != CS_PASSWD_SEND_OLD || new_sent == 0);
        old_sent += step == CS_PASSWD_SEND_OLD;
        new_sent += step == CS_PASSWD_SEND_NEW;
        cs_require(old_sent <= 1 && new_sent <= 2 && new_sent == dialogue.sent_new);
        cs_require(cs_passwd_dialogue_said(&dialogue).size <= dialogue.text.size);
    }
    cs_passwd_dialogue_release(&dialogue);
}
