/*
 * What people did, kept apart from everything the engine keeps: every committed transaction with its values and with the versions
 * its author had seen. From it alone follows what must become of each row (model.c).
 *
 * A run's ledger begins as a copy of the template's, whose entries are shared and never changed.
 */
#ifndef TESTS_SIMULATION_WHOLE_LEDGER_H
#define TESTS_SIMULATION_WHOLE_LEDGER_H

#include "shared/base/memory.h"
#include "shared/base/version.h"
#include "shared/domain/descriptor.h"
#include "shared/wire/change_set.h"
#include "shared/wire/messages.h"

/* Stands in every text that people enter: what must never be seen outside. */
#define SIM_CANARY "KANARIENVOGEL"
/* A text that only one row has: a number between these two. */
#define SIM_NAME_START SIM_CANARY "-"
#define SIM_NAME_END '.'

#define SIM_KEEP ((size_t)-1) /* the field of a change that keeps a deleted row */

struct sim_change {
    size_t field;
    struct cs_value value;
    struct cs_versions base;
};

struct sim_entry;

struct sim_op {
    struct sim_entry *entry;
    enum cs_operation_kind kind;
    const struct cs_entity *entity;
    struct cs_id row;
    struct sim_change *changes;
    size_t change_count;
    uint8_t seen[CS_HASH_SIZE];    /* of a delete: what its author had seen, as a hash */
    struct cs_bytes seen_versions; /* and the same packed; empty where it is not known */
    struct sim_op *earlier;        /* of the same row */
};

/* One transaction. */
struct sim_entry {
    size_t author;             /* device */
    cs_roles roles;            /* of its certificate */
    struct cs_version written; /* as it was committed */
    struct cs_version version; /* now: another one once its author has joined again */
    struct cs_version
        *names; /* all it ever had, with laptops that joined again and took it with them */
    size_t name_count;
    uint8_t id[16];
    int64_t claimed;
    struct sim_op *ops;
    size_t op_count;
    bool acknowledged; /* its author has learned what became of it */
    bool lost; /* by the server, that had acknowledged it and went back; until it has it again */
    bool was_lost;  /* at any time, acknowledged or not */
    bool arrived;   /* had by the server when it went back, which its author had not learned */
    bool refused;   /* namely that it was refused */
    bool forgotten; /* and its author has put the refusal aside */
    bool vanished;  /* its disk was set back before it was sent */
    bool lax;       /* made by a client that does not check */
    bool misled;    /* made on a laptop that the server had lied to */
    /* Made after its author's device was revoked; see revoking.c. */
    bool handed_over;   /* its author was told that it is held for review */
    unsigned decisions; /* signed about it, whether they counted or not */
    bool accepted;      /* by one that counted */
    bool rejected;
    bool refusal_shown; /* the server shows a refusal of it */
    /* As the server has it at the end; filled in by model.c. */
    enum cs_outcome outcome; /* 0: it has never had it */
    int64_t effective_ms;
};

struct sim_row {
    const struct cs_entity *entity;
    struct cs_id id;
    struct sim_op *last; /* newest first, by `earlier` */
    uint32_t persons;    /* who may ever have seen it: bit per person; see scope.c */
};

struct sim_ledger {
    struct cs_arena arena;
    struct sim_entry **entries;
    size_t entry_count;
    size_t entry_capacity;
    struct sim_row *rows;
    size_t row_count;
    size_t row_capacity;
    uint32_t *slots; /* index + 1 by id */
    size_t slot_count;
    uint32_t *names; /* index + 1 of the row that has the text with this number; 0: none has */
    size_t name_count;
    size_t scoped; /* entries that scope.c has looked at */
};

void sim_ledger_init(struct sim_ledger *ledger);
void sim_ledger_release(struct sim_ledger *ledger);
/* Starts from another one, which must outlive it. */
void sim_ledger_copy(struct sim_ledger *ledger, const struct sim_ledger *from);
/* A transaction as the device wrote it down. Everything is copied. */
struct sim_entry *sim_ledger_add(struct sim_ledger *ledger, const struct cs_registry *registry,
                                 uint64_t log, const struct cs_transaction *transaction);
/* NULL if nobody ever made this row. */
struct sim_row *sim_ledger_row(const struct sim_ledger *ledger, const struct cs_id *id);
/* Its author, whose log is now `name`'s, has put the refusal of this transaction aside. */
void sim_ledger_forget(struct sim_ledger *ledger, size_t author, const struct cs_version *name);
/* A further name of a transaction; one that it has already changes nothing. */
void sim_ledger_name(struct sim_ledger *ledger, struct sim_entry *entry,
                     const struct cs_version *name);
bool sim_entry_has_name(const struct sim_entry *entry, const struct cs_version *name);
/* The entry with this transaction id, or NULL. */
struct sim_entry *sim_ledger_find(const struct sim_ledger *ledger, const uint8_t id[static 16]);

#endif
