/*
 * The vault with many credentials, measured: a whole organisation in one process, with real databases on disk and the real server core;
 * the network is a function call. Started by tools/bench, and with few credentials as a test, so that it goes on working.
 *
 *   vault_bench [ITEMS] [KDBX_FILE] [FIGURES]     the same content goes into the KDBX file, for other programs; figures of the table of
 *                                                 tools/bench are appended to FIGURES
 *
 * Every figure is the median of RUNS, each with a book opened anew.
 */
#include "field-client/password_files/kdbx.h"
#include "field-client/vault/catalog.h"
#include "field-client/vault/exposure_read.h"
#include "field-client/vault/lease.h"
#include "shared/storage/database.h"
#include "tests/bench/figures.h"
#include "tests/simulation/vault_scene.h"

#define RUNS 9
#define BATCH ((size_t)256)
#define LEASED ((size_t)1000)
#define GRANTS 30 /* of a log as long as that of a project with some history */

static size_t item_count = 10000;
static const char *kdbx_path;
static const char *figures_path;
static struct vault_scene scene;
static struct cs_id *versions;
static struct cs_vault_lease_view view;

/* ---- measuring ---- */

static double now_ms(void)
{
    return bench_clock_ms(CLOCK_MONOTONIC);
}

static int ascending(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* `processor_ms`: of that the processor's, which a busy machine does not change; 0: not measured. `reach`: what it should be at most. */
static void say(const char *what, double ms, double processor_ms, double reach)
{
    (void)printf("%-62s %9.2f ms", what, ms);
    if (processor_ms > 0) {
        (void)printf("  (processor %.2f ms)", processor_ms);
    }
    if (reach > 0) {
        (void)printf("  to reach: %.0f ms", reach);
    }
    (void)printf("\n");
    (void)fflush(stdout);
}

/* `key`: in the file of figures, NULL: not there. `before`: what comes before each run and is not measured; NULL: nothing. */
static void measure_after(const char *key, const char *what, double reach, void (*before)(void),
                          void (*once)(void))
{
    double runs[RUNS];
    double processor[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        if (before != NULL) {
            before();
        }
        struct bench_span begun = bench_begin();
        once();
        struct bench_span span = bench_end(begun);
        if (key != NULL && figures_path != NULL) {
            bench_put_span(figures_path, key, span);
        }
        runs[i] = span.wall_ms;
        processor[i] = span.processor_ms;
    }
    qsort(runs, RUNS, sizeof *runs, ascending);
    qsort(processor, RUNS, sizeof *processor, ascending);
    say(what, runs[RUNS / 2], processor[RUNS / 2], reach);
}

static void measure(const char *key, const char *what, double reach, void (*once)(void))
{
    measure_after(key, what, reach, NULL, once);
}

/* ---- content ---- */

static void describe_item(size_t index, char name[static 64], char user[static 64],
                          char address[static 64])
{
    (void)snprintf(name, 64, "核心交换机 %05zu", index);
    (void)snprintf(user, 64, "admin%zu", index % 17);
    (void)snprintf(address, 64, "ssh://10.%zu.%zu.%zu", index / 65536, index / 256 % 256,
                   index % 256);
}

static void name_secret(size_t index, char secret[static 64])
{
    (void)snprintf(secret, 64, "Kp%05zu-vQ7#mLz4!tRw", index);
}

static void store_item(struct cs_vault_book *book, size_t index)
{
    char name[64];
    char user[64];
    char address[64];
    char secret[64];
    struct cs_problem *problem = &scene.universe.problem;
    const struct cs_id item = cs_replica_draw_id(scene.li->replica);
    versions[index] = cs_replica_draw_id(scene.li->replica);
    describe_item(index, name, user, address);
    name_secret(index, secret);
    const struct cs_vault_listing listing = {cs_bytes_of_text(name), cs_bytes_of_text(user),
                                             cs_bytes_of_text(address)};
    const struct cs_vault_secret_wish wish = {.item = item,
                                              .field = cs_bytes_of_text("password"),
                                              .version = versions[index],
                                              .secret = cs_bytes_of_text(secret)};
    assert_ok(cs_vault_act_entry(book, &scene.vault, &item, &listing, NULL, problem));
    assert_ok(cs_vault_act_version(book, &scene.vault, &wish, NULL, problem));
}

static void store_all(void)
{
    double begun = now_ms();
    for (size_t first = 0; first < item_count; first += BATCH) {
        struct cs_vault_book *book = open_book(scene.li);
        assert_ok(cs_database_begin(cs_replica_database(scene.li->replica)));
        for (size_t i = first; i < first + BATCH && i < item_count; i++) {
            store_item(book, i);
        }
        assert_ok(cs_database_commit(cs_replica_database(scene.li->replica)));
        cs_vault_book_close(book);
        vault_sync(&scene, scene.li);
        assert_int_equal(scene.last.refused, 0);
    }
    say("store all, with the server (once)", now_ms() - begun, 0, 0);
}

static void write_kdbx(void)
{
    struct cs_password_list list;
    struct cs_buffer file;
    const struct cs_kdbx_key key = {.password = cs_bytes_of_text("bench")};
    struct cs_kdbx_options options = cs_kdbx_options_default();
    options.memory_kib =
        CS_KDBX_MEMORY_KIB_MIN; /* so that it is not the derivation that is measured */
    options.passes = 2;
    options.lanes = 1;
    cs_password_list_init(&list);
    cs_buffer_init(&file, 1024 * CS_MEBI);
    for (size_t i = 0; i < item_count; i++) {
        char name[64];
        char user[64];
        char address[64];
        char secret[64];
        describe_item(i, name, user, address);
        name_secret(i, secret);
        struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
        entry.title = cs_bytes_of_text(name);
        entry.user_name = cs_bytes_of_text(user);
        entry.url = cs_bytes_of_text(address);
        entry.password = cs_bytes_of_text(secret);
        assert_ok(cs_password_list_add(&list, &entry, &scene.universe.problem));
    }
    assert_ok(cs_kdbx_write(&list, &key, &options, &scene.li->fake.world, &file,
                            &scene.universe.problem));
    FILE *stream = fopen(kdbx_path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(file.data, 1, file.size, stream), file.size);
    assert_int_equal(fclose(stream), 0);
    cs_buffer_release(&file);
    cs_password_list_release(&list);
}

/* ---- what is measured ---- */

static void open_log(void)
{
    struct cs_vault_log *log = NULL;
    struct cs_vault_book *book = open_book(scene.zhao);
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem));
    cs_vault_book_close(book);
}

