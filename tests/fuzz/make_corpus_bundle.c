/* Seeds of bundles, see make_corpus.c. */
#include "shared/wire/compression.h"
#include "tests/fuzz/make_corpus.h"
#include "tests/unit/shared_wire/bundle_samples.h"

void make_bundle(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_MEBI);
    if (random->state % 2 == 0) {
        struct cs_bundle_request request = sample_bundle_request(random, arena);
        cs_require(cs_bundle_request_encode(&request, &frame) == CS_OK);
    } else {
        struct cs_bundle_answer answer =
            sample_bundle_answer(random, arena, 1 + random->state / 2 % 2);
        cs_require(cs_bundle_answer_encode(&answer, &frame) == CS_OK);
    }
    cs_require(cs_decompress(cs_buffer_bytes(&frame), CS_MEBI, out) == CS_OK);
    cs_buffer_release(&frame);
}

/* Whole files, and every other time the parts alone, behind which the entry puts a header itself. */
void make_bundle_file(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    bool with_header = random->state % 2 == 0;
    struct cs_buffer parts;
    struct cs_bundle_sum sum;
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_SERVER, .part_count = 3};
    cs_buffer_init(&parts, CS_MEBI);
    cs_bundle_sum_init(&sum);
    for (uint32_t i = 0; i < header.part_count; i++) {
        struct cs_bytes part = sample_bytes(random, arena, 1 + sample_below(random, 40));
        cs_buffer_append_u32(&parts, (uint32_t)part.size);
        cs_buffer_append_bytes(&parts, part);
        cs_bundle_sum_add(&sum, part);
    }
    header.total_size = CS_BUNDLE_HEADER_SIZE + parts.size;
    memcpy(header.parts_hash, sum.hash, sizeof sum.hash);
    if (with_header) {
        cs_require(cs_bundle_header_encode(&header, out) == CS_OK);
    }
    cs_buffer_append_bytes(out, cs_buffer_bytes(&parts));
    cs_buffer_release(&parts);
}
