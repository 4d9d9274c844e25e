/*
 * One run: an organisation of several laptops and a server on disks in memory, driven by one seed in one thread.
 *
 * What people did is kept in a ledger of its own (ledger.h); invariants compare it with what replicas and server show. A broken
 * invariant ends the run by sim_fail, which does not return.
 */
#ifndef TESTS_SIMULATION_WHOLE_SIM_H
#define TESTS_SIMULATION_WHOLE_SIM_H

#include "tests/simulation/whole/disk_vfs.h"
#include "tests/simulation/whole/ledger.h"
#include "tests/simulation/whole/machine.h"
#include "tests/simulation/whole/plan.h"

#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"
#include "field-client/sync/session.h"
#include "shared/evidence/checkpoint.h"
#include "sync-server/handlers/server.h"

#define SIM_DEVICES_MAX 6
#define SIM_CLONES_MAX 2
#define SIM_INSTANCES_MAX (SIM_DEVICES_MAX + SIM_CLONES_MAX)
#define SIM_SERVER_SLOT SIM_INSTANCES_MAX
#define SIM_INTRUDER_SLOT (SIM_INSTANCES_MAX + 1)
#define SIM_FORK_SLOT (SIM_INSTANCES_MAX + 2)
#define SIM_INTRUDER_ROLES (CS_ROLE(TECHNICIAN) | CS_ROLE(WAREHOUSE))
#define SIM_MESSAGES_MAX 64
#define SIM_STICKS_MAX 24
#define SIM_EVENTS_KEPT 60
#define SIM_EVENT_TEXT_MAX 160
#define SIM_PASSPHRASE "correct horse battery staple"
#define SIM_HOME "/laptop"
#define SIM_SERVER_FOLDER "/server"
#define SIM_REPLICA_PATH SIM_HOME "/" CS_REPLICA_FILE
#define SIM_DATABASE_PATH SIM_SERVER_FOLDER "/" CS_SERVER_DATABASE_FILE
/* What an invariant says when it is broken: also its name in the output. */
#define SIM_INVARIANT_TABLE(X)                                                                     \
    X(ACKNOWLEDGED_LOST, "an acknowledged change is not on the server's disk")                     \
    X(UNSENT_LOST, "unsent work was lost")                                                         \
    X(COMMIT_ALTERED, "what was committed is not what was entered")                                \
    X(BASE_WRONG, "a change names other versions than its author had seen")                        \
    X(VALUE_LOST, "a value is neither shown nor kept")                                             \
    X(MERGE_WRONG, "heads or shown value are not what the changes give")                           \
    X(CONFLICT_MISSING, "concurrent changes without an open conflict")                             \
    X(APPLIED_TWICE, "a change was applied twice")                                                 \
    X(REFUSAL_LOST, "a refused change is not in its author's list")                                \
    X(REFUSED_WRONGLY, "an honest change was refused")                                             \
    X(HELD_FOR_EVER, "a change is held though nothing is missing")                                 \
    X(REPLICA_DIFFERS, "a replica differs from the server")                                        \
    X(DIGEST_UNEQUAL, "digests differ after a sync")                                               \
    X(SCOPE_LEAK, "something outside a device's scopes reached it")                                \
    X(SCOPE_INCOMPLETE, "something within a device's scopes did not reach it")                     \
    X(CANARY_SEEN, "what people entered is readable on the wire, in a log or on a laptop's disk")  \
    X(HALF_TRANSACTION, "a transaction is half visible")                                           \
    X(NOT_TOLD, "people were not told what the server had lost, or told wrongly")                  \
    X(FORK_UNREPORTED, "a fork or rollback was not reported")                                      \
    X(EARLY_ACKNOWLEDGEMENT, "acknowledged before it was on disk")                                 \
    X(DATABASE_DAMAGED, "a database is damaged")                                                   \
    X(NOT_LIVE, "a sync does not end")                                                             \
    X(UNEXPECTED_STATUS, "something failed that should not")                                       \
    X(CAUSALITY_BROKEN, "a claimed time decided what came first")                                  \
    X(NONCE_REUSED, "one key and nonce encrypted two messages")                                    \
    X(INTRUDER_BELIEVED, "the server took what breaks the rules")                                  \
    X(REVOKED_WRONGLY, "a revocation is not what it should be")                                    \
    X(UNREVIEWED_APPLIED, "later work of a revoked device counts though nobody accepted it")       \
    X(REVIEW_WRONG, "reviewed work did not become what was decided")                               \
    X(EVIDENCE_CHANGED, "the evidence log has lost or changed what stood in it")                   \
    X(CHECKPOINT_WRONG, "a laptop's checkpoint is not of the server's evidence log")               \
    X(EVIDENCE_LOST, "what must stand in the evidence log does not")                               \
    X(LIE_BELIEVED, "a laptop believed what it could have known to be wrong")                      \
    X(LIE_UNREPORTED, "the user is not told what is wrong with the server")                        \
    X(BUNDLE_WRONG, "a bundle ended as it should not")                                             \
    X(NOT_REPEATABLE, "the same seed gave another run")

