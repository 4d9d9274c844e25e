/* The steps of a change against a system that fails at any of them: what is answered is true, whatever happens. */
#include "field-client/rotation/conduct.h"

#include "tests/support/testing.h"

#include <string.h>

/* What becomes of the change that is sent. */
enum fate { LOST, KEPT };

struct fake_system {
    char works;     /* 'o', 'n', 'b' for both, '-' for neither */
    int unclear_at; /* the login, counted from 0, that gets no answer; -1: none */
    int logins;
    bool kept_open;
    enum cs_rotation_change change;
    enum fate fate;
    int changes;
};

static enum cs_rotation_login login(void *context, struct cs_bytes secret,
                                    enum cs_rotation_keep keep, struct cs_problem *problem)
{
    struct fake_system *fake = context;
    bool is_new = cs_bytes_equal_text(secret, "new");
    if (fake->logins++ == fake->unclear_at) {
        (void)cs_problem_set(problem, CS_OK, "cut off");
        return CS_LOGIN_UNCLEAR;
    }
    if (fake->works == 'b' || fake->works == (is_new ? 'n' : 'o')) {
        fake->kept_open = keep == CS_SESSION_KEEP;
        return CS_LOGIN_ACCEPTED;
    }
    (void)cs_problem_set(problem, CS_OK, "denied");
    return CS_LOGIN_DENIED;
}

static enum cs_rotation_change change(void *context, struct cs_problem *problem)
{
    struct fake_system *fake = context;
    assert_true(fake->kept_open);
    fake->kept_open = false;
    fake->changes++;
    if (fake->fate == KEPT) {
        fake->works = 'n';
    }
    if (fake->change != CS_CHANGE_DONE) {
        (void)cs_problem_set(problem, CS_OK, "said no");
    }
    return fake->change;
}

static enum cs_rotation_answer
conduct(struct fake_system *fake, enum cs_rotation_operation operation, struct cs_problem *problem)
{
    struct cs_rotation_request request = {.operation = operation,
                                          .old_secret = cs_bytes_of_text("old"),
                                          .new_secret = cs_bytes_of_text("new")};
    struct cs_rotation_system system = {fake, login, change};
    return cs_rotation_conduct(&request, &system, problem);
}

static void test_apply(void **state)
{
    (void)state;
    static const struct {
        char works;
        int unclear_at;
        enum cs_rotation_change change;
        enum fate fate;
        enum cs_rotation_answer answer;
        int changes;
        const char *says; /* in the reason; NULL: nothing is said */
    } cases[] = {
        {'o', -1, CS_CHANGE_DONE, KEPT, CS_ROTATION_APPLIED, 1, NULL},
        {'o', -1, CS_CHANGE_NOT_SENT, LOST, CS_ROTATION_FAILED, 1, "said no"},
        {'o', -1, CS_CHANGE_REFUSED, LOST, CS_ROTATION_FAILED, 1, "said no"},
        {'o', -1, CS_CHANGE_UNCLEAR, LOST, CS_ROTATION_UNKNOWN, 1, "said no"},
        {'o', -1, CS_CHANGE_UNCLEAR, KEPT, CS_ROTATION_UNKNOWN, 1, "said no"},
        {'o', -1, CS_CHANGE_DOUBTFUL, LOST, CS_ROTATION_FAILED, 1, "said no"},
        {'o', -1, CS_CHANGE_DOUBTFUL, KEPT, CS_ROTATION_APPLIED, 1, NULL},
        {'o', 1, CS_CHANGE_DOUBTFUL, LOST, CS_ROTATION_UNKNOWN, 1, "said no"},
        {'o', 2, CS_CHANGE_DOUBTFUL, KEPT, CS_ROTATION_UNKNOWN, 1, "said no"},
        /* The system says yes and nothing changed, or it cannot be looked at. */
        {'o', -1, CS_CHANGE_DONE, LOST, CS_ROTATION_UNKNOWN, 1, "denied"},
        {'o', 1, CS_CHANGE_DONE, KEPT, CS_ROTATION_UNKNOWN, 1, "cut off"},
        /* Nothing is sent. */
        {'o', 0, CS_CHANGE_DONE, KEPT, CS_ROTATION_FAILED, 0, "cut off"},
        {'-', -1, CS_CHANGE_DONE, KEPT, CS_ROTATION_FAILED, 0, "denied"},
        {'n', 1, CS_CHANGE_DONE, KEPT, CS_ROTATION_FAILED, 0, "denied"},
        /* An earlier attempt got through. */
        {'n', -1, CS_CHANGE_DONE, KEPT, CS_ROTATION_APPLIED, 0, NULL},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct fake_system fake = {.works = cases[i].works,
                                   .unclear_at = cases[i].unclear_at,
                                   .change = cases[i].change,
                                   .fate = cases[i].fate};
        struct cs_problem problem = {"before"};
        assert_int_equal(conduct(&fake, CS_ROTATION_APPLY, &problem), cases[i].answer);
        assert_int_equal(fake.changes, cases[i].changes);
        if (cases[i].says == NULL) {
            assert_string_equal(problem.text, "");
        } else {
            assert_non_null(strstr(problem.text, cases[i].says));
        }
    }
}

static void test_verify(void **state)
{
    (void)state;
    static const struct {
        char works;
        int unclear_at;
        enum cs_rotation_answer answer;
    } cases[] = {
        {'o', -1, CS_ROTATION_OLD},    {'n', -1, CS_ROTATION_NEW},
        {'b', -1, CS_ROTATION_BOTH},   {'-', -1, CS_ROTATION_NEITHER},
        {'o', 0, CS_ROTATION_UNKNOWN}, {'o', 1, CS_ROTATION_UNKNOWN},
        {'n', 0, CS_ROTATION_UNKNOWN}, {'n', 1, CS_ROTATION_UNKNOWN},
        {'-', 1, CS_ROTATION_UNKNOWN},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct fake_system fake = {.works = cases[i].works, .unclear_at = cases[i].unclear_at};
        struct cs_problem problem;
        assert_int_equal(conduct(&fake, CS_ROTATION_VERIFY, &problem), cases[i].answer);
        assert_int_equal(fake.changes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
