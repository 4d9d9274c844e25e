/* A folder with all that is in it, to put back again and again. */
#ifndef TESTS_FAULTS_FOLDER_H
#define TESTS_FAULTS_FOLDER_H

#include "shared/base/bytes.h"

#define FOLDER_FILES_MAX 24

struct folder_file {
    char name[160]; /* below the folder */
    bool is_folder; /* before what is in it */
    struct cs_buffer content;
};

struct folder {
    struct folder_file files[FOLDER_FILES_MAX];
    size_t count;
};

/* What is there now; programs that use it have ended. Asserts. */
void folder_keep(struct folder *out, const char *path);
/* Exactly that is there again. */
void folder_put(const struct folder *folder, const char *path);
void folder_release(struct folder *folder);

#endif
