/* The latest moment that this device has known, see clock_mark.h. */
#include "field-client/replica/clock_mark.h"

#include "field-client/replica/meta.h"

/* A mark that is only so much behind is not written again. */
#define STEP_MS (INT64_C(20) * 1000)

static int64_t now_ms(struct cs_replica *replica)
{
    const struct cs_world *world = cs_replica_world(replica);
    return world->wall_ms(world->context);
}

/* Time that has passed since the server was seen, if the machine has been up since; else 0. */
static enum cs_status elapsed_ms(struct cs_replica *replica, int64_t *out)
{
    const struct cs_world *world = cs_replica_world(replica);
    uint8_t boot[16];
    int64_t then = 0;
    struct cs_buffer known;
    world->boot_id(world->context, boot);
    cs_buffer_init(&known, 64);
    *out = 0;
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_SERVER_BOOT, &known);
    bool same = status == CS_OK && cs_bytes_equal(cs_buffer_bytes(&known), cs_bytes_of_array(boot));
    cs_buffer_release(&known);
    if (same) {
        status = cs_replica_meta_number(replica, CS_META_SERVER_MONOTONIC, &then);
        int64_t now = world->monotonic_ms(world->context);
        *out = status == CS_OK && now > then ? now - then : 0;
    }
    return status;
}

enum cs_status cs_clock_server_ms(struct cs_replica *replica, int64_t *out)
{
    int64_t server = 0;
    int64_t elapsed = 0;
    enum cs_status status = cs_replica_meta_number(replica, CS_META_SERVER_TIME, &server);
    if (status == CS_OK && server > 0) {
        status = elapsed_ms(replica, &elapsed);
    }
    if (status == CS_OK) {
        *out = server > INT64_MAX - elapsed ? INT64_MAX : server + elapsed;
    }
    return status;
}

enum cs_status cs_clock_seen_ms(struct cs_replica *replica, int64_t *out)
{
    int64_t server = 0;
    int64_t mark = 0;
    enum cs_status status = cs_clock_server_ms(replica, &server);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_CLOCK_SEEN, &mark);
    }
    if (status == CS_OK) {
        *out = mark > server ? mark : server;
    }
    return status;
}

enum cs_status cs_clock_mark_begin(struct cs_replica *replica)
{
    return cs_replica_meta_set_number(replica, CS_META_CLOCK_SEEN, now_ms(replica));
}

enum cs_status cs_clock_mark_raise(struct cs_replica *replica)
{
    int64_t mark = 0;
    int64_t now = now_ms(replica);
    enum cs_status status = cs_replica_meta_number(replica, CS_META_CLOCK_SEEN, &mark);
    return status != CS_OK || now - mark < STEP_MS
               ? status
               : cs_replica_meta_set_number(replica, CS_META_CLOCK_SEEN, now);
}
