/* Who may sign which record of a vault: every rule kept, and broken in every way, with what is said then. */
#include "tests/unit/shared_vault/made_up.h"

static struct scene scene;
static const uint8_t some_id[CS_HASH_SIZE] = {0x99};

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_release(&scene);
    return 0;
}

/* Logged now, at the end of the log. */
static struct cs_vault_moment now(void)
{
    return (struct cs_vault_moment){scene.log, cs_vault_log_position(scene.log), scene.now_ms};
}

static void said(enum cs_status status, enum cs_status expected, const char *saying)
{
    assert_status(status, expected);
    if (strstr(scene.problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene.problem.text, saying);
    }
}

static enum cs_status check_entry(const struct cs_vault_record *entry)
{
    struct cs_vault_moment moment = now();
    return cs_vault_check_entry(entry, &moment, NULL, &scene.problem);
}

static enum cs_status check_version(const struct cs_vault_record *version)
{
    struct cs_vault_moment moment = now();
    return cs_vault_check_version(version, &moment, NULL, &scene.problem);
}

/* Of a version that came into `from` by the record some_id. */
static enum cs_status check_state(const struct cs_vault_record *change,
                                  const struct cs_vault_record *version, enum cs_vault_state from)
{
    struct cs_version_state state;
    struct cs_vault_moment moment = now();
    cs_version_state_begin(&state, version->id, version->author);
    cs_version_state_take(&state, from, some_id, version->author);
    return cs_vault_check_state(change, version, &state, &moment, &scene.problem);
}

/* ---- changes ---- */

static void test_an_address_altered_without_the_right_to_edit(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record entry = made_entry(&scene, CHEN);
    assert_ok(check_entry(&entry));
    entry = made_entry(&scene, ZHAO); /* has the keys, so it can encrypt */
    said(check_entry(&entry), CS_DENIED, "no grant lets this device change this vault");
    entry = made_entry(&scene, WU);
    said(check_entry(&entry), CS_DENIED, "no grant");
    struct cs_vault_record version = made_version(&scene, ZHAO);
    said(check_version(&version), CS_DENIED, "no grant lets this device change this vault");
}

static void test_an_author_is_judged_by_the_log_he_names_and_by_the_one_there_is(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record early = made_entry(&scene, CHEN);
    struct cs_vault_record record = made_withdrawal(&scene, LI, CHEN);
    assert_ok(scene_append(&scene, &record, LI));
    said(check_entry(&early), CS_DENIED, "no grant"); /* he names the old position: of no use */
    record = made_epoch(&scene, LI, 2);
    assert_ok(scene_append(&scene, &record, LI));
    grant(&scene, LI, CHEN, CS_VAULT_MAY_EDIT);
    said(check_entry(&early), CS_OUTDATED, "under epoch 1 of the vault, not 2");
    /* Nor what he signed before he had the right. */
    early.position = 3;
    cs_vault_log_head(scene.log, 3, early.head);
    early.epoch = 2;
    said(check_entry(&early), CS_DENIED, "no grant");
    /* What was in order when it was logged, stays in order. */
    struct cs_vault_record then = made_entry(&scene, CHEN);
    then.position = 7;
    cs_vault_log_head(scene.log, 7, then.head);
    struct cs_vault_moment moment = {scene.log, 7, START_MS};
    assert_ok(cs_vault_check_entry(&then, &moment, NULL, &scene.problem));
}

static void test_other_logs(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record entry = made_entry(&scene, CHEN);
    entry.head[1] ^= 1;
    said(check_entry(&entry), CS_OTHER_HISTORY, "was shown another log");
    entry = made_entry(&scene, CHEN);
    entry.position++;
    said(check_entry(&entry), CS_GAP, "has seen more of the vault's log");
    entry = made_entry(&scene, CHEN);
    entry.vault = scene_id(0x78);
    said(check_entry(&entry), CS_FORGED, "belongs to another vault");
}

