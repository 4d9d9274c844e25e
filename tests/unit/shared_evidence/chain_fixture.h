/* What both test programs of chain.c use: one organisation per test, and what must be refused or
 * verified. */
#ifndef TESTS_UNIT_SHARED_EVIDENCE_CHAIN_FIXTURE_H
#define TESTS_UNIT_SHARED_EVIDENCE_CHAIN_FIXTURE_H

#include "shared/wire/cbor.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

static struct fixture fixture;

static inline int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    fixture_release(&fixture);
    return 0;
}

/* Refused with exactly this status, `out` untouched, and the problem says this. */
static inline void assert_refused(struct cs_bytes chain, enum cs_status expected,
                                  const char *saying)
{
    struct cs_chain out;
    memset(&out, 0x5a, sizeof out);
    struct cs_problem problem = {""};
    assert_int_equal(cs_chain_verify(chain, fixture.organisation, &out, &problem), expected);
    assert_int_equal(out.length, (size_t)0x5a5a5a5a5a5a5a5a);
    assert_int_equal(out.leaf_id[0], 0x5a);
    if (strstr(problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", problem.text, saying);
    }
}

static inline void verify(struct cs_bytes bytes, struct cs_chain *out)
{
    struct cs_problem problem = {""};
    enum cs_status status = cs_chain_verify(bytes, fixture.organisation, out, &problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), problem.text);
    }
}

/* ---- a chain put together by hand from any parts ---- */

static inline struct cs_bytes hand_made(size_t count, const struct cs_buffer *const *parts)
{
    struct cs_buffer *out = &fixture.chain;
    cs_buffer_clear(out);
    cs_cbor_put_array(out, count + 1);
    cs_cbor_put_bytes(out, cs_bytes_of_array(fixture.root_key));
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_bytes(out, cs_buffer_bytes(parts[i]));
    }
    assert_int_equal(out->status, CS_OK);
    return cs_buffer_bytes(out);
}

#define HAND_MADE(...)                                                                             \
    hand_made(sizeof((const struct cs_buffer *const[]){__VA_ARGS__}) / sizeof(void *),             \
              (const struct cs_buffer *const[]){__VA_ARGS__})

#endif