static size_t listed_count;

static enum cs_status count_listed(void *context, const struct cs_vault_listed *listed)
{
    (void)context;
    listed_count += listed->listing.name.size > 0 ? 1 : 0;
    return CS_OK;
}

static void list_all(void)
{
    struct cs_vault_book *book = open_book(scene.zhao);
    listed_count = 0;
    assert_ok(
        cs_vault_catalog_items(book, &scene.vault, count_listed, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    assert_int_equal(listed_count, item_count + 1); /* and that of the scene */
}

static size_t revealed;

static void reveal_one(void)
{
    char expected[64];
    struct cs_secret *secret = NULL;
    struct cs_vault_book *book = open_book(scene.zhao);
    size_t index = revealed++ % (LEASED < item_count ? LEASED : item_count);
    view.version = versions[index];
    assert_ok(cs_vault_lease_reveal(book, &view, &secret, &scene.universe.problem));
    name_secret(index, expected);
    assert_true(cs_bytes_equal_text(cs_secret_bytes(secret), expected));
    cs_secret_destroy(secret);
    cs_vault_book_close(book);
}

/* What of a reveal is the log on disk: one small durable write. */
static void commit_one(void)
{
    static uint8_t id[CS_HASH_SIZE];
    struct cs_database *database = cs_replica_database(scene.zhao->replica);
    struct cs_arena arena;
    struct cs_queued_record queued;
    id[0]++;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_database_begin(database));
    assert_ok(cs_queued_record_put(scene.zhao->replica, id, cs_bytes_of_array(id)));
    assert_ok(cs_queued_record_get(scene.zhao->replica, id, &arena, &queued));
    assert_ok(cs_queued_record_remove(scene.zhao->replica, queued.id));
    assert_ok(cs_database_commit(database));
    cs_arena_release(&arena);
}

static void add_member(void)
{
    grant(&scene, scene.li, scene.sun, CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL, NULL);
}

struct members {
    const uint8_t *except;
    uint8_t list[UNIVERSE_LAPTOPS_MAX][CS_HASH_SIZE];
    int64_t rights[UNIVERSE_LAPTOPS_MAX];
    size_t count;
};

static void gather_member(void *context, const struct cs_vault_grant *member)
{
    struct members *members = context;
    if (memcmp(member->recipient, certificate_of(scene.li), CS_HASH_SIZE) != 0) {
        memcpy(members->list[members->count], member->recipient, CS_HASH_SIZE);
        members->rights[members->count++] = member->rights;
    }
}

/* The grant ends, a new key is made, and everybody who stays gets it. */
static void remove_member(void)
{
    struct members members = {.count = 0};
    struct cs_vault_log *log = NULL;
    withdraw(&scene, scene.li, scene.sun);
    struct cs_secret *key = epoch(&scene, scene.li, false);
    struct cs_vault_book *book = open_book(scene.li);
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem));
    cs_vault_log_members(log, gather_member, &members);
    cs_vault_book_close(book);
    for (size_t i = 0; i < members.count; i++) {
        book = open_book(scene.li);
        const struct cs_vault_grant_wish wish = {
            .recipient = members.list[i], .rights = members.rights[i], .key = cs_secret_bytes(key)};
        assert_ok(cs_vault_act_grant(book, &scene.vault, &wish, NULL, &scene.universe.problem));
        cs_vault_book_close(book);
        vault_sync(&scene, scene.li);
    }
    cs_secret_destroy(key);
}

