/*
 * A thousand photos of 100 KB over a network that breaks at random, both ways: every one arrives, and nothing is on the wire twice but the chunk
 * that was on its way when it broke. Arguments: the seed of the faults, and how many photos; otherwise 1 and 1,000.
 */
#include "tests/simulation/attachments_scene.h"

#define FILES_MAX ((size_t)1000)
#define SIZE ((size_t)100000)
#define CHUNK ((uint64_t)65536)
#define CHUNKS_EACH ((size_t)2)
/* What carries a chunk is larger than this, and nothing else is: the smaller chunk of each file has some 34,000 bytes. */
#define LARGE ((size_t)30000)

static uint64_t seed = 1;
static size_t files = FILES_MAX;

static enum cs_status (*underneath)(void *context, const struct cs_peer *peer,
                                    struct cs_bytes request, struct cs_buffer *response,
                                    struct cs_problem *fault);

static struct {
    uint64_t left; /* exchanges before it breaks */
    uint64_t
        large; /* requests or responses with a chunk that were on the wire, those that were lost too */
    uint64_t breaks;
    uint64_t bytes_up;
    uint64_t bytes_down;
} wire;

static uint64_t draw(uint64_t below)
{
    seed += 0x9e3779b97f4a7c15u;
    uint64_t z = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
    return (z ^ (z >> 27)) % below;
}

/* Breaks before the request has arrived, or after the server has answered. */
static enum cs_status breaking(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *fault)
{
    struct cs_buffer answer;
    bool breaks = wire.left-- == 0;
    bool arrives = !breaks || draw(2) == 0;
    wire.large += request.size > LARGE ? 1 : 0;
    wire.bytes_up += request.size;
    wire.breaks += breaks ? 1 : 0;
    if (!arrives) {
        return CS_UNREACHABLE;
    }
    cs_buffer_init(&answer, CS_RESPONSE_MAX);
    enum cs_status status = underneath(context, peer, request, &answer, fault);
    wire.large += answer.size > LARGE ? 1 : 0;
    wire.bytes_down += answer.size;
    if (status == CS_OK && !breaks) {
        cs_buffer_append_bytes(response, cs_buffer_bytes(&answer));
    }
    cs_buffer_release(&answer);
    return breaks ? CS_TIMEOUT : status;
}

/* Until nothing waits; the laptop restarts now and then. */
static void run_to_the_end(struct laptop *laptop)
{
    struct cs_attachment_sync_result result;
    enum cs_status status = CS_TIMEOUT;
    underneath = laptop->fake.world.exchange;
    laptop->fake.world.exchange = breaking;
    memset(&wire, 0, sizeof wire);
    while (status != CS_OK) {
        wire.left = draw(80);
        status = try_run(laptop, &result);
        assert_true(status == CS_OK || status == CS_UNREACHABLE || status == CS_TIMEOUT);
        if (draw(10) == 0) {
            laptop_restart(laptop);
        }
    }
    assert_int_equal(result.waiting, 0);
    laptop->fake.world.exchange = underneath;
}

static void report(const char *what)
{
    print_message("%s: %zu files, %llu breaks, %llu times a chunk was on the wire (%zu chunks), "
                  "%llu bytes up, %llu down\n",
                  what, files, (unsigned long long)wire.breaks, (unsigned long long)wire.large,
                  files * CHUNKS_EACH, (unsigned long long)wire.bytes_up,
                  (unsigned long long)wire.bytes_down);
}

static void test_a_thousand_photos(void **state)
{
    static struct cs_attachment_added added[FILES_MAX];
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < files; i++) {
        added[i] = add(scene.li, i, SIZE, CHUNK);
    }
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.office);
    run_to_the_end(scene.li);
    report("sent");
    assert_true(wire.breaks > files / 100);
    assert_true(wire.large >= files * CHUNKS_EACH);
    assert_true(wire.large <= files * CHUNKS_EACH + wire.breaks);
    for (size_t i = 0; i < files; i++) {
        want(scene.office, &added[i].row);
    }
    run_to_the_end(scene.office);
    report("fetched");
    assert_true(wire.breaks > files / 100);
    assert_true(wire.large >= files * CHUNKS_EACH);
    assert_true(wire.large <= files * CHUNKS_EACH + wire.breaks);
    for (size_t i = 0; i < files; i++) {
        assert_saved(scene.office, &added[i].row, i, SIZE);
    }
}

int main(int count, char **arguments)
{
    if (count > 1) {
        seed = strtoull(arguments[1], NULL, 10);
    }
    if (count > 2) {
        files = (size_t)strtoull(arguments[2], NULL, 10);
        assert_true(files > 0 && files <= FILES_MAX);
    }
    const struct CMUnitTest tests[] = {ATTACHMENT_TEST(test_a_thousand_photos)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
