/* When the next sync is due, see schedule.h. */
#include "field-client/agent/schedule.h"

/* base × (from + chance of span), in 256ths. */
static int64_t spread(int64_t base_ms, int64_t from, int64_t span, uint32_t chance)
{
    return base_ms * (from * INT64_C(256) + (int64_t)(chance & 255) * span) / (INT64_C(256) * 256);
}

static void bring_forward(struct cs_schedule *schedule, int64_t at_ms)
{
    if (at_ms < schedule->due_ms) {
        schedule->due_ms = at_ms;
    }
}

void cs_schedule_begin(struct cs_schedule *schedule, int64_t every_ms, int64_t now_ms)
{
    *schedule = (struct cs_schedule){.every_ms = every_ms, .due_ms = now_ms + CS_SCHEDULE_FIRST_MS};
}

static int64_t retry_ms(uint64_t failures)
{
    int64_t wait_ms = CS_SCHEDULE_RETRY_MS_MIN;
    for (uint64_t i = 1; i < failures && wait_ms < CS_SCHEDULE_RETRY_MS_MAX; i++) {
        wait_ms *= 2;
    }
    return wait_ms < CS_SCHEDULE_RETRY_MS_MAX ? wait_ms : CS_SCHEDULE_RETRY_MS_MAX;
}

void cs_schedule_ended(struct cs_schedule *schedule, bool done, int64_t now_ms, uint32_t chance)
{
    schedule->first_edit_ms = 0;
    if (done) {
        schedule->failures = 0;
        schedule->due_ms = now_ms + spread(schedule->every_ms, 192, 128, chance);
    } else {
        schedule->failures++;
        schedule->due_ms = now_ms + spread(retry_ms(schedule->failures), 128, 128, chance);
    }
}

void cs_schedule_edited(struct cs_schedule *schedule, int64_t now_ms)
{
    if (schedule->failures > 0) {
        return;
    }
    if (schedule->first_edit_ms == 0) {
        schedule->first_edit_ms = now_ms;
        bring_forward(schedule, now_ms + CS_SCHEDULE_PAUSE_MS);
        return;
    }
    int64_t latest_ms = schedule->first_edit_ms + CS_SCHEDULE_EDIT_MS_MAX;
    int64_t paused_ms = now_ms + CS_SCHEDULE_PAUSE_MS;
    schedule->due_ms = paused_ms < latest_ms ? paused_ms : latest_ms;
}

void cs_schedule_network(struct cs_schedule *schedule, int64_t now_ms)
{
    schedule->failures = 0;
    bring_forward(schedule, now_ms + CS_SCHEDULE_RETURN_MS);
}