static void test_epochs_of_what_is_encrypted(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record entry = made_entry(&scene, CHEN);
    entry.epoch = 2;
    said(check_entry(&entry), CS_FORGED, "under epoch 2 of the vault, not 1");
    struct cs_vault_record record = made_withdrawal(&scene, LI, ZHAO);
    assert_ok(scene_append(&scene, &record, LI));
    entry = made_entry(&scene, CHEN);
    said(check_entry(&entry), CS_OUTDATED, "needs a new key first");
    struct cs_vault_record version = made_version(&scene, CHEN);
    said(check_version(&version), CS_OUTDATED, "needs a new key first");
}

static void test_expired_grants_change_nothing(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record record = made_grant(&scene, LI, CHEN, CS_VAULT_MAY_EDIT);
    record.expires_ms = START_MS + HOUR_MS;
    assert_ok(scene_append(&scene, &record, LI));
    struct cs_vault_record entry = made_entry(&scene, CHEN);
    assert_ok(check_entry(&entry));
    scene.now_ms += HOUR_MS; /* logged too late, by the server's clock */
    said(check_entry(&entry), CS_EXPIRED, "the grant to change this vault has expired");
    entry = made_entry(&scene, CHEN);
    scene.now_ms -= HOUR_MS; /* claimed too late, by his own */
    said(check_entry(&entry), CS_EXPIRED, "has expired");
}

static void test_changes_follow_the_latest(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_moment moment = now();
    struct cs_vault_record entry = made_entry(&scene, CHEN);
    said(cs_vault_check_entry(&entry, &moment, some_id, &scene.problem), CS_OUTDATED,
         "does not follow the latest one");
    memcpy(entry.previous, some_id, CS_HASH_SIZE);
    assert_ok(cs_vault_check_entry(&entry, &moment, some_id, &scene.problem));
    said(check_entry(&entry), CS_OUTDATED, "does not follow the latest one");
    struct cs_vault_record version = made_version(&scene, CHEN);
    said(cs_vault_check_version(&version, &moment, some_id, &scene.problem), CS_OUTDATED,
         "does not follow the latest one");
}

static void test_versions_of_four_eyes(void **state)
{
    (void)state;
    static uint8_t parts[2 * CS_VAULT_APPROVER_SIZE];
    made_vault(&scene, 1);
    struct cs_vault_record version = made_version(&scene, CHEN);
    said(check_version(&version), CS_DENIED, "wants four eyes");
    version.approvers = cs_bytes_make(parts, CS_VAULT_APPROVER_SIZE);
    memcpy(parts, scene_certificate(&scene, SUN), CS_HASH_SIZE);
    assert_ok(check_version(&version));
    memcpy(parts, scene_certificate(&scene, ZHAO), CS_HASH_SIZE);
    said(check_version(&version), CS_DENIED, "approve requests for this vault");
    version.approvers = CS_BYTES_NONE;
    version.recovery[0] ^= 1;
    said(check_version(&version), CS_FORGED, "another recovery key");
}

static void test_versions_of_two_eyes(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record version = made_version(&scene, CHEN);
    assert_ok(check_version(&version));
    version.approvers = made_up_bytes(CS_VAULT_APPROVER_SIZE);
    said(check_version(&version), CS_DENIED, "does not want four eyes");
}

/* Which states a version can come to from where, in the order of the states. */
static const bool goes[5][5] = {{false, true, false, true, true}, /* pending */
                                {true, false, true, true, true},  /* applied */
                                {false, false, false, true, true},
                                {false, false, false, false, true},
                                {false}};

