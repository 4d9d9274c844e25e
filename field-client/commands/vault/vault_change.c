/* Changes of a vault's members with the server, see vault_change.h. */
#include "field-client/commands/vault/vault_change.h"

#include "shared/base/text.h"

#include <string.h>

/* Of several officers at once each is told at most so often that another came first. */
#define ATTEMPTS_MAX 4

static const char *const right_names[] = {"list", "reveal", "lease", "edit", "approve", "manage"};

/* ---- sending ---- */

struct sent {
    const uint8_t (*ids)[CS_HASH_SIZE];
    size_t count;
};

/* Signs and queues everything; the ids are in the work's arena. */
static enum cs_status queue_all(struct cs_vault_work *work, struct cs_vault_change *change,
                                struct sent *out)
{
    struct cs_vault_draft *draft = NULL;
    struct cs_problem *problem = &work->command->problem;
    uint8_t(*ids)[CS_HASH_SIZE] = NULL;
    enum cs_status status = cs_vault_draft_begin(work->book, &change->vault, &draft, problem);
    if (status == CS_OK) {
        status = change->draft(work, draft, change->context);
    }
    if (status == CS_OK) {
        out->count = cs_vault_draft_count(draft);
        ids = cs_arena_take_array(&work->arena, out->count, sizeof *ids);
        status = ids == NULL ? CS_NO_MEMORY : cs_vault_draft_queue(draft);
    }
    for (size_t i = 0; status == CS_OK && i < out->count; i++) {
        memcpy(ids[i], cs_vault_draft_id(draft, i), CS_HASH_SIZE);
    }
    out->ids = (const uint8_t(*)[CS_HASH_SIZE])ids;
    cs_vault_draft_end(draft);
    return status;
}

/* The first refusal is what is told; what was signed upon it can never be taken, and is put aside with it. What waits, waits. */
static enum cs_status settle_outcomes(struct cs_vault_work *work, const struct sent *sent)
{
    struct cs_problem first = {""};
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < sent->count && status != CS_BUSY; i++) {
        enum cs_status one = cs_vault_work_outcome(work, sent->ids[i]);
        if (status == CS_OK && one != CS_OK) {
            status = one;
            first = work->command->problem;
        } else if (one == CS_BUSY) {
            one = cs_vault_work_put_aside(work, sent->ids[i]);
            status = cs_status_class(one) == CS_CLASS_LOCAL ? one : status;
        }
    }
    work->command->problem = first;
    return status;
}

static bool came_second(enum cs_status status)
{
    return status == CS_OUTDATED || status == CS_OTHER_HISTORY || status == CS_GAP;
}

static enum cs_status attempt(struct cs_vault_work *work, struct cs_vault_change *change)
{
    struct sent sent = {.count = 0};
    enum cs_status status = queue_all(work, change, &sent);
    if (status != CS_OK || sent.count == 0) {
        return status;
    }
    status = cs_vault_work_sync(work);
    if (status != CS_OK) {
        struct cs_problem problem = work->command->problem;
        return cs_problem_set(&work->command->problem, status,
                              "%s; what was signed is kept and goes with the next sync",
                              problem.text[0] == '\0' ? cs_status_text(status) : problem.text);
    }
    status = settle_outcomes(work, &sent);
    change->records += status == CS_OK ? sent.count : 0;
    return status;
}

enum cs_status cs_vault_work_change(struct cs_vault_work *work, struct cs_vault_change *change)
{
    enum cs_status status = CS_OK;
    change->records = 0;
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        status = attempt(work, change);
        if (!came_second(status)) {
            break;
        }
    }
    return status;
}

/* ---- rights ---- */

static int right_index(struct cs_bytes name)
{
    for (size_t i = 0; i < CS_COUNT(right_names); i++) {
        if (cs_bytes_equal_text(name, right_names[i])) {
            return (int)i;
        }
    }
    return -1;
}

enum cs_status cs_vault_rights_parse(struct cs_command *command, const char *text, int64_t *out)
{
    int64_t rights = 0;
    while (true) {
        size_t size = strcspn(text, ",");
        int index = right_index(cs_bytes_make(text, size));
        if (index < 0) {
            return cs_command_usage(command,
                                    "--rights: \"%.*s\" is none of list, reveal, lease, edit, "
                                    "approve, manage",
                                    (int)(size < CS_NAME_MAX ? size : CS_NAME_MAX), text);
        }
        rights |= INT64_C(1) << index;
        if (text[size] == '\0') {
            break;
        }
        text += size + 1;
    }
    *out = rights;
    return CS_OK;
}

void cs_vault_rights_format(int64_t rights, struct cs_buffer *out)
{
    bool first = true;
    for (size_t i = 0; i < CS_COUNT(right_names); i++) {
        if ((rights & (INT64_C(1) << i)) != 0) {
            cs_buffer_append_format(out, "%s%s", first ? "" : ",", right_names[i]);
            first = false;
        }
    }
}

struct cs_json *cs_vault_rights_json(int64_t rights)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < CS_COUNT(right_names); i++) {
        if ((rights & (INT64_C(1) << i)) != 0) {
            cs_json_append(list, cs_json_text(cs_bytes_of_text(right_names[i])));
        }
    }
    return list;
}