enum sim_invariant {
#define SIM_INVARIANT_ENUM(name, text) SIM_INVARIANT_##name,
    SIM_INVARIANT_TABLE(SIM_INVARIANT_ENUM)
#undef SIM_INVARIANT_ENUM
        SIM_INVARIANT_COUNT
};
const char *sim_invariant_name(enum sim_invariant invariant);

enum sim_device_state {
    SIM_DEVICE_ON,
    SIM_DEVICE_FORKED,  /* the server takes nothing from it any more */
    SIM_DEVICE_REVOKED, /* and it knows: only what it sends is taken, for review */
    SIM_DEVICE_UNUSED,
};

/* What the edit at hand shall write down, for comparison with what the device did write down; see record.c. */
#define SIM_ASKED_MAX 8
struct sim_asked {
    bool active;
    enum cs_operation_kind kind;
    struct cs_id row;
    struct cs_named_value values[SIM_ASKED_MAX];
    size_t value_count;
    struct cs_bytes versions;     /* of the row as its author saw it, packed; empty for a new one */
    const struct cs_value *shown; /* of the row, while the edit is made; NULL for an insert */
};

/* How much of a laptop's log the server had when an incarnation of it began. */
struct sim_loss {
    uint64_t log;       /* of the laptop then */
    uint64_t after;     /* the last of its change-sets that the server had */
    uint64_t confirmed; /* the last one that had been confirmed to it */
    bool reported;      /* it knew that incarnation already when the image was made */
    bool forgotten;     /* it has said so, and the server has gone back to before that */
};

struct sim_device {
    struct sim *sim;
    size_t index;
    size_t person; /* index of the person it belongs to, in the template */
    cs_roles roles;
    enum sim_device_state state;
    uint64_t log; /* of its present identity; 0: not known yet */
    struct sim_machine machine;
    struct cs_identity *identity;
    struct cs_replica *replica;
    struct cs_sync_session *session;
    unsigned session_number;
    unsigned rounds;          /* exchanges of this session */
    unsigned bundles_taken;   /* that had something new */
    int64_t session_since_ms; /* true time */
    int64_t partitioned_till_ms;
    uint64_t counter_recorded; /* transactions up to here are in the ledger */
    struct sim_disk *image;    /* an old copy of its disk, or NULL */
    size_t image_ledger;       /* entries of the ledger when it was made */
    uint64_t image_counter;    /* and its last transaction then */
    uint64_t requests_seen;    /* by the server, when it was set back */
    uint64_t first_request;    /* of the session at hand */
    size_t twin;               /* the other one, in a clone group */
    bool image_misled;         /* could what it had when the copy was made be wrong? */
    bool set_back;             /* the server knows more of it than it does itself */
    bool was_restored;
    bool in_clone_group;
    bool sees_everything;
    bool lax; /* a client that does not check what people may do */
    /* When the server went back in time, see went_back.c. */
    bool knows_more; /* it has been told more than the server knows now, and has not said so yet */
    bool
        behind_silence; /* and might not have noticed that it did: what differs then may be told by the digests alone */
    struct cs_checkpoint log_told; /* what it knew of the log just then */
    unsigned notice_from;          /* the first session that begins after it */
    struct sim_loss loss;          /* by the server's present incarnation */
    struct sim_loss loss_aside;    /* and by that of the image of the server */
    uint8_t incarnation[16];       /* of the server, as it was known when the last session began */
    /* A server that lies, see hostile_server.c. */
    bool misled;        /* what it has may be wrong */
    bool was_misled;    /* at any time */
    bool must_notice;   /* in this sync it was shown an older state */
    unsigned lie;       /* in the answer that it reads now; 0: none */
    uint32_t lies_now;  /* in this sync, a bit each */
    uint32_t lies_told; /* since it was last equal to the server */
    bool log_is_seen;
    struct cs_checkpoint log_seen; /* as it stood after its last sync */
    const struct cs_registry *registry;
    struct sim_asked asked;
};

