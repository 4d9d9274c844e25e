/* Programs of the desktop, which are started for who asked, with that one's variables: the clipboard's, the browser. */
#ifndef CS_CONSOLE_PROGRAM_H
#define CS_CONSOLE_PROGRAM_H

#include "field-client/console/console.h"

#define CS_PROGRAM_ARGUMENTS_MAX 5

/* Is there one of this name along the PATH of who asked? */
bool cs_program_is_there(const struct cs_console *console, const char *name);
/*
 * `arguments`: its name first, NULL at the end. It reads `input`; what it prints is nobody's. *out is the caller's to wait for. Not by fork:
 * the secrets of this process are in no other one. false: it could not be started.
 */
bool cs_program_start(const struct cs_console *console, const char *const *arguments, int input,
                      pid_t *out);

#endif