static void test_states_only_go_on(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    const struct cs_vault_record version = made_version(&scene, CHEN);
    for (int from = CS_VAULT_PENDING; from <= CS_VAULT_ARCHIVED; from++) {
        for (int to = CS_VAULT_PENDING; to <= CS_VAULT_ARCHIVED; to++) {
            struct cs_vault_record change = made_state(&scene, CHEN, (enum cs_vault_state)to);
            memcpy(change.previous, some_id, CS_HASH_SIZE);
            enum cs_status status = check_state(&change, &version, (enum cs_vault_state)from);
            bool permitted = goes[from - CS_VAULT_PENDING][to - CS_VAULT_PENDING];
            said(status, permitted ? CS_OK : CS_USED, permitted ? "" : "does not become");
        }
    }
    struct cs_vault_record change = made_state(&scene, CHEN, CS_VAULT_CONFIRMED);
    said(check_state(&change, &version, CS_VAULT_PENDING), CS_OUTDATED, "does not follow");
    change = made_state(&scene, ZHAO, CS_VAULT_CONFIRMED);
    said(check_state(&change, &version, CS_VAULT_PENDING), CS_DENIED, "no grant");
    struct cs_vault_record others[3] = {version, version, version};
    others[0].version = scene_id(1);
    others[1].item = scene_id(1);
    others[2].field = cs_bytes_of_text("totp");
    for (size_t i = 0; i < CS_COUNT(others); i++) {
        change = made_state(&scene, CHEN, CS_VAULT_CONFIRMED);
        memcpy(change.previous, some_id, CS_HASH_SIZE);
        said(check_state(&change, &others[i], CS_VAULT_PENDING), CS_FORGED, "of another version");
    }
}

/* What was tried at the site is said by whoever may see the password there; what is in force is not. */
static void test_states_of_those_who_do_not_edit(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    const struct cs_vault_record version = made_version(&scene, CHEN);
    static const struct {
        enum member who;
        enum cs_vault_state from, to;
        enum cs_status status;
    } cases[] = {{ZHAO, CS_VAULT_PENDING, CS_VAULT_APPLIED, CS_OK},
                 {ZHAO, CS_VAULT_APPLIED, CS_VAULT_VERIFIED, CS_OK},
                 {ZHAO, CS_VAULT_APPLIED, CS_VAULT_PENDING, CS_OK},
                 {ZHAO, CS_VAULT_VERIFIED, CS_VAULT_CONFIRMED, CS_DENIED},
                 {ZHAO, CS_VAULT_CONFIRMED, CS_VAULT_ARCHIVED, CS_DENIED},
                 {SUN, CS_VAULT_PENDING, CS_VAULT_APPLIED, CS_DENIED},
                 {CHEN, CS_VAULT_VERIFIED, CS_VAULT_CONFIRMED, CS_OK}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_vault_record change = made_state(&scene, cases[i].who, cases[i].to);
        memcpy(change.previous, some_id, CS_HASH_SIZE);
        assert_int_equal(check_state(&change, &version, cases[i].from), cases[i].status);
    }
    struct cs_vault_record change = made_state(&scene, ZHAO, CS_VAULT_APPLIED);
    said(check_state(&change, &version, CS_VAULT_PENDING), CS_OUTDATED, "does not follow");
    assert_string_equal(cs_vault_state_name(CS_VAULT_APPLIED), "applied");
}

/* ---- campaigns ---- */

static enum cs_status check_campaign(const struct cs_vault_record *campaign, enum member who,
                                     const uint8_t *open)
{
    struct cs_vault_moment moment = now();
    return cs_vault_check_campaign(campaign, &scene.devices[who].chain, &moment, open,
                                   &scene.problem);
}

static void test_campaigns(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record begins = scene_record(&scene, CS_VAULT_CAMPAIGN, LI);
    assert_true(cs_vault_campaign_begins(&begins));
    assert_ok(check_campaign(&begins, LI, NULL));
    said(check_campaign(&begins, LI, some_id), CS_USED, "has not ended yet");
    struct cs_vault_record ends = begins;
    memcpy(ends.previous, some_id, CS_HASH_SIZE);
    assert_false(cs_vault_campaign_begins(&ends));
    assert_ok(check_campaign(&ends, LI, some_id));
    said(check_campaign(&ends, LI, NULL), CS_OUTDATED, "has ended already");
    ends.previous[0] ^= 1;
    said(check_campaign(&ends, LI, some_id), CS_OUTDATED, "has ended already");
    begins = scene_record(&scene, CS_VAULT_CAMPAIGN, CHEN);
    said(check_campaign(&begins, CHEN, NULL), CS_DENIED, "only owner and security");
    begins = scene_record(&scene, CS_VAULT_CAMPAIGN, ZHAO);
    said(check_campaign(&begins, ZHAO, NULL), CS_DENIED, "");
}

