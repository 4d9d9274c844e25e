/*
 * When the next sync by itself is due. Pure: times in milliseconds of a clock that goes on while the laptop sleeps, chance from the caller.
 *
 * After a success it is due after `every_ms`, give or take a quarter, so that laptops that were opened together do not come together; soon
 * after an edit, when editing has paused; and soon after the network came back. After failures in a row it waits twice as long each time, up to
 * a limit, less up to half by chance; edits do not shorten that, the network's return does.
 */
#ifndef CS_AGENT_SCHEDULE_H
#define CS_AGENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define CS_SCHEDULE_FIRST_MS 2000
#define CS_SCHEDULE_PAUSE_MS 3000     /* without an edit, until it is sent */
#define CS_SCHEDULE_EDIT_MS_MAX 30000 /* and no later than this after the first of them */
#define CS_SCHEDULE_RETURN_MS 2000    /* after the network came back */
#define CS_SCHEDULE_RETRY_MS_MIN 15000
#define CS_SCHEDULE_RETRY_MS_MAX (INT64_C(15) * 60 * 1000)

struct cs_schedule {
    int64_t every_ms;
    int64_t due_ms;
    int64_t first_edit_ms; /* that was not sent yet; 0: none */
    uint64_t failures;     /* in a row */
};

void cs_schedule_begin(struct cs_schedule *schedule, int64_t every_ms, int64_t now_ms);
/* `chance`: 32 random bits. */
void cs_schedule_ended(struct cs_schedule *schedule, bool done, int64_t now_ms, uint32_t chance);
void cs_schedule_edited(struct cs_schedule *schedule, int64_t now_ms);
void cs_schedule_network(struct cs_schedule *schedule, int64_t now_ms);

#endif
