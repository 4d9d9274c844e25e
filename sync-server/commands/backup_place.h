/*
 * The repository of a command: its folder, lock and key, opened together; and the files of a server on their way into it and out of it.
 *
 * Between the commands `backup` and `restore`.
 */
#ifndef CS_SERVER_COMMANDS_BACKUP_PLACE_H
#define CS_SERVER_COMMANDS_BACKUP_PLACE_H

#include "sync-server/backup/repository.h"
#include "sync-server/commands/key_file.h"
#include "sync-server/commands/report.h"
#include "sync-server/handlers/horizon.h"

/* What a backup holds beside the database: which change-sets of which device (horizon.h, entries). */
#define CS_BACKUP_DEVICES "devices"

enum cs_backup_use {
    CS_BACKUP_READ,    /* takes no lock: a repository may be on a disk that is read only */
    CS_BACKUP_WRITE,   /* CS_BUSY: another command writes there */
    CS_BACKUP_PRODUCE, /* the same; makes folder, key and repository where there are none */
};
struct cs_backup_place {
    const char *path;
    int lock;
    struct cs_secret *key;
    struct cs_backup_folder folder;
    struct cs_repository *repository;
    bool made_folder;
    char made_key[CS_FOLDER_PATH_MAX]; /* empty: none was made */
};
/* `server` is the server's folder, or NULL. Close in any case. */
enum cs_status cs_backup_place_open(struct cs_backup_place *place, struct cs_admin *admin,
                                    const char *path, const char *key_file, const char *server,
                                    enum cs_backup_use use) CS_MUST_USE;
void cs_backup_place_close(struct cs_backup_place *place);

/* Restores one file of the backup as folder/as, mode 0600, to disk. */
enum cs_status cs_backup_take_out(struct cs_backup_place *place, struct cs_admin *admin,
                                  const struct cs_manifest *manifest, const char *name,
                                  const char *folder, const char *as) CS_MUST_USE;
/* The devices that a backup knows, in the arena. */
enum cs_status cs_backup_devices(struct cs_backup_place *place, struct cs_admin *admin,
                                 const struct cs_manifest *manifest, struct cs_arena *arena,
                                 struct cs_horizon_entry **out, size_t *out_count) CS_MUST_USE;
/* The devices that a database knows, in the arena. */
enum cs_status cs_backup_list_devices(struct cs_store *store, struct cs_arena *arena,
                                      struct cs_horizon_entry **out, size_t *out_count) CS_MUST_USE;

/*
 * Restores the backup into the folder `work`, which is emptied before and after, and verifies it as `verify` does; what it holds must
 * also be what the manifest says. Whole: marked as verified. Findings are in the report, which is to be released in any case.
 */
enum cs_status cs_backup_try(struct cs_backup_place *place, struct cs_admin *admin,
                             const struct cs_manifest *manifest, const char *work,
                             struct cs_report *report) CS_MUST_USE;
/* Removes what a command leaves in such a folder; and the folder too. */
void cs_backup_empty_work(const char *work);
void cs_backup_clear_work(const char *work);

enum cs_status cs_admin_backup_list(struct cs_admin *admin) CS_MUST_USE;
enum cs_status cs_admin_backup_verify(struct cs_admin *admin) CS_MUST_USE;

#endif
