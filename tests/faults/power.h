/*
 * Machines that lose power: what a program wrote and did not sync is kept, lost, torn or kept in another order.
 *
 * Files are real ones in the folders of the machines that are named here; everything outside of them is untouched and never fails. SQLite's
 * files go through a VFS named POWER_VFS_NAME, a world's own files through power_attach. Nothing reaches the real disk by force: what a
 * sync makes durable is remembered here, so runs are as quick as the memory they are in.
 *
 * After a cut every operation of that machine fails, until its program has ended and power_restore has left in its folder what is found.
 */
#ifndef TESTS_FAULTS_POWER_H
#define TESTS_FAULTS_POWER_H

#include "shared/base/world.h"

#define POWER_VFS_NAME "power"

/* What becomes of what was written and not synced, by sectors. */
enum power_loss {
    POWER_LOST, /* nothing of it is there */
    POWER_KEPT, /* all of it, what was on its way included */
    POWER_TORN, /* each sector is the new one, the old one, some of both, or (not powersafe) neither */
    POWER_LATER,   /* what was written last, and not what was written before it */
    POWER_EARLIER, /* what was written first */
    POWER_LOSSES,
};

struct power_disk {
    size_t sector;  /* 512 or 4096: told to SQLite, and the piece that is lost or kept */
    bool powersafe; /* a write harms no bytes beside it, also when power fails */
    bool lies;      /* a sync of a database does nothing: shows that the checks notice */
};

/* Registers the VFS (again does nothing), forgets all machines. */
void power_install(void);
/* The folder of a further machine: everything in it. */
void power_add_machine(const char *folder);
/* What is in the folders now is durable, every machine has power, nothing is counted yet. */
void power_begin(struct power_disk disk, uint64_t seed);
/* Every machine has power, so that its program can end. */
void power_on(void);
/* Ends all of it: no program is on a machine any more. */
void power_end(void);

/* After so many further writes, truncations, syncs, renames and removals the machine that does the next one loses power in it. */
void power_cut_after(long operations, enum power_loss loss);
void power_cut_never(void);
/* Operations that are left until then; negative: it never fails. */
long power_cut_left(void);
/* Now, if it has power. */
void power_cut_now(const char *folder, enum power_loss loss);
bool power_is_out(const char *folder);
/* The machine's program has ended: its files are what the machine finds, and it has power. */
void power_restore(const char *folder);

/* Counting begins anew; files stay as they are. */
void power_count_anew(void);
/* Operations since then. */
long power_operations(void);
/* Of them: those that make something durable or change names (syncs, renames, removals, truncations). */
bool power_is_sync(long operation);
/* Sectors that cuts took away or tore since power_install. */
long power_sectors_lost(void);

/* This world's files, and its databases, are of the machine in whose folder they are. Its other functions stay. */
void power_attach(struct cs_world *world);

/* ---- between the files of this ---- */

#define POWER_PATH_MAX 256

enum power_taken { POWER_GOES_ON, POWER_FAILS_NOW, POWER_IS_OUT };
struct power_file; /* of a machine */

/* NULL: of no machine. It is remembered from here on. */
struct power_file *power_file(const char *path);
enum power_taken power_take(const struct power_file *file, bool syncs);
bool power_file_is_out(const struct power_file *file);
void power_note_write(struct power_file *file, uint64_t offset, size_t size);
void power_note_made(struct power_file *file);
void power_note_removed(struct power_file *file, bool durably);
/* What is in it now. */
void power_note_synced(struct power_file *file);
/* `from` has become `to`, durably, with what was durable of it. */
void power_note_renamed(struct power_file *from, struct power_file *to);
struct power_disk power_disk(void);
/* Registers the VFS. */
void power_vfs_install(void);

#endif
