/*
 * A VFS that holds SQLite's own tests in the mode that the encrypting VFS demands: log, exclusive lock, pages of 4,096 bytes, nothing
 * mapped. It changes no byte; settings that would leave the mode are taken and have no effect. So the same scripts run over plain
 * files and over encrypted ones, and what differs comes from the encryption.
 */
#ifndef TESTS_GATE_FORCED_MODE_H
#define TESTS_GATE_FORCED_MODE_H

#include <sqlite3.h>

/* Fills `out` with a VFS named `name` over `below`. Both and the name are borrowed for as long as `out` is registered. */
void forced_mode_fill(sqlite3_vfs *out, const char *name, sqlite3_vfs *below);
/*
 * Around the opening of a connection. The end puts its database into the mode (NULL: none was opened); what fails shows in the first
 * statement that needs it. A file that is opened outside of the two is one that a connection attaches.
 */
void forced_mode_begin_open(void);
void forced_mode_end_open(sqlite3 *handle);

#endif
