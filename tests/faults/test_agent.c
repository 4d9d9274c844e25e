/*
 * An agent whose memory fails: it is made, unlocked, lists, adds and changes a row, and ends; every allocation of that fails, once and from there
 * on. Afterwards it answers as if nothing had been, the replica is sound, and nothing of a command is there in part.
 */
#include "field-client/agent/agent.h"
#include "field-client/commands/client_main.h"
#include "tests/faults/folder.h"
#include "tests/faults/sweep.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define RUNS_MAX 1000 /* all of them */
#define WORDS_MAX 8

/* Does it go on failing? */
enum failure { ONCE, FROM_THERE_ON };

static struct {
    struct cs_world world;
    char home[64];
    struct folder before; /* the home, with one part and no agent */
    struct cs_agent *agent;
    char id[64]; /* of that part */
    int ends[2]; /* a caller that stays */
    int output;
    char text[4096]; /* what the last command printed, errors too */
} scene;

struct tally {
    long runs;
    long failed;    /* something said so */
    long tolerated; /* nothing needed it */
    long untold;    /* a row was added, and there was no memory to say so */
};

/* ---- the agent ---- */

static int run_client(void *context, const struct cs_agent_run *run)
{
    (void)context;
    const struct cs_client_setting setting = {.registry = cs_registry_core(),
                                              .world = run->world,
                                              .out = run->out,
                                              .err = run->err,
                                              .console = run->console,
                                              .host = run->host,
                                              .home = run->home};
    return cs_client_run(run->argument_count, run->arguments, &setting);
}

static enum cs_status make_agent(struct cs_problem *problem)
{
    const struct cs_agent_setting setting = {.world = &scene.world,
                                             .registry = cs_registry_core(),
                                             .home = scene.home,
                                             .run = run_client};
    return cs_agent_create(&setting, &scene.agent, problem);
}

static enum cs_status unlock(struct cs_problem *problem)
{
    return cs_agent_unlock(scene.agent, cs_bytes_of_text(UNIVERSE_PASSPHRASE), problem);
}

static void end_agent(void)
{
    cs_agent_destroy(scene.agent);
    scene.agent = NULL;
}

/* The exit code of "countersign WORD…". */
static int call(const char *const *words)
{
    char copies[WORDS_MAX][128];
    char *arguments[WORDS_MAX + 2] = {copies[0]};
    char english[] = "LC_ALL=C";
    char *variables[] = {english, NULL};
    size_t count = 1;
    (void)snprintf(copies[0], sizeof copies[0], "countersign");
    for (; words[count - 1] != NULL; count++) {
        assert_true(count < WORDS_MAX);
        (void)snprintf(copies[count], sizeof copies[0], "%s", words[count - 1]);
        arguments[count] = copies[count];
    }
    assert_int_equal(ftruncate(scene.output, 0), 0);
    assert_int_equal(lseek(scene.output, 0, SEEK_SET), 0);
    const struct cs_agent_call agent_call = {.arguments = arguments,
                                             .argument_count = count,
                                             .console = {.input = -1,
                                                         .output = scene.output,
                                                         .errors = scene.output,
                                                         .terminal = -1,
                                                         .passphrase_file = -1,
                                                         .caller = scene.ends[0],
                                                         .folder = "/",
                                                         .variables = variables}};
    int code = cs_agent_call(scene.agent, &agent_call);
    ssize_t size = pread(scene.output, scene.text, sizeof scene.text - 1, 0);
    assert_true(size >= 0);
    scene.text[size] = '\0';
    return code;
}
#define CALL(...) call((const char *const[]){__VA_ARGS__, NULL})

/* ---- what is done, and what has to hold ---- */

static void disarm(void)
{
    cs_memory_fail_after(-1);
    cs_memory_count_in(CS_MEMORY_BLOCKS);
}

