/*
 * Key files: 32 random bytes, as 64 hexadecimal digits (what is made here) or raw. The master key and the backup key are such.
 *
 * Which file: the option; else the environment variable; else $CREDENTIALS_DIRECTORY/NAME if it is there (systemd); else one in the
 * server's folder.
 */
#ifndef CS_SERVER_COMMANDS_KEY_FILE_H
#define CS_SERVER_COMMANDS_KEY_FILE_H

#include "shared/crypto/secret.h"
#include "sync-server/commands/folder.h"

#define CS_KEY_FILE_KEY_SIZE 32

struct cs_key_file_kind {
    const char *noun;       /* "master key" */
    const char *option;     /* "--master-key" */
    const char *variable;   /* "COUNTERSIGN_MASTER_KEY_FILE" */
    const char *credential; /* "countersign-master-key" */
    const char *file;       /* "master.key", in the server's folder */
};
extern const struct cs_key_file_kind cs_key_file_master;
extern const struct cs_key_file_kind cs_key_file_backup;

/*
 * `given` is the option's value or NULL; `folder` is the server's, or NULL where none is known: then the key has to be named, or it is
 * CS_USAGE. CS_INVALID: too long.
 */
enum cs_status cs_key_file_path(const struct cs_key_file_kind *kind, const char *given,
                                const char *folder, char out[static CS_FOLDER_PATH_MAX],
                                struct cs_problem *problem) CS_MUST_USE;
/* CS_NOT_FOUND; CS_INVALID for a file that is no key. */
enum cs_status cs_key_file_load(const struct cs_key_file_kind *kind, struct cs_admin *admin,
                                const char *path, struct cs_secret **out) CS_MUST_USE;
/* A new random key in a new file. CS_EXISTS. */
enum cs_status cs_key_file_make(const struct cs_key_file_kind *kind, struct cs_admin *admin,
                                const char *path) CS_MUST_USE;

#endif
