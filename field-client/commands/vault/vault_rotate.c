/* vault rotate: which of its subcommands; and what they share, see vault_rotate.h. */
#include "field-client/commands/vault/vault_rotate.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- which ---- */

static const struct cs_subcommand rotate_list[] = {
    {"rotate begin", cs_vault_rotate_begin, "PROJECT --consent TEXT"},
    {"rotate prepare", cs_vault_rotate_prepare,
     "PROJECT [CREDENTIAL…] [--field F] [--due] [--policy P] [--exclude CHARACTERS]"},
    {"rotate status", cs_vault_rotate_status, "[PROJECT]"},
    {"rotate apply", cs_vault_rotate_apply,
     "PROJECT [CREDENTIAL…] [--field F] [--reason TEXT] [--work-order W] [--helper PATH] "
     "[--option NAME=VALUE|NAME=@FILE]… [--seconds N]"},
    {"rotate applied", cs_vault_rotate_applied, "PROJECT CREDENTIAL… [--field F]"},
    {"rotate verified", cs_vault_rotate_verified, "PROJECT CREDENTIAL… [--field F]"},
    {"rotate failed", cs_vault_rotate_failed, "PROJECT CREDENTIAL… [--field F] [--drop]"},
    {"rotate confirm", cs_vault_rotate_confirm, "PROJECT [CREDENTIAL…] [--field F] [--unverified]"},
    {"rotate end", cs_vault_rotate_end, "PROJECT --reason TEXT [--unfinished]"},
};
#define NAME_START (sizeof "rotate " - 1)

enum cs_status cs_vault_command_rotate(struct cs_command *command)
{
    const char *name = cs_command_shift(command);
    for (size_t i = 0; name != NULL && i < CS_COUNT(rotate_list); i++) {
        if (strcmp(rotate_list[i].name + NAME_START, name) == 0) {
            command->subcommand = &rotate_list[i];
            return rotate_list[i].run(command);
        }
    }
    return cs_command_usage(command,
                            "vault rotate %.40s: say which of begin, prepare, status, apply, "
                            "applied, verified, failed, confirm, end",
                            name == NULL ? "…" : name);
}

/* ---- from options to credentials ---- */

enum cs_status cs_rotate_take(struct cs_command *command, size_t minimum, struct cs_rotate *out)
{
    *out = (struct cs_rotate){.field = CS_VAULT_CAMPAIGN_FIELD};
    const char *field = NULL;
    enum cs_status status = cs_command_option(command, "--field", &field);
    if (status == CS_OK) {
        status = cs_command_expect(command, 1 + minimum, SIZE_MAX);
    }
    if (status == CS_OK) {
        out->project_text = command->arguments[0];
        out->field_typed = field != NULL;
        out->field = field != NULL ? field : CS_VAULT_CAMPAIGN_FIELD;
    }
    return status;
}

struct listing {
    struct cs_rotate *rotate;
    size_t capacity;
};

static enum cs_status keep_item(void *context, const struct cs_vault_listed *listed)
{
    struct listing *listing = context;
    struct cs_rotate *rotate = listing->rotate;
    struct cs_arena *arena = &rotate->work.arena;
    struct cs_rotate_item *list =
        cs_arena_grow(arena, rotate->items, rotate->item_count, &listing->capacity, sizeof *list);
    if (list == NULL) {
        return CS_NO_MEMORY;
    }
    rotate->items = list;
    struct cs_rotate_item *item = &list[rotate->item_count];
    *item = (struct cs_rotate_item){.item = listed->item};
    enum cs_status status = cs_arena_copy(arena, listed->listing.name, &item->listing.name);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, listed->listing.user, &item->listing.user);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, listed->listing.address, &item->listing.address);
    }
    rotate->item_count += status == CS_OK ? 1 : 0;
    return status;
}

static int by_item(const void *a, const void *b)
{
    const struct cs_rotate_item *one = a;
    const struct cs_rotate_item *other = b;
    return memcmp(one->item.bytes, other->item.bytes, CS_ID_SIZE);
}

static struct cs_rotate_item *find_item(const struct cs_rotate *rotate, const struct cs_id *item)
{
    const struct cs_rotate_item wanted = {.item = *item};
    return rotate->item_count == 0 ? NULL
                                   : bsearch(&wanted, rotate->items, rotate->item_count,
                                             sizeof *rotate->items, by_item);
}

const struct cs_rotate_item *cs_rotate_item(const struct cs_rotate *rotate,
                                            const struct cs_id *item)
{
    return find_item(rotate, item);
}

/* The credentials that were named, among those of the project. */
static enum cs_status name_items(struct cs_command *command, struct cs_rotate *rotate)
{
    enum cs_status status = CS_OK;
    for (size_t i = 1; status == CS_OK && i < command->argument_count; i++) {
        struct cs_vault_credential credential;
        status = cs_vault_work_credential(&rotate->work, cs_command_argument(command, i),
                                          rotate->project_text, &credential);
        if (status == CS_OK) {
            struct cs_rotate_item *item = find_item(rotate, &credential.item);
            cs_require(item != NULL);
            rotate->named_count += item->named ? 0 : 1;
            item->named = true;
        }
    }
    return status;
}

