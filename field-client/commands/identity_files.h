/* The identity files of a home, for commands that write them anew: root_forget.c and passphrase.c. */
#ifndef CS_COMMANDS_IDENTITY_FILES_H
#define CS_COMMANDS_IDENTITY_FILES_H

#include "field-client/console/command.h"

#define CS_FORMER_MAX 64
#define CS_FORMER_NAME_SIZE 64

/* Identities that this laptop had before it joined again. */
struct cs_former_identities {
    char names[CS_FORMER_MAX][CS_FORMER_NAME_SIZE];
    size_t count;
};

/* CS_LIMIT: more than anybody has; CS_IO. */
enum cs_status cs_former_identities_list(const struct cs_command *command,
                                         struct cs_former_identities *out) CS_MUST_USE;
/*
 * The file of an unfinished join holds the keys of the next identity, of which nothing may be lost: CS_DENIED while there is one. What is left of a
 * join that was cut off after it had saved `identity`, the one in force, is the same identity once more: it is overwritten and emptied.
 */
enum cs_status cs_identity_check_no_join(struct cs_command *command,
                                         const struct cs_identity *identity) CS_MUST_USE;
/*
 * Lets `save` replace HOME/`name`, and then overwrites what stood in the former file, through a descriptor that was opened before. What a flash
 * disk or a copying file system keeps of it elsewhere is beyond a program. Failures name the file in the problem, and say whether the new one counts.
 */
enum cs_status cs_identity_replace(struct cs_command *command, const char *name,
                                   enum cs_status (*save)(void *context, const char *name),
                                   void *context) CS_MUST_USE;

#endif
