/* What files may take on this disk, and which go when it is too much; see attachments.h. */
#include "field-client/attachments/attachments_internal.h"

#include "shared/base/limits.h"

#define META_QUOTA "attachments.quota_bytes"
/* So many are looked at and removed at once. */
#define REMOVED_AT_ONCE 16
#define ARENA_MAX CS_MEBI

bool cs_attachment_is_safe(const struct cs_kept_attachment *kept)
{
    return kept->held && kept->confirmed;
}

enum cs_status cs_attachment_quota(struct cs_replica *replica, uint64_t *out_bytes)
{
    int64_t kept = 0;
    enum cs_status status = cs_replica_meta_number(replica, META_QUOTA, &kept);
    if (status == CS_OK) {
        *out_bytes = kept <= 0 ? CS_ATTACHMENT_QUOTA_DEFAULT : (uint64_t)kept;
    }
    return status;
}

/* The file first: an entry without a file is noticed and fetched again, a file without an entry never. */
enum cs_status cs_attachment_remove_copy(struct cs_replica *replica,
                                         struct cs_kept_attachment *kept)
{
    const struct cs_world *world = cs_replica_world(replica);
    char path[CS_ATTACHMENT_PATH_MAX];
    enum cs_status status = cs_attachment_path(replica, kept->address, CS_ATTACHMENT_WHOLE, path);
    if (status == CS_OK) {
        status = world->file_remove(world->context, path);
    }
    if (status == CS_OK) {
        kept->held = false;
        status = cs_kept_attachment_put(replica, kept);
    }
    return status;
}

enum cs_status cs_attachment_note_damage(struct cs_replica *replica,
                                         struct cs_kept_attachment *kept)
{
    kept->trouble = CS_CORRUPT;
    if (!cs_attachment_is_safe(kept)) {
        return cs_kept_attachment_put(replica, kept); /* it may be all there is of it */
    }
    kept->wanted = true;
    return cs_attachment_remove_copy(replica, kept);
}

static enum cs_status is_full(const struct cs_kept_attachment_sums *sums, uint64_t quota,
                              struct cs_problem *problem)
{
    return cs_problem_set(
        problem, CS_DISK_FULL,
        "disk quota full: attachments may take %llu MiB on this laptop, and %llu MiB of them are "
        "not confirmed by the server yet and stay here: sync, give them more room with "
        "countersign attachment quota MIB, or see countersign attachment list for those that "
        "were refused",
        (unsigned long long)(quota / CS_MEBI),
        (unsigned long long)((sums->to_send_bytes + CS_MEBI - 1) / CS_MEBI));
}

/* Removes some of what may go; *out_removed 0: there is nothing more. */
static enum cs_status remove_some(struct cs_replica *replica, uint64_t bytes, size_t *out_removed)
{
    struct cs_arena arena;
    struct cs_kept_attachment *list = NULL;
    size_t count = 0;
    uint64_t removed = 0;
    *out_removed = 0;
    cs_arena_init(&arena, ARENA_MAX);
    enum cs_status status = cs_kept_attachments(replica, CS_KEPT_REMOVABLE, NULL, REMOVED_AT_ONCE,
                                                &arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count && removed < bytes; i++) {
        if (cs_attachment_is_safe(&list[i])) {
            removed += list[i].bytes;
            (*out_removed)++;
            status = cs_attachment_remove_copy(replica, &list[i]);
        }
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status fit(struct cs_replica *replica, uint64_t quota, uint64_t bytes,
                          struct cs_problem *problem)
{
    struct cs_kept_attachment_sums sums;
    size_t removed = 1;
    while (removed > 0) {
        enum cs_status status = cs_kept_attachment_sum(replica, &sums);
        if (status != CS_OK) {
            return status;
        }
        if (bytes <= quota && sums.held_bytes <= quota - bytes) {
            return CS_OK;
        }
        if (bytes > quota) {
            break;
        }
        status = remove_some(replica, sums.held_bytes + bytes - quota, &removed);
        if (status != CS_OK) {
            return status;
        }
    }
    return is_full(&sums, quota, problem);
}

enum cs_status cs_attachment_make_room(struct cs_replica *replica, uint64_t bytes,
                                       struct cs_problem *problem)
{
    uint64_t quota = 0;
    enum cs_status status = cs_attachment_quota(replica, &quota);
    return status != CS_OK ? status : fit(replica, quota, bytes, problem);
}

enum cs_status cs_attachment_set_quota(struct cs_replica *replica, uint64_t bytes,
                                       struct cs_problem *problem)
{
    if (bytes == 0 || bytes > INT64_MAX) {
        return cs_problem_set(problem, CS_INVALID, "a quota is at least 1 MiB");
    }
    enum cs_status status = fit(replica, bytes, 0, problem);
    return status != CS_OK ? status
                           : cs_replica_meta_set_number(replica, META_QUOTA, (int64_t)bytes);
}
