/* Tests of the committer: order, batches and their limits, ending. */
#include "shared/base/memory.h"
#include "sync-server/listener/committer.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define ITEMS 200

struct recorder {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool gate_closed;
    size_t entered; /* calls of commit begun */
    size_t committed[ITEMS];
    size_t count;
    size_t batch_sizes[ITEMS];
    size_t batches;
    size_t notices;
    size_t upkeeps;
};

static void commit(void *context, void **requests, size_t count)
{
    struct recorder *recorder = context;
    pthread_mutex_lock(&recorder->mutex);
    recorder->entered++;
    pthread_cond_broadcast(&recorder->changed);
    while (recorder->gate_closed) {
        pthread_cond_wait(&recorder->changed, &recorder->mutex);
    }
    for (size_t i = 0; i < count; i++) {
        recorder->committed[recorder->count++] = *(const size_t *)requests[i];
    }
    recorder->batch_sizes[recorder->batches++] = count;
    pthread_mutex_unlock(&recorder->mutex);
}

static void notify(void *context)
{
    struct recorder *recorder = context;
    pthread_mutex_lock(&recorder->mutex);
    recorder->notices++;
    pthread_mutex_unlock(&recorder->mutex);
}

struct setting {
    struct recorder recorder;
    struct cs_committer *committer;
    struct cs_commit_item items[ITEMS];
    size_t numbers[ITEMS];
};

static void begin(struct setting *setting, size_t requests_max, size_t bytes_max)
{
    *setting = (struct setting){0};
    assert_int_equal(pthread_mutex_init(&setting->recorder.mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&setting->recorder.changed, NULL), 0);
    struct cs_committer_options options = {.context = &setting->recorder,
                                           .commit = commit,
                                           .notify = notify,
                                           .notify_context = &setting->recorder,
                                           .batch_requests_max = requests_max,
                                           .batch_bytes_max = bytes_max};
    assert_int_equal(cs_committer_create(&options, &setting->committer), CS_OK);
}

static void submit(struct setting *setting, size_t number, size_t size)
{
    setting->numbers[number] = number;
    setting->items[number] =
        (struct cs_commit_item){.request = &setting->numbers[number], .size = size};
    cs_committer_submit(setting->committer, &setting->items[number]);
}

/* The first item alone is being committed and waits; what follows is queued. */
static void hold(struct setting *setting, size_t size)
{
    struct recorder *recorder = &setting->recorder;
    recorder->gate_closed = true;
    submit(setting, 0, size);
    pthread_mutex_lock(&recorder->mutex);
    while (recorder->entered == 0) {
        pthread_cond_wait(&recorder->changed, &recorder->mutex);
    }
    pthread_mutex_unlock(&recorder->mutex);
}

static void let_go(struct setting *setting)
{
    pthread_mutex_lock(&setting->recorder.mutex);
    setting->recorder.gate_closed = false;
    pthread_cond_broadcast(&setting->recorder.changed);
    pthread_mutex_unlock(&setting->recorder.mutex);
}

/* Takes items, in order, until `wanted` have come. */
static void take(struct setting *setting, size_t first, size_t wanted)
{
    size_t taken = 0;
    for (int i = 0; i < 5000 && taken < wanted; i++) {
        struct cs_commit_item *item = cs_committer_take(setting->committer);
        for (; item != NULL; item = item->next) {
            assert_ptr_equal(item, &setting->items[first + taken]);
            taken++;
        }
        usleep(1000);
    }
    assert_int_equal(taken, wanted);
    assert_null(cs_committer_take(setting->committer));
}

static void finish(struct setting *setting)
{
    cs_committer_destroy(setting->committer);
    pthread_cond_destroy(&setting->recorder.changed);
    pthread_mutex_destroy(&setting->recorder.mutex);
}

static void what_is_queued_goes_in_one_batch(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 64, SIZE_MAX);
    hold(&setting, 1);
    for (size_t i = 1; i < 30; i++) {
        submit(&setting, i, 1);
    }
    assert_null(cs_committer_take(setting.committer));
    let_go(&setting);
    take(&setting, 0, 30);
    assert_int_equal(cs_committer_batches(setting.committer), 2);
    assert_int_equal(setting.recorder.batch_sizes[0], 1);
    assert_int_equal(setting.recorder.batch_sizes[1], 29);
    finish(&setting);
    assert_int_equal(setting.recorder.notices, 2);
}

