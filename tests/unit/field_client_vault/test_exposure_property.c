/*
 * Who knows what, against a second implementation that asks every question of every record: random stories, in any order of the
 * records. And how long it takes where there is much.
 */
#include "tests/unit/field_client_vault/exposure_story.h"

#include <time.h>

#define STORIES 2500
#define ITEMS 3
#define DUES_MAX ((size_t)4096)

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

/* ---- the second implementation ---- */

static const struct story_record *find(const struct story *story, const uint8_t *id)
{
    for (size_t i = 0; i < story->count; i++) {
        if (memcmp(story->records[i].record.id, id, CS_HASH_SIZE) == 0) {
            return &story->records[i];
        }
    }
    return NULL;
}

static bool is_about(const struct story_record *added, const struct cs_id *version)
{
    size_t index = 0;
    struct cs_vault_record record = story_view_of(added);
    return cs_vault_versions_find(record.versions, version, &index);
}

static const struct story_record *
answer_to(const struct story *story, const struct story_record *asked, enum cs_vault_kind kind)
{
    for (size_t i = 0; i < story->count; i++) {
        const struct cs_vault_record *record = &story->records[i].record;
        bool own = kind == CS_VAULT_RELEASE ||
                   memcmp(record->author, asked->record.author, CS_HASH_SIZE) == 0;
        if (record->kind == kind && own &&
            memcmp(record->request, asked->record.id, CS_HASH_SIZE) == 0) {
            return &story->records[i];
        }
    }
    return NULL;
}

/* By this record its author knows the version, from *out_ms on. */
static bool tells(const struct story *story, const struct story_record *added,
                  const struct cs_id *version, int64_t *out_ms)
{
    const struct cs_vault_record *record = &added->record;
    *out_ms = added->logged_ms;
    if (record->kind == CS_VAULT_VERSION || record->kind == CS_VAULT_REVEAL) {
        return cs_id_equal(&record->version, version);
    }
    if (record->kind == CS_VAULT_STATE) {
        return cs_id_equal(&record->version, version) &&
               (record->state == CS_VAULT_APPLIED || record->state == CS_VAULT_VERIFIED);
    }
    if (cs_vault_kind_asks(record->kind) && is_about(added, version)) {
        const struct story_record *release = answer_to(story, added, CS_VAULT_RELEASE);
        *out_ms = release == NULL ? 0 : release->logged_ms;
        return release != NULL;
    }
    return false;
}

static bool knows(const struct story *story, size_t device, const struct cs_id *version)
{
    int64_t ms;
    for (size_t i = 0; i < story->count; i++) {
        if (story_device_of(story->records[i].record.author) == device &&
            tells(story, &story->records[i], version, &ms)) {
            return true;
        }
    }
    return false;
}

static bool was(const struct story *story, const struct cs_id *version, int64_t state)
{
    for (size_t i = 0; i < story->count; i++) {
        const struct cs_vault_record *record = &story->records[i].record;
        if (record->kind == CS_VAULT_STATE && cs_id_equal(&record->version, version) &&
            record->state == state) {
            return true;
        }
    }
    return false;
}

static bool may_be_in_force(const struct story *story, const struct cs_id *version)
{
    return !was(story, version, CS_VAULT_ARCHIVED) || was(story, version, CS_VAULT_APPLIED) ||
           was(story, version, CS_VAULT_VERIFIED) || was(story, version, CS_VAULT_CONFIRMED);
}

/* Was a later version confirmed that this device does not know? `device` STORY_DEVICES: any later one. */
static bool settled(const struct story *story, const struct story_record *version, size_t device)
{
    for (size_t i = 0; i < story->count; i++) {
        const struct cs_vault_record *other = &story->records[i].record;
        if (other->kind == CS_VAULT_VERSION && story->records[i].feed > version->feed &&
            cs_id_equal(&other->item, &version->record.item) &&
            cs_bytes_equal(other->field, version->record.field) &&
            was(story, &other->version, CS_VAULT_CONFIRMED) &&
            (device == STORY_DEVICES || !knows(story, device, &other->version))) {
            return true;
        }
    }
    return false;
}

