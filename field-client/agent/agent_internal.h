/* What the files of this folder share about a running agent. */
#ifndef CS_AGENT_INTERNAL_H
#define CS_AGENT_INTERNAL_H

#include "field-client/agent/agent.h"
#include "field-client/agent/schedule.h"
#include "field-client/agent/socket.h"

#include <pthread.h>

/* One command while it runs. */
struct cs_agent_job {
    struct cs_agent *agent;
    struct cs_agent_job *next;
    struct cs_console console;
    struct cs_buffer waiting; /* printed, and not yet taken by the caller's standard output */
    size_t waiting_from;      /* what was taken of it */
    bool output_failed;
    bool in_background; /* of the agent itself: nobody used it */
    bool has_turn;
    bool borrowed; /* it holds the open replica */
    bool syncs;    /* it is a sync, whoever asked for it */
    bool shared;   /* others may use it while this one is on the network */
    bool gave_way; /* its turn, while it waits */
};

struct cs_agent {
    struct cs_agent_setting setting;
    struct cs_world world; /* the setting's, with an exchange that gives way */
    struct cs_agent_listener listener;
    char home[CS_HOME_PATH_MAX];

    /* All that follows is read and written under `mutex`, but what only who has the turn touches. */
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* of the monotonic clock */
    uint64_t tickets;       /* handed out */
    uint64_t serving;       /* whose turn it is */
    struct cs_agent_job *jobs;
    struct cs_agent_job *holder; /* whose turn it is; NULL: nobody's, or the agent's own */
    struct cs_agent_job *talker; /* who speaks with the server, until it ends */
    size_t callers;              /* threads */
    bool closing;                /* a lock is on its way */
    bool stopping;
    int64_t used_wall_ms; /* the last use, by both clocks */
    int64_t used_ms;
    bool rested; /* memory was given back since */
    struct cs_schedule schedule;
    struct cs_host_state progress;
    uint64_t generation; /* see struct cs_agent_view */
    int wake[2];         /* a pipe: the loop has to look */
    int nudge[2];        /* a pipe: the background has to look */

    /* Of who has the turn. */
    struct cs_identity *identity;
    struct cs_replica *replica;
    int64_t waited;   /* what waited to be sent when the last command ended */
    uint64_t changes; /* of the database, likewise */
};

/* ---- turns.c ---- */
void cs_agent_take_turn(struct cs_agent *agent, struct cs_agent_job *job);
void cs_agent_give_turn(struct cs_agent *agent, struct cs_agent_job *job);
/* From now on what it runs in the replica is stopped when it has to. With its turn, when it has borrowed. */
void cs_agent_watch_job(struct cs_agent_job *job);
/* Has this job to end? Its caller is gone, or a lock is on its way. */
bool cs_agent_job_must_stop(struct cs_agent_job *job);
/* The world's exchange; its context is the agent. */
enum cs_status cs_agent_exchange(void *context, const struct cs_peer *peer, struct cs_bytes request,
                                 struct cs_buffer *response, struct cs_problem *problem);
enum cs_status cs_agent_go_online(struct cs_agent_job *job, enum cs_online how,
                                  struct cs_problem *problem) CS_MUST_USE;

/* ---- calls.c ---- */
/* The exit code of a command that could not be run at all. */
#define CS_AGENT_FAILED 1
int cs_agent_run_call(struct cs_agent *agent, const struct cs_agent_call *call, bool in_background);

/* ---- locking.c ---- */
/* cs_agent_unlock, for who has the turn. */
enum cs_status cs_agent_open(struct cs_agent *agent, struct cs_bytes passphrase,
                             struct cs_problem *problem) CS_MUST_USE;
/* `job`: who asks, with its turn; NULL: a thread of the agent, without. */
void cs_agent_close(struct cs_agent *agent, struct cs_agent_job *job);
/* When it locks, in milliseconds from now; INT64_MAX: never, or locked. */
int64_t cs_agent_ms_until_lock(struct cs_agent *agent);
void cs_agent_was_used(struct cs_agent *agent);
bool cs_agent_is_locked(struct cs_agent *agent);
/* Work that a command left and whoever comes next need not wait for. Without the turn; does nothing where somebody waits for it. */
void cs_agent_tidy(struct cs_agent *agent);
/* Gives memory back that only speeds up what comes next; what is read anew is decrypted anew. Without the turn. */
void cs_agent_rest(struct cs_agent *agent);
/* The threads' functions. */
void *cs_agent_keep(void *context);
void *cs_agent_sync_by_itself(void *context);

int64_t cs_agent_now_ms(const struct cs_agent *agent);
void cs_agent_poke(const int pipe_ends[static 2]);

#endif
