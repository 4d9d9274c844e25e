/* Chains: every rule of a single link, broken by people who hold the keys to sign what they
 * like. */
#include "tests/unit/shared_evidence/chain_fixture.h"

static void assert_altered_refused(struct fixture_alteration alteration, enum cs_status expected,
                                   const char *saying)
{
    assert_refused(fixture_build(&fixture, 3, &alteration), expected, saying);
}

/* ---- organisation and root ---- */

static void test_other_organisation_is_refused(void **state)
{
    (void)state;
    struct cs_bytes bytes = fixture_build(&fixture, 2, NULL);
    fixture.organisation[31] ^= 1;
    assert_refused(bytes, CS_WRONG_ORGANISATION, "another organisation's root");
    fixture.organisation[31] ^= 1;
    /* The organisation's people under a root of the attacker's. */
    cs_sign_key_public(fixture.other, fixture.root_key);
    bytes = HAND_MADE(&fixture.certificate_bytes[0]);
    assert_refused(bytes, CS_WRONG_ORGANISATION, "another organisation's root");
}

static void sign_first_by_other(struct fixture_draft *draft)
{
    if (draft->number == 1) {
        draft->certificate_signer = fixture.other;
    }
}

static void name_issuer_of_first(struct fixture_draft *draft)
{
    if (draft->number == 1) {
        draft->certificate.issuer[5] = 1;
    }
}

static void test_first_is_signed_by_the_root_alone(void **state)
{
    (void)state;
    assert_altered_refused((struct fixture_alteration){NULL, sign_first_by_other}, CS_FORGED,
                           "certificate 1 of 3");
    assert_altered_refused((struct fixture_alteration){NULL, name_issuer_of_first}, CS_FORGED,
                           "it names an invite");
}

static void move_certificate(struct fixture_draft *draft)
{
    draft->certificate.organisation[0] ^= draft->number == 3 ? 1 : 0;
}

static void move_first_certificate(struct fixture_draft *draft)
{
    draft->certificate.organisation[0] ^= draft->number == 1 ? 1 : 0;
}

static void move_invite(struct fixture_draft *draft)
{
    draft->invite.organisation[0] ^= draft->number == 2 ? 1 : 0;
}

static void test_every_part_names_the_organisation(void **state)
{
    (void)state;
    assert_altered_refused((struct fixture_alteration){NULL, move_certificate},
                           CS_WRONG_ORGANISATION, "certificate 3 of 3");
    assert_altered_refused((struct fixture_alteration){NULL, move_first_certificate},
                           CS_WRONG_ORGANISATION, "certificate 1 of 3");
    assert_altered_refused((struct fixture_alteration){move_invite, NULL}, CS_WRONG_ORGANISATION,
                           "certificate 2 of 3, counted from the root: its invite");
}

/* ---- what is copied from the invite ---- */

static void invite_technician(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        draft->invite.roles = CS_ROLE(TECHNICIAN);
    }
}

static void take_fewer_roles(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        draft->certificate.roles = CS_ROLE(TECHNICIAN);
    }
}

static void test_roles_are_those_of_the_invite(void **state)
{
    (void)state;
    /* Invited as technician, certified as office: more. */
    assert_altered_refused((struct fixture_alteration){invite_technician, NULL}, CS_DENIED,
                           "its roles are not those of its invite");
    assert_altered_refused((struct fixture_alteration){NULL, take_fewer_roles}, CS_DENIED,
                           "its roles are not those of its invite");
}

/* The second is a mere technician (or clerk) who invites the third. */
static cs_roles second_roles;
static cs_roles third_roles;

static void give_roles_by_invite(struct fixture_draft *draft)
{
    draft->invite.roles = draft->number == 2 ? second_roles : third_roles;
}

static void give_roles_by_certificate(struct fixture_draft *draft)
{
    if (draft->number > 1) {
        draft->certificate.roles = draft->number == 2 ? second_roles : third_roles;
    }
}

static void test_roles_must_be_the_inviters_to_give(void **state)
{
    (void)state;
    static const struct fixture_alteration both = {give_roles_by_invite, give_roles_by_certificate};
    for (cs_roles inviter = 0; inviter < CS_ROLE_COUNT; inviter++) {
        for (cs_roles role = 0; role < CS_ROLE_COUNT; role++) {
            second_roles = (cs_roles)1 << inviter;
            third_roles = (cs_roles)1 << role;
            struct cs_bytes bytes = fixture_build(&fixture, 3, &both);
            struct cs_chain chain;
            if ((cs_roles_may_invite(second_roles) & third_roles) != 0) {
                verify(bytes, &chain);
            } else {
                assert_refused(bytes, CS_DENIED, "the inviter may not give these roles");
            }
        }
    }
    /* One role too many spoils the rest. */
    second_roles = CS_ROLE(OFFICE);
    third_roles = CS_ROLE(TECHNICIAN) | CS_ROLE(OWNER);
    assert_refused(fixture_build(&fixture, 3, &both), CS_DENIED, "certificate 3 of 3");
}

