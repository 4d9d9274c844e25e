/*
 * What must have become of every row: worked out from the ledger, compared with the server's rows, heads and conflicts.
 */
#ifndef TESTS_SIMULATION_WHOLE_MODEL_H
#define TESTS_SIMULATION_WHOLE_MODEL_H

#include "tests/simulation/whole/sim.h"

/* Fails the run where they differ. Returns how many transactions of the ledger the server has. */
size_t sim_model_check(struct sim *sim);

#endif
