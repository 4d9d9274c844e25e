/*
 * Bundles without files: what reads and writes them is replaced at link time (CMakeLists.txt), so that no file of this machine reaches a
 * run. Everything but the opening and renaming of files is the product's: headers, sums, and the reader over a stream.
 */
#ifndef TESTS_SIMULATION_WHOLE_STICK_FILES_H
#define TESTS_SIMULATION_WHOLE_STICK_FILES_H

#include "shared/base/bytes.h"

/* The last bundle that was finished; valid until the next one is. */
struct cs_bytes sim_stick_written(void);
/* What every file is from here on, whatever its name: at least one byte, only read, which stays the caller's. */
void sim_stick_insert(uint8_t *bytes, size_t size);

#endif
