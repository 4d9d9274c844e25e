/* The verification as a whole: pages, devices, then the two large parts; see verification.h. */
#include "sync-server/commands/verification.h"

#include "shared/evidence/certificate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_MAX (256 * CS_MEBI)
#define PROGRESS_STEP 1000

void cs_verification_found(struct cs_verification *verification, const char *format, ...)
{
    verification->findings++;
    if (verification->finding != NULL) {
        char text[CS_PROBLEM_TEXT_MAX];
        va_list list;
        va_start(list, format);
        (void)vsnprintf(text, sizeof text, format, list);
        va_end(list);
        verification->finding(verification->context, text);
    }
}

void cs_verification_progress(struct cs_verification *verification, const char *what, uint64_t done)
{
    if (verification->progress != NULL && done % PROGRESS_STEP == 0) {
        verification->progress(verification->context, what, done);
    }
}

bool cs_verification_is_damage(enum cs_status status)
{
    return status == CS_CORRUPT || status == CS_NOT_FOUND ||
           cs_status_class(status) == CS_CLASS_PEER || status == CS_EXPIRED ||
           status == CS_DENIED || status == CS_INVALID;
}

static enum cs_status check_pages(struct cs_verification *verification, struct cs_store *store)
{
    struct cs_problem problem = {""};
    enum cs_status status = cs_store_check(store, &problem);
    if (status == CS_CORRUPT) {
        cs_verification_found(verification, "database: %s", problem.text);
        return CS_OK;
    }
    return status;
}

/* The stored chain leads to the organisation, and says what the device's own columns say. */
static enum cs_status check_device(struct cs_verification *verification,
                                   const struct cs_facts *facts, const struct cs_device *device)
{
    struct cs_chain chain;
    struct cs_problem problem = {""};
    enum cs_status status = cs_chain_verify(device->chain, facts->organisation, &chain, &problem);
    if (status != CS_OK) {
        if (!cs_verification_is_damage(status)) {
            return status;
        }
        cs_verification_found(verification, "device %016llx: its certificate chain: %s",
                              (unsigned long long)device->log,
                              problem.text[0] != '\0' ? problem.text : cs_status_text(status));
        return CS_OK;
    }
    bool same = memcmp(chain.leaf_id, device->certificate, CS_HASH_SIZE) == 0 &&
                cs_certificate_log(chain.leaf_id) == device->log &&
                memcmp(chain.leaf.sign_key, device->sign_key, sizeof device->sign_key) == 0 &&
                memcmp(chain.leaf.seal_key, device->seal_key, sizeof device->seal_key) == 0 &&
                cs_bytes_equal(chain.leaf.person_name, device->person_name) &&
                cs_bytes_equal(chain.leaf.device_name, device->device_name) &&
                chain.leaf.roles == device->roles &&
                cs_id_equal(&chain.leaf.person, &device->person);
    if (!same) {
        cs_verification_found(verification,
                              "device %016llx: what is stored differs from its certificate",
                              (unsigned long long)device->log);
    }
    return CS_OK;
}

static enum cs_status check_devices(struct cs_verification *verification, struct cs_store *store,
                                    struct cs_arena *arena)
{
    struct cs_facts facts;
    struct cs_device *devices = NULL;
    size_t count = 0;
    struct cs_problem problem = {""};
    enum cs_status status = cs_facts_read(store, arena, &facts, &problem);
    if (status == CS_CORRUPT) {
        cs_verification_found(verification, "%s", problem.text);
        return CS_OK;
    }
    if (status == CS_OK) {
        status = cs_store_devices(store, arena, &devices, &count);
    }
    if (status == CS_OK && count > 0 && !facts.has_organisation) {
        cs_verification_found(verification, "there are devices but no organisation");
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = check_device(verification, &facts, &devices[i]);
        verification->devices++;
    }
    return status != CS_OK
               ? status
               : cs_verification_change_sets(verification, store, &facts, devices, count);
}

/* A part that meets damaged pages ends with that finding; the parts after it are still checked. */
static enum cs_status end_part(struct cs_verification *verification, const char *part,
                               enum cs_status status)
{
    if (status == CS_CORRUPT) {
        cs_verification_found(verification, "%s: reading met damage and stopped", part);
        return CS_OK;
    }
    return status;
}

enum cs_status cs_verification_run(struct cs_verification *verification, struct cs_store *store)
{
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = check_pages(verification, store);
    if (status == CS_OK) {
        status = end_part(verification, "devices", check_devices(verification, store, &arena));
    }
    if (status == CS_OK) {
        status = end_part(verification, "evidence log", cs_verification_log(verification, store));
    }
    if (status == CS_OK) {
        status = end_part(verification, "rows", cs_verification_digests(verification, store));
    }
    if (status == CS_OK) {
        status = end_part(verification, "files", cs_verification_files(verification, store));
    }
    cs_arena_release(&arena);
    return status;
}
