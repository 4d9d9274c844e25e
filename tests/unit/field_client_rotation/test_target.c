/* Addresses of credentials: which helper, host and options they mean, and which mean nothing. */
#include "field-client/rotation/target.h"

#include "tests/support/testing.h"

#include <string.h>

static struct cs_arena arena;
static struct cs_rotation_target target;
static struct cs_problem problem;

static int setup(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MEBI);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    return 0;
}

static enum cs_status parse(const char *address)
{
    problem.text[0] = '\0';
    return cs_rotation_target_parse(cs_bytes_of_text(address), &arena, &target, &problem);
}

static void expect(const char *address, const char *helper, const char *host, unsigned port)
{
    assert_ok(parse(address));
    if (helper == NULL) {
        assert_null(target.helper);
    } else {
        assert_string_equal(target.helper, helper);
    }
    assert_true(cs_bytes_equal_text(target.host, host));
    assert_int_equal(target.port, port);
}

static void expect_option(size_t index, const char *name, const char *value)
{
    assert_true(index < target.option_count);
    assert_true(cs_bytes_equal_text(target.options[index].name, name));
    assert_true(cs_bytes_equal_text(target.options[index].value, value));
}

static void test_schemes(void **state)
{
    (void)state;
    expect("postgresql://db.customer.cn/ledger", "countersign-rotate-postgresql", "db.customer.cn",
           0);
    assert_int_equal(target.option_count, 1);
    expect_option(0, "database", "ledger");
    expect("postgres://10.0.0.7:6432", "countersign-rotate-postgresql", "10.0.0.7", 6432);
    assert_int_equal(target.option_count, 0);
    expect("ssh://root@[fe80::1]:2222/ignored", "countersign-rotate-linux", "fe80::1", 2222);
    assert_true(cs_bytes_equal_text(target.user, "root"));
    assert_int_equal(target.option_count, 0);
    expect("https://switch.customer.cn", NULL, "switch.customer.cn", 0);
    expect("10.0.0.1", NULL, "10.0.0.1", 0);
    expect("10.0.0.1:23", NULL, "10.0.0.1", 23);
    expect("ssh://host/", "countersign-rotate-linux", "host", 0);
    expect("机房:3柜?左侧", NULL, "机房:3柜?左侧", 0); /* no form at all */
    assert_int_equal(target.option_count, 0);
}

static void test_options(void **state)
{
    (void)state;
    expect("postgresql://host/a%20b%2Fc?tls=off&login=any", "countersign-rotate-postgresql", "host",
           0);
    assert_int_equal(target.option_count, 3);
    expect_option(0, "database", "a b/c");
    expect_option(1, "login", "any");
    expect_option(2, "tls", "off");
    expect("ssh://host?host_key=ssh-ed25519%20AAAA+/=", "countersign-rotate-linux", "host", 0);
    expect_option(0, "host_key", "ssh-ed25519 AAAA+/=");
    assert_ok(cs_rotation_target_option(&target, cs_bytes_of_text("host_key"),
                                        cs_bytes_of_text("another"), &problem));
    assert_int_equal(target.option_count, 1);
    expect_option(0, "host_key", "another");
    assert_ok(
        cs_rotation_target_option(&target, cs_bytes_of_text("a"), cs_bytes_of_text("1"), &problem));
    expect_option(0, "a", "1");
    expect_option(1, "host_key", "another");
}

static void refused(const char *address, const char *saying)
{
    struct cs_rotation_target before = target;
    assert_status(parse(address), CS_INVALID);
    assert_non_null(strstr(problem.text, saying));
    assert_memory_equal(&before, &target, sizeof before);
}

static void test_what_means_nothing(void **state)
{
    (void)state;
    refused("", "has no address");
    refused("ssh://", "names no host");
    refused("ssh:///path", "names no host");
    refused("ssh://user@:22", "names no host");
    refused("ssh://host:", "the port");
    refused("ssh://host:0", "the port");
    refused("ssh://host:65536", "the port");
    refused("ssh://host:22x", "the port");
    refused("ssh://host:99999999999999999999999", "the port");
    refused("ssh://[::1", "without a ]");
    refused("ssh://[::1]22", "cannot be read");
    refused("ssh://host?", "not name=value");
    refused("ssh://host?a", "not name=value");
    refused("ssh://host?=a", "not name=value");
    refused("ssh://host?a=1&", "not name=value");
    refused("ssh://host?a=1&a=2", "\"a\" twice");
    refused("postgresql://host/x?database=y", "\"database\" twice");
    refused("ssh://host?a=%2", "hexadecimal");
    refused("ssh://host?a=%zz", "hexadecimal");
    refused("ssh://us%r@host", "hexadecimal");
    refused("ssh://host?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1", "more than 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_schemes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_means_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
