/* The environment of commands that come through the local API: this process' own, in the language of the page. */
#ifndef CS_API_VARIABLES_H
#define CS_API_VARIABLES_H

#include "shared/base/bytes.h"

/*
 * An array for struct cs_console; to free with cs_free. The texts stay the environment's. Without those that name a language, and without
 * COUNTERSIGN_…: they are of whoever started the agent, not of who uses the page. `language`: "LANG=…", borrowed. NULL: no memory.
 */
char **cs_api_variables_create(const char *language);

#endif
