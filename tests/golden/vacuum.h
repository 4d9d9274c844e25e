/* See vacuum.c; for make_replica only. */
#ifndef TESTS_GOLDEN_VACUUM_H
#define TESTS_GOLDEN_VACUUM_H

/* A database that nobody has open. */
void golden_vacuum(const char *path);

#endif