/* ---- leaks ---- */

static void test_leaks(void **state)
{
    static const enum member members[] = {LI, ZHAO, CHEN, SUN};
    struct cs_vault_record version;
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_moment moment = now();
    version = made_version(&scene, LI);
    for (size_t i = 0; i < CS_COUNT(members); i++) {
        struct cs_vault_record leak = scene_record(&scene, CS_VAULT_LEAK, members[i]);
        leak.version = version.version;
        assert_ok(cs_vault_check_leak(&leak, &version, &moment, &scene.problem));
        leak.version.bytes[0] ^= 1;
        said(cs_vault_check_leak(&leak, &version, &moment, &scene.problem), CS_FORGED,
             "of another version");
    }
    struct cs_vault_record leak = scene_record(&scene, CS_VAULT_LEAK, WANG);
    leak.version = version.version;
    said(cs_vault_check_leak(&leak, &version, &moment, &scene.problem), CS_DENIED, "");
    grant(&scene, LI, ZHAO, CS_VAULT_MAY_LIST); /* knows no password, and none is shown to him */
    moment = now();
    leak = scene_record(&scene, CS_VAULT_LEAK, ZHAO);
    leak.version = version.version;
    said(cs_vault_check_leak(&leak, &version, &moment, &scene.problem), CS_DENIED, "");
}

/* ---- asking ---- */

static enum cs_status check_request(const struct cs_vault_record *request, enum member who)
{
    struct cs_vault_moment moment = now();
    return cs_vault_check_request(request, &scene.devices[who].chain, &moment, &scene.problem);
}

static void test_requests(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record request = made_request(&scene, ZHAO, CS_VAULT_REQUEST);
    assert_ok(check_request(&request, ZHAO));
    request.work_order = CS_BYTES_NONE;
    said(check_request(&request, ZHAO), CS_INVALID, "work order is missing");
    request = made_request(&scene, LI, CS_VAULT_REQUEST);
    request.work_order = CS_BYTES_NONE;
    assert_ok(check_request(&request, LI));
    request = made_request(&scene, CHEN, CS_VAULT_REQUEST);
    said(check_request(&request, CHEN), CS_DENIED, "see passwords of this vault");
    request = made_request(&scene, ZHAO, CS_VAULT_EXPORT);
    said(check_request(&request, ZHAO), CS_DENIED, "only owner and security export");
    request = made_request(&scene, LI, CS_VAULT_EXPORT);
    assert_ok(check_request(&request, LI));
    struct cs_vault_record record = made_withdrawal(&scene, LI, ZHAO);
    request = made_request(&scene, ZHAO, CS_VAULT_REQUEST);
    assert_ok(scene_append(&scene, &record, LI));
    said(check_request(&request, ZHAO), CS_DENIED, "no grant");
}

