/* The conversation with passwd as different systems hold it, refusals among them, and what is not answered. */
#include "field-client/rotation/passwd_dialogue.h"

#include "tests/support/testing.h"

#include <string.h>

/* Shows the parts of `conversation`, which are separated by |, and returns what was sent: o, n, and . for a stop. */
static const char *sent(const char *conversation, struct cs_passwd_dialogue *dialogue)
{
    static char out[16];
    size_t count = 0;
    const char *rest = conversation;
    while (*rest != '\0') {
        size_t size = strcspn(rest, "|");
        cs_passwd_dialogue_hear(dialogue, cs_bytes_make(rest, size));
        rest += size + (rest[size] == '|');
        enum cs_passwd_step step = cs_passwd_dialogue_next(dialogue);
        if (step != CS_PASSWD_WAIT) {
            assert_true(count + 1 < sizeof out);
            out[count++] = step == CS_PASSWD_SEND_OLD   ? 'o'
                           : step == CS_PASSWD_SEND_NEW ? 'n'
                                                        : '.';
        }
        if (step == CS_PASSWD_STOP) {
            break;
        }
    }
    out[count] = '\0';
    return out;
}

static void test_conversations(void **state)
{
    (void)state;
    static const struct {
        const char *conversation;
        const char *sent;
    } cases[] = {
        {"Changing password for bob.\r\nCurrent password: |\r\nNew password: |\r\nRetype new "
         "password: "
         "|\r\npasswd: password updated successfully\r\n",
         "onn"},
        {"(current) UNIX password: |Enter new UNIX password: |Retype new UNIX password: |", "onn"},
        {"Changing password for bob\nOld password:|New password:|Re-enter new password:|", "onn"},
        {"New password: |Retype new password: |", "nn"},
        {"Password: |New password (again): |", "o."},
        {"Enter login(LDAP) password: |New password: |Re-enter new password: |", "onn"},
        /* In pieces. */
        {"Curr|ent pass|word:| |New password: |Confirm new password: ", "onn"},
        /* Refused: it asks for a new one again. */
        {"Current password: |New password: |BAD PASSWORD: The password is too short\r\nNew "
         "password: ",
         "on."},
        {"Current password: |New password: |Retype new password: |You must choose a longer "
         "password.\r\nNew password: ",
         "onn."},
        {"Current password: |Current password: ", "o."},
        {"New password: |Current password: ", "n."},
        {"New password: |Password: ", "n."},
        {"Retype new password: ", "."},
        {"New password: |Retype new password: |Retype new password: ", "nn."},
        {"Current password: |Verification code: ", "o."},
        {"Do you want to see a movie?", "."},
        /* No questions. */
        {"passwd: Authentication token manipulation error\r\n", ""},
        {"Password requirements:\r\n", ""},
        {"Password", ""},
        {"", ""},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_passwd_dialogue dialogue;
        cs_passwd_dialogue_init(&dialogue);
        assert_string_equal(sent(cases[i].conversation, &dialogue), cases[i].sent);
        cs_passwd_dialogue_release(&dialogue);
    }
}

static void test_what_it_said(void **state)
{
    (void)state;
    struct cs_passwd_dialogue dialogue;
    cs_passwd_dialogue_init(&dialogue);
    assert_string_equal(
        sent("Current password: |New password: |\r\nToo short.\r\nNew password: ", &dialogue),
        "on.");
    assert_true(cs_bytes_equal_text(cs_passwd_dialogue_said(&dialogue), "\r\nToo short.\r\n"));
    assert_int_equal(dialogue.sent_new, 1);
    assert_true(dialogue.sent_old);
    cs_passwd_dialogue_release(&dialogue);
    cs_passwd_dialogue_init(&dialogue);
    assert_int_equal(cs_passwd_dialogue_said(&dialogue).size, 0);
    assert_string_equal(sent("passwd: it is over", &dialogue), "");
    assert_true(cs_bytes_equal_text(cs_passwd_dialogue_said(&dialogue), "passwd: it is over"));
    cs_passwd_dialogue_release(&dialogue);
}

static void test_too_much_is_not_answered(void **state)
{
    (void)state;
    struct cs_passwd_dialogue dialogue;
    char noise[1000];
    memset(noise, 'x', sizeof noise);
    cs_passwd_dialogue_init(&dialogue);
    cs_passwd_dialogue_hear(&dialogue, cs_bytes_of_array(noise));
    cs_passwd_dialogue_hear(&dialogue, cs_bytes_of_text(" new password:"));
    assert_int_equal(cs_passwd_dialogue_next(&dialogue), CS_PASSWD_STOP);
    for (int i = 0; i < 20; i++) {
        cs_passwd_dialogue_hear(&dialogue, cs_bytes_of_array(noise));
    }
    cs_passwd_dialogue_hear(&dialogue, cs_bytes_of_text("\nNew password:"));
    assert_int_equal(cs_passwd_dialogue_next(&dialogue), CS_PASSWD_STOP);
    assert_int_equal(dialogue.sent_new, 0);
    cs_passwd_dialogue_release(&dialogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_what_it_said),
        cmocka_unit_test(test_too_much_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
