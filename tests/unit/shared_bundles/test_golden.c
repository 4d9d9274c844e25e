/*
 * Golden bundles: whole files as a laptop and a server of version 1 left them on a stick (tests/golden/wire/README.md).
 *
 * A stick may lie in a drawer for years: both files are read here for good, to the last byte of what their parts say. The same input must
 * give the same header but for what compression decides; what the parts say is compared by content. With the environment variable
 * CS_GOLDEN_WRITE set the files are written instead: only for a version that has none yet.
 */
#include "tests/unit/shared_wire/bundle_samples.h"

#include "shared/bundles/bundle_file.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <stdlib.h>

#define PARTS 2
static const uint8_t seed[32] = "golden keys, for tests and only";

struct scene {
    struct fake_world fake;
    struct cs_arena arena;
    struct cs_sign_key *sign;
    struct cs_seal_key *box;
    uint8_t sign_public[CS_SIGN_PUBLIC_SIZE];
    uint8_t box_public[CS_SEAL_KEY_SIZE];
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t device[CS_HASH_SIZE]; /* its certificate */
    struct cs_sync_request sync;
    struct cs_sync_response pages[PARTS];
    struct cs_bundle_answer answers[PARTS];
};

static void open_scene(struct scene *scene)
{
    struct sample_random random = {2040};
    fake_world_init(&scene->fake, 2026);
    cs_arena_init(&scene->arena, CS_MESSAGE_ARENA_MAX);
    assert_int_equal(cs_sign_key_create(cs_bytes_of_array(seed), &scene->sign), CS_OK);
    assert_int_equal(cs_seal_key_create(cs_bytes_of_array(seed), &scene->box), CS_OK);
    cs_sign_key_public(scene->sign, scene->sign_public);
    cs_seal_key_public(scene->box, scene->box_public);
    memset(scene->organisation, 7, CS_HASH_SIZE);
    memset(scene->device, 8, CS_HASH_SIZE);
    scene->sync = sample_sync_request(&random, &scene->arena);
    scene->sync.with_vaults = true;
    scene->sync.with_horizon = true;
    scene->sync.log_mark = cs_bytes_of_text("the root");
    for (size_t i = 0; i < PARTS; i++) {
        scene->pages[i] = sample_sync_response(&random, &scene->arena);
        scene->answers[i] = sample_bundle_answer(&random, &scene->arena, i + 1);
        scene->answers[i].last = i + 1 == PARTS;
        memset(scene->answers[i].bundle, 9, sizeof scene->answers[i].bundle);
    }
}

static void close_scene(struct scene *scene)
{
    cs_sign_key_destroy(scene->sign);
    cs_seal_key_destroy(scene->box);
    cs_arena_release(&scene->arena);
    fake_world_release(&scene->fake);
}

static const char *golden_path(const char *name)
{
    static char path[1024];
    int size = snprintf(path, sizeof path, "%s/tests/golden/wire/%s", CS_TEST_SOURCE_DIR, name);
    assert_true(size > 0 && (size_t)size < sizeof path);
    return path;
}

static struct cs_bundle_header header_of(const struct scene *scene,
                                         enum cs_bundle_direction direction)
{
    struct cs_bundle_header header = {.direction = direction, .made_ms = INT64_C(1772413200000)};
    bool up = direction == CS_BUNDLE_TO_SERVER;
    memcpy(header.organisation, scene->organisation, CS_HASH_SIZE);
    memcpy(header.sender, up ? scene->device : scene->sign_public, CS_HASH_SIZE);
    memcpy(header.recipient, up ? scene->sign_public : scene->device, CS_HASH_SIZE);
    return header;
}

/* ---- what was written ---- */

