/* What a file holds, destroyed as far as a program can: what a flash disk or a copying file system keeps of it elsewhere is beyond one. */
#ifndef CS_BASE_OVERWRITE_H
#define CS_BASE_OVERWRITE_H

#include "shared/base/status.h"

/* Zeros over all of an open file, on disk. CS_IO. */
enum cs_status cs_file_overwrite(int file) CS_MUST_USE;

#endif
