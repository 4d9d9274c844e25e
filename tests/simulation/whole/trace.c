/* Events, counts and failures of a run, see sim.h. */
#include "tests/simulation/whole/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static sim_failed *failed_hook;

static const char *const invariant_names[SIM_INVARIANT_COUNT] = {
#define SIM_INVARIANT_ROW(name, text) [SIM_INVARIANT_##name] = (text),
    SIM_INVARIANT_TABLE(SIM_INVARIANT_ROW)
#undef SIM_INVARIANT_ROW
};

static const char *const action_texts[SIM_ACTION_COUNT] = {
#define SIM_ACTION_ROW(name, text) [SIM_ACTION_##name] = (text),
    SIM_ACTION_TABLE(SIM_ACTION_ROW)
#undef SIM_ACTION_ROW
};

const char *sim_invariant_name(enum sim_invariant invariant)
{
    return invariant_names[invariant];
}

const char *sim_action_text(enum sim_action action)
{
    return action_texts[action];
}

void sim_trace_bytes(struct sim *sim, struct cs_bytes bytes)
{
    uint64_t hash = sim->trace.hash;
    for (size_t i = 0; i < bytes.size; i++) {
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    }
    sim->trace.hash = hash;
}

void sim_event(struct sim *sim, const char *format, ...)
{
    char *text = sim->trace.events[sim->trace.event_count++ % SIM_EVENTS_KEPT];
    int length = snprintf(text, SIM_EVENT_TEXT_MAX, "%4zu ", sim->step);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + length, SIM_EVENT_TEXT_MAX - (size_t)length, format, arguments);
    va_end(arguments);
    sim_trace_bytes(sim, cs_bytes_of_text(text));
    if (sim->trace.print) {
        (void)puts(text);
    }
}

void sim_on_failure(sim_failed *failed)
{
    failed_hook = failed;
}

void sim_fail(struct sim *sim, enum sim_invariant invariant, const char *format, ...)
{
    char detail[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    failed_hook(sim, invariant_names[invariant], detail);
    abort(); /* the hook does not return */
}

void sim_expect(struct sim *sim, enum cs_status status, const char *what)
{
    if (status != CS_OK) {
        sim_fail(sim, SIM_INVARIANT_UNEXPECTED_STATUS, "%s: %s: %s", what, cs_status_name(status),
                 sim->problem.text);
    }
}

bool sim_fault(struct sim *sim, enum sim_fault fault)
{
    if (sim->healing || sim->plan.rates[fault] == 0 ||
        !sim_permille(&sim->random, sim->plan.rates[fault])) {
        return false;
    }
    sim->counts.faults[fault]++;
    return true;
}

void sim_count(struct sim *sim, enum sim_action action)
{
    sim->counts.actions[action]++;
}
