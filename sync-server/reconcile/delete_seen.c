/* What deletes had seen, see delete_seen.h. */
#include "sync-server/reconcile/delete_seen.h"

#include "shared/base/planted.h"
#include "shared/merge/row_versions.h"

#include <string.h>

/* Names of one transaction that are tried, and ways of naming a whole row: more than anybody has who joined again honestly. What
 * lies beyond stays a conflict. */
#define NAMES_PER_TRANSACTION_MAX ((size_t)8)
#define NAMINGS_MAX ((size_t)64)

/* A version that stands in the row, and all names of its transaction. */
struct subject {
    struct cs_version version;
    const struct cs_version *names; /* ascending; NULL: it has only this one */
    size_t name_count;
    size_t chosen;
};

struct naming {
    struct cs_arena *arena;
    struct cs_row_versions versions;
    struct subject *subjects;
    size_t subject_count;
    bool has_choice;
};

static const struct subject *find_subject(const struct naming *naming,
                                          const struct cs_version *version)
{
    for (size_t i = 0; i < naming->subject_count; i++) {
        if (cs_version_equal(&naming->subjects[i].version, version)) {
            return &naming->subjects[i];
        }
    }
    return NULL;
}

static enum cs_status load_names(struct cs_reconcile *reconcile, struct naming *naming,
                                 struct subject *subject)
{
    struct cs_logged_transaction logged;
    enum cs_status status =
        subject->version.log == CS_LOG_SERVER
            ? CS_NOT_FOUND
            : cs_store_transaction(reconcile->store, &subject->version, naming->arena, &logged);
    struct cs_version *names;
    if (status == CS_OK) {
        status = cs_store_transaction_names(reconcile->store, logged.id, NAMES_PER_TRANSACTION_MAX,
                                            naming->arena, &names, &subject->name_count);
    }
    if (status == CS_OK && subject->name_count > 1) {
        subject->names = names;
        naming->has_choice = true;
    }
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status add_subject(struct cs_reconcile *reconcile, struct naming *naming,
                                  const struct cs_version *version)
{
    if (find_subject(naming, version) != NULL) {
        return CS_OK;
    }
    struct subject *subject = &naming->subjects[naming->subject_count++];
    *subject = (struct subject){.version = *version};
    return load_names(reconcile, naming, subject);
}

static enum cs_status add_subjects(struct cs_reconcile *reconcile, struct naming *naming)
{
    const struct cs_row_versions *versions = &naming->versions;
    size_t room = 1;
    for (size_t i = 0; i < versions->exception_count; i++) {
        room += versions->exceptions[i].versions.count;
    }
    naming->subjects = cs_arena_take_array(naming->arena, room, sizeof *naming->subjects);
    if (naming->subjects == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = add_subject(reconcile, naming, &versions->created);
    for (size_t i = 0; status == CS_OK && i < versions->exception_count; i++) {
        const struct cs_versions *list = &versions->exceptions[i].versions;
        for (size_t j = 0; status == CS_OK && j < list->count; j++) {
            status = add_subject(reconcile, naming, &list->items[j]);
        }
    }
    return status;
}

static struct cs_version renamed(const struct naming *naming, const struct cs_version *version)
{
    const struct subject *subject = find_subject(naming, version);
    cs_require(subject != NULL);
    return subject->names == NULL ? *version : subject->names[subject->chosen];
}

static enum cs_status rename_list(const struct naming *naming, struct cs_arena *arena,
                                  struct cs_versions *list)
{
    struct cs_version *items = cs_arena_take_array(arena, list->count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct cs_version version = renamed(naming, &list->items[i]);
        size_t place = i;
        while (place > 0 && cs_version_compare(&items[place - 1], &version) > 0) {
            items[place] = items[place - 1];
            place--;
        }
        items[place] = version;
    }
    list->items = items;
    return CS_OK;
}

/* Hash of the row's versions under the names chosen. */
static enum cs_status hash_as_chosen(const struct naming *naming, uint8_t out[static CS_HASH_SIZE])
{
    size_t count = naming->versions.exception_count;
    struct cs_arena arena;
    struct cs_buffer packed;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&packed, CS_PAGE_BYTES_MAX);
    struct cs_unit_versions *exceptions = cs_arena_take_array(&arena, count, sizeof *exceptions);
    enum cs_status status = exceptions == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        exceptions[i] = naming->versions.exceptions[i];
        status = rename_list(naming, &arena, &exceptions[i].versions);
    }
    if (status == CS_OK) {
        const struct cs_row_versions versions = {renamed(naming, &naming->versions.created),
                                                 exceptions, count};
        cs_row_versions_pack(&versions, &packed);
        status = packed.status;
    }
    if (status == CS_OK) {
        cs_row_versions_hash(cs_buffer_bytes(&packed), out);
    }
    cs_buffer_release(&packed);
    cs_arena_release(&arena);
    return status;
}