static void seal_request(struct scene *scene, size_t index, struct cs_buffer *part)
{
    uint8_t hash[CS_HASH_SIZE];
    struct cs_buffer sync, body;
    struct cs_request_header header = {
        .kind = CS_MESSAGE_BUNDLE, .counter = 5 + index, .log_sequence = 6};
    cs_buffer_init(&sync, CS_REQUEST_MAX);
    cs_buffer_init(&body, CS_REQUEST_MAX);
    memcpy(header.organisation, scene->organisation, CS_HASH_SIZE);
    memcpy(header.certificate, scene->device, CS_HASH_SIZE);
    assert_int_equal(cs_sync_request_encode(&scene->sync, &sync), CS_OK);
    const struct cs_bundle_request request = {11, cs_buffer_bytes(&sync)};
    assert_int_equal(cs_bundle_request_encode(&request, &body), CS_OK);
    assert_int_equal(cs_request_seal(&scene->fake.world, &header, cs_buffer_bytes(&body),
                                     scene->sign, scene->box_public, part, hash),
                     CS_OK);
    cs_buffer_release(&sync);
    cs_buffer_release(&body);
}

static void seal_answer(struct scene *scene, size_t index, struct cs_buffer *part)
{
    struct cs_buffer page, body;
    struct cs_bundle_answer answer = scene->answers[index];
    cs_buffer_init(&page, CS_RESPONSE_MAX);
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    assert_int_equal(cs_sync_response_encode(&scene->pages[index], &page), CS_OK);
    answer.body = cs_buffer_bytes(&page);
    assert_int_equal(cs_bundle_answer_encode(&answer, &body), CS_OK);
    assert_int_equal(cs_response_seal(&scene->fake.world, CS_MESSAGE_BUNDLE, scene->device,
                                      cs_buffer_bytes(&body), scene->sign, scene->box_public, part),
                     CS_OK);
    cs_buffer_release(&page);
    cs_buffer_release(&body);
}

typedef void (*seal_part)(struct scene *scene, size_t index, struct cs_buffer *part);

static void write_golden(struct scene *scene, const char *name, enum cs_bundle_direction direction,
                         seal_part seal)
{
    struct cs_bundle_header header = header_of(scene, direction);
    struct cs_bundle_writer *writer;
    uint64_t size;
    if (getenv("CS_GOLDEN_WRITE") == NULL) {
        return;
    }
    assert_int_equal(cs_bundle_writer_begin(golden_path(name), &header, false, &writer, NULL),
                     CS_OK);
    for (size_t i = 0; i < PARTS; i++) {
        struct cs_buffer part;
        cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
        seal(scene, i, &part);
        assert_int_equal(cs_bundle_writer_add(writer, cs_buffer_bytes(&part)), CS_OK);
        cs_buffer_release(&part);
    }
    assert_int_equal(cs_bundle_writer_finish(writer, &size, NULL), CS_OK);
    cs_bundle_writer_end(writer);
}

/* ---- what is read ---- */

static void open_golden(const struct scene *scene, const char *name,
                        enum cs_bundle_direction direction, struct cs_bundle_reader *out)
{
    const struct cs_bundle_header header = header_of(scene, direction);
    const struct cs_bundle_expected expected = {direction, header.organisation, header.sender,
                                                header.recipient};
    struct cs_problem problem = {""};
    enum cs_status status = cs_bundle_reader_open(golden_path(name), &expected, out, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, CS_OK);
    assert_int_equal(out->header.made_ms, header.made_ms);
    assert_int_equal(out->header.part_count, PARTS);
}

