/* What several scenarios do; scenarios.c has it. */
#ifndef TESTS_FAULTS_SCENARIO_STEPS_H
#define TESTS_FAULTS_SCENARIO_STEPS_H

#include "tests/faults/sweep.h"

/* Two offices, laptops[0] and [1], that know two parts, ids[0] "P-0" and [1] "P-1". */
void sweep_prepare_two(struct sweep *sweep);
/* One sync; when it works, both sides hold the same. */
enum cs_status sweep_sync_equal(struct laptop *laptop);
enum cs_status sweep_sync_first(struct sweep *sweep);
enum cs_status sweep_sync_second(struct sweep *sweep);
/* Both, twice; asserts. */
void sweep_sync_both(struct sweep *sweep);
void sweep_assert_pending(struct laptop *laptop, int64_t waiting, int64_t refused);

/* Live rows with field = text on the server; asserts. */
int64_t sweep_server_count(struct sweep *sweep, const char *entity, const char *field,
                           const char *text);
/* No sync has found that the server lost what it had confirmed. The first laptop is an office. */
void sweep_assert_never_back(struct sweep *sweep);

#endif