/* The next combination of names, as an odometer; false after the last. */
static bool choose_next(struct naming *naming)
{
    for (size_t i = 0; i < naming->subject_count; i++) {
        struct subject *subject = &naming->subjects[i];
        if (subject->names == NULL) {
            continue;
        }
        if (++subject->chosen < subject->name_count) {
            return true;
        }
        subject->chosen = 0;
    }
    return false;
}

static bool is_delete(const struct cs_stored_head *head)
{
    return cs_bytes_equal_text(head->unit, CS_UNIT_DELETED);
}

/* Compares what each delete had seen with one hash. *out_rest: does one differ? Returns whether one was found equal now. */
static bool mark(const struct cs_stored_head *heads, size_t head_count,
                 const uint8_t hash[static CS_HASH_SIZE], bool *saw, bool *out_rest)
{
    bool any = false;
    *out_rest = false;
    for (size_t i = 0; i < head_count; i++) {
        if (!is_delete(&heads[i]) || saw[i]) {
            continue;
        }
        saw[i] = cs_bytes_equal(heads[i].value, cs_bytes_make(hash, CS_HASH_SIZE));
        any = any || saw[i];
        *out_rest = *out_rest || !saw[i];
    }
    return any;
}

static enum cs_status mark_renamed(struct cs_reconcile *reconcile, struct cs_bytes alive,
                                   const struct cs_stored_head *heads, size_t head_count, bool *saw,
                                   bool *out_renamed)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct naming naming = {.arena = &arena};
    enum cs_status status = cs_row_versions_unpack(alive, &arena, &naming.versions);
    if (status == CS_OK) {
        status = add_subjects(reconcile, &naming);
    }
    bool any = false;
    bool more = naming.has_choice;
    for (size_t tried = 0; status == CS_OK && more && tried < NAMINGS_MAX; tried++) {
        uint8_t hash[CS_HASH_SIZE];
        bool rest = false;
        status = hash_as_chosen(&naming, hash);
        if (status == CS_OK) {
            any = mark(heads, head_count, hash, saw, &rest) || any;
            more = rest && choose_next(&naming);
        }
    }
    cs_arena_release(&arena);
    *out_renamed = any;
    return status;
}

enum cs_status cs_deletes_that_saw(struct cs_reconcile *reconcile, struct cs_bytes alive,
                                   const struct cs_stored_head *heads, size_t head_count,
                                   bool *out_saw, bool *out_renamed)
{
    uint8_t hash[CS_HASH_SIZE];
    bool rest;
    if (head_count > 0) {
        memset(out_saw, 0, head_count * sizeof *out_saw);
    }
    *out_renamed = false;
    cs_row_versions_hash(alive, hash);
    (void)mark(heads, head_count, hash, out_saw, &rest);
    return rest && !CS_PLANTED(KNOW_BY_ONE_NAME)
               ? mark_renamed(reconcile, alive, heads, head_count, out_saw, out_renamed)
               : CS_OK;
}