static void test_leases(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record lease = made_request(&scene, ZHAO, CS_VAULT_LEASE);
    assert_ok(check_request(&lease, ZHAO));
    lease.expires_ms = START_MS + CS_VAULT_LEASE_DAYS_MAX * DAY;
    assert_ok(check_request(&lease, ZHAO));
    lease.expires_ms++;
    said(check_request(&lease, ZHAO), CS_INVALID, "at most 31 days");
    lease.expires_ms = START_MS;
    said(check_request(&lease, ZHAO), CS_EXPIRED, "end before it begins");
    lease.expires_ms = START_MS + DAY;
    lease.claimed = cs_instant_make(START_MS + DAY, 480); /* ended already by his clock */
    said(check_request(&lease, ZHAO), CS_EXPIRED, "end before it begins");
    lease.claimed = cs_instant_make(START_MS - 2 * DAY, 480);
    lease.expires_ms = START_MS - DAY; /* by the server's, that is */
    said(check_request(&lease, ZHAO), CS_EXPIRED, "end before it begins");
    lease = made_request(&scene, ZHAO, CS_VAULT_LEASE);
    lease.claimed = cs_instant_make(START_MS - 40 * DAY, 480); /* a clock set back */
    said(check_request(&lease, ZHAO), CS_INVALID, "at most 31 days");
    lease.claimed = cs_instant_make(START_MS + 40 * DAY, 480);
    lease.expires_ms = START_MS + 41 * DAY; /* a clock set ahead */
    said(check_request(&lease, ZHAO), CS_INVALID, "at most 31 days");
    lease = made_request(&scene, CHEN, CS_VAULT_LEASE);
    said(check_request(&lease, CHEN), CS_DENIED, "take along passwords of this vault");
}

static void test_reveals(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record draft = made_request(&scene, ZHAO, CS_VAULT_LEASE);
    const struct cs_vault_record lease = made_signed(&scene, &draft, ZHAO);
    struct cs_vault_record reveal = scene_record(&scene, CS_VAULT_REVEAL, ZHAO);
    memcpy(reveal.version.bytes, made_versions + CS_ID_SIZE, CS_ID_SIZE);
    memcpy(reveal.request, lease.id, CS_HASH_SIZE);
    assert_ok(cs_vault_check_reveal(&reveal, &lease, &scene.problem));
    reveal.claimed = cs_instant_make(lease.expires_ms - 1, 480);
    assert_ok(cs_vault_check_reveal(&reveal, &lease, &scene.problem));
    reveal.claimed = cs_instant_make(lease.expires_ms, 480);
    said(cs_vault_check_reveal(&reveal, &lease, &scene.problem), CS_EXPIRED, "the lease had ended");
    reveal.claimed = lease.claimed;
    reveal.version = scene_id(0x44);
    said(cs_vault_check_reveal(&reveal, &lease, &scene.problem), CS_NOT_FOUND,
         "does not have this version");
    memcpy(reveal.author, scene_certificate(&scene, WU), CS_HASH_SIZE);
    said(cs_vault_check_reveal(&reveal, &lease, &scene.problem), CS_DENIED, "another device's");
    reveal.request[0] ^= 1;
    said(cs_vault_check_reveal(&reveal, &lease, &scene.problem), CS_FORGED, "under another lease");
}

static void test_returns(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record draft = made_request(&scene, ZHAO, CS_VAULT_LEASE);
    const struct cs_vault_record lease = made_signed(&scene, &draft, ZHAO);
    struct cs_vault_record end = scene_record(&scene, CS_VAULT_RETURN, ZHAO);
    memcpy(end.request, lease.id, CS_HASH_SIZE);
    assert_ok(cs_vault_check_return(&end, &lease, &scene.problem));
    end.claimed = cs_instant_make(lease.expires_ms + DAY, 480); /* late is better than never */
    assert_ok(cs_vault_check_return(&end, &lease, &scene.problem));
    memcpy(end.author, scene_certificate(&scene, WU), CS_HASH_SIZE);
    said(cs_vault_check_return(&end, &lease, &scene.problem), CS_DENIED, "another device's");
    end.request[0] ^= 1;
    said(cs_vault_check_return(&end, &lease, &scene.problem), CS_FORGED, "another lease");
}