/* What is wrong with an answer. */
struct sim_lie {
    unsigned number; /* 0: nothing */
    bool older;      /* it is a state before the one the laptop knows */
};

struct sim_message {
    size_t device;
    int64_t due_ms;
    uint64_t order; /* in which it was sent */
    uint8_t *bytes; /* owned */
    size_t size;
    unsigned session;
    unsigned round; /* of the session: an answer belongs to one request */
    bool used;
    bool to_server;
    bool by_hand; /* its answer is never brought back */
    bool damaged;
    struct sim_lie lie;
};

/* A bundle on its way, see courier.c. */
struct sim_stick {
    bool used;
    bool to_server;
    struct sim_device *device; /* that made it, or that it is for */
    uint64_t log;              /* of that device then */
    uint8_t certificate[CS_HASH_SIZE];
    unsigned session_number; /* of the device, when it made the one that is answered */
    unsigned bundles_taken;
    unsigned went_back; /* how often the server had */
    int64_t due_ms;
    uint64_t order;
    unsigned again; /* times it is carried once more */
    uint8_t *bytes; /* owned */
    size_t size;
    size_t cut;     /* bytes that this copy has; 0: all */
    size_t flipped; /* number of a bit of it, from 1; 0: none */
};

#define SIM_ACTION_TABLE(X)                                                                        \
    X(INSERT, "rows entered")                                                                      \
    X(UPDATE, "rows changed")                                                                      \
    X(DELETE, "rows deleted")                                                                      \
    X(IMPORT, "imports of several rows")                                                           \
    X(PAIR, "actions on several rows")                                                             \
    X(REASSIGN, "work orders reassigned")                                                          \
    X(VISIT_START, "visits started")                                                               \
    X(VISIT_PART, "parts used")                                                                    \
    X(VISIT_RECORD, "visits recorded")                                                             \
    X(VISIT_SIGN, "receipts signed")                                                               \
    X(VISIT_FINISH, "visits finished")                                                             \
    X(RESOLVE, "conflicts resolved")                                                               \
    X(KEEP, "deleted rows kept")                                                                   \
    X(FORGET_REFUSAL, "refusals put aside")                                                        \
    X(DECLINED, "declined by the client")                                                          \
    X(FAILED, "failed for want of disk")                                                           \
    X(GIVE_UP, "devices that are not waited for any more")                                         \
    X(REJOIN, "laptops joined again")                                                              \
    X(REVOKE, "devices revoked")                                                                   \
    X(REVOKED_IN_SYNC, "of them in the middle of a sync")                                          \
    X(REVOKED_UNSENT, "of them with unsent work")                                                  \
    X(REVOKED_ANSWERED, "of them with an answer on its way")                                       \
    X(LIE_CAUGHT, "lies of the server caught at once")                                             \
    X(LIE_SEEN, "syncs that found what a lie had changed")                                         \
    X(ACCEPT_WORK, "held work accepted")                                                           \
    X(REJECT_WORK, "held work rejected")                                                           \
    X(SYNC_STARTED, "syncs started")                                                               \
    X(SYNC_FINISHED, "syncs finished")                                                             \
    X(SYNC_FAILED, "syncs failed")                                                                 \
    X(EXCHANGE, "exchanges served")                                                                \
    X(TRANSACTION, "transactions committed")                                                       \
    X(BUNDLE_UP, "bundles taken by the server")                                                    \
    X(BUNDLE_DOWN, "bundles applied by laptops")                                                   \
    X(BUNDLE_KNOWN, "bundles that held nothing new")                                               \
    X(BUNDLE_DAMAGED, "damaged bundles turned away")                                               \
    X(REFUSED, "transactions refused")                                                             \
    X(CONFLICT, "conflicts open at the end")

