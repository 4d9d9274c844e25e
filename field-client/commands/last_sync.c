/* What the last sync came to, see last_sync.h. */
#include "field-client/commands/last_sync.h"

#include "shared/base/text.h"

const char *cs_sync_digest_name(enum cs_sync_digest digest)
{
    switch (digest) {
    case CS_SYNC_DIGEST_EQUAL:
        return "equal";
    case CS_SYNC_DIGEST_UNEQUAL:
        return "unequal";
    case CS_SYNC_DIGEST_UNKNOWN:
        break;
    }
    return "unknown";
}

static void put_count(struct cs_json *object, const char *key, uint64_t count)
{
    cs_json_set(object, key, cs_json_integer((int64_t)count));
}

void cs_sync_result_json(const struct cs_sync_result *result, struct cs_json *object)
{
    put_count(object, "pushed", result->pushed);
    put_count(object, "refused", result->refused);
    put_count(object, "held", result->held);
    put_count(object, "pulled", result->pulled);
    put_count(object, "departed", result->departed);
    cs_json_set(object, "conflicts", cs_json_integer(result->conflicts));
    put_count(object, "bytes_up", result->bytes_up);
    put_count(object, "bytes_down", result->bytes_down);
    put_count(object, "round_trips", result->round_trips);
    cs_json_set(object, "digest",
                cs_json_text(cs_bytes_of_text(cs_sync_digest_name(result->digest))));
    put_count(object, "repaired", result->repaired);
    put_count(object, "sums_mended", result->sums_mended);
    cs_json_set(
        object, "unequal_text",
        cs_json_text(cs_bytes_of_text(result->unequal_text == NULL ? "" : result->unequal_text)));
}

enum cs_status cs_last_sync_store(struct cs_command *command, struct cs_replica *replica,
                                  enum cs_status outcome, const struct cs_sync_result *result)
{
    const struct cs_world *world = command->world;
    char at[CS_TIME_TEXT_MAX];
    cs_instant_format(
        cs_instant_make(world->wall_ms(world->context), world->offset_minutes(world->context)), at);
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "at", cs_json_text(cs_bytes_of_text(at)));
    cs_json_set(json, "status", cs_json_text(cs_bytes_of_text(cs_status_name(outcome))));
    cs_json_set(json, "text",
                cs_json_text(cs_bytes_of_text(outcome == CS_OK ? "" : command->problem.text)));
    cs_sync_result_json(result, json);
    struct cs_buffer text;
    cs_buffer_init(&text, 16 * CS_KIBI);
    enum cs_status status = json == NULL ? CS_NO_MEMORY : cs_json_write(json, 0, &text);
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(replica, CS_LAST_SYNC_KEY, cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    cs_json_destroy(json);
    return status;
}

enum cs_status cs_last_sync_load(struct cs_replica *replica, struct cs_json **out)
{
    struct cs_buffer text;
    struct cs_json *json = NULL;
    cs_buffer_init(&text, 16 * CS_KIBI);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_LAST_SYNC_KEY, &text);
    if (status == CS_OK && text.size > 0) {
        status = cs_json_parse(cs_buffer_bytes(&text), &json);
    }
    cs_buffer_release(&text);
    if (status == CS_OK) {
        *out = json;
    }
    return status;
}
