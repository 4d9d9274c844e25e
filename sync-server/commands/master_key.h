/* The master key's file: which it is says key_file.h. */
#ifndef CS_SERVER_COMMANDS_MASTER_KEY_H
#define CS_SERVER_COMMANDS_MASTER_KEY_H

#include "shared/crypto/secret.h"
#include "sync-server/commands/folder.h"

/* CS_INVALID: too long. */
enum cs_status cs_master_key_path(const struct cs_admin *admin, const char *folder,
                                  char out[static CS_FOLDER_PATH_MAX],
                                  struct cs_problem *problem) CS_MUST_USE;
/* CS_NOT_FOUND; CS_INVALID for a file that is no master key. */
enum cs_status cs_master_key_load(struct cs_admin *admin, const char *folder,
                                  struct cs_secret **out) CS_MUST_USE;
/* Loads it, or makes one where there is none. *out_made tells which. */
enum cs_status cs_master_key_load_or_make(struct cs_admin *admin, const char *folder,
                                          struct cs_secret **out, bool *out_made) CS_MUST_USE;

#endif