static size_t count_of(const char *text)
{
    size_t count = 0;
    for (const char *at = scene.text; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

static bool has_part(const char *condition)
{
    assert_int_equal(CALL("list", "part", condition, "--json"), 0);
    size_t count = count_of("\"code\"");
    assert_true(count <= 1);
    return count == 1;
}

static void assert_sound(void)
{
    if (CALL("doctor") != 0) {
        fail_msg("doctor: %s", scene.text);
    }
}

static int list_parts(void)
{
    return CALL("list", "part", "--json");
}

static int add_part(void)
{
    return CALL("new", "part", "code=P-1", "name=网线");
}

static int rename_part(void)
{
    return CALL("set", "part", scene.id, "name=继电器");
}

/* After it failed; true: it had been done all the same. */
static bool was_not_done(void)
{
    return false;
}

static bool was_added(void)
{
    return has_part("code=P-1");
}

static bool was_renamed(void)
{
    bool renamed = has_part("name=继电器");
    assert_true(renamed != has_part("name=电源"));
    return renamed;
}

static const struct {
    int (*run)(void);
    bool (*was_done)(void);
} commands[] = {{list_parts, was_not_done}, {add_part, was_added}, {rename_part, was_renamed}};

/* Made or unlocked, with a second try where memory failed. */
static void begin_with(enum cs_status (*step)(struct cs_problem *), struct tally *tally)
{
    struct cs_problem problem = {""};
    enum cs_status status = step(&problem);
    if (status != CS_OK) {
        disarm();
        tally->failed++;
        if (!sweep_is_machines_fault(status)) {
            fail_msg("%s: %s", cs_status_name(status), problem.text);
        }
        assert_ok(step(&problem));
    }
}

static void run_command(size_t index, struct tally *tally)
{
    if (commands[index].run() == 0) {
        return;
    }
    disarm();
    tally->failed++;
    assert_true(scene.text[0] != '\0' || index == 0);
    assert_sound();
    if (commands[index].was_done()) {
        tally->untold++;
    } else if (commands[index].run() != 0) {
        fail_msg("command %zu, again: %s", index, scene.text);
    }
}

/* Gives how many allocations there were until one failed, or until the end. */
static long run_once(enum failure failure, long n, struct tally *tally)
{
    long failed_before = tally->failed;
    folder_put(&scene.before, scene.home);
    cs_memory_count_in(CS_MEMORY_PIECES);
    if (failure == ONCE) {
        cs_memory_fail_after(n);
    } else {
        cs_memory_fail_from(n);
    }
    begin_with(make_agent, tally);
    begin_with(unlock, tally);
    for (size_t i = 0; i < CS_COUNT(commands); i++) {
        run_command(i, tally);
    }
    long count = cs_memory_count();
    disarm();
    assert_true(tally->failed <= failed_before + 1);
    tally->tolerated += tally->failed == failed_before && count > n ? 1 : 0;
    tally->runs++;
    assert_true(has_part("code=P-1"));
    assert_true(has_part("name=继电器"));
    assert_sound();
    end_agent();
    return count;
}

static void sweep(const char *name, enum failure failure)
{
    struct tally tally = {0};
    long runs_max = sweep_runs_allowed(RUNS_MAX);
    long total = run_once(ONCE, 1000000000L, &tally);
    assert_true(total > 0 && tally.failed == 0);
    tally = (struct tally){0};
    long stride = total <= runs_max ? 1 : total / runs_max + 1;
    for (long n = stride == 1 ? 0 : sweep_offset(name, stride); n < total; n += stride) {
        (void)run_once(failure, n, &tally);
    }
    print_message("%s: %ld of %ld run, %ld failed (%ld of them done and untold), %ld tolerated\n",
                  name, tally.runs, total, tally.failed, tally.untold, tally.tolerated);
    assert_true(tally.failed > 0);
    assert_int_equal(tally.failed + tally.tolerated, tally.runs);
}

static void each_allocation_fails_once(void **state)
{
    (void)state;
    sweep("an agent, once", ONCE);
}

static void all_allocations_fail_from_one_on(void **state)
{
    (void)state;
    sweep("an agent, from there on", FROM_THERE_ON);
}

/* ---- the home ---- */

static struct universe universe;

static int set_up(void **state)
{
    struct cs_problem problem = {""};
    (void)state;
    universe_open(&universe, cs_registry_core(), 20261201);
    const struct laptop *laptop = universe_found(&universe, "王芳");
    cs_world_system(&scene.world);
    (void)snprintf(scene.home, sizeof scene.home, "/tmp/countersign-agent-XXXXXX");
    assert_non_null(mkdtemp(scene.home));
    assert_ok(cs_identity_save(&scene.world, laptop->identity, scene.home, CS_IDENTITY_FILE));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, scene.ends), 0);
    scene.output = memfd_create("output", MFD_CLOEXEC);
    assert_true(scene.output >= 0);
    assert_ok(make_agent(&problem));
    assert_ok(unlock(&problem));
    assert_int_equal(CALL("new", "part", "code=P-0", "name=电源"), 0);
    (void)snprintf(scene.id, sizeof scene.id, "%.*s", (int)strcspn(scene.text, "\n"), scene.text);
    end_agent();
    folder_keep(&scene.before, scene.home);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    const struct folder nothing = {.count = 0};
    folder_put(&nothing, scene.home);
    (void)rmdir(scene.home);
    folder_release(&scene.before);
    (void)close(scene.ends[0]);
    (void)close(scene.ends[1]);
    (void)close(scene.output);
    universe_close(&universe);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(all_allocations_fail_from_one_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
