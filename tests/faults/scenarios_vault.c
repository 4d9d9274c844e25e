/*
 * Scenarios with a vault, see sweep.h and scenarios.h. What is queued and what is sent are steps of their own: a record is queued once.
 */
#include "tests/faults/scenarios.h"

static void prepare_vault(struct sweep *sweep)
{
    vault_scene_join(&sweep->scene);
    vault_scene_fill(&sweep->scene, false);
    vault_sync(&sweep->scene, sweep->scene.zhao);
}

static enum cs_status try_sync(struct sweep *sweep, struct laptop *laptop)
{
    enum cs_status status = vault_try_sync(&sweep->scene, laptop);
    if (status == CS_OK) {
        assert_int_equal(sweep->scene.last.findings, 0);
        assert_int_equal(sweep->scene.last.refused, 0);
    }
    return status;
}

static enum cs_status sync_officer(struct sweep *sweep)
{
    return try_sync(sweep, sweep->scene.li);
}

static enum cs_status sync_technician(struct sweep *sweep)
{
    return try_sync(sweep, sweep->scene.zhao);
}

/* With the book open: the status of an act. */
typedef enum cs_status act_function(struct sweep *sweep, struct cs_vault_book *book);

static enum cs_status with_book(struct sweep *sweep, act_function *act)
{
    struct cs_vault_book *book = NULL;
    enum cs_status status = cs_vault_book_open(sweep->scene.li->replica, &book);
    if (status == CS_OK) {
        status = act(sweep, book);
    }
    cs_vault_book_close(book);
    return status;
}

/* ---- Another device gets the vault's key ---- */

static enum cs_status grant_to_chen(struct sweep *sweep, struct cs_vault_book *book)
{
    const struct cs_vault_grant_wish wish = {.recipient = certificate_of(sweep->scene.chen),
                                             .rights = ZHAO_RIGHTS};
    return cs_vault_act_grant(book, &sweep->scene.vault, &wish, NULL,
                              &sweep->scene.universe.problem);
}

static enum cs_status queue_grant(struct sweep *sweep)
{
    return with_book(sweep, grant_to_chen);
}

static enum cs_status sync_chen(struct sweep *sweep)
{
    return try_sync(sweep, sweep->scene.chen);
}

static void finish_grant(struct sweep *sweep)
{
    assert_int_equal(stored_count(&sweep->scene, CS_VAULT_GRANT), 4);
    /* What is called how, it is told from now on. */
    assert_int_equal(kept_count(&sweep->scene, sweep->scene.chen, CS_VAULT_ENTRY), 1);
}

const struct sweep_scenario scenario_vault_grant = {
    .name = "a grant",
    .prepare = prepare_vault,
    .steps = {queue_grant, sync_officer, sync_chen},
    .finish = finish_grant,
};

/* ---- A new password ---- */

static enum cs_status store_second(struct sweep *sweep, struct cs_vault_book *book)
{
    sweep->ids[0] = cs_replica_draw_id(sweep->scene.li->replica);
    const struct cs_vault_secret_wish wish = {.item = sweep->scene.item,
                                              .field = cs_bytes_of_text("password"),
                                              .version = sweep->ids[0],
                                              .secret = cs_bytes_of_text(CANARY)};
    return cs_vault_act_version(book, &sweep->scene.vault, &wish, NULL,
                                &sweep->scene.universe.problem);
}

/* Records of the officer that wait to be sent. */
static enum cs_status count_queued(struct sweep *sweep, size_t *out)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_queued_records(sweep->scene.li->replica, false, 10, &arena, &list, out);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status queue_version(struct sweep *sweep)
{
    size_t queued = 0;
    enum cs_status status = count_queued(sweep, &queued);
    return status != CS_OK || queued > 0 ? status : with_book(sweep, store_second);
}

/* It is with the officer until the server has it, and with the technician only then. */
static void whole_store(struct sweep *sweep)
{
    int64_t stored = stored_count(&sweep->scene, CS_VAULT_VERSION);
    assert_true(stored == 1 || stored == 2);
    size_t queued = 0;
    assert_ok(count_queued(sweep, &queued));
    assert_true(queued <= 1);
    assert_true(kept_count(&sweep->scene, sweep->scene.zhao, CS_VAULT_VERSION) <= stored);
}

static void finish_store(struct sweep *sweep)
{
    assert_int_equal(stored_count(&sweep->scene, CS_VAULT_VERSION), 2);
    assert_int_equal(kept_count(&sweep->scene, sweep->scene.zhao, CS_VAULT_VERSION), 2);
}

const struct sweep_scenario scenario_vault_store = {
    .name = "a new password",
    .prepare = prepare_vault,
    .steps = {queue_version, sync_officer, sync_technician},
    .finish = finish_store,
    .whole = whole_store,
};

/* ---- A password is shown ---- */

static enum cs_status disclose(struct sweep *sweep)
{
    struct cs_secret *secret = NULL;
    enum cs_status status = try_disclose(&sweep->scene, sweep->scene.zhao, &secret);
    if (status == CS_OK) {
        assert_canary(secret);
    } else {
        assert_null(secret);
    }
    return status;
}

/* Who asked again has asked twice, and each is on record before anything is shown. */
static void finish_disclosure(struct sweep *sweep)
{
    int64_t asked = stored_count(&sweep->scene, CS_VAULT_REQUEST);
    assert_true(asked >= 1 && asked <= 2);
}

const struct sweep_scenario scenario_vault_disclosure = {
    .name = "a password that is shown",
    .prepare = prepare_vault,
    .steps = {disclose},
    .finish = finish_disclosure,
};