static void test_emergencies(void **state)
{
    (void)state;
    made_vault(&scene, 1);
    uint8_t part[CS_VAULT_APPROVER_SIZE] = {0};
    struct cs_vault_record version = made_version(&scene, LI);
    struct cs_vault_record emergency = made_request(&scene, HAN, CS_VAULT_EMERGENCY);
    assert_ok(check_request(&emergency, HAN));
    said(cs_vault_check_emergency(&emergency, &version, &scene.problem), CS_INVALID,
         "nobody has to approve");
    version.approvers = cs_bytes_of_array(part);
    said(cs_vault_check_emergency(&emergency, &version, &scene.problem), CS_DENIED,
         "no part of its own");
    memcpy(part, scene_certificate(&scene, HAN), CS_HASH_SIZE);
    assert_ok(cs_vault_check_emergency(&emergency, &version, &scene.problem));
    assert_int_equal(cs_vault_approver_part(&version, scene_certificate(&scene, HAN)).size,
                     CS_VAULT_SEALED_SIZE);
    emergency = made_request(&scene, ZHAO, CS_VAULT_EMERGENCY);
    said(check_request(&emergency, ZHAO), CS_DENIED, ""); /* may reveal, not approve */
    emergency = made_request(&scene, SUN, CS_VAULT_EMERGENCY);
    said(check_request(&emergency, SUN), CS_DENIED, ""); /* may approve, not reveal */
}

static void test_releases(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record draft = made_request(&scene, ZHAO, CS_VAULT_LEASE);
    const struct cs_vault_record lease = made_signed(&scene, &draft, ZHAO);
    struct cs_vault_record release = scene_record(&scene, CS_VAULT_RELEASE, ZHAO);
    release.versions = lease.versions;
    memcpy(release.request, lease.id, CS_HASH_SIZE);
    assert_ok(cs_vault_check_release(&release, &lease, &scene.problem));
    release.versions.size -= CS_ID_SIZE;
    said(cs_vault_check_release(&release, &lease, &scene.problem), CS_FORGED, "another request");
    release.versions = lease.versions;
    release.request[0] ^= 1;
    said(cs_vault_check_release(&release, &lease, &scene.problem), CS_FORGED, "another request");
}

/* ---- four eyes ---- */

static enum cs_status four_eyes(enum member requester, enum member approver)
{
    const struct cs_chain *first[] = {&scene.devices[requester].chain};
    const struct cs_chain *second[] = {&scene.devices[approver].chain};
    struct cs_vault_person a = {first, 1};
    struct cs_vault_person b = {second, 1};
    scene.problem.text[0] = '\0';
    enum cs_status status = cs_vault_check_four_eyes(&a, &b, &scene.problem);
    assert_status(cs_vault_check_four_eyes(&b, &a, NULL), status);
    return status;
}

static void test_four_eyes(void **state)
{
    (void)state;
    assert_ok(four_eyes(ZHAO, HAN));
    assert_ok(four_eyes(ZHAO, CHEN));
    assert_ok(four_eyes(ZHAO, SUN));
    assert_ok(four_eyes(LI, HAN));
    said(four_eyes(ZHAO, ZHAO), CS_DENIED, "nobody approves what he asks for himself");
    said(four_eyes(LI, LI_TOO), CS_DENIED, "nobody approves what he asks for himself");
    said(four_eyes(ZHAO, LI), CS_DENIED, "let the other in");
    said(four_eyes(ZHAO, WANG), CS_DENIED, "let the other in"); /* not directly */
    said(four_eyes(WU, LI_TOO), CS_DENIED, "let the other in");
    said(four_eyes(WU, LI), CS_DENIED, "let the other in"); /* by his other laptop */
    said(four_eyes(WU, HAN), CS_DENIED, "let the other in");
}

/* One device of a person is clean, the other is not: all of them count. */
static void test_four_eyes_looks_at_all_devices(void **state)
{
    (void)state;
    const struct cs_chain *lis[] = {&scene.devices[LI].chain, &scene.devices[LI_TOO].chain};
    const struct cs_chain *hans[] = {&scene.devices[HAN].chain};
    struct cs_vault_person li = {lis, 1};
    struct cs_vault_person han = {hans, 1};
    assert_ok(cs_vault_check_four_eyes(&li, &han, &scene.problem));
    li.count = 2;
    said(cs_vault_check_four_eyes(&li, &han, &scene.problem), CS_DENIED, "let the other in");
    said(cs_vault_check_four_eyes(&han, &li, &scene.problem), CS_DENIED, "let the other in");
}