/* Has this device a key by its grants at this time? */
static bool entitled(const struct story *story, size_t device, int64_t ms)
{
    bool has = false;
    for (size_t i = 0; i < story->count; i++) {
        const struct cs_vault_record *record = &story->records[i].record;
        bool grants = record->kind == CS_VAULT_GRANT || record->kind == CS_VAULT_WITHDRAWAL;
        if (grants && story->records[i].logged_ms <= ms &&
            story_device_of(record->recipient) == device) {
            has = cs_vault_rights_need_key(record->rights) &&
                  (record->expires_ms == 0 || ms < record->expires_ms);
        }
    }
    return has;
}

static bool has_left(const struct story *story, size_t device, enum cs_due_why *out_why,
                     int64_t *out_ms)
{
    if (story->revoked_ms[device] != 0) {
        *out_why = CS_DUE_REVOKED;
        *out_ms = story->revoked_ms[device];
        return true;
    }
    if (entitled(story, device, story->now_ms)) {
        return false;
    }
    *out_why = CS_DUE_WITHDRAWN;
    *out_ms = 0;
    for (int64_t ms = story->now_ms; ms >= 1000; ms--) { /* all happens after 1000 */
        if (entitled(story, device, ms)) {
            *out_ms = ms + 1;
            *out_why = (ms + 1) % 2 == 0 ? CS_DUE_WITHDRAWN : CS_DUE_ENDED;
            break;
        }
    }
    return true;
}

struct expected {
    struct cs_id item;
    struct cs_bytes field;
    const struct story_record *version;
    size_t device;
    enum cs_due_why why;
    int64_t since_ms;
    uint8_t record[CS_HASH_SIZE];
};
static struct expected expected[DUES_MAX];
static size_t expected_count;

