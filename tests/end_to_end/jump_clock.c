/*
 * Moves the wall clock of one process, by LD_PRELOAD: COUNTERSIGN_TEST_CLOCK_SECONDS are added to what the system says.
 *
 * For tests of laptops whose clock is wrong, and of what expires. The monotonic clock stays. Never part of a program.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *out)
{
    const char *seconds = getenv("COUNTERSIGN_TEST_CLOCK_SECONDS");
    if (syscall(SYS_clock_gettime, clock, out) != 0) {
        return -1;
    }
    if (clock == CLOCK_REALTIME && seconds != NULL) {
        out->tv_sec += (time_t)strtoll(seconds, NULL, 10);
    }
    return 0;
}
