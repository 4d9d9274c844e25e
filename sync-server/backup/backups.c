/* The list of backups: manifests, their chain, which were verified; see repository.h. */
#include "sync-server/backup/repository_internal.h"

#include <string.h>

#define VERIFIED_SIZE (CS_HASH_SIZE + 8)

enum cs_status cs_repository_manifest(const struct cs_repository *repository, uint64_t sequence,
                                      struct cs_manifest *out, struct cs_problem *problem)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_MANIFEST_MAX);
    struct cs_manifest manifest;
    enum cs_status status =
        cs_repository_get(repository, CS_REPOSITORY_BACKUP, sequence, &plain, problem);
    if (status == CS_OK) {
        status = cs_manifest_decode(cs_buffer_bytes(&plain), &manifest);
        if (status == CS_UNSUPPORTED) {
            status = cs_problem_set(problem, status, "backup %llu was made by a newer program",
                                    (unsigned long long)sequence);
        } else if (status != CS_OK || manifest.sequence != sequence) {
            status = cs_problem_set(problem, CS_CORRUPT, "the manifest of backup %llu is damaged",
                                    (unsigned long long)sequence);
        }
    } else if (status == CS_NOT_FOUND) {
        status = cs_problem_set(problem, status, "the repository has no backup %llu",
                                (unsigned long long)sequence);
    }
    cs_buffer_release(&plain);
    if (status == CS_OK) {
        *out = manifest;
    }
    return status;
}

/* After the oldest: one that was made anew because the manifest before it could not be read. */
static bool begins_chain(const struct cs_manifest *manifest)
{
    static const uint8_t none[sizeof manifest->previous];
    return memcmp(manifest->previous, none, sizeof none) == 0;
}

enum cs_status cs_repository_check_chain(const struct cs_repository *repository,
                                         struct cs_problem *problem)
{
    struct cs_manifest before = {.sequence = 0};
    struct cs_problem damage = {""};
    enum cs_status damaged = CS_OK;
    for (size_t i = 0; i < repository->backups.count; i++) {
        struct cs_manifest manifest;
        struct cs_problem found = {""};
        enum cs_status status =
            cs_repository_manifest(repository, repository->backups.items[i], &manifest, &found);
        if (status == CS_CORRUPT) {
            damaged = status;
            damage = found;
            before.sequence = 0;
            continue;
        }
        if (status != CS_OK) {
            return cs_problem_set(problem, status, "%s", found.text);
        }
        damaged = begins_chain(&manifest) ? CS_OK : damaged;
        bool follows = manifest.sequence == before.sequence + 1 && before.sequence > 0;
        /* The oldest that is kept has none before it to compare with; nor has one after a gap that pruning left. */
        if (follows && memcmp(manifest.previous, before.id, CS_HASH_SIZE) != 0) {
            return cs_problem_set(
                problem, CS_CORRUPT,
                "backup %llu was not made after the backup %llu that stands here: one of them was "
                "put in the place of another",
                (unsigned long long)manifest.sequence, (unsigned long long)before.sequence);
        }
        before = manifest;
    }
    return damaged == CS_OK ? CS_OK : cs_problem_set(problem, damaged, "%s", damage.text);
}

/* ---- verified ---- */

static enum cs_status parse_verified(struct cs_bytes plain, const struct cs_manifest *manifest,
                                     int64_t *out_ms, struct cs_problem *problem)
{
    struct cs_reader reader;
    uint8_t id[CS_HASH_SIZE];
    cs_reader_init(&reader, plain);
    cs_read_copy(&reader, id, sizeof id);
    uint64_t ms = cs_read_u64(&reader);
    if (cs_reader_finish(&reader) != CS_OK || memcmp(id, manifest->id, sizeof id) != 0) {
        return cs_problem_set(problem, CS_CORRUPT,
                              "what says that backup %llu was verified is of another backup",
                              (unsigned long long)manifest->sequence);
    }
    *out_ms = (int64_t)ms;
    return CS_OK;
}

enum cs_status cs_repository_verified(const struct cs_repository *repository,
                                      const struct cs_manifest *manifest, int64_t *out_ms,
                                      struct cs_problem *problem)
{
    struct cs_buffer plain;
    struct cs_problem found = {""};
    int64_t ms = 0;
    cs_buffer_init(&plain, VERIFIED_SIZE);
    enum cs_status status =
        cs_repository_get(repository, CS_REPOSITORY_VERIFIED, manifest->sequence, &plain, &found);
    if (status == CS_OK) {
        status = parse_verified(cs_buffer_bytes(&plain), manifest, &ms, &found);
    }
    cs_buffer_release(&plain);
    if (status == CS_OK || status == CS_NOT_FOUND) {
        *out_ms = ms;
        return CS_OK;
    }
    return cs_problem_set(problem, status, "%s", found.text);
}

enum cs_status cs_repository_mark_verified(struct cs_repository *repository,
                                           const struct cs_manifest *manifest,
                                           struct cs_problem *problem)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, VERIFIED_SIZE);
    cs_buffer_append(&plain, manifest->id, sizeof manifest->id);
    cs_buffer_append_u64(&plain, (uint64_t)repository->world->wall_ms(repository->world->context));
    enum cs_status status = plain.status;
    if (status == CS_OK) {
        status = cs_repository_put(repository, CS_REPOSITORY_VERIFIED, manifest->sequence,
                                   cs_buffer_bytes(&plain), NULL, problem);
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_repository_last_verified(const struct cs_repository *repository, uint64_t *out,
                                           struct cs_problem *problem)
{
    uint64_t found = 0;
    for (size_t i = repository->backups.count; found == 0 && i-- > 0;) {
        struct cs_manifest manifest;
        int64_t ms = 0;
        enum cs_status status =
            cs_repository_manifest(repository, repository->backups.items[i], &manifest, problem);
        if (status == CS_OK) {
            status = cs_repository_verified(repository, &manifest, &ms, problem);
        }
        if (status != CS_OK) {
            return status;
        }
        found = ms != 0 ? manifest.sequence : 0;
    }
    *out = found;
    return CS_OK;
}