static void test_approvals(void **state)
{
    (void)state;
    made_vault(&scene, 1);
    struct cs_vault_record draft = made_request(&scene, ZHAO, CS_VAULT_LEASE);
    const struct cs_vault_record request = made_signed(&scene, &draft, ZHAO);
    const struct cs_chain *asking[] = {&scene.devices[ZHAO].chain};
    const struct cs_vault_person requester = {asking, 1};
    struct cs_vault_moment moment = now();
    static const struct {
        enum member approver;
        enum cs_status expected;
        const char *saying;
    } cases[] = {{HAN, CS_OK, ""},
                 {SUN, CS_OK, ""},
                 {LI, CS_DENIED, "let the other in"},
                 {CHEN, CS_DENIED, "no grant lets this device approve"},
                 {ZHAO, CS_DENIED, "no grant lets this device approve"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        const struct cs_chain *approving[] = {&scene.devices[cases[i].approver].chain};
        const struct cs_vault_person approver = {approving, 1};
        struct cs_vault_record approval =
            scene_record(&scene, CS_VAULT_APPROVAL, cases[i].approver);
        memcpy(approval.request, request.id, CS_HASH_SIZE);
        approval.sealed = made_up_bytes(3 * CS_VAULT_SEALED_SIZE);
        scene.problem.text[0] = '\0';
        said(cs_vault_check_approval(&approval, &approver, &request, &requester, &moment,
                                     &scene.problem),
             cases[i].expected, cases[i].saying);
        if (cases[i].expected == CS_OK) {
            approval.sealed = made_up_bytes(2 * CS_VAULT_SEALED_SIZE);
            said(cs_vault_check_approval(&approval, &approver, &request, &requester, &moment,
                                         &scene.problem),
                 CS_FORGED, "a part for each version");
            approval.request[0] ^= 1;
            said(cs_vault_check_approval(&approval, &approver, &request, &requester, &moment,
                                         &scene.problem),
                 CS_FORGED, "of another request");
        }
    }
}

static void test_an_export_needs_two_officers(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record draft = made_request(&scene, LI, CS_VAULT_EXPORT);
    const struct cs_vault_record export = made_signed(&scene, &draft, LI);
    const struct cs_chain *asking[] = {&scene.devices[LI].chain};
    const struct cs_vault_person requester = {asking, 1};
    struct cs_vault_moment moment = now();
    for (size_t i = 0; i < 2; i++) {
        enum member who = i == 0 ? SUN : HAN;
        const struct cs_chain *approving[] = {&scene.devices[who].chain};
        const struct cs_vault_person approver = {approving, 1};
        struct cs_vault_record approval = scene_record(&scene, CS_VAULT_APPROVAL, who);
        memcpy(approval.request, export.id, CS_HASH_SIZE);
        scene.problem.text[0] = '\0';
        said(cs_vault_check_approval(&approval, &approver, &export, &requester, &moment,
                                     &scene.problem),
             i == 0 ? CS_DENIED : CS_OK, i == 0 ? "only owner and security export" : "");
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_an_address_altered_without_the_right_to_edit),
        CASE(test_an_author_is_judged_by_the_log_he_names_and_by_the_one_there_is),
        CASE(test_other_logs),
        CASE(test_epochs_of_what_is_encrypted),
        CASE(test_expired_grants_change_nothing),
        CASE(test_changes_follow_the_latest),
        CASE(test_versions_of_four_eyes),
        CASE(test_versions_of_two_eyes),
        CASE(test_states_only_go_on),
        CASE(test_states_of_those_who_do_not_edit),
        CASE(test_campaigns),
        CASE(test_leaks),
        CASE(test_requests),
        CASE(test_leases),
        CASE(test_reveals),
        CASE(test_returns),
        CASE(test_emergencies),
        CASE(test_releases),
        CASE(test_four_eyes),
        CASE(test_four_eyes_looks_at_all_devices),
        CASE(test_approvals),
        CASE(test_an_export_needs_two_officers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