static void rename_third(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        draft->certificate.person_name = cs_bytes_of_text("Han Meimeis");
    }
}

static void swap_person_of_second(struct fixture_draft *draft)
{
    draft->certificate.person.bytes[15] ^= draft->number == 2 ? 1 : 0;
}

static void test_person_is_that_of_the_invite(void **state)
{
    (void)state;
    assert_altered_refused((struct fixture_alteration){NULL, rename_third}, CS_FORGED,
                           "certificate 3 of 3, counted from the root: it names another person");
    assert_altered_refused((struct fixture_alteration){NULL, swap_person_of_second}, CS_FORGED,
                           "certificate 2 of 3, counted from the root: it names another person");
}

static int64_t third_delay_ms;

static void create_third_late(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        draft->certificate.created_ms = draft->invite.expires_ms + third_delay_ms;
    }
}

static void test_certificate_is_made_before_expiry(void **state)
{
    (void)state;
    static const struct fixture_alteration late = {NULL, create_third_late};
    struct cs_chain chain;
    third_delay_ms = -1;
    verify(fixture_build(&fixture, 3, &late), &chain);
    third_delay_ms = 0;
    assert_refused(fixture_build(&fixture, 3, &late), CS_EXPIRED, "after its invite had expired");
    third_delay_ms = 365 * FIXTURE_DAY_MS;
    assert_refused(fixture_build(&fixture, 3, &late), CS_EXPIRED, "certificate 3 of 3");
}

/* ---- who invited ---- */

static void sign_invite_by_first(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        draft->invite_signer = fixture.devices[0];
    }
}

static void name_other_inviter(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        assert_int_equal(cs_certificate_id(cs_buffer_bytes(&fixture.certificate_bytes[0]),
                                           draft->invite.inviter),
                         CS_OK);
    }
}

static void sign_certificate_by_inviter(struct fixture_draft *draft)
{
    if (draft->number == 3) {
        draft->certificate_signer = fixture.devices[1];
    }
}

static void sign_certificate_by_root(struct fixture_draft *draft)
{
    draft->certificate_signer = fixture.root;
}

static void test_invite_is_the_inviters(void **state)
{
    (void)state;
    assert_altered_refused((struct fixture_alteration){sign_invite_by_first, NULL}, CS_FORGED,
                           "its invite is not signed by the inviter before it");
    assert_altered_refused((struct fixture_alteration){name_other_inviter, NULL}, CS_FORGED,
                           "names another certificate as the inviter");
    assert_altered_refused((struct fixture_alteration){NULL, sign_certificate_by_inviter},
                           CS_FORGED, "certificate 3 of 3");
    assert_altered_refused((struct fixture_alteration){NULL, sign_certificate_by_root}, CS_FORGED,
                           "certificate 2 of 3");
}

static void expire_later(struct fixture_draft *draft)
{
    draft->invite.expires_ms += draft->number == 3 ? 1 : 0;
}

/* Two invites with one key for one person: a certificate belongs to the one it names. */
static void test_certificate_is_not_reused_with_another_invite(void **state)
{
    (void)state;
    (void)fixture_build(&fixture, 3, NULL);
    struct cs_buffer first_certificate = fixture.certificate_bytes[2];
    cs_buffer_init(&fixture.certificate_bytes[2], CS_MEBI);
    static const struct fixture_alteration later = {expire_later, NULL};
    fixture_make_link(&fixture, 3, &later);
    const struct cs_buffer *c = fixture.certificate_bytes;
    const struct cs_buffer *i = fixture.invite_bytes;
    struct cs_chain chain;
    verify(HAND_MADE(&c[2], &i[2], &c[1], &i[1], &c[0]), &chain);
    assert_refused(HAND_MADE(&first_certificate, &i[2], &c[1], &i[1], &c[0]), CS_FORGED,
                   "it was made with another invite");
    cs_buffer_release(&first_certificate);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_other_organisation_is_refused),
        CASE(test_first_is_signed_by_the_root_alone),
        CASE(test_every_part_names_the_organisation),
        CASE(test_roles_are_those_of_the_invite),
        CASE(test_roles_must_be_the_inviters_to_give),
        CASE(test_person_is_that_of_the_invite),
        CASE(test_certificate_is_made_before_expiry),
        CASE(test_invite_is_the_inviters),
        CASE(test_certificate_is_not_reused_with_another_invite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