static void expect(const struct story_record *version, size_t device, enum cs_due_why why,
                   int64_t since_ms, const uint8_t *record)
{
    static const uint8_t none[CS_HASH_SIZE];
    record = record == NULL ? none : record;
    for (size_t i = 0; i < expected_count; i++) {
        struct expected *one = &expected[i];
        if (cs_id_equal(&one->item, &version->record.item) &&
            cs_bytes_equal(one->field, version->record.field) && one->device == device &&
            one->why == why && memcmp(one->record, record, CS_HASH_SIZE) == 0) {
            one->version = version->feed > one->version->feed ? version : one->version;
            one->since_ms = since_ms < one->since_ms ? since_ms : one->since_ms;
            return;
        }
    }
    assert_true(expected_count < DUES_MAX);
    struct expected *one = &expected[expected_count++];
    *one = (struct expected){
        version->record.item, version->record.field, version, device, why, since_ms, {0}};
    memcpy(one->record, record, CS_HASH_SIZE);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What follows from one record about one version. */
static void expect_of(const struct story *story, const struct story_record *version,
                      const struct story_record *added)
{
    int64_t known_ms = 0;
    int64_t left_ms = 0;
    enum cs_due_why why = CS_DUE_LEAK;
    const struct cs_vault_record *record = &added->record;
    size_t device = story_device_of(record->author);
    if (record->kind == CS_VAULT_LEAK && cs_id_equal(&record->version, &version->record.version) &&
        !settled(story, version, STORY_DEVICES)) {
        expect(version, device, CS_DUE_LEAK, added->logged_ms, record->id);
    }
    if (!tells(story, added, &version->record.version, &known_ms)) {
        return;
    }
    if ((record->kind == CS_VAULT_EXPORT || record->kind == CS_VAULT_EMERGENCY) &&
        !settled(story, version, STORY_DEVICES)) {
        expect(version, device,
               record->kind == CS_VAULT_EXPORT ? CS_DUE_EXPORTED : CS_DUE_EMERGENCY, known_ms,
               record->id);
    }
    if (settled(story, version, device)) {
        return;
    }
    if (has_left(story, device, &why, &left_ms)) {
        expect(version, device, why, later(left_ms, known_ms), NULL);
    }
    if (record->kind != CS_VAULT_LEASE || answer_to(story, added, CS_VAULT_RETURN) != NULL) {
        return;
    }
    if (story->revoked_ms[device] != 0 || story->suspended[device]) {
        expect(version, device, CS_DUE_LOST, later(story->revoked_ms[device], known_ms),
               record->id);
    } else if (record->expires_ms <= story->now_ms) {
        expect(version, device, CS_DUE_OVERDUE, later(record->expires_ms, known_ms), record->id);
    }
}

static void expect_all(const struct story *story)
{
    expected_count = 0;
    for (size_t v = 0; v < story->count; v++) {
        const struct story_record *version = &story->records[v];
        if (version->record.kind == CS_VAULT_VERSION &&
            may_be_in_force(story, &version->record.version)) {
            for (size_t i = 0; i < story->count; i++) {
                expect_of(story, version, &story->records[i]);
            }
        }
    }
}

/* ---- comparing ---- */

static const struct expected *expected_for(const struct story *story, const struct cs_due *due)
{
    const struct cs_exposed_secret *secret = &story->view->secrets[due->secret];
    size_t device = story_device_of(story->view->devices[due->device].certificate);
    for (size_t i = 0; i < expected_count; i++) {
        const struct expected *one = &expected[i];
        if (cs_id_equal(&one->item, &secret->item) && cs_bytes_equal(one->field, secret->field) &&
            one->device == device && one->why == due->why &&
            memcmp(one->record, due->record, CS_HASH_SIZE) == 0) {
            return one;
        }
    }
    return NULL;
}

static void compare_dues(const struct story *story, uint64_t seed)
{
    expect_all(story);
    if (story->view->due_count != expected_count) {
        fail_msg("seed %llu: %zu reasons, not %zu", (unsigned long long)seed,
                 story->view->due_count, expected_count);
    }
    for (size_t i = 0; i < story->view->due_count; i++) {
        const struct cs_due *due = &story->view->dues[i];
        const struct expected *one = expected_for(story, due);
        if (one == NULL || due->since_ms != one->since_ms ||
            !cs_id_equal(&story->view->versions[due->version].id, &one->version->record.version)) {
            fail_msg("seed %llu: %s is wrong", (unsigned long long)seed, cs_due_why_name(due->why));
        }
    }
}

static void compare_knowings(const struct story *story, uint64_t seed)
{
    size_t count = 0;
    for (size_t v = 0; v < story->count; v++) {
        const struct cs_vault_record *version = &story->records[v].record;
        for (size_t i = 0; version->kind == CS_VAULT_VERSION && i < story->count; i++) {
            int64_t ms = 0;
            count += tells(story, &story->records[i], &version->version, &ms) ? 1 : 0;
        }
    }
    assert_int_equal(story->view->knowing_count, count);
    for (size_t i = 0; i < count; i++) {
        int64_t ms = 0;
        const struct cs_knowing *knowing = &story->view->knowings[i];
        const struct cs_id *version = &story->view->versions[knowing->version].id;
        const struct story_record *added = find(story, knowing->record);
        if (added == NULL || !tells(story, added, version, &ms) || ms != knowing->since_ms) {
            fail_msg("seed %llu: knowing %zu is wrong", (unsigned long long)seed, i);
        }
    }
}

/* ---- stories ---- */

static int64_t soon(const struct story *story)
{
    return story->now_ms + 2 * (int64_t)draw(40) + 3; /* after the record that says so */
}

static void step(struct story *story, uint64_t *version_count)
{
    static const char *const fields[] = {"password", "totp"};
    static const enum cs_vault_kind asking[] = {CS_VAULT_REQUEST, CS_VAULT_LEASE, CS_VAULT_EXPORT,
                                                CS_VAULT_EMERGENCY};
    size_t device = (size_t)draw(STORY_DEVICES);
    uint64_t version = *version_count == 0 ? 0 : draw(*version_count) + 1;
    uint64_t pair[2] = {version, version + 1};
    switch (draw(9)) {
    case 0:
    case 1:
        story_version(story, device, draw(ITEMS), fields[draw(2)], ++*version_count);
        break;
    case 2:
    case 3:
        story_state(story, device, version, (enum cs_vault_state)(1 + draw(5)));
        break;
    case 4:
        story_grant(story, device, (int64_t)(draw(3) == 0 ? 0 : 1 + draw(CS_VAULT_RIGHTS_ALL)),
                    draw(3) == 0 ? soon(story) : 0);
        break;
    case 5:
        story_one_version(story, draw(3) == 0 ? CS_VAULT_LEAK : CS_VAULT_REVEAL, device, version);
        break;
    case 6:
        if (story->count > 0) {
            story_answer(story, CS_VAULT_RETURN, device, (size_t)draw(story->count));
        }
        break;
    default: {
        size_t asked =
            story_ask(story, asking[draw(4)], device, pair, 1 + (size_t)draw(2), soon(story));
        if (draw(4) != 0) {
            story_answer(story, CS_VAULT_RELEASE, 0, asked);
        }
        if (draw(4) == 0) {
            story_answer(story, CS_VAULT_RETURN, device, asked);
        }
    }
    }
}

/* States as they may follow each other: what is archived stays, what is confirmed goes only there. */
static void make_states_possible(struct story *story)
{
    for (size_t i = 0; i < story->count; i++) {
        struct cs_vault_record *state = &story->records[i].record;
        for (size_t before = 0; state->kind == CS_VAULT_STATE && before < i; before++) {
            const struct cs_vault_record *other = &story->records[before].record;
            if (other->kind == CS_VAULT_STATE && cs_id_equal(&other->version, &state->version) &&
                other->state >= CS_VAULT_CONFIRMED) {
                state->state = CS_VAULT_ARCHIVED;
            }
        }
    }
}

static void tell(uint64_t seed)
{
    struct story story;
    uint64_t version_count = 0;
    size_t order[256];
    story_init(&story);
    random_state = seed;
    size_t steps = 5 + (size_t)draw(60);
    for (size_t i = 0; i < steps; i++) {
        step(&story, &version_count);
    }
    make_states_possible(&story);
    for (size_t i = 0; i < STORY_DEVICES; i++) {
        story.revoked_ms[i] = draw(4) == 0 ? 1000 + 2 * (int64_t)draw(60) : 0;
        story.suspended[i] = draw(6) == 0;
    }
    story.now_ms += 2 * (int64_t)draw(30);
    assert_true(story.count <= CS_COUNT(order));
    for (size_t i = 0; i < story.count; i++) {
        size_t other = (size_t)draw(i + 1);
        order[i] = i;
        order[i] = order[other];
        order[other] = i;
    }
    story_settle(&story, order);
    compare_knowings(&story, seed);
    compare_dues(&story, seed);
    story_release(&story);
}

static void test_random_stories(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= STORIES; seed++) {
        tell(seed);
    }
}

