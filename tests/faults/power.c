/* Machines that lose power, see power.h. */
#include "tests/faults/power.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MACHINES_MAX 12
#define FILES_MAX 64
#define OPERATIONS_MAX 20000
#define PIECE ((size_t)512) /* of a sector that is torn */

struct machine {
    char folder[POWER_PATH_MAX];
    bool out;
};

struct power_file {
    char path[POWER_PATH_MAX];
    struct machine *machine;
    bool exists_durably;
    bool removed; /* since then, and not durably */
    bool anew;    /* and made again: what is durable is of the former one */
    uint8_t *durable;
    size_t durable_size;
    uint32_t *written; /* by sector: number of the last write since it was synced; 0: none */
    size_t sectors;
};

static struct {
    struct power_disk disk;
    struct machine machines[MACHINES_MAX];
    size_t machine_count;
    struct power_file files[FILES_MAX];
    size_t file_count;
    uint64_t random;
    long left; /* until power fails; negative: never */
    enum power_loss loss;
    uint32_t threshold; /* where LATER and EARLIER part */
    uint32_t writes;
    long operations;
    bool syncs[OPERATIONS_MAX];
    long sectors_lost;
} power = {.left = -1};

static uint64_t draw(uint64_t below)
{
    /* xorshift64* */
    power.random ^= power.random >> 12;
    power.random ^= power.random << 25;
    power.random ^= power.random >> 27;
    return (power.random * 2685821657736338717u >> 16) % below;
}

static void *must(void *memory)
{
    cs_require(memory != NULL);
    return memory;
}

struct content {
    uint8_t *data;
    size_t size;
    bool exists;
};

static struct content read_file(const char *path)
{
    struct content content = {.data = NULL};
    struct stat found;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return content;
    }
    cs_require(fstat(file, &found) == 0);
    content.exists = true;
    content.size = (size_t)found.st_size;
    content.data = must(malloc(content.size + 1));
    cs_require(pread(file, content.data, content.size, 0) == (ssize_t)content.size);
    (void)close(file);
    return content;
}

static void forget_written(struct power_file *file)
{
    free(file->written);
    file->written = NULL;
    file->sectors = 0;
}

static void set_durable(struct power_file *file, struct content owned_content)
{
    free(file->durable);
    file->durable = owned_content.data;
    file->durable_size = owned_content.size;
    file->exists_durably = owned_content.exists;
    file->removed = file->anew = false;
    forget_written(file);
}

static void forget_files(void)
{
    for (size_t i = 0; i < power.file_count; i++) {
        free(power.files[i].durable);
        free(power.files[i].written);
        power.files[i] = (struct power_file){.machine = NULL};
    }
    power.file_count = 0;
}

/* ---- machines ---- */

void power_install(void)
{
    power_vfs_install();
    forget_files();
    power.machine_count = 0;
    power.sectors_lost = 0;
    power_cut_never();
}

void power_add_machine(const char *folder)
{
    cs_require(power.machine_count < MACHINES_MAX && strlen(folder) < POWER_PATH_MAX);
    memcpy(power.machines[power.machine_count++].folder, folder, strlen(folder) + 1);
}

void power_begin(struct power_disk disk, uint64_t seed)
{
    forget_files();
    power.disk = disk;
    power.random = (seed + 1) * 2862933555777941757u + 3037000493u;
    power.writes = 0;
    power_count_anew();
    power_on();
}

void power_on(void)
{
    power_cut_never();
    for (size_t i = 0; i < power.machine_count; i++) {
        power.machines[i].out = false;
    }
}

void power_end(void)
{
    power_begin(power.disk, 0);
    power.machine_count = 0;
}

/* NULL: outside of every folder. */
static struct machine *machine_of(const char *path)
{
    for (size_t i = 0; i < power.machine_count; i++) {
        size_t size = strlen(power.machines[i].folder);
        if (strncmp(path, power.machines[i].folder, size) == 0 &&
            (path[size] == '/' || path[size] == '\0')) {
            return &power.machines[i];
        }
    }
    return NULL;
}

bool power_is_out(const char *folder)
{
    const struct machine *machine = machine_of(folder);
    return machine != NULL && machine->out;
}

