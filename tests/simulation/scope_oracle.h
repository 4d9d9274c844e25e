/*
 * Who should get what, worked out anew from all rows of a server and nothing else: the plainest reading of the rules in
 * sync-server/reconcile/scopes.h. What the server keeps from change to change must be the same.
 */
#ifndef TESTS_SIMULATION_SCOPE_ORACLE_H
#define TESTS_SIMULATION_SCOPE_ORACLE_H

#include "tests/simulation/universe.h"

struct oracle_row {
    struct cs_stored_row row;
    struct cs_scope_name *scopes; /* in no order, none twice */
    size_t count;
    size_t capacity;
};
struct scope_oracle {
    const struct cs_registry *registry;
    struct cs_arena arena;
    struct oracle_row *rows;
    size_t count;
    size_t capacity;
};

/* Reads every row of the server and works out its scopes. */
void scope_oracle_open(struct scope_oracle *oracle, struct universe *universe);
void scope_oracle_close(struct scope_oracle *oracle);

bool oracle_holds(const struct oracle_row *row, const struct cs_scope_name *scope);
const struct oracle_row *oracle_find(const struct scope_oracle *oracle, struct cs_bytes entity,
                                     struct cs_bytes id);

/* Asserts that the server has noted the same: scopes of rows, open projects, the order of changes in each scope, digests. */
void scope_oracle_check_server(const struct scope_oracle *oracle, struct universe *universe);
/* Asserts that a laptop of this person, without the office's roles and unsent edits, holds exactly what it should. */
void scope_oracle_check_laptop(const struct scope_oracle *oracle, struct laptop *laptop);

#endif
