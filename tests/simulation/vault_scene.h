/*
 * An organisation with a vault over the network, through the real cores.
 *
 *   WANG owner ─┬─ LI security ── ZHAO technician
 *               ├─ HAN security ── CHEN technician
 *               └─ SUN office
 *
 * LI makes the vault; ZHAO may list, reveal and lease, HAN everything. CHEN and SUN have nothing of it.
 */
#ifndef TESTS_SIMULATION_VAULT_SCENE_H
#define TESTS_SIMULATION_VAULT_SCENE_H

#include "field-client/replica/revocation.h"
#include "field-client/sync/vault_sync.h"
#include "field-client/vault/shares.h"
#include "sync-server/stores/vault_store.h"
#include "tests/simulation/universe.h"
#include "tests/support/canary.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define CANARY "Qx7-canary-Pw!49-zeta"
#define ZHAO_RIGHTS (CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL | CS_VAULT_MAY_LEASE)

struct vault_scene {
    struct universe universe;
    struct laptop *wang;
    struct laptop *li;
    struct laptop *han;
    struct laptop *zhao;
    struct laptop *chen;
    struct laptop *sun;
    struct cs_id project;
    struct cs_id vault;
    struct cs_id work_order; /* W-1, for ZHAO, of a system of the project */
    struct cs_id item;
    struct cs_id version;
    struct cs_buffer recovery; /* the root's statement */
    struct cs_vault_sync_result last;
};

static inline const uint8_t *certificate_of(const struct laptop *laptop)
{
    return cs_identity_certificate_id(laptop->identity);
}

static inline void assert_says(struct vault_scene *scene, enum cs_status status,
                               enum cs_status expected, const char *text)
{
    if (status != expected || strstr(scene->universe.problem.text, text) == NULL) {
        fail_msg("%s \"%s\", not %s with \"%s\"", cs_status_name(status),
                 scene->universe.problem.text, cs_status_name(expected), text);
    }
}

/* One run; findings and refusals are counted in scene->last. */
static inline enum cs_status vault_try_sync(struct vault_scene *scene, struct laptop *laptop)
{
    scene->universe.problem.text[0] = '\0';
    return cs_vault_sync_run(laptop->replica, &scene->last, &scene->universe.problem);
}

static inline void vault_sync(struct vault_scene *scene, struct laptop *laptop)
{
    enum cs_status status = vault_try_sync(scene, laptop);
    if (status != CS_OK || scene->last.findings > 0) {
        struct cs_arena arena;
        struct cs_vault_finding *list = NULL;
        size_t count = 0;
        cs_arena_init(&arena, CS_MEBI);
        assert_ok(cs_vault_findings(laptop->replica, &arena, &list, &count));
        for (size_t i = 0; i < count; i++) {
            print_error("finding: %s: %.*s\n", cs_status_name(list[i].status),
                        (int)list[i].text.size, (const char *)list[i].text.data);
        }
        cs_arena_release(&arena);
        print_error("%s\n", scene->universe.problem.text);
    }
    assert_ok(status);
    assert_int_equal(scene->last.findings, 0);
}

/* The newest thing that the server refused of this laptop's. */
static inline void assert_refused(struct vault_scene *scene, struct laptop *laptop,
                                  enum cs_status expected, const char *text)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_int_equal(scene->last.refused, 1);
    assert_ok(cs_queued_records(laptop->replica, true, 100, &arena, &list, &count));
    assert_true(count > 0);
    struct cs_queued_record *newest = &list[count - 1];
    assert_status(newest->status, expected);
    char *said = cs_arena_text(&arena, newest->text);
    cs_require(said != NULL); /* gcc does not see that an assertion ends the test */
    if (strstr(said, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", said, text);
    }
    assert_null(strstr(said, CANARY));
    cs_arena_release(&arena);
}

/* The newest finding of this laptop. */
static inline void assert_found(struct laptop *laptop, enum cs_status expected, const char *text)
{
    struct cs_arena arena;
    struct cs_vault_finding *list = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_vault_findings(laptop->replica, &arena, &list, &count));
    assert_true(count > 0);
    char *said = cs_arena_text(&arena, list[count - 1].text);
    cs_require(said != NULL); /* gcc does not see that an assertion ends the test */
    if (list[count - 1].status != expected || strstr(said, text) == NULL) {
        fail_msg("%s \"%s\", not %s \"%s\"", cs_status_name(list[count - 1].status), said,
                 cs_status_name(expected), text);
    }
    cs_arena_release(&arena);
}