enum sim_action {
#define SIM_ACTION_ENUM(name, text) SIM_ACTION_##name,
    SIM_ACTION_TABLE(SIM_ACTION_ENUM)
#undef SIM_ACTION_ENUM
        SIM_ACTION_COUNT
};
const char *sim_action_text(enum sim_action action);

struct sim_counts {
    uint64_t actions[SIM_ACTION_COUNT];
    uint64_t faults[SIM_FAULT_COUNT];
    uint64_t pages_lost;
    uint64_t pages_torn;
};

/* The server's evidence log as it has been seen, see check_evidence.c. */
#define SIM_EVIDENCE_LEVELS 40
struct sim_evidence {
    uint8_t incarnation[CS_INCARNATION_SIZE];
    uint64_t position;
    uint8_t (*leaves)[CS_HASH_SIZE]; /* their hashes */
    uint8_t (*roots)[CS_HASH_SIZE];  /* of the first so many leaves */
    size_t size;
    size_t capacity;
    uint8_t peaks[SIM_EVIDENCE_LEVELS][CS_HASH_SIZE];
};

/* An answer that a lying server may give again: the body of a sync's. */
struct sim_said {
    uint8_t *body; /* owned; NULL: none */
    size_t size;
    uint64_t position;
    uint64_t log; /* of whom it was said to */
};
struct sim_hostile {
    struct sim_said said[SIM_INSTANCES_MAX];
    struct cs_sign_key *key; /* that is not the server's */
};

/* The server's other history, see hostile_fork.c. */
struct sim_fork {
    struct sim_machine machine;
    struct cs_server *server; /* NULL: there is none now */
    uint32_t devices;         /* that it is shown to, a bit each */
    size_t ends;              /* step */
    enum sim_fault how;
    uint32_t ahead;         /* of them: who knew more when it began */
    uint32_t asked;         /* of them: who has noticed, and asked */
    struct sim_disk *aside; /* an older copy, or NULL */
    unsigned aside_since;   /* how often the server had gone back then */
    bool used;
    bool counted;
};

/* One device of a run may be revoked, see revoking.c. */
struct sim_revoking {
    bool made;  /* it is signed */
    bool taken; /* and the server has it: what comes later is held */
    size_t revoker;
    size_t subject;
    uint64_t log;                  /* of the subject */
    const struct sim_entry *entry; /* of the ledger: the signed row */
    uint64_t before;   /* transactions of the subject that the server had, as seen last before */
    uint64_t last;     /* the last one that counts by itself */
    uint64_t position; /* of the server when it took it */
};

struct sim_trace {
    char events[SIM_EVENTS_KEPT][SIM_EVENT_TEXT_MAX];
    uint64_t event_count;
    uint64_t hash;
    bool print;
};

struct sim {
    uint64_t seed;
    struct sim_plan plan;
    struct sim_random random;
    int64_t now_ms;
    size_t step;
    bool healing;
    bool quiet;    /* mended, and everybody has synced until there was no news */
    bool rejoined; /* some laptop did */
    bool server_full;
    unsigned went_back;      /* how often the server did */
    int64_t went_back_ms;    /* when it last did, or began a new incarnation */
    uint8_t incarnation[16]; /* that it is in now; zero before it went back */
    /* The server. */
    struct sim_machine machine;
    struct cs_secret *master_key;
    struct cs_server *server;
    const struct cs_registry *registry;        /* of the newest program there is */
    const struct cs_registry *server_registry; /* of the program that the server runs */
    struct cs_log log;
    struct sim_disk *server_image;
    uint8_t incarnation_aside[16]; /* `incarnation` when it was made */
    uint64_t image_joined;         /* laptops that had joined again when it was made */
    struct sim_device *receiving;  /* the device that reads what it received, or NULL */
    /* A device that obeys no rules: a machine and its keys. */
    struct sim_machine intruder;
    struct cs_identity *intruder_identity;
    /* Everybody else. */
    struct sim_device devices[SIM_INSTANCES_MAX];
    size_t device_count;
    struct sim_message messages[SIM_MESSAGES_MAX];
    uint64_t messages_sent;
    struct sim_stick sticks[SIM_STICKS_MAX];
    uint64_t sticks_made;
    struct sim_message last_responses[SIM_INSTANCES_MAX]; /* for replays */
    struct sim_ledger ledger;
    struct sim_revoking revoking;
    struct sim_evidence evidence;
    struct sim_hostile hostile;
    struct sim_fork fork;
    struct sim_trace trace;
    struct sim_counts counts;
    struct cs_problem problem;
    size_t rows_at_start; /* of the ledger */
    size_t operations;
    uint64_t ledger_moves; /* transactions and rows that syncs have moved or put right */
    uint64_t names_given;  /* makes every text that is entered different */
};

