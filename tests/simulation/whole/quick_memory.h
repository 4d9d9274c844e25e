/* Memory for SQLite, see quick_memory.c. */
#ifndef TESTS_SIMULATION_WHOLE_QUICK_MEMORY_H
#define TESTS_SIMULATION_WHOLE_QUICK_MEMORY_H

/* Once per process, before anything else of SQLite is called. */
void sim_memory_start(void);

#endif
