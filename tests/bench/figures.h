/*
 * What the programs of this folder have in common: two clocks, and the file that figures are appended to, one "KEY<tab>NUMBER" a line
 * (README.md). Header only.
 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_clock_ms(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A program without its figure has failed. */
static inline void bench_put(const char *path, const char *key, const char *unit, double value)
{
    FILE *file = fopen(path, "a");
    if (file == NULL || fprintf(file, "%s.%s\t%.3f\n", key, unit, value) < 0 || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* Wall time and the processor's, which a busy machine changes less. */
struct bench_span {
    double wall_ms;
    double processor_ms;
};

static inline struct bench_span bench_begin(void)
{
    return (struct bench_span){bench_clock_ms(CLOCK_MONOTONIC),
                               bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline struct bench_span bench_end(struct bench_span begun)
{
    struct bench_span now = bench_begin();
    return (struct bench_span){now.wall_ms - begun.wall_ms, now.processor_ms - begun.processor_ms};
}

static inline void bench_put_span(const char *path, const char *key, struct bench_span span)
{
    bench_put(path, key, "wall_ms", span.wall_ms);
    bench_put(path, key, "cpu_ms", span.processor_ms);
}

#endif