/* A run's events: printed when asked for, kept for a failure, and folded into the hash that two runs of a seed must share. */
void sim_event(struct sim *sim, const char *format, ...) CS_PRINTF(2, 3);
void sim_trace_bytes(struct sim *sim, struct cs_bytes bytes);
/* Who is told of a broken invariant; does not return. Set once by the program. */
typedef void sim_failed(const struct sim *sim, const char *invariant, const char *detail);
void sim_on_failure(sim_failed *failed);
_Noreturn void sim_fail(struct sim *sim, enum sim_invariant invariant, const char *format, ...)
    CS_PRINTF(3, 4);
/* A status that cannot be had here. */
void sim_expect(struct sim *sim, enum cs_status status, const char *what);
/* Does this fault come now? Counted when it does. */
bool sim_fault(struct sim *sim, enum sim_fault fault);
void sim_count(struct sim *sim, enum sim_action action);

/* template.c: made once per process. */
void sim_template_make(void);
void sim_template_release(void);
void sim_template_start(struct sim *sim);
/* The row of a person; false if there is none. */
bool sim_template_person(size_t person, struct cs_id *out);

/* run.c: the whole run of a seed; returns its trace hash. */
uint64_t sim_run(struct sim *sim, uint64_t seed, bool print);
void sim_release(struct sim *sim);

/* device.c: laptops that start and stop. */
void sim_unlock(struct sim *sim, struct sim_machine *machine, struct cs_identity **out);
void sim_device_open(struct sim_device *device);
void sim_device_close(struct sim_device *device);
/* Closes, restarts the machine (from what power left, if it failed) and opens again; checks what must have survived. */
void sim_device_restart(struct sim_device *device);
/* After anything that used its disk: did power fail meanwhile? Then it is restarted. */
bool sim_device_recover(struct sim_device *device);
void sim_device_power_loss(struct sim_device *device);
bool sim_device_is_usable(const struct sim_device *device);

/* server.c */
void sim_server_open(struct sim *sim);
void sim_server_open_on(struct sim *sim, const struct sim_machine *machine, struct cs_server **out);
void sim_server_close(struct sim *sim);
void sim_server_restart(struct sim *sim);
bool sim_server_recover(struct sim *sim);
/* An invite for the laptop with the root key; the server is stopped for it. */
enum cs_status sim_server_invite_owner(struct sim *sim, struct cs_buffer *out);
void sim_server_power_loss(struct sim *sim);
/* Serves requests in one commit; out[i] is empty where there is no answer. */
void sim_server_serve(struct sim *sim, const struct cs_bytes *requests, size_t count,
                      struct cs_buffer *responses);

/* network.c */
void sim_network_send(struct sim_device *device, struct cs_bytes request);
/* Delivers what is due. */
void sim_network_deliver(struct sim *sim);
void sim_network_release(struct sim *sim);
/* What is on its way from or to this laptop is lost. */
void sim_network_drop(struct sim *sim, size_t device);

/* courier.c: bundles on sticks. Perhaps somebody makes one; those that are due arrive. */
void sim_courier(struct sim *sim);
void sim_courier_deliver(struct sim *sim);
void sim_courier_release(struct sim *sim);

/* syncing.c */
void sim_sync_start(struct sim_device *device);
void sim_sync_receive(struct sim_device *device, struct cs_bytes response);
void sim_sync_abandon(struct sim_device *device);

