/* Seeds of what helpers read, see make_corpus.c. */
#include "tests/fuzz/make_corpus.h"

#include "field-client/rotation/request.h"

void make_rotation_message(struct sample_random *random, struct cs_arena *arena,
                           struct cs_buffer *out)
{
    struct cs_rotation_request request = {.operation = random->state % 2 == 0 ? CS_ROTATION_APPLY
                                                                              : CS_ROTATION_VERIFY,
                                          .host = cs_bytes_of_text("127.0.0.1"),
                                          .port = (uint16_t)random->state,
                                          .user = cs_bytes_of_text("维护"),
                                          .old_secret = sample_bytes(random, arena, 12),
                                          .new_secret = sample_bytes(random, arena, 20),
                                          .seconds = 30,
                                          .option_count = random->state % 3};
    request.options[0] =
        (struct cs_rotation_option){cs_bytes_of_text("ca"), cs_bytes_of_text("line\nline\n")};
    request.options[1] = (struct cs_rotation_option){cs_bytes_of_text("tls"), CS_BYTES_NONE};
    cs_require(cs_rotation_request_encode(&request, out, NULL) == CS_OK);
}

void make_rotation_passwd(struct sample_random *random, struct cs_arena *arena,
                          struct cs_buffer *out)
{
    static const char *const said[] = {
        "Changing password for bob.\r\nCurrent password: ", "New password: ",
        "\r\nRetype new password: ", "\r\nYou must choose a longer password.\r\nNew password: "};
    (void)arena;
    size_t first = random->state % 2;
    for (size_t i = first; i < CS_COUNT(said); i++) {
        cs_buffer_append_text(out, said[i]);
        cs_buffer_append_u8(out, 0);
    }
}