void power_cut_after(long operations, enum power_loss loss)
{
    power.left = operations;
    power.loss = loss;
}

void power_cut_never(void)
{
    power.left = -1;
}

long power_cut_left(void)
{
    return power.left;
}

void power_cut_now(const char *folder, enum power_loss loss)
{
    machine_of(folder)->out = true;
    power.loss = loss;
}

void power_count_anew(void)
{
    power.operations = 0;
}

long power_operations(void)
{
    return power.operations;
}

bool power_is_sync(long operation)
{
    return operation >= 0 && operation < power.operations && power.syncs[operation];
}

long power_sectors_lost(void)
{
    return power.sectors_lost;
}

struct power_disk power_disk(void)
{
    return power.disk;
}

/* ---- files ---- */

struct power_file *power_file(const char *path)
{
    struct machine *machine = machine_of(path);
    if (machine == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < power.file_count; i++) {
        if (strcmp(power.files[i].path, path) == 0) {
            return &power.files[i];
        }
    }
    cs_require(power.file_count < FILES_MAX && strlen(path) < POWER_PATH_MAX);
    struct power_file *file = &power.files[power.file_count++];
    memcpy(file->path, path, strlen(path) + 1);
    file->machine = machine;
    set_durable(file, read_file(path));
    return file;
}

bool power_file_is_out(const struct power_file *file)
{
    return file->machine->out;
}

enum power_taken power_take(const struct power_file *file, bool syncs)
{
    if (file->machine->out) {
        return POWER_IS_OUT;
    }
    cs_require(power.operations < OPERATIONS_MAX);
    power.syncs[power.operations++] = syncs;
    if (power.left < 0 || power.left-- > 0) {
        return POWER_GOES_ON;
    }
    file->machine->out = true;
    return POWER_FAILS_NOW;
}

void power_note_write(struct power_file *file, uint64_t offset, size_t size)
{
    size_t end = (size_t)(offset + size + power.disk.sector - 1) / power.disk.sector;
    if (size == 0) {
        return;
    }
    power.writes++;
    if (end > file->sectors) {
        size_t count = end + end / 2 + 16;
        file->written = must(realloc(file->written, count * sizeof *file->written));
        memset(file->written + file->sectors, 0, (count - file->sectors) * sizeof *file->written);
        file->sectors = count;
    }
    for (size_t i = (size_t)offset / power.disk.sector; i < end; i++) {
        file->written[i] = power.writes;
    }
}

void power_note_made(struct power_file *file)
{
    file->anew = file->anew || file->removed;
    file->removed = false;
}

/* Names that are gone stay gone: a folder was synced. */
static void sync_names(const struct machine *machine)
{
    for (size_t i = 0; i < power.file_count; i++) {
        struct power_file *file = &power.files[i];
        if (file->machine == machine && file->removed) {
            set_durable(file, (struct content){.data = NULL});
        }
    }
}

void power_note_removed(struct power_file *file, bool durably)
{
    forget_written(file);
    file->anew = false;
    file->removed = file->exists_durably;
    if (durably) {
        sync_names(file->machine);
    }
}

/* As under Linux with SQLite: a file that is synced for the first time takes its folder with it. */
void power_note_synced(struct power_file *file)
{
    if (!file->exists_durably || file->anew) {
        sync_names(file->machine);
    }
    set_durable(file, read_file(file->path));
}

void power_note_renamed(struct power_file *from, struct power_file *to)
{
    struct content former = {from->durable, from->durable_size, from->exists_durably};
    from->durable = NULL;
    set_durable(from, (struct content){.data = NULL});
    set_durable(to, former);
    sync_names(to->machine);
}

/* ---- what is found ---- */

static void put_byte_range(const struct power_file *file, struct content *now, size_t from,
                           size_t to)
{
    for (size_t i = from; i < to; i++) {
        now->data[i] = i < file->durable_size ? file->durable[i] : 0;
    }
    power.sectors_lost++;
}

