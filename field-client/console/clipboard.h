/*
 * The clipboard, by whichever program of the desktop is there: wl-copy, xclip or xsel. The secret reaches it on standard input only.
 *
 * Who else reads the clipboard meanwhile (a history, another program of the same user) is beyond this program.
 */
#ifndef CS_CONSOLE_CLIPBOARD_H
#define CS_CONSOLE_CLIPBOARD_H

#include "field-client/console/console.h"

struct cs_clipboard_tool; /* static */

/* The one to use in this session. CS_NOT_FOUND: no desktop (WAYLAND_DISPLAY or DISPLAY), or none of the programs is installed; named in the
 * problem. */
enum cs_status cs_clipboard_find(const struct cs_console *console,
                                 const struct cs_clipboard_tool **out,
                                 struct cs_problem *problem) CS_MUST_USE;
/* CS_IO: the program failed; nothing is in the clipboard then, as far as can be told. */
enum cs_status cs_clipboard_put(const struct cs_console *console,
                                const struct cs_clipboard_tool *tool, struct cs_bytes secret,
                                struct cs_problem *problem) CS_MUST_USE;
/* Empties it, whatever is in it. CS_IO: it may still be there. */
enum cs_status cs_clipboard_clear(const struct cs_console *console,
                                  const struct cs_clipboard_tool *tool,
                                  struct cs_problem *problem) CS_MUST_USE;
/* "wl-copy" */
const char *cs_clipboard_name(const struct cs_clipboard_tool *tool);

#endif