enum cs_status cs_rotate_open(struct cs_command *command, enum cs_rotate_sync sync,
                              struct cs_rotate *rotate)
{
    struct listing listing = {rotate, 0};
    enum cs_status status = cs_vault_work_begin(command, &rotate->work);
    if (status == CS_OK && sync == CS_ROTATE_SYNC) {
        status = cs_vault_work_sync(&rotate->work);
    }
    if (status == CS_OK) {
        status = cs_vault_work_vault(&rotate->work, cs_bytes_of_text(rotate->project_text),
                                     &rotate->vault);
    }
    if (status == CS_OK) {
        status = cs_vault_catalog_items(rotate->work.book, &rotate->vault.vault, keep_item,
                                        &listing, &command->problem);
    }
    if (status == CS_OK && rotate->item_count > 0) {
        qsort(rotate->items, rotate->item_count, sizeof *rotate->items, by_item);
    }
    return status != CS_OK ? status : name_items(command, rotate);
}

void cs_rotate_end(struct cs_rotate *rotate)
{
    cs_vault_work_end(&rotate->work);
}

bool cs_rotate_means(const struct cs_rotate *rotate, const struct cs_vault_field *field)
{
    const struct cs_rotate_item *item = find_item(rotate, &field->item);
    return cs_bytes_equal_text(field->name, rotate->field) && item != NULL &&
           (rotate->named_count == 0 || item->named);
}

enum cs_status cs_rotate_fields(struct cs_rotate *rotate, struct cs_vault_field **out,
                                size_t *out_count)
{
    return cs_vault_fields_load(rotate->work.book, &rotate->vault.vault, NULL, &rotate->work.arena,
                                out, out_count);
}

enum cs_status cs_rotate_check_named(struct cs_rotate *rotate, const struct cs_vault_field *list,
                                     size_t count)
{
    struct cs_command *command = rotate->work.command;
    for (size_t i = 0; i < rotate->item_count; i++) {
        const struct cs_rotate_item *item = &rotate->items[i];
        if (item->named && cs_vault_fields_find(list, count, &item->item,
                                                cs_bytes_of_text(rotate->field)) == NULL) {
            command->exit_code = CS_EXIT_USAGE;
            return cs_problem_set(&command->problem, CS_NOT_FOUND,
                                  "\"%.*s\" has no field \"%.64s\"", (int)item->listing.name.size,
                                  (const char *)item->listing.name.data, rotate->field);
        }
    }
    return CS_OK;
}

enum cs_status cs_rotate_field(struct cs_rotate *rotate, const struct cs_id *item,
                               struct cs_bytes name, struct cs_arena *arena,
                               const struct cs_vault_field **out)
{
    struct cs_vault_field *list = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_vault_fields_load(rotate->work.book, &rotate->vault.vault, item, arena, &list, &count);
    if (status == CS_OK) {
        const struct cs_vault_field *found = cs_vault_fields_find(list, count, item, name);
        status = found == NULL ? CS_NOT_FOUND : CS_OK;
        *out = found == NULL ? *out : found;
    }
    return status;
}

/* ---- what is due ---- */

enum cs_status cs_rotate_due_read(struct cs_rotate *rotate, struct cs_rotate_due *out)
{
    *out = (struct cs_rotate_due){.exposure = NULL};
    return cs_exposure_read(rotate->work.book, &rotate->vault.vault, &out->exposure, &out->view,
                            &rotate->work.command->problem);
}

void cs_rotate_due_release(struct cs_rotate_due *due)
{
    cs_exposure_destroy(due->exposure);
    *due = (struct cs_rotate_due){.exposure = NULL};
}

const struct cs_due *cs_rotate_due_of(const struct cs_rotate_due *due,
                                      const struct cs_vault_field *field, size_t *out_count)
{
    size_t index = cs_exposure_secret(due->view, &field->item, field->name);
    const struct cs_exposed_secret *secret =
        index == CS_EXPOSURE_NONE ? NULL : &due->view->secrets[index];
    *out_count = secret == NULL ? 0 : secret->due_count;
    return *out_count == 0 ? NULL : &due->view->dues[secret->first_due];
}

/* ---- what was signed ---- */

enum cs_status cs_rotate_send_if_possible(struct cs_rotate *rotate)
{
    struct cs_command *command = rotate->work.command;
    enum cs_status status = cs_vault_work_sync(&rotate->work);
    if (status == CS_UNREACHABLE || status == CS_TIMEOUT || status == CS_UNAVAILABLE) {
        command->problem.text[0] = '\0';
        cs_command_note(command,
                        CS_WORDS(command,
                                 "the server cannot be reached: it is signed and on this device, "
                                 "and goes with the next sync",
                                 "无法连接服务器:已签名并存于本机,下次同步时发送"));
        return CS_OK;
    }
    return status;
}