/* edits.c, visits.c, decisions.c: what people do. */
void sim_edit_any(struct sim_device *device);
void sim_visit_any(struct sim_device *device);
void sim_resolve_any(struct sim_device *device);
void sim_forget_refusal(struct sim_device *device);
/* values.c: a value for a field, and a row that the device can see; false if there is none. */
bool sim_value(struct sim_device *device, const struct cs_field *field, struct cs_arena *arena,
               struct cs_value *out);
bool sim_pick_row(struct sim_device *device, const struct cs_entity *entity, struct cs_arena *arena,
                  struct cs_stored_row *out);
struct cs_bytes sim_name(struct sim *sim, struct cs_arena *arena);
const struct cs_entity *sim_entity(const struct sim_device *device, const char *name);
/* record.c: what was committed on this device since the last call goes into the ledger. */
void sim_record(struct sim_device *device);
/* After a local commit: what came of it, and a restart if power failed. True if it was committed. */
bool sim_committed(struct sim_device *device, enum cs_status status, enum sim_action action);
/* Ends an edit that went as far as this. */
bool sim_conclude(struct sim_device *device, struct cs_edit *owned_edit, enum cs_status status,
                  enum sim_action action);

/* intruder.c: now and then a device that obeys no rules does something. */
void sim_intruder(struct sim *sim);

/* hostile_server.c: a server that lies. */
bool sim_hostile_is_on(const struct sim *sim);
/* Perhaps the answer to this laptop becomes a lie. */
struct sim_lie sim_hostile_answer(struct sim *sim, size_t index, struct cs_bytes request,
                                  struct cs_buffer *response);
void sim_hostile_sync_starts(struct sim_device *device);
/* Around cs_sync_receive: was it caught, and was the user told? */
void sim_hostile_receiving(struct sim_device *device, struct sim_lie lie);
void sim_hostile_received(struct sim_device *device, enum cs_status status);
/* The server has lied so that a sync may end like this. */
bool sim_hostile_explains(const struct sim_device *device, enum cs_status status);
void sim_hostile_finished(struct sim_device *device, const struct cs_sync_result *result);
/* At the end nobody is misled any more. */
void sim_hostile_check(struct sim *sim);
void sim_hostile_release(struct sim *sim);

/* hostile_fork.c: the server keeps two histories. */
void sim_fork(struct sim *sim);
bool sim_fork_is_shown_to(const struct sim_device *device);
void sim_fork_serve(struct sim *sim, struct cs_bytes request, struct cs_buffer *response);
void sim_fork_end(struct sim *sim);
bool sim_fork_explains(const struct sim_device *device, enum cs_status status);
/* A sync with the other history went through. */
void sim_fork_sync_begins(struct sim_device *device);
void sim_fork_synced(struct sim_device *device, const struct cs_sync_result *result);

/* revoking.c: a device is revoked in the middle of something. */
void sim_revoking(struct sim *sim);
/* The subject or the revoker. */
bool sim_revoking_concerns(const struct sim_device *device);
/* Around every commit of the server: where is the line between before and after? */
void sim_revoking_before(struct sim *sim);
void sim_revoking_after(struct sim *sim, size_t request_count);
/* It was revoked: that a sync ends with CS_REVOKED is right. */
bool sim_revoking_explains(const struct sim_device *device);
void sim_revoking_told(struct sim_device *device);
void sim_revoking_check_page(struct sim *sim, const struct sim_device *device,
                             const struct cs_sync_response *page);
/* Somebody in the office decides about some of its work; true if so. */
bool sim_revoking_review(struct sim_device *device);
/* While mending: it hands over the rest, all of it is decided about. True if anything moved. */
bool sim_revoking_send_rest(struct sim *sim);
bool sim_revoking_review_all(struct sim *sim);
/* After sim_model_check has loaded what became of everything. */
void sim_revoking_check(struct sim *sim);
/* After that: somebody has rejected it, or it is a decision that came after another one. */
bool sim_revoking_refuses(struct sim *sim, const struct sim_entry *entry);

/* faults.c: what happens between the steps. */
void sim_faults(struct sim *sim);

/* versions.c: a program is replaced by one of another version; in the end, all by the newest. */
void sim_versions(struct sim *sim, struct sim_device *device);
void sim_versions_mend(struct sim *sim);

