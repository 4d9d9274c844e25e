/* Seeds of messages about attachments, see make_corpus.c. */
#include "shared/wire/compression.h"
#include "tests/fuzz/make_corpus.h"
#include "tests/unit/shared_wire/attachment_samples.h"

void make_attachment(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_MEBI);
    if (random->state % 2 == 0) {
        struct cs_attachment_request request = sample_attachment_request(
            random, arena, (enum cs_attachment_step)(CS_ATTACHMENT_ASK + random->state / 2 % 3));
        cs_require(cs_attachment_request_encode(&request, &frame) == CS_OK);
    } else {
        struct cs_attachment_response response = sample_attachment_response(random, arena);
        cs_require(cs_attachment_response_encode(&response, &frame) == CS_OK);
    }
    cs_require(cs_decompress(cs_buffer_bytes(&frame), CS_MEBI, out) == CS_OK);
    cs_buffer_release(&frame);
}
