/*
 * Golden replicas: a whole organisation as an earlier version left it on disk, and today's programs over copies of it.
 *
 *   replica/vN/technician/  a laptop that was in the middle of things     replica/vN/office/  one that sees all
 *   server/vN/              their server                                  files of each: see golden_save
 *   expected.txt            in each: everything it holds, value by value  (dump.c)
 *
 * The technician's laptop knows the registry of its program; office and server know one entity and one field more; and a
 * third device, whose work waits at the server, knows more still.
 */
#ifndef TESTS_GOLDEN_REPLICA_H
#define TESTS_GOLDEN_REPLICA_H

#include "tests/simulation/registry_variant.h"
#include "tests/simulation/universe.h"

/* Of the server and the office: "golden_tool" and part.golden_origin more. */
void golden_newer(struct registry_variant *out);
/* Of the device whose work waits: "golden_gadget" and part.golden_colour more. */
void golden_newest(struct registry_variant *out);
/* The longest text that golden_tool.manual takes. */
#define GOLDEN_MANUAL_MAX (200 * CS_KIBI)

/* Writes the laptop's or the server's files into a folder, which exists: database, keys, and expected.txt. What is saved must be
 * closed afterwards without being used again. */
void golden_save_laptop(struct laptop *laptop, const char *folder);
void golden_save_server(struct universe *universe, const char *folder);
/* Copies them into the universe's own folder and opens them with this version's programs and these registries. */
void golden_load_server(struct universe *universe, const struct cs_registry *registry,
                        const char *folder);
struct laptop *golden_load_laptop(struct universe *universe, const struct cs_registry *registry,
                                  const char *folder);
/* The database once more as it was, for a laptop that is loaded and closed. */
void golden_copy_database(struct laptop *laptop, const char *folder);

/* One line per fact: rows and their values, what waits, what was refused, held transactions, devices, positions. */
void golden_dump_laptop(struct laptop *laptop, struct cs_buffer *out);
void golden_dump_server(struct universe *universe, struct cs_buffer *out);
/* A whole file of the real disk, appended. */
void golden_read(const char *folder, const char *name, struct cs_buffer *out);

#endif