/* went_back.c: the server's disk is put aside, or is replaced by what was put aside. */
bool sim_may_go_back(const struct sim *sim);
/* Before this server loses it: of what others may have seen already, though its author does not know that it came. */
void sim_note_arrived(struct sim *sim, struct cs_server *server);
/* The server has just lost something: what, and who knows of it; in silence, so that a laptop may not notice but by its digests? */
void sim_note_gone_back(struct sim *sim, bool silent);
void sim_server_image(struct sim *sim);
/* What the administrator does when the office hears of another history: the server owns up to it. */
void sim_restore(struct sim *sim);
/* Has the server lost something of this laptop that it has not sent again yet? */
bool sim_owes(struct sim_device *device);
/* Is it the only one that could give up who does not come back to a server that went back, and could nobody let it in again? */
bool sim_alone_decides(struct sim_device *device);
/* Does this laptop still have the change-set with this transaction, to send it again? */
bool sim_is_kept(struct sim_device *device, uint64_t counter);
/* The office waits no longer for devices that never come. True if it did. */
bool sim_give_up_waiting(struct sim *sim);
/* Somebody of the desk who takes part, or NULL. */
struct sim_device *sim_desk(struct sim *sim);
/* Has the server begun a new incarnation? Then it is noted how much of each laptop's log it has. */
void sim_check_incarnation(struct sim *sim);
/* The incarnation that this laptop knows the server in. */
void sim_device_incarnation(struct sim_device *device, uint8_t out[static 16]);
/* Up to where its log is confirmed to it now, for what it loses when the server goes back. */
void sim_note_confirmed(struct sim_device *device);
/* check_went_back.c: when a sync begins, when it has ended well, and in the end. */
void sim_check_sync_begins(struct sim_device *device);
void sim_check_went_back_noticed(struct sim_device *device, const struct cs_sync_result *result);
void sim_check_went_back(struct sim *sim);

/* rejoin.c: laptops that the server takes nothing from join again, where somebody may invite them. True if one did. */
bool sim_rejoin_all(struct sim *sim);
/* One of them tries to, in the middle of everything. */
void sim_rejoin_try(struct sim_device *device);
/* It has opened with another identity than it had. */
void sim_rejoin_note(struct sim_device *device);
/* While laptops join the network is a function call; for cs_world.exchange, the context is the device. */
enum cs_status sim_exchange_directly(void *context, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem);

/* heal.c: everything is mended, syncs until quiet. */
void sim_heal(struct sim *sim);

/* check_*.c: invariants. check_refused.c: */
void sim_check_refused(struct sim *sim);
void sim_check_begin(struct sim *sim);
/* No transaction of several rows is half there. */
void sim_check_whole(struct sim_device *device);
void sim_check_device_started(struct sim_device *device);
void sim_check_sync_finished(struct sim_device *device);
void sim_check_server_started(struct sim *sim);
void sim_check_server_answered(struct sim *sim);
void sim_check_nonces_begin(void);
void sim_check_nonces(struct sim *sim);
void sim_check_wire(struct sim *sim, struct cs_bytes bytes);
void sim_check_page(const struct sim_device *device, const struct cs_sync_response *page);
/* Who may see what, as far as the ledger goes now: fills in the rows' persons. */
void sim_scopes_work_out(struct sim_ledger *ledger);
/* canary.c: what laptops decrypt and unpack is looked at from here on; and their disks, in the end. */
void sim_canary_begin(struct sim *sim);
void sim_check_disks(struct sim *sim);
/* check_evidence.c: after a sync, and at the end. */
/* The server's log is another one from here on. */
void sim_evidence_went_back(struct sim *sim);
void sim_evidence_synced(struct sim_device *device);
void sim_evidence_check_end(struct sim *sim);
/* Is this the beginning of the server's log as it is now? */
bool sim_evidence_begins_with(struct sim *sim, const struct cs_checkpoint *checkpoint);
void sim_evidence_release(struct sim *sim);
/* Bit of the person with this row id; 0 for nobody. */
uint32_t sim_person_bit(struct cs_bytes id);
void sim_check_visible(struct sim *sim);
/* What the server has of a transaction; false if it has never had it. */
bool sim_server_transaction(struct sim *sim, const struct sim_entry *entry, struct cs_arena *arena,
                            struct cs_logged_transaction *out);
void sim_check_end(struct sim *sim);

#endif