/* ---- much ---- */

/* Ten thousand items, four versions each with states, requests and leases; and one with a long history. */
static void test_ten_thousand_items(void **state)
{
    struct story story;
    struct timespec begun;
    struct timespec ended;
    (void)state;
    story_init(&story);
    for (uint64_t item = 0; item < 10000; item++) {
        for (uint64_t v = 0; v < 4; v++) {
            uint64_t version = item * 4 + v;
            story_confirmed(&story, 0, item, version);
            (void)story_shown(&story, CS_VAULT_REQUEST, 1 + version % 3, version, 0);
            (void)story_shown(&story, CS_VAULT_LEASE, 4, version, 1 + 2 * (int64_t)version);
        }
    }
    for (uint64_t version = 40000; version < 50000; version++) {
        story_confirmed(&story, 0, 20000, version);
        (void)story_shown(&story, CS_VAULT_LEASE, version % STORY_DEVICES, version, 1);
    }
    story.revoked_ms[1] = 1;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    story_settle(&story, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    int64_t ms =
        (int64_t)(ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000;
    print_message("%zu records, %zu knowings, %zu reasons: %lld ms\n", story.count,
                  story.view->knowing_count, story.view->due_count, (long long)ms);
    assert_int_equal(story.view->secret_count, 10001);
    assert_true(story.view->due_count >= 10000);
    assert_true(ms < 10000); /* half a second; under sanitizers, beside others, more */
    story_release(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_stories),
        cmocka_unit_test(test_ten_thousand_items),
    };
    return cmocka_run_group_tests_name("vault exposure, two ways", tests, NULL, NULL);
}