static enum cs_status tell_refusal(struct cs_rotate *rotate, const struct cs_queued_record *queued,
                                   const struct cs_vault_record *record)
{
    struct cs_command *command = rotate->work.command;
    const struct cs_rotate_item *item = find_item(rotate, &record->item);
    struct cs_bytes name = item == NULL ? CS_BYTES_NONE : item->listing.name;
    cs_command_note(command,
                    CS_WORDS(command, "%.*s: the server did not take \"%s\": %.*s",
                             "%.*s:服务器未接受“%s”:%.*s"),
                    (int)name.size, name.size == 0 ? "" : (const char *)name.data,
                    record->kind == CS_VAULT_STATE
                        ? cs_vault_state_words(command, (enum cs_vault_state)record->state)
                        : cs_vault_kind_name(record->kind),
                    (int)queued->text.size,
                    queued->text.size == 0 ? "" : (const char *)queued->text.data);
    return cs_queued_record_remove(rotate->work.replica, queued->id);
}

/* One that a server had once taken, before it went back, is tried again by the next sync (cs_queued_records_try_again). */
static enum cs_status is_tried_again(struct cs_rotate *rotate, const uint8_t *id,
                                     struct cs_arena *arena, bool *out)
{
    struct cs_kept_record kept;
    enum cs_status status = cs_kept_record_get(rotate->work.replica, id, arena, &kept);
    *out = status == CS_OK;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_rotate_refusals(struct cs_rotate *rotate, size_t *out_count)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    *out_count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_queued_records(rotate->work.replica, true, SIZE_MAX, &arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_vault_record record;
        status = cs_vault_record_decode(list[i].record, &record);
        bool stays = true;
        if (status == CS_OK && cs_id_equal(&record.vault, &rotate->vault.vault) &&
            (record.kind == CS_VAULT_STATE || record.kind == CS_VAULT_CAMPAIGN)) {
            status = is_tried_again(rotate, list[i].id, &arena, &stays);
        }
        if (status == CS_OK && !stays) {
            status = tell_refusal(rotate, &list[i], &record);
            *out_count += 1;
        }
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- answers ---- */

const char *cs_rotate_step_words(const struct cs_command *command, enum cs_vault_campaign_step step)
{
    static const char *const chinese[CS_CAMPAIGN_STEP_COUNT] = {
        [CS_CAMPAIGN_UNPREPARED] = "待准备", [CS_CAMPAIGN_PENDING] = "待下发",
        [CS_CAMPAIGN_APPLIED] = "已下发",    [CS_CAMPAIGN_VERIFIED] = "已验证",
        [CS_CAMPAIGN_DONE] = "完成",         [CS_CAMPAIGN_APART] = "不在内",
    };
    return command->chinese ? chinese[step] : cs_vault_campaign_step_name(step);
}

size_t cs_rotate_left(const struct cs_vault_campaign_progress *progress)
{
    return progress->counts[CS_CAMPAIGN_UNPREPARED] + progress->counts[CS_CAMPAIGN_PENDING] +
           progress->counts[CS_CAMPAIGN_APPLIED] + progress->counts[CS_CAMPAIGN_VERIFIED];
}

struct cs_json *cs_rotate_campaign_json(const uint8_t id[static CS_HASH_SIZE])
{
    char text[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_make(id, CS_HASH_SIZE), text);
    return cs_json_text(cs_bytes_of_text(text));
}

struct cs_json *cs_rotate_counts_json(const struct cs_vault_campaign_progress *progress)
{
    struct cs_json *json = cs_json_object();
    for (unsigned step = 0; step < CS_CAMPAIGN_STEP_COUNT; step++) {
        cs_json_set(json, cs_vault_campaign_step_name((enum cs_vault_campaign_step)step),
                    cs_json_integer((int64_t)progress->counts[step]));
    }
    return json;
}

struct cs_json *cs_rotate_field_json(const struct cs_rotate *rotate,
                                     const struct cs_vault_field *field)
{
    static const struct cs_rotate_item unknown;
    const struct cs_rotate_item *item = find_item(rotate, &field->item);
    const struct cs_vault_listing *listing = item == NULL ? &unknown.listing : &item->listing;
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "id", cs_command_json_id(&field->item));
    cs_json_set(json, "name", cs_json_text(listing->name));
    cs_json_set(json, "user", cs_json_text(listing->user));
    cs_json_set(json, "address", cs_json_text(listing->address));
    cs_json_set(json, "field", cs_json_text(field->name));
    return json;
}

const char *cs_rotate_field_text(struct cs_rotate *rotate, const struct cs_vault_field *field)
{
    const struct cs_rotate_item *item = find_item(rotate, &field->item);
    struct cs_buffer text;
    cs_buffer_init(&text, CS_KIBI);
    cs_buffer_append_bytes(&text, item == NULL ? CS_BYTES_NONE : item->listing.name);
    if (!cs_bytes_equal_text(field->name, CS_VAULT_CAMPAIGN_FIELD)) {
        cs_buffer_append_text(&text, " (");
        cs_buffer_append_bytes(&text, field->name);
        cs_buffer_append_text(&text, ")");
    }
    const char *kept = cs_arena_text(&rotate->work.arena, cs_buffer_bytes(&text));
    cs_buffer_release(&text);
    return kept == NULL ? "?" : kept;
}
