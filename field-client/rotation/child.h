/*
 * A helper as a child process: started so that it has three pipes and nothing else of ours, and ended by its id alone.
 *
 * The child gets no arguments, no environment, no other descriptor, default signals, no core dumps, no privileges from
 * set-user-id programs, the folder / and a process group of its own.
 */
#ifndef CS_ROTATION_CHILD_H
#define CS_ROTATION_CHILD_H

#include "shared/base/bytes.h"

#include <sys/types.h>

struct cs_rotation_child {
    pid_t pid;  /* not reaped yet; 0 afterwards */
    int input;  /* what we write; -1 when closed; does not block */
    int output; /* what we read; the same */
    int errors;
};

/* CS_INVALID: not an absolute path to a program that belongs to us or to root and that nobody else can write. CS_IO, CS_NO_MEMORY: the
 * system. On failure there is no process, and nothing was told to anyone. */
enum cs_status cs_rotation_child_start(const char *path, struct cs_rotation_child *out,
                                       struct cs_problem *problem) CS_MUST_USE;
/* Closes one of the three; -1 is accepted. */
void cs_rotation_child_close(int *file);
/* True when it has ended: its group is ended, it is reaped, *out_clean says whether by exit status 0. Does not wait. */
bool cs_rotation_child_ended(struct cs_rotation_child *child, bool *out_clean);
/* Closes everything, ends what is still there of the process and of the group it leads, and reaps it. */
void cs_rotation_child_release(struct cs_rotation_child *child);

#endif
