/* A vault with one confirmed password, and what people do in a campaign of rotation, through the library and the real cores. */
#ifndef TESTS_SIMULATION_CAMPAIGN_SCENE_H
#define TESTS_SIMULATION_CAMPAIGN_SCENE_H

#include "field-client/vault/campaign_apply.h"
#include "tests/simulation/vault_scene.h"

static struct vault_scene scene;
static struct cs_arena arena; /* what was loaded last */

static inline const char *said(void)
{
    return scene.universe.problem.text;
}

/* The field of the scene's item, as this laptop knows it now. */
static inline const struct cs_vault_field *load_field(struct laptop *laptop, const char *name)
{
    struct cs_vault_field *list = NULL;
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_release(&arena);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_vault_fields_load(book, &scene.vault, NULL, &arena, &list, &count));
    cs_vault_book_close(book);
    return cs_vault_fields_find(list, count, &scene.item, cs_bytes_of_text(name));
}

static inline const struct cs_vault_field *password(struct laptop *laptop)
{
    const struct cs_vault_field *field = load_field(laptop, "password");
    assert_non_null(field);
    return field;
}

static inline void campaign_scene_open(uint64_t seed, bool four_eyes)
{
    cs_arena_init(&arena, CS_MEBI);
    vault_scene_open(&scene, seed, four_eyes);
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
}

static inline void campaign_scene_close(void)
{
    cs_arena_release(&arena);
    vault_scene_close(&scene);
}

/* ---- what is done, each in a run of its own ---- */

static inline enum cs_status try_begin(struct laptop *laptop, const char *consent)
{
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_campaign_begin(book, &scene.vault, cs_bytes_of_text(consent),
                                                    NULL, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static inline enum cs_status try_end(struct laptop *laptop, const char *reason)
{
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_campaign_end(book, &scene.vault, cs_bytes_of_text(reason),
                                                  NULL, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static inline enum cs_status try_prepare(struct laptop *laptop, struct cs_id *out_version)
{
    static const struct cs_password_policy policy = {
        24, CS_PASSWORD_CLASSES_ALL, CS_PASSWORD_CLASSES_ALL, true, {NULL, 0}};
    const struct cs_vault_field *field = password(laptop);
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status =
        cs_vault_campaign_prepare(book, field, &policy, out_version, NULL, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

typedef enum cs_status campaign_word(struct cs_vault_book *book, const struct cs_vault_field *field,
                                     struct cs_problem *problem);

static inline enum cs_status say(struct laptop *laptop, campaign_word *word)
{
    const struct cs_vault_field *field = password(laptop);
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = word(book, field, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static inline enum cs_status try_confirm(struct laptop *laptop, enum cs_vault_campaign_trust trust)
{
    const struct cs_vault_field *field = password(laptop);
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_campaign_confirm(book, field, trust, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

/* Syncs; nothing was refused. */
static inline void send(struct laptop *laptop)
{
    vault_sync(&scene, laptop);
    assert_int_equal(scene.last.refused, 0);
}

static inline enum cs_vault_campaign_step step_of(struct laptop *laptop)
{
    struct cs_vault_campaign campaign;
    struct cs_arena own;
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_init(&own, CS_MEBI);
    assert_ok(cs_vault_campaign_find(book, &scene.vault, &own, &campaign, &scene.universe.problem));
    cs_vault_book_close(book);
    enum cs_vault_campaign_step step = cs_vault_campaign_step_of(&campaign, password(laptop));
    cs_arena_release(&own);
    return step;
}

static inline void assert_step(struct laptop *laptop, enum cs_vault_campaign_step expected)
{
    enum cs_vault_campaign_step step = step_of(laptop);
    if (step != expected) {
        fail_msg("%s, not %s", cs_vault_campaign_step_name(step),
                 cs_vault_campaign_step_name(expected));
    }
}

/* LI begins, prepares and sends. */
static inline struct cs_id begun_and_prepared(void)
{
    struct cs_id version;
    assert_ok(try_begin(scene.li, "客户王经理 2026-11-30 邮件同意"));
    send(scene.li);
    assert_ok(try_prepare(scene.li, &version));
    send(scene.li);
    return version;
}

/* The secret of a version, asked for by this officer. */
static inline struct cs_secret *disclosed(struct laptop *laptop, const struct cs_id *version)
{
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_secret *secret = NULL;
    const struct cs_vault_ask ask = {.kind = CS_VAULT_REQUEST,
                                     .versions = cs_id_bytes(version),
                                     .reason = cs_bytes_of_text("统一修改密码")};
    assert_ok(cs_vault_disclosure_begin(laptop->replica, &scene.vault, &ask, &disclosure,
                                        &scene.universe.problem));
    assert_ok(cs_vault_disclosure_open(disclosure, version, &secret, &scene.universe.problem));
    cs_vault_disclosure_end(disclosure);
    return secret;
}

#endif
