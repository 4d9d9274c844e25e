/* The master key, see master_key.h. */
#include "sync-server/commands/master_key.h"

#include "sync-server/commands/key_file.h"

enum cs_status cs_master_key_path(const struct cs_admin *admin, const char *folder,
                                  char out[static CS_FOLDER_PATH_MAX], struct cs_problem *problem)
{
    return cs_key_file_path(&cs_key_file_master, admin->master_key_file, folder, out, problem);
}

enum cs_status cs_master_key_load(struct cs_admin *admin, const char *folder,
                                  struct cs_secret **out)
{
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status = cs_master_key_path(admin, folder, path, &admin->problem);
    return status == CS_OK ? cs_key_file_load(&cs_key_file_master, admin, path, out) : status;
}

enum cs_status cs_master_key_load_or_make(struct cs_admin *admin, const char *folder,
                                          struct cs_secret **out, bool *out_made)
{
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status = cs_master_key_path(admin, folder, path, &admin->problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_key_file_load(&cs_key_file_master, admin, path, out);
    bool made = status == CS_NOT_FOUND;
    if (made) {
        admin->problem.text[0] = '\0';
        status = cs_key_file_make(&cs_key_file_master, admin, path);
        if (status == CS_OK) {
            status = cs_key_file_load(&cs_key_file_master, admin, path, out);
        }
    }
    if (status == CS_OK) {
        *out_made = made;
    }
    return status;
}