static inline struct cs_vault_book *open_book(struct laptop *laptop)
{
    struct cs_vault_book *book = NULL;
    assert_ok(cs_vault_book_open(laptop->replica, &book));
    return book;
}

static inline enum cs_status try_grant(struct vault_scene *scene, struct laptop *officer,
                                       const struct laptop *to, int64_t rights, int64_t expires_ms,
                                       const struct cs_secret *key)
{
    struct cs_vault_book *book = open_book(officer);
    const struct cs_vault_grant_wish wish = {.recipient = certificate_of(to),
                                             .rights = rights,
                                             .expires_ms = expires_ms,
                                             .key = key == NULL ? CS_BYTES_NONE
                                                                : cs_secret_bytes(key)};
    enum cs_status status =
        cs_vault_act_grant(book, &scene->vault, &wish, NULL, &scene->universe.problem);
    cs_vault_book_close(book);
    return status;
}

static inline void grant(struct vault_scene *scene, struct laptop *officer, const struct laptop *to,
                         int64_t rights, const struct cs_secret *key)
{
    assert_ok(try_grant(scene, officer, to, rights, 0, key));
    vault_sync(scene, officer);
    assert_int_equal(scene->last.sent, 1);
}

static inline void withdraw(struct vault_scene *scene, struct laptop *officer,
                            const struct laptop *from)
{
    struct cs_vault_book *book = open_book(officer);
    assert_ok(cs_vault_act_withdraw(book, &scene->vault, certificate_of(from),
                                    cs_bytes_of_text("离职"), NULL, &scene->universe.problem));
    cs_vault_book_close(book);
    vault_sync(scene, officer);
}

/* The device is lost: whoever revokes it tells the server. */
static inline void vault_revoke(struct vault_scene *scene, struct laptop *by,
                                const struct laptop *laptop)
{
    struct cs_id device;
    struct cs_id made;
    cs_certificate_row_id(certificate_of(laptop), &device);
    laptop_sync_equal(by);
    assert_ok(cs_revocation_make(by->replica, &device, cs_bytes_of_text("遗失"), &made,
                                 &scene->universe.problem));
    laptop_sync_equal(by);
}

/* The next epoch by this officer, who grants himself everything. */
static inline struct cs_secret *epoch(struct vault_scene *scene, struct laptop *officer,
                                      bool four_eyes)
{
    struct cs_secret *key = NULL;
    struct cs_vault_book *book = open_book(officer);
    assert_ok(
        cs_vault_act_epoch(book, &scene->vault, four_eyes, NULL, &key, &scene->universe.problem));
    cs_vault_book_close(book);
    vault_sync(scene, officer);
    grant(scene, officer, officer, CS_VAULT_RIGHTS_ALL, key);
    return key;
}

static inline enum cs_status try_store(struct vault_scene *scene, struct laptop *laptop,
                                       struct cs_id version)
{
    struct cs_vault_book *book = open_book(laptop);
    const struct cs_vault_secret_wish wish = {.item = scene->item,
                                              .field = cs_bytes_of_text("password"),
                                              .version = version,
                                              .secret = cs_bytes_of_text(CANARY)};
    enum cs_status status =
        cs_vault_act_version(book, &scene->vault, &wish, NULL, &scene->universe.problem);
    cs_vault_book_close(book);
    return status;
}

static inline void store_version(struct vault_scene *scene, struct laptop *laptop)
{
    scene->version = cs_replica_draw_id(laptop->replica);
    assert_ok(try_store(scene, laptop, scene->version));
    vault_sync(scene, laptop);
    assert_int_equal(scene->last.refused, 0);
}

/* Queued; and with the server. */
static inline void vault_queue_state(struct vault_scene *scene, struct laptop *laptop,
                                     const struct cs_id *version, enum cs_vault_state to)
{
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_act_state(book, &scene->vault, version, to, NULL, &scene->universe.problem));
    cs_vault_book_close(book);
}

static inline void vault_change_state(struct vault_scene *scene, struct laptop *laptop,
                                      const struct cs_id *version, enum cs_vault_state to)
{
    vault_queue_state(scene, laptop, version, to);
    vault_sync(scene, laptop);
    assert_int_equal(scene->last.refused, 0);
}

