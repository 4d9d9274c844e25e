/* The scenarios that are swept, see sweep.h. */
#ifndef TESTS_FAULTS_SCENARIOS_H
#define TESTS_FAULTS_SCENARIOS_H

#include "tests/faults/sweep.h"

extern const struct sweep_scenario scenario_local_edit;
extern const struct sweep_scenario scenario_import;
extern const struct sweep_scenario scenario_push;
extern const struct sweep_scenario scenario_pull;
extern const struct sweep_scenario scenario_conflict;
extern const struct sweep_scenario scenario_join;
extern const struct sweep_scenario scenario_refusal;
extern const struct sweep_scenario scenario_scope_loss;
extern const struct sweep_scenario scenario_held;
extern const struct sweep_scenario scenario_migration;
extern const struct sweep_scenario scenario_went_back;
extern const struct sweep_scenario scenario_repair;
/* A technician's visit and its way to the office, scenarios_visit.c. */
extern const struct sweep_scenario scenario_visit;
/* What arrives, scenarios_arrivals.c. */
extern const struct sweep_scenario scenario_first_sync;
extern const struct sweep_scenario scenario_bad_news;
extern const struct sweep_scenario scenario_intake;
/* Files, scenarios_files.c. */
extern const struct sweep_scenario scenario_attachment;
extern const struct sweep_scenario scenario_bundle;
/* With a vault, scenarios_vault.c. */
extern const struct sweep_scenario scenario_vault_grant;
extern const struct sweep_scenario scenario_vault_store;
extern const struct sweep_scenario scenario_vault_disclosure;

#endif
