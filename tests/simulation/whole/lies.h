/*
 * The lies of a server, one function each: an answer of the real core is made into something else. hostile_server.c chooses, and says
 * what has to come of each.
 */
#ifndef TESTS_SIMULATION_WHOLE_LIES_H
#define TESTS_SIMULATION_WHOLE_LIES_H

#include "tests/simulation/whole/sim.h"

#include "shared/wire/envelope.h"

/* An answer of the server while it is changed. */
struct answer {
    struct sim *sim;
    struct sim_device *device;
    uint8_t request[CS_HASH_SIZE];
    enum cs_message_kind kind;
    struct cs_bytes body;
    struct cs_sync_response page; /* of a sync */
    struct cs_arena arena;
    const struct cs_sign_key *key; /* that signs it */
    const struct sim_device *sealed_to;
    bool whole; /* `body` is sent as it is, not made of `page` */
    struct sim_lie lie;
};

/* False: there is nothing in this answer that could be lied about so; then it is as it was. */
typedef bool lie_function(struct answer *answer);
lie_function lie_withhold_rows;
lie_function lie_change_value;
lie_function lie_change_author;
lie_function lie_change_record;
lie_function lie_change_roles;
lie_function lie_swap_chain;
lie_function lie_forge_checkpoint;
lie_function lie_forge_statement;
lie_function lie_sign_by_another;
lie_function lie_seal_to_another;
lie_function lie_drop_row_proof;
lie_function lie_drop_own_proof;
lie_function lie_drop_growth;
lie_function lie_call_it_last;
lie_function lie_drop_departures;
lie_function lie_drop_outcomes;
lie_function lie_answer_as_before;
lie_function lie_answer_as_to_others;
lie_function lie_refuse_to_compare;

#endif
