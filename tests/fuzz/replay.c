/*
 * Replays corpus and past failures through the fuzzing entries, in any compiler: replay TARGET FOLDER…
 *
 * Each file is tried as it is and with a few hundred small changes made from a fixed seed. A folder that does not exist has no
 * files yet. Prints how many inputs were tried; fails if there were none.
 */
#include "tests/fuzz/targets.h"

#include "tests/unit/shared_wire/samples.h"

#include <dirent.h>

#define FILE_MAX ((size_t)65536)
#define MUTATIONS 300

typedef void (*entry)(const uint8_t *data, size_t size);

static entry find_entry(const char *name)
{
#define FUZZ_FIND(target)                                                                          \
    if (strcmp(name, #target) == 0) {                                                              \
        return fuzz_##target;                                                                      \
    }
    FUZZ_TARGETS(FUZZ_FIND)
#undef FUZZ_FIND
    return NULL;
}

/* Changes, removes or repeats a few bytes. The result is in an exact block, so that sanitizers see an overrun. */
static void try_mutation(entry target, const uint8_t *data, size_t size,
                         struct sample_random *random)
{
    size_t kept = sample_below(random, 8) == 0 ? sample_below(random, size + 1) : size;
    uint8_t *copy = malloc(kept == 0 ? 1 : kept);
    cs_require(copy != NULL);
    memcpy(copy, data, kept);
    size_t changes = kept == 0 ? 0 : 1 + sample_below(random, 4);
    for (size_t i = 0; i < changes; i++) {
        size_t place = sample_below(random, kept);
        switch (sample_below(random, 3)) {
        case 0:
            copy[place] ^= (uint8_t)(1U << sample_below(random, 8));
            break;
        case 1:
            copy[place] = (uint8_t)sample_next(random);
            break;
        default:
            copy[place] = copy[sample_below(random, kept)];
        }
    }
    target(copy, kept);
    free(copy);
}

static size_t replay_file(entry target, const char *path)
{
    static uint8_t data[FILE_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    struct sample_random random = {size + 1};
    target(data, size);
    for (size_t i = 0; i < MUTATIONS; i++) {
        try_mutation(target, data, size, &random);
    }
    return 1 + MUTATIONS;
}

static size_t replay_folder(entry target, const char *folder)
{
    size_t count = 0;
    DIR *listing = opendir(folder);
    if (listing == NULL) {
        return 0;
    }
    for (struct dirent *found = readdir(listing); found != NULL; found = readdir(listing)) {
        char path[2048];
        int size = snprintf(path, sizeof path, "%s/%s", folder, found->d_name);
        if (found->d_name[0] != '.' && size > 0 && (size_t)size < sizeof path) {
            count += replay_file(target, path);
        }
    }
    (void)closedir(listing);
    return count;
}

int main(int count, char **arguments)
{
    entry target = count < 3 ? NULL : find_entry(arguments[1]);
    if (target == NULL) {
        (void)fprintf(stderr, "usage: replay TARGET FOLDER...\n");
        return 2;
    }
    size_t tried = 0;
    for (int i = 2; i < count; i++) {
        tried += replay_folder(target, arguments[i]);
    }
    (void)printf("%s: %zu inputs\n", arguments[1], tried);
    return tried == 0;
}
