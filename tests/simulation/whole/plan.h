/*
 * What may go wrong in one run: each seed switches each fault on or off and draws how often it comes.
 */
#ifndef TESTS_SIMULATION_WHOLE_PLAN_H
#define TESTS_SIMULATION_WHOLE_PLAN_H

#include "tests/simulation/whole/random.h"

#include <stdio.h>

/* name, how many of a thousand seeds have it, largest rate per thousand occasions */
#define SIM_FAULT_TABLE(X)                                                                         \
    X(REQUEST_LOST, "request lost", 600, 150)                                                      \
    X(RESPONSE_LOST, "response lost after commit", 600, 150)                                       \
    X(DUPLICATED, "request delivered twice", 500, 150)                                             \
    X(DELAYED, "message delayed", 600, 300)                                                        \
    X(REQUEST_CUT, "request cut", 300, 100)                                                        \
    X(RESPONSE_CUT, "response cut", 300, 100)                                                      \
    X(REQUEST_FLIPPED, "bit of a request flipped", 300, 100)                                       \
    X(RESPONSE_FLIPPED, "bit of a response flipped", 300, 100)                                     \
    X(RESPONSE_REPLAYED, "old response replayed", 300, 100)                                        \
    X(BATCHED, "several requests in one commit", 500, 600)                                         \
    X(COURIER, "request carried by hand", 400, 100)                                                \
    X(PARTITION, "partition", 500, 15)                                                             \
    X(CLIENT_POWER, "client loses power", 500, 8)                                                  \
    X(CLIENT_POWER_WRITING, "client loses power while writing", 500, 10)                           \
    X(SERVER_POWER, "server loses power", 500, 6)                                                  \
    X(SERVER_POWER_WRITING, "server loses power while writing", 500, 8)                            \
    X(CLIENT_DISK_ERROR, "client's disk fails once", 300, 15)                                      \
    X(SERVER_DISK_ERROR, "server's disk fails once", 300, 10)                                      \
    X(CLIENT_DISK_FULL, "client's disk full", 300, 10)                                             \
    X(SERVER_DISK_FULL, "server's disk full", 300, 10)                                             \
    X(CLIENT_RESTART, "client restarted", 500, 6)                                                  \
    X(SERVER_RESTART, "server restarted", 500, 4)                                                  \
    X(CLOCK_WRONG, "clock wrong by years", 400, 15)                                                \
    X(CLOCK_JUMP, "clock jumps", 500, 30)                                                          \
    X(SERVER_CLOCK_JUMP, "server's clock jumps", 200, 10)                                          \
    X(CLONE, "laptop cloned", 150, 20)                                                             \
    X(IMAGE_RESTORED, "laptop restored from an old image", 150, 20)                                \
    X(SERVER_IMAGE, "server restored from an old image", 350, 20)                                  \
    X(EDIT_IN_SYNC, "edit while a sync is under way", 800, 900)                                    \
    X(LAX_CLIENT, "client that does not check", 300, 500)                                          \
    X(INTRUDER, "device that obeys no rules", 300, 60)                                             \
    X(REJOIN, "laptop joins again while all goes on", 500, 200)                                    \
    X(SERVER_SILENT, "server's disk replaced by an old one", 220, 20)                              \
    X(REVOKED, "device revoked while it works", 160, 30)                                           \
    X(LIE_ROWS, "server withholds or changes rows", 70, 300)                                       \
    X(LIE_KEYS, "server swaps keys", 70, 150)                                                      \
    X(LIE_PAGES, "server strips pages and proofs", 70, 300)                                        \
    X(LIE_OLD, "server says again what it said before", 70, 150)                                   \
    X(FORK, "server shows laptops another history", 80, 30)                                        \
    X(NOT_KEPT, "server acknowledges what it does not keep", 60, 20)                               \
    X(NOT_OWNED_UP, "server goes back and does not own up to it", 60, 100)                         \
    X(CLIENT_PROGRAM, "laptop's program taken back or upgraded", 250, 12)                          \
    X(SERVER_PROGRAM, "server's program taken back or upgraded", 200, 8)                           \
    X(STICK, "bundle carried on a stick", 350, 80)

enum sim_fault {
#define SIM_FAULT_ENUM(name, text, seeds, rate) SIM_FAULT_##name,
    SIM_FAULT_TABLE(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
        SIM_FAULT_COUNT
};

struct sim_plan {
    unsigned rates[SIM_FAULT_COUNT]; /* per thousand occasions; 0: switched off */
    unsigned device_count;
    unsigned operations;
    unsigned sync_permille;  /* how often a step starts a sync */
    unsigned hours_per_step; /* time passes the quicker the greater it is */
};

const char *sim_fault_text(enum sim_fault fault);
void sim_plan_make(struct sim_plan *plan, uint64_t seed, size_t device_count_max);
void sim_plan_print(const struct sim_plan *plan, FILE *out);

#endif
