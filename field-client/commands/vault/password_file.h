/* Password files of other programs as people name them: format, key, and what it is opened with. For vault import and export. */
#ifndef CS_COMMANDS_VAULT_PASSWORD_FILE_H
#define CS_COMMANDS_VAULT_PASSWORD_FILE_H

#include "field-client/console/command.h"
#include "field-client/password_files/password_list.h"
#include "shared/crypto/secret.h"

enum cs_password_format {
    CS_PASSWORD_FORMAT_UNKNOWN,
    CS_PASSWORD_FORMAT_KDBX,
    CS_PASSWORD_FORMAT_BITWARDEN,
    CS_PASSWORD_FORMAT_CSV,
};
/* "kdbx", "bitwarden", "csv"; static. */
const char *cs_password_format_name(enum cs_password_format format);

struct cs_password_file_options {
    enum cs_password_format format;
    /* Where its password stands; "-": the next line of standard input, before the file where that comes from there too. NULL: it is asked for where
     * one is needed. */
    const char *password_file;
    const char *key_file;
    bool no_password; /* a KeePass database under a key file alone */
    /* For password_file.c: the file is standard input, and its password that was read before it. */
    bool passed;
    const struct cs_secret *first_line;
};
/* --format, --password-file, --key-file, --no-password. The password itself is never an argument. */
enum cs_status cs_password_file_take_options(struct cs_command *command,
                                             struct cs_password_file_options *out) CS_MUST_USE;
/* Reads it into the list; *out_format: what it is. Asks for its password where one is needed. */
enum cs_status cs_password_file_read(struct cs_command *command, const char *path,
                                     const struct cs_password_file_options *options,
                                     struct cs_password_list *list,
                                     enum cs_password_format *out_format) CS_MUST_USE;
/* Appends the file's bytes (KDBX 4, or CSV if that is asked for). A new password is asked for twice. */
enum cs_status cs_password_file_encode(struct cs_command *command,
                                       const struct cs_password_file_options *options,
                                       const struct cs_password_list *list,
                                       struct cs_buffer *out) CS_MUST_USE;

#endif