/* The header that these parts have now is the one in the file, byte for byte. */
static void check_header(const char *name, struct cs_bundle_reader *reader)
{
    uint8_t bytes[CS_BUNDLE_HEADER_SIZE];
    struct cs_bundle_header header = reader->header;
    struct cs_bundle_sum sum;
    struct cs_buffer part, encoded;
    bool more = true;
    cs_bundle_sum_init(&sum);
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    cs_buffer_init(&encoded, CS_MEBI);
    header.total_size = CS_BUNDLE_HEADER_SIZE;
    for (header.part_count = 0; more; header.part_count += more ? 1 : 0) {
        cs_buffer_clear(&part);
        assert_int_equal(cs_bundle_reader_next(reader, &part, &more), CS_OK);
        if (more) {
            cs_bundle_sum_add(&sum, cs_buffer_bytes(&part));
            header.total_size += 4 + part.size;
        }
    }
    memcpy(header.parts_hash, sum.hash, CS_HASH_SIZE);
    assert_int_equal(cs_bundle_header_encode(&header, &encoded), CS_OK);
    FILE *file = fopen(golden_path(name), "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
    assert_int_equal(fclose(file), 0);
    assert_memory_equal(encoded.data, bytes, sizeof bytes);
    assert_int_equal(cs_bundle_reader_rewind(reader), CS_OK);
    cs_buffer_release(&part);
    cs_buffer_release(&encoded);
}

static void a_laptops_bundle_is_read(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_reader reader;
    bool more;
    open_scene(&scene);
    write_golden(&scene, "bundle-to-server-1.bin", CS_BUNDLE_TO_SERVER, seal_request);
    open_golden(&scene, "bundle-to-server-1.bin", CS_BUNDLE_TO_SERVER, &reader);
    check_header("bundle-to-server-1.bin", &reader);
    for (size_t i = 0; i < PARTS; i++) {
        struct cs_opened_request opened;
        struct cs_bundle_request request;
        struct cs_sync_request sync;
        struct cs_buffer part, plain;
        cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
        cs_buffer_init(&plain, CS_BUNDLE_PART_MAX);
        assert_int_equal(cs_bundle_reader_next(&reader, &part, &more), CS_OK);
        assert_true(more);
        assert_int_equal(cs_request_open(cs_buffer_bytes(&part), scene.box, &plain, &opened),
                         CS_OK);
        assert_int_equal(cs_request_verify(&opened, scene.sign_public), CS_OK);
        assert_int_equal(opened.header.kind, CS_MESSAGE_BUNDLE);
        assert_int_equal(opened.header.counter, 5 + i);
        assert_int_equal(cs_bundle_request_decode(opened.body, &scene.arena, &request), CS_OK);
        assert_int_equal(request.first_counter, 11);
        assert_int_equal(cs_sync_request_decode(request.sync, &scene.arena, &sync), CS_OK);
        assert_true(sample_sync_requests_equal(&scene.sync, &sync));
        cs_buffer_release(&part);
        cs_buffer_release(&plain);
    }
    cs_bundle_reader_close(&reader);
    close_scene(&scene);
}

static void a_servers_bundle_is_read(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_reader reader;
    bool more;
    open_scene(&scene);
    write_golden(&scene, "bundle-to-device-1.bin", CS_BUNDLE_TO_DEVICE, seal_answer);
    open_golden(&scene, "bundle-to-device-1.bin", CS_BUNDLE_TO_DEVICE, &reader);
    check_header("bundle-to-device-1.bin", &reader);
    for (size_t i = 0; i < PARTS; i++) {
        enum cs_message_kind kind;
        struct cs_bytes body;
        struct cs_bundle_answer answer;
        struct cs_sync_response page;
        struct cs_buffer part, plain;
        cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
        cs_buffer_init(&plain, CS_BUNDLE_PART_MAX);
        assert_int_equal(cs_bundle_reader_next(&reader, &part, &more), CS_OK);
        assert_true(more);
        assert_int_equal(cs_response_open(cs_buffer_bytes(&part), scene.box, scene.sign_public,
                                          scene.device, &plain, &kind, &body),
                         CS_OK);
        assert_int_equal(kind, CS_MESSAGE_BUNDLE);
        assert_int_equal(cs_bundle_answer_decode(body, &scene.arena, &answer), CS_OK);
        assert_int_equal(cs_sync_response_decode(answer.body, &scene.arena, &page), CS_OK);
        assert_true(sample_sync_responses_equal(&scene.pages[i], &page));
        scene.answers[i].body = answer.body;
        assert_true(sample_bundle_answers_equal(&scene.answers[i], &answer));
        cs_buffer_release(&part);
        cs_buffer_release(&plain);
    }
    cs_bundle_reader_close(&reader);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_laptops_bundle_is_read),
        cmocka_unit_test(a_servers_bundle_is_read),
    };
    return cs_crypto_start() == CS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
