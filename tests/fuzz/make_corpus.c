/*
 * Writes the seed corpus: make_corpus FOLDER makes FOLDER/TARGET/seed-N, small valid inputs of each target.
 *
 * Run by hand after a format has changed; the result is committed.
 */
#include "tests/fuzz/make_corpus.h"
#include "shared/wire/cbor.h"
#include "shared/wire/compression.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/shared_wire/compare_samples.h"
#include "tests/unit/shared_wire/message_samples.h"

#include <sys/stat.h>

#define SEEDS 4

/* Takes the content out of a frame: mutations of CBOR find more than those of zstd. */
static void unframe(const struct cs_buffer *frame, struct cs_buffer *out)
{
    cs_require(cs_decompress(cs_buffer_bytes(frame), CS_MEBI, out) == CS_OK);
}

static void make_body(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_buffer frame;
    size_t count = 1 + sample_below(random, 4);
    struct cs_transactions transactions = sample_transactions(random, arena, count);
    cs_buffer_init(&frame, CS_MEBI);
    cs_require(cs_body_encode(transactions.items, transactions.count, &frame) == CS_OK);
    unframe(&frame, out);
    cs_buffer_release(&frame);
}

static void make_rows(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_row *rows = sample_rows(random, arena, 6);
    cs_require(cs_rows_encode(rows, 6, out) == CS_OK);
}

static void make_inner(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_sign_key *key = NULL;
    struct cs_inner_header header = {
        .sequence = 1 + sample_below(random, 9), .first_counter = 1, .transaction_count = 1};
    cs_require(cs_crypto_start() == CS_OK);
    cs_require(cs_sign_key_create(sample_bytes(random, arena, CS_SIGN_SEED_SIZE), &key) == CS_OK);
    cs_require(cs_inner_encode(&header, sample_bytes(random, arena, 20), key, out) == CS_OK);
    cs_sign_key_destroy(key);
}

static void make_sync_request(struct sample_random *random, struct cs_arena *arena,
                              struct cs_buffer *out)
{
    struct cs_buffer frame;
    struct cs_sync_request request = sample_sync_request(random, arena);
    cs_buffer_init(&frame, CS_MEBI);
    cs_require(cs_sync_request_encode(&request, &frame) == CS_OK);
    unframe(&frame, out);
    cs_buffer_release(&frame);
}

static void make_sync_response(struct sample_random *random, struct cs_arena *arena,
                               struct cs_buffer *out)
{
    struct cs_buffer frame;
    struct cs_sync_response response = sample_sync_response(random, arena);
    cs_buffer_init(&frame, CS_MEBI);
    cs_require(cs_sync_response_encode(&response, &frame) == CS_OK);
    unframe(&frame, out);
    cs_buffer_release(&frame);
}

static void make_join_request(struct sample_random *random, struct cs_arena *arena,
                              struct cs_buffer *out)
{
    struct cs_buffer frame;
    struct cs_bytes part = sample_bytes(random, arena, 10);
    struct cs_join_request request = {part, sample_word(random), CS_BYTES_NONE};
    struct cs_failure_response failure = {CS_GAP, sample_below(random, 99), sample_word(random)};
    cs_buffer_init(&frame, CS_MEBI);
    enum cs_status status = sample_below(random, 2) == 0
                                ? cs_join_request_encode(&request, &frame)
                                : cs_failure_response_encode(&failure, &frame);
    cs_require(status == CS_OK);
    unframe(&frame, out);
    cs_buffer_release(&frame);
}

static void make_compare_request(struct sample_random *random, struct cs_arena *arena,
                                 struct cs_buffer *out)
{
    struct cs_buffer frame;
    enum cs_compare_step step = (enum cs_compare_step)(CS_COMPARE_SCOPES + sample_below(random, 4));
    struct cs_compare_request request = sample_compare_request(random, arena, step);
    cs_buffer_init(&frame, CS_MEBI);
    cs_require(cs_compare_request_encode(&request, &frame) == CS_OK);
    unframe(&frame, out);
    cs_buffer_release(&frame);
}

static void make_compare_response(struct sample_random *random, struct cs_arena *arena,
                                  struct cs_buffer *out)
{
    struct cs_buffer frame;
    struct cs_compare_response response = sample_compare_response(random, arena);
    cs_buffer_init(&frame, CS_MEBI);
    cs_require(cs_compare_response_encode(&response, &frame) == CS_OK);
    unframe(&frame, out);
    cs_buffer_release(&frame);
}

static void make_envelope(struct sample_random *random, struct cs_arena *arena,
                          struct cs_buffer *out)
{
    cs_buffer_append_text(out, sample_below(random, 2) == 0 ? "CSRQ" : "CSRS");
    cs_buffer_append_u8(out, 1);
    cs_buffer_append_u8(out, 2);
    cs_buffer_append_bytes(out, sample_bytes(random, arena, 300));
}

static void make_cbor(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    cs_cbor_put_array(out, 12);
    for (size_t i = 0; i < 10; i++) {
        struct cs_value value = sample_value(random, arena);
        cs_cbor_put_value(out, &value);
    }
    cs_cbor_put_array(out, 0);
    cs_cbor_put_boolean(out, true);
}

static bool write_seed(const char *folder, const char *target, unsigned number, make build)
{
    char path[1024];
    struct cs_arena arena;
    struct cs_buffer out;
    struct sample_random random = {number};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&out, CS_MEBI);
    build(&random, &arena, &out);
    cs_require(out.status == CS_OK);
    (void)snprintf(path, sizeof path, "%s/%s", folder, target);
    (void)mkdir(path, 0755);
    (void)snprintf(path, sizeof path, "%s/%s/seed-%u", folder, target, number);
    FILE *file = fopen(path, "wb");
    bool written = file != NULL && fwrite(out.data, 1, out.size, file) == out.size;
    written = file != NULL && fclose(file) == 0 && written;
    cs_buffer_release(&out);
    cs_arena_release(&arena);
    return written;
}

int main(int count, char **arguments)
{
    bool written = count == 2;
    for (unsigned number = 1; written && number <= SEEDS; number++) {
#define FUZZ_WRITE(target)                                                                         \
    written = written && write_seed(arguments[1], #target, number, make_##target);
        FUZZ_TARGETS(FUZZ_WRITE)
#undef FUZZ_WRITE
    }
    return written ? 0 : 1;
}
