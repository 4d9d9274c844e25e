/* The command draft: forms that are not recorded yet, kept on this laptop (field-client/replica/drafts.h). */
#include "field-client/commands/command_table.h"
#include "field-client/console/subcommand.h"
#include "field-client/console/table.h"
#include "field-client/replica/drafts.h"
#include "shared/base/text.h"

static struct cs_json *changed_json(struct cs_command *command, int64_t changed_ms)
{
    const struct cs_world *world = command->world;
    char at[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(changed_ms, world->offset_minutes(world->context)), at);
    return cs_json_text(cs_bytes_of_text(at));
}

/* ---- put ---- */

/* Whatever a page kept, it finds JSON again. */
static enum cs_status read_draft(struct cs_command *command, struct cs_buffer *out)
{
    struct cs_json *json = NULL;
    enum cs_status status = cs_command_read_file(command, "-", out);
    if (status != CS_OK) {
        return status;
    }
    status = cs_json_parse(cs_buffer_bytes(out), &json);
    cs_json_destroy(json);
    return status == CS_MALFORMED
               ? cs_problem_set(&command->problem, CS_INVALID, "a draft is one value of JSON")
               : status;
}

static enum cs_status put_read(struct cs_command *command, struct cs_bytes content)
{
    struct cs_replica *replica;
    struct cs_bytes key = cs_command_argument(command, 0);
    enum cs_status status = cs_command_open_replica(command, &replica);
    if (status == CS_OK) {
        status = cs_draft_put(replica, key, content, &command->problem);
    }
    if (status != CS_OK || !command->json) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "key", cs_json_text(key));
    cs_json_set(json, "bytes", cs_json_integer((int64_t)content.size));
    return cs_command_json(command, json);
}

static enum cs_status put(struct cs_command *command)
{
    struct cs_buffer content;
    cs_buffer_init(&content, CS_DRAFT_SIZE_MAX);
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = read_draft(command, &content);
    }
    if (status == CS_OK) {
        status = put_read(command, cs_buffer_bytes(&content));
    }
    cs_buffer_release(&content);
    return status;
}

/* ---- get ---- */

static enum cs_status answer_get(struct cs_command *command, struct cs_bytes content,
                                 int64_t changed_ms)
{
    struct cs_json *draft = NULL;
    if (!command->json) {
        cs_command_print_bytes(command, content);
        cs_command_print(command, "\n");
        return CS_OK;
    }
    enum cs_status status = cs_json_parse(content, &draft);
    if (status != CS_OK) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "key", cs_json_text(cs_command_argument(command, 0)));
    cs_json_set(json, "changed_at", changed_json(command, changed_ms));
    cs_json_set(json, "draft", draft);
    return cs_command_json(command, json);
}

static enum cs_status get(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_buffer content;
    int64_t changed_ms = 0;
    cs_buffer_init(&content, CS_DRAFT_SIZE_MAX);
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = cs_draft_get(replica, cs_command_argument(command, 0), &content, &changed_ms,
                              &command->problem);
    }
    if (status == CS_OK) {
        status = answer_get(command, cs_buffer_bytes(&content), changed_ms);
    }
    cs_buffer_release(&content);
    return status;
}

/* ---- drop ---- */

static enum cs_status drop(struct cs_command *command)
{
    struct cs_replica *replica;
    bool dropped = false;
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = cs_draft_drop(replica, cs_command_argument(command, 0), &dropped);
    }
    if (status != CS_OK || !command->json) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "key", cs_json_text(cs_command_argument(command, 0)));
    cs_json_set(json, "dropped", cs_json_boolean(dropped));
    return cs_command_json(command, json);
}

/* ---- list ---- */

struct listing {
    struct cs_command *command;
    struct cs_json *list;
    struct cs_table table;
};

static enum cs_status list_one(void *context, const struct cs_draft *draft)
{
    struct listing *listing = context;
    struct cs_bytes at = CS_BYTES_NONE;
    struct cs_json *changed = changed_json(listing->command, draft->changed_ms);
    struct cs_json *json = cs_json_object();
    (void)!cs_json_get_text(changed, &at);
    cs_table_put(&listing->table, draft->key);
    cs_table_put(&listing->table, at);
    cs_json_set(json, "key", cs_json_text(draft->key));
    cs_json_set(json, "bytes", cs_json_integer((int64_t)draft->size));
    cs_json_set(json, "changed_at", changed);
    cs_json_append(listing->list, json);
    return CS_OK;
}

static enum cs_status answer_list(struct listing *listing)
{
    struct cs_command *command = listing->command;
    if (!command->json) {
        return cs_table_print(&listing->table, command);
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "drafts", listing->list);
    listing->list = NULL;
    return cs_command_json(command, json);
}

static enum cs_status list(struct cs_command *command)
{
    struct cs_replica *replica;
    struct listing listing = {.command = command};
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    listing.list = cs_json_array();
    cs_table_init(&listing.table, 2);
    cs_table_put_text(&listing.table, cs_command_words(command, "key", "名称"));
    cs_table_put_text(&listing.table, cs_command_words(command, "changed", "修改时间"));
    status = cs_draft_list(replica, list_one, &listing);
    if (status == CS_OK) {
        status = answer_list(&listing);
    }
    cs_json_destroy(listing.list);
    cs_table_release(&listing.table);
    return status;
}

enum cs_status cs_command_draft(struct cs_command *command)
{
    static const struct cs_subcommand subcommands[] = {
        {"put", put, "KEY"}, {"get", get, "KEY"}, {"drop", drop, "KEY"}, {"list", list, ""}};
    return cs_subcommand_run(command, subcommands, CS_COUNT(subcommands));
}