static void read_exposure(void)
{
    struct cs_exposure *exposure = NULL;
    const struct cs_exposure_view *seen = NULL;
    struct cs_vault_book *book = open_book(scene.li);
    assert_ok(cs_exposure_read(book, &scene.vault, &exposure, &seen, &scene.universe.problem));
    assert_int_equal(seen->version_count, item_count + 1);
    cs_exposure_destroy(exposure);
    cs_vault_book_close(book);
}

/* One name is another since the member listed last. */
static void rename_one(void)
{
    static size_t renamed;
    char name[64];
    (void)snprintf(name, sizeof name, "交换机 %zu", renamed++);
    vault_name_item(&scene, scene.li, &scene.item, name);
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
}

/* As on a new device: nothing is remembered. */
static void forget(void)
{
    assert_ok(
        cs_database_execute(cs_replica_database(scene.zhao->replica), "DELETE FROM _vault_memory"));
}

static void list_first(void)
{
    forget();
    list_all();
}

static void open_first(void)
{
    forget();
    open_log();
}

/* ---- all of it ---- */

static void take_lease(void)
{
    struct cs_buffer list;
    size_t count = LEASED < item_count ? LEASED : item_count;
    cs_buffer_init(&list, CS_MEBI);
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append(&list, versions[i].bytes, CS_ID_SIZE); /* drawn ascending */
    }
    struct cs_vault_book *book = open_book(scene.zhao);
    const struct cs_vault_lease_wish wish = {.vault = scene.vault,
                                             .work_order = scene.work_order,
                                             .versions = cs_buffer_bytes(&list),
                                             .reason = cs_bytes_of_text("现场检修"),
                                             .expires_ms = scene.zhao->fake.wall_ms +
                                                           INT64_C(3) * 24 * 3600 * 1000};
    assert_ok(cs_vault_lease_take(book, &wish, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    cs_buffer_release(&list);
    vault_sync(&scene, scene.zhao);
    view =
        (struct cs_vault_lease_view){.vault = scene.vault, .reason = cs_bytes_of_text("现场检修")};
}

static void remove_and_add_member(const char *removing, const char *adding)
{
    double removals[3];
    double additions[3];
    for (size_t i = 0; i < CS_COUNT(removals); i++) {
        double begun = now_ms();
        add_member();
        additions[i] = now_ms() - begun;
        begun = now_ms();
        remove_member();
        removals[i] = now_ms() - begun;
    }
    qsort(removals, CS_COUNT(removals), sizeof *removals, ascending);
    qsort(additions, CS_COUNT(additions), sizeof *additions, ascending);
    say(adding, additions[1], 0, 1000);
    say(removing, removals[1], 0, 1000);
}

static void test_figures(void **state)
{
    (void)state;
    versions = calloc(item_count, sizeof *versions);
    assert_non_null(versions);
    vault_scene_open(&scene, 81, false);
    for (size_t i = 0; i < GRANTS; i++) {
        grant(&scene, scene.li, i % 2 == 0 ? scene.chen : scene.zhao, ZHAO_RIGHTS, NULL);
    }
    (void)printf("%zu credentials\n", item_count);
    store_all();
    double begun = now_ms();
    vault_sync(&scene, scene.zhao);
    say("a member's first fetch of all, every signature checked (once)", now_ms() - begun, 0, 0);
    take_lease();
    laptop_restart(scene.zhao);
    measure(NULL, "open a vault's log, the first time of all", 0, open_first);
    measure(NULL, "open a vault's log", 0, open_log);
    measure(NULL, "list all, the first time of all", 0, list_first);
    measure_after(NULL, "list all, the first time after a change", 50, rename_one, list_all);
    measure("vault.inside.list", "list all, with the log", 50, list_all);
    measure("vault.inside.reveal", "reveal one under a lease, with the log and a durable write", 5,
            reveal_one);
    measure("vault.inside.commit", "  of that, a durable write", 0, commit_one);
    measure(NULL, "who knows what, and what is due", 1000, read_exposure);
    remove_and_add_member("remove a member: new key, and grants to all who stay", "add a member");
    if (kdbx_path != NULL) {
        write_kdbx();
    }
    free(versions);
    vault_scene_close(&scene);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures)};
    if (argument_count > 1) {
        item_count = (size_t)strtoul(arguments[1], NULL, 10);
    }
    kdbx_path = argument_count > 2 ? arguments[2] : NULL;
    figures_path = argument_count > 3 ? arguments[3] : NULL;
    if (item_count == 0) {
        (void)fputs("usage: vault_bench [ITEMS] [KDBX_FILE] [FIGURES]\n", stderr);
        return 2;
    }
    return cmocka_run_group_tests_name("vault figures", tests, NULL, NULL);
}