static void batches_are_limited_by_count(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 8, SIZE_MAX);
    hold(&setting, SIZE_MAX);
    for (size_t i = 1; i < 21; i++) {
        submit(&setting, i, SIZE_MAX / 100);
    }
    let_go(&setting);
    take(&setting, 0, 21);
    static const size_t sizes[] = {1, 8, 8, 4};
    assert_int_equal(setting.recorder.batches, CS_COUNT(sizes));
    assert_memory_equal(setting.recorder.batch_sizes, sizes, sizeof sizes);
    finish(&setting);
}

static void batches_are_limited_by_bytes(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 64, 100);
    hold(&setting, 1);
    static const size_t sizes[] = {1, 60, 40, 1, 100, 500, 99, 1, 1};
    for (size_t i = 1; i < CS_COUNT(sizes); i++) {
        submit(&setting, i, sizes[i]);
    }
    let_go(&setting);
    take(&setting, 0, CS_COUNT(sizes));
    static const size_t batches[] = {1, 2, 1, 1, 1, 2, 1};
    assert_int_equal(setting.recorder.batches, CS_COUNT(batches));
    assert_memory_equal(setting.recorder.batch_sizes, batches, sizeof batches);
    finish(&setting);
}

static void order_is_kept(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 7, SIZE_MAX);
    for (size_t i = 0; i < ITEMS; i++) {
        submit(&setting, i, 1);
    }
    take(&setting, 0, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(setting.recorder.committed[i], i);
    }
    finish(&setting);
}

static void ending_commits_what_is_queued(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, 4, SIZE_MAX);
    for (size_t i = 0; i < 50; i++) {
        submit(&setting, i, 1);
    }
    finish(&setting);
    assert_int_equal(setting.recorder.count, 50);
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct cs_committer_options options = {
        .commit = commit, .notify = notify, .batch_requests_max = 1, .batch_bytes_max = 1};
    for (long failures = 0; failures < 2; failures++) {
        struct cs_committer *committer = NULL;
        cs_memory_fail_after(failures);
        assert_int_equal(cs_committer_create(&options, &committer), CS_NO_MEMORY);
        cs_memory_fail_after(-1);
        assert_null(committer);
    }
    cs_committer_destroy(NULL);
}

/* Work that can wait is done between batches, however busy it is, and never beside one. */
static void count_upkeep(void *context)
{
    struct recorder *recorder = context;
    pthread_mutex_lock(&recorder->mutex);
    recorder->upkeeps++;
    pthread_mutex_unlock(&recorder->mutex);
}

static size_t upkeeps_of(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->mutex);
    size_t count = recorder->upkeeps;
    pthread_mutex_unlock(&recorder->mutex);
    return count;
}

static void test_upkeep_is_done_in_between(void **state)
{
    (void)state;
    struct setting setting = {.committer = NULL};
    assert_int_equal(pthread_mutex_init(&setting.recorder.mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&setting.recorder.changed, NULL), 0);
    struct cs_committer_options options = {.context = &setting.recorder,
                                           .commit = commit,
                                           .upkeep = count_upkeep,
                                           .notify = notify,
                                           .notify_context = &setting.recorder,
                                           .batch_requests_max = 4,
                                           .batch_bytes_max = 1000};
    assert_int_equal(cs_committer_create(&options, &setting.committer), CS_OK);
    size_t submitted = 0;
    for (int i = 0; i < 600 && upkeeps_of(&setting.recorder) < 2; i++) {
        if (submitted < ITEMS) {
            submit(&setting, submitted++, 10);
        }
        (void)usleep(20000);
    }
    assert_true(upkeeps_of(&setting.recorder) >= 2);
    cs_committer_destroy(setting.committer);
    assert_int_equal(setting.recorder.count, submitted);
    pthread_mutex_destroy(&setting.recorder.mutex);
    pthread_cond_destroy(&setting.recorder.changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upkeep_is_done_in_between),
        cmocka_unit_test(what_is_queued_goes_in_one_batch),
        cmocka_unit_test(batches_are_limited_by_count),
        cmocka_unit_test(batches_are_limited_by_bytes),
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(ending_commits_what_is_queued),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
