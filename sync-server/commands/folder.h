/*
 * A server's folder: its files, who serves it, and reading it beside a server that runs.
 *
 *   DIR/server.db   the database        DIR/master.key   the master key, unless it is kept elsewhere
 *   DIR/keys        sealed keys         DIR/lock         locked while the folder is served or made
 *   DIR/backup.key  the backup key, unless it is kept elsewhere
 *   DIR/backup.work a copy while a backup is made and tried, locked meanwhile; what is left of it is removed by the next one
 *
 * The lock belongs to the open file (OFD): it ends with the process, however that ends.
 */
#ifndef CS_SERVER_COMMANDS_FOLDER_H
#define CS_SERVER_COMMANDS_FOLDER_H

#include "sync-server/commands/command.h"
#include "sync-server/handlers/server.h"

#define CS_FOLDER_PATH_MAX 4096
#define CS_FOLDER_MASTER_KEY "master.key"
#define CS_FOLDER_BACKUP_KEY "backup.key"
#define CS_FOLDER_BACKUP_WORK "backup.work"
#define CS_FOLDER_LOCK "lock"

/* folder/name. CS_INVALID: too long. */
enum cs_status cs_folder_path(const char *folder, const char *name,
                              char out[static CS_FOLDER_PATH_MAX],
                              struct cs_problem *problem) CS_MUST_USE;
/* CS_NOT_FOUND: no such folder, or no server in it. */
enum cs_status cs_folder_check(const char *folder, struct cs_problem *problem) CS_MUST_USE;
/* Makes it (0700) or accepts an existing one. CS_NOT_FOUND: its parent is missing; CS_INVALID: not a folder. */
enum cs_status cs_folder_make(const char *folder, bool *out_made,
                              struct cs_problem *problem) CS_MUST_USE;
/* True if there is nothing in it, or if it does not exist. */
enum cs_status cs_folder_is_empty(const char *folder, bool *out,
                                  struct cs_problem *problem) CS_MUST_USE;
bool cs_folder_has(const char *folder, const char *name);
/* Removes a file of the folder; a missing one is fine. */
void cs_folder_remove(const char *folder, const char *name);
/* Removes the database's files. */
void cs_folder_remove_database(const char *folder);
/* Bytes of a file; 0 if it is missing. */
int64_t cs_folder_file_size(const char *folder, const char *name);
/* Makes the entries of the folder durable. */
enum cs_status cs_folder_sync(const char *folder) CS_MUST_USE;
/* CS_BUSY: another process serves the folder. *out_lock is to be given to cs_folder_unlock. */
enum cs_status cs_folder_lock(const char *folder, int *out_lock,
                              struct cs_problem *problem) CS_MUST_USE;
/* A negative lock is none. */
void cs_folder_unlock(int lock);
/* Asks without taking the lock. */
bool cs_folder_is_served(const char *folder);

/* Opens the database for reading and takes a snapshot. To be closed with cs_store_close. */
enum cs_status cs_folder_open_reader(const struct cs_admin_surroundings *around, const char *folder,
                                     struct cs_store **out, struct cs_problem *problem) CS_MUST_USE;

#endif