/* What an item is called, queued. */
static inline void vault_name_item(struct vault_scene *scene, struct laptop *laptop,
                                   const struct cs_id *item, const char *name)
{
    const struct cs_vault_listing listing = {.name = cs_bytes_of_text(name),
                                             .user = cs_bytes_of_text("admin"),
                                             .address = cs_bytes_of_text("10.0.0.2")};
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(
        cs_vault_act_entry(book, &scene->vault, item, &listing, NULL, &scene->universe.problem));
    cs_vault_book_close(book);
}

static inline enum cs_status try_list(struct vault_scene *scene, struct laptop *laptop,
                                      const char *address)
{
    const struct cs_vault_listing listing = {.name = cs_bytes_of_text("核心交换机"),
                                             .user = cs_bytes_of_text("admin"),
                                             .address = cs_bytes_of_text(address)};
    struct cs_vault_book *book = open_book(laptop);
    enum cs_status status = cs_vault_act_entry(book, &scene->vault, &scene->item, &listing, NULL,
                                               &scene->universe.problem);
    cs_vault_book_close(book);
    return status;
}

static inline void make_recovery(struct vault_scene *scene, uint64_t number)
{
    struct cs_secret *shares[3] = {NULL};
    struct cs_id set;
    memset(&set, 0x66, sizeof set);
    const struct cs_vault_recovery_terms terms = {
        .organisation = cs_identity_organisation(scene->wang->identity),
        .number = number,
        .set = set,
        .threshold = 2,
        .count = 3};
    cs_buffer_clear(&scene->recovery);
    assert_ok(cs_vault_recovery_make(&scene->wang->fake.world,
                                     cs_identity_root_key(scene->wang->identity), &terms,
                                     &scene->recovery, shares, &scene->universe.problem));
    for (size_t i = 0; i < CS_COUNT(shares); i++) {
        cs_secret_destroy(shares[i]);
    }
}

/* Everybody joins; in a universe that is open. */
static inline void vault_scene_join(struct vault_scene *scene)
{
    cs_buffer_init(&scene->recovery, CS_MEBI);
    scene->universe.canary = CANARY;
    scene->wang = universe_found(&scene->universe, "王芳");
    scene->li = universe_join(&scene->universe, scene->wang, "Li Lei", CS_ROLE(SECURITY));
    scene->han = universe_join(&scene->universe, scene->wang, "Han Meimei", CS_ROLE(SECURITY));
    scene->zhao = universe_join(&scene->universe, scene->li, "赵强", CS_ROLE(TECHNICIAN));
    scene->chen = universe_join(&scene->universe, scene->han, "Chen Jie", CS_ROLE(TECHNICIAN));
    scene->sun = universe_join(&scene->universe, scene->wang, "Sun Bo", CS_ROLE(OFFICE));
    for (size_t i = 0; i < scene->universe.laptop_count; i++) {
        laptop_sync_equal(&scene->universe.laptops[i]);
    }
    make_recovery(scene, 1);
    assert_ok(cs_vault_send_recovery(scene->wang->replica, cs_buffer_bytes(&scene->recovery),
                                     &scene->universe.problem));
}

static inline void vault_scene_people(struct vault_scene *scene, uint64_t seed)
{
    memset(scene, 0, sizeof *scene);
    universe_open(&scene->universe, cs_registry_core(), seed);
    vault_scene_join(scene);
}

/* "field=ID" for laptop_new; valid until the next but two. */
static inline const char *field_of_id(const char *field, const struct cs_id *id)
{
    static char texts[3][80];
    static size_t next;
    char text[CS_ID_TEXT_SIZE];
    char *out = texts[next++ % 3];
    cs_id_format(id, text);
    (void)snprintf(out, sizeof texts[0], "%s=%s", field, text);
    return out;
}

/* An order for a system of this project, known to the server. */
static inline struct cs_id order_work(struct vault_scene *scene, const char *number,
                                      const struct cs_id *project, const struct laptop *technician)
{
    struct cs_id system =
        laptop_new(scene->sun, "system", "name=核心网络", field_of_id("project", project), NULL);
    struct cs_id request = laptop_new(scene->sun, "service_request", "reported_fault=无法登录",
                                      field_of_id("system", &system), NULL);
    char named[80];
    (void)snprintf(named, sizeof named, "number=%s", number);
    struct cs_id order = laptop_new(
        scene->sun, "work_order", named, field_of_id("request", &request),
        field_of_id("technician", &cs_identity_certificate(technician->identity)->person),
        "status=assigned", NULL);
    laptop_sync_equal(scene->sun);
    return order;
}