static void tear(const struct power_file *file, struct content *now, size_t from, size_t to)
{
    bool garbage = !power.disk.powersafe && draw(4) == 0;
    for (size_t at = from; at < to; at += PIECE) {
        size_t end = to - at < PIECE ? to : at + PIECE;
        if (!garbage && draw(2) == 0) {
            put_byte_range(file, now, at, end);
        }
        for (size_t i = at; garbage && i < end; i++) {
            now->data[i] = (uint8_t)draw(256);
        }
    }
}

static void lose_sector(const struct power_file *file, uint32_t written, struct content *now,
                        size_t from, size_t to)
{
    switch (power.loss) {
    case POWER_LOST:
        put_byte_range(file, now, from, to);
        break;
    case POWER_TORN:
        if (draw(3) > 0) {
            draw(2) == 0 ? tear(file, now, from, to) : put_byte_range(file, now, from, to);
        }
        break;
    case POWER_LATER:
    case POWER_EARLIER:
        if ((written >= power.threshold) != (power.loss == POWER_LATER)) {
            put_byte_range(file, now, from, to);
        }
        break;
    case POWER_KEPT:
    case POWER_LOSSES:
        break;
    }
}

static void set_size(const struct power_file *file, struct content *now)
{
    bool former = power.loss == POWER_LOST || (power.loss != POWER_KEPT && draw(2) == 0);
    if (!former || now->size == file->durable_size) {
        return;
    }
    now->data = must(realloc(now->data, file->durable_size + 1));
    for (size_t i = now->size; i < file->durable_size; i++) {
        now->data[i] = file->durable[i];
    }
    now->size = file->durable_size;
}

static void lose_sectors(const struct power_file *file, struct content *now)
{
    set_size(file, now);
    for (size_t i = 0; i < file->sectors; i++) {
        size_t from = i * power.disk.sector;
        size_t to = from + power.disk.sector < now->size ? from + power.disk.sector : now->size;
        if (file->written[i] != 0 && from < to) {
            lose_sector(file, file->written[i], now, from, to);
        }
    }
}

/* A change of names that was not made durable has happened or not. */
static bool name_is_kept(void)
{
    return power.loss == POWER_KEPT || (power.loss != POWER_LOST && draw(2) == 0);
}

static struct content found_of(struct power_file *file)
{
    struct content now = read_file(file->path);
    struct content former = {file->durable, file->durable_size, file->exists_durably};
    bool renamed = file->removed || file->anew || !file->exists_durably;
    if (renamed && !name_is_kept()) {
        free(now.data);
        file->durable = NULL;
        return former;
    }
    if (file->anew) {
        file->durable_size = 0; /* of two files of one name nothing is mixed */
    }
    if (now.exists) {
        lose_sectors(file, &now);
    }
    return now;
}

static void write_found(const char *path, const struct content *content)
{
    char shared[POWER_PATH_MAX + 8];
    (void)snprintf(shared, sizeof shared, "%s-shm", path);
    (void)unlink(shared);
    (void)unlink(path);
    if (content->exists) {
        int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        cs_require(file >= 0);
        cs_require(content->size == 0 ||
                   write(file, content->data, content->size) == (ssize_t)content->size);
        cs_require(close(file) == 0);
    }
}

/* Somewhere between the first and the last write that may be lost. */
static uint32_t draw_threshold(const struct machine *machine)
{
    uint32_t first = UINT32_MAX;
    uint32_t last = 0;
    for (size_t i = 0; i < power.file_count; i++) {
        const struct power_file *file = &power.files[i];
        for (size_t j = 0; file->machine == machine && j < file->sectors; j++) {
            uint32_t written = file->written[j];
            first = written != 0 && written < first ? written : first;
            last = written > last ? written : last;
        }
    }
    return last == 0 ? 0 : first + (uint32_t)draw((uint64_t)(last - first) + 2);
}

void power_restore(const char *folder)
{
    struct machine *machine = machine_of(folder);
    cs_require(machine != NULL && machine->out);
    power.threshold = draw_threshold(machine);
    for (size_t i = 0; i < power.file_count; i++) {
        struct power_file *file = &power.files[i];
        if (file->machine == machine) {
            struct content found = found_of(file);
            write_found(file->path, &found);
            set_durable(file, found);
        }
    }
    machine->out = false;
}