/* The vault with its members and one password, when everybody has joined. */
static inline void vault_scene_fill(struct vault_scene *scene, bool four_eyes)
{
    scene->project = laptop_new(scene->sun, "project", "code=V-1", "name=核心网络", NULL);
    struct cs_vault_book *book = NULL;
    scene->work_order = order_work(scene, "W-1", &scene->project, scene->zhao);
    vault_sync(scene, scene->li); /* the recovery key */
    book = open_book(scene->li);
    assert_ok(
        cs_vault_act_create(book, &scene->project, &scene->vault, NULL, &scene->universe.problem));
    cs_vault_book_close(book);
    vault_sync(scene, scene->li);
    struct cs_secret *key = epoch(scene, scene->li, four_eyes);
    grant(scene, scene->li, scene->han, CS_VAULT_RIGHTS_ALL, key);
    grant(scene, scene->li, scene->zhao, ZHAO_RIGHTS, NULL);
    cs_secret_destroy(key);
    scene->item = cs_replica_draw_id(scene->li->replica);
    assert_ok(try_list(scene, scene->li, "10.0.0.1"));
    store_version(scene, scene->li);
}

static inline void vault_scene_open(struct vault_scene *scene, uint64_t seed, bool four_eyes)
{
    vault_scene_people(scene, seed);
    vault_scene_fill(scene, four_eyes);
}

/* Whatever was done, the password is in no file of the server and of the laptops. */
static inline void vault_scene_close(struct vault_scene *scene)
{
    struct universe *universe = &scene->universe;
    assert_true(canary_assert_folder(universe->server_folder, CANARY) > 0);
    for (size_t i = 0; i < universe->laptop_count; i++) {
        assert_true(canary_assert_folder(universe->laptops[i].home, CANARY) > 0);
    }
    cs_buffer_release(&scene->recovery);
    universe_close(universe);
}

/* ---- disclosing ---- */

static inline enum cs_status begin_disclosure(struct vault_scene *scene, struct laptop *laptop,
                                              const char *reason, bool with_work_order,
                                              struct cs_vault_disclosure **out)
{
    const struct cs_vault_ask ask = {.kind = CS_VAULT_REQUEST,
                                     .versions = cs_id_bytes(&scene->version),
                                     .reason = cs_bytes_of_text(reason),
                                     .work_order = with_work_order ? cs_id_bytes(&scene->work_order)
                                                                   : CS_BYTES_NONE};
    scene->universe.problem.text[0] = '\0';
    return cs_vault_disclosure_begin(laptop->replica, &scene->vault, &ask, out,
                                     &scene->universe.problem);
}

static inline enum cs_status try_disclose(struct vault_scene *scene, struct laptop *laptop,
                                          struct cs_secret **out)
{
    struct cs_vault_disclosure *disclosure = NULL;
    enum cs_status status = begin_disclosure(scene, laptop, "现场检修", true, &disclosure);
    if (status == CS_OK) {
        status =
            cs_vault_disclosure_open(disclosure, &scene->version, out, &scene->universe.problem);
    }
    cs_vault_disclosure_end(disclosure);
    return status;
}

static inline void assert_canary(struct cs_secret *owned_secret)
{
    assert_non_null(owned_secret);
    assert_true(cs_bytes_equal_text(cs_secret_bytes(owned_secret), CANARY));
    cs_secret_destroy(owned_secret);
}

/* ---- looking ---- */

struct counting {
    int64_t count;
};
static inline enum cs_status count_kept(void *context, const struct cs_kept_record *record)
{
    (void)record;
    ((struct counting *)context)->count++;
    return CS_OK;
}
/* Records of this kind that a laptop has of the vault. */
static inline int64_t kept_count(struct vault_scene *scene, struct laptop *laptop,
                                 enum cs_vault_kind kind)
{
    struct counting counting = {0};
    assert_ok(cs_kept_records(laptop->replica, &scene->vault, kind, count_kept, &counting));
    return counting.count;
}

struct stored_counting {
    int64_t kind;
    int64_t count;
};
static inline enum cs_status count_stored(void *context, const struct cs_vault_row *row)
{
    struct stored_counting *counting = context;
    counting->count += row->kind == counting->kind ? 1 : 0;
    return CS_OK;
}
/* Records of this kind on the server. */
static inline int64_t stored_count(struct vault_scene *scene, enum cs_vault_kind kind)
{
    struct stored_counting counting = {.kind = kind};
    assert_ok(
        cs_store_vault_records(cs_server_store(scene->universe.server), count_stored, &counting));
    return counting.count;
}

#endif
