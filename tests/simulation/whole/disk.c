/* Disks in memory, see disk.h. */
#include "tests/simulation/whole/disk.h"

#include <stdlib.h>
#include <string.h>

/* Released pages are kept for the next ones: a run writes many thousands. */
static struct sim_page *spare_pages[4096];
static size_t spare_count;

static void *must(void *memory)
{
    cs_require(memory != NULL);
    return memory;
}

static struct sim_page *take_page(void)
{
    struct sim_page *page =
        spare_count > 0 ? spare_pages[--spare_count] : must(malloc(sizeof *page));
    page->references = 1;
    return page;
}

static void drop_page(struct sim_page *page)
{
    if (page == NULL || --page->references > 0) {
        return;
    }
    if (spare_count < CS_COUNT(spare_pages)) {
        spare_pages[spare_count++] = page;
    } else {
        free(page);
    }
}

static void release_content(struct sim_content *content)
{
    for (size_t i = 0; i < content->page_count; i++) {
        drop_page(content->pages[i]);
    }
    free(content->pages);
    *content = (struct sim_content){.pages = NULL};
}

static void reserve(struct sim_content *content, size_t count)
{
    if (count > content->page_capacity) {
        size_t capacity = count + count / 2 + 8;
        content->pages = must(realloc(content->pages, capacity * sizeof(struct sim_page *)));
        content->page_capacity = capacity;
    }
    while (content->page_count < count) {
        content->pages[content->page_count++] = NULL;
    }
}

static void share_page(struct sim_content *content, size_t index, struct sim_page *page)
{
    if (page != NULL) {
        page->references++;
    }
    drop_page(content->pages[index]);
    content->pages[index] = page;
}

static void share_content(struct sim_content *to, const struct sim_content *from)
{
    release_content(to);
    reserve(to, from->page_count);
    for (size_t i = 0; i < from->page_count; i++) {
        share_page(to, i, from->pages[i]);
    }
    to->size = from->size;
}

/* Pages behind `count` go, so that what grows there later is zero. */
static void shrink(struct sim_content *content, size_t count)
{
    while (content->page_count > count) {
        drop_page(content->pages[--content->page_count]);
    }
}

struct sim_disk *sim_disk_create(uint64_t seed)
{
    struct sim_disk *disk = must(calloc(1, sizeof *disk));
    disk->random = sim_random_of(seed, 1);
    disk->power_left = -1;
    disk->error_left = -1;
    return disk;
}

void sim_shared_release(struct sim_shared *shared)
{
    for (size_t i = 0; i < SIM_SHARED_REGIONS_MAX; i++) {
        free(shared->regions[i]);
    }
    *shared = (struct sim_shared){.users = 0};
}

void sim_disk_destroy(struct sim_disk *disk)
{
    if (disk == NULL) {
        return;
    }
    for (size_t i = 0; i < disk->file_count; i++) {
        cs_require(disk->files[i].opened == 0);
        release_content(&disk->files[i].now);
        release_content(&disk->files[i].durable);
        sim_shared_release(&disk->files[i].shared);
    }
    sim_disk_destroy(disk->after);
    free(disk);
}

static void mark_dirty(struct sim_file *file, size_t from, size_t to)
{
    if (file->dirty_from == file->dirty_to) {
        file->dirty_from = from;
        file->dirty_to = to;
        return;
    }
    file->dirty_from = from < file->dirty_from ? from : file->dirty_from;
    file->dirty_to = to > file->dirty_to ? to : file->dirty_to;
}

static struct sim_file *add_file(struct sim_disk *disk, const char *name)
{
    cs_require(disk->file_count < SIM_FILES_MAX && strlen(name) < SIM_FILE_NAME_MAX);
    struct sim_file *file = &disk->files[disk->file_count++];
    *file = (struct sim_file){.exists = false};
    memcpy(file->name, name, strlen(name) + 1);
    return file;
}

struct sim_disk *sim_disk_copy(const struct sim_disk *disk)
{
    struct sim_random random = disk->random;
    struct sim_disk *copy = sim_disk_create(sim_next(&random));
    for (size_t i = 0; i < disk->file_count; i++) {
        const struct sim_file *file = &disk->files[i];
        if (file->exists) {
            struct sim_file *other = add_file(copy, file->name);
            other->exists = other->exists_durably = true;
            share_content(&other->now, &file->now);
            share_content(&other->durable, &file->now);
        }
    }
    return copy;
}

struct sim_disk *sim_disk_durable(const struct sim_disk *disk)
{
    struct sim_disk *copy = sim_disk_create(0);
    for (size_t i = 0; i < disk->file_count; i++) {
        const struct sim_file *file = &disk->files[i];
        if (file->exists_durably) {
            struct sim_file *other = add_file(copy, file->name);
            other->exists = other->exists_durably = true;
            share_content(&other->now, &file->durable);
            share_content(&other->durable, &file->durable);
        }
    }
    return copy;
}

/* Some sectors are the new ones, others still the old ones. */
static struct sim_page *torn(struct sim_disk *disk, const struct sim_page *old,
                             const struct sim_page *new)
{
    struct sim_page *page = take_page();
    uint64_t choice = sim_next(&disk->random);
    for (size_t i = 0; i < SIM_PAGE_SIZE / SIM_SECTOR_SIZE; i++) {
        const struct sim_page *from = (choice >> i & 1) != 0 ? new : old;
        if (from == NULL) {
            memset(page->bytes + i * SIM_SECTOR_SIZE, 0, SIM_SECTOR_SIZE);
        } else {
            memcpy(page->bytes + i * SIM_SECTOR_SIZE, from->bytes + i * SIM_SECTOR_SIZE,
                   SIM_SECTOR_SIZE);
        }
    }
    return page;
}

static struct sim_page *page_at(const struct sim_content *content, size_t index)
{
    return index < content->page_count ? content->pages[index] : NULL;
}

/* What a file has become: each page that was not synced stands, is gone, or is something between. */
static void survive(struct sim_disk *disk, const struct sim_file *file, struct sim_content *out)
{
    share_content(out, &file->durable);
    bool grown = sim_permille(&disk->random, 500);
    out->size = grown ? file->now.size : file->durable.size;
    size_t count = (out->size + SIM_PAGE_SIZE - 1) / SIM_PAGE_SIZE;
    reserve(out, count);
    unsigned kept = (unsigned)sim_below(&disk->random, 1001);
    for (size_t i = file->dirty_from; i < file->dirty_to && i < count; i++) {
        struct sim_page *old = page_at(&file->durable, i);
        struct sim_page *new = page_at(&file->now, i);
        if (old == new) {
            continue;
        }
        if (sim_permille(&disk->random, kept)) {
            share_page(out, i, new);
        } else if (sim_permille(&disk->random, 300)) {
            drop_page(out->pages[i]);
            out->pages[i] = torn(disk, old, new);
            disk->counts.pages_torn++;
        } else {
            disk->counts.pages_lost++;
        }
    }
    shrink(out, count);
}

void sim_disk_fail_power(struct sim_disk *disk)
{
    cs_require(!disk->dead);
    disk->dead = true;
    disk->counts.power_losses++;
    struct sim_disk *after = sim_disk_create(sim_next(&disk->random));
    for (size_t i = 0; i < disk->file_count; i++) {
        const struct sim_file *file = &disk->files[i];
        /* A name that was made or removed and not synced: either may be found. */
        bool there =
            file->exists == file->exists_durably ? file->exists : sim_permille(&disk->random, 500);
        if (!there) {
            continue;
        }
        struct sim_file *other = add_file(after, file->name);
        other->exists = other->exists_durably = true;
        if (file->exists && file->made_anew) {
            /* Pages of two files of one name never mix. */
            share_content(&other->now,
                          sim_permille(&disk->random, 500) ? &file->durable : &file->now);
        } else if (file->exists) {
            survive(disk, file, &other->now);
        } else {
            share_content(&other->now, &file->durable);
        }
        share_content(&other->durable, &other->now);
    }
    disk->after = after;
}

bool sim_disk_has_unsynced(const struct sim_disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->file_count; i++) {
        const struct sim_file *file = &disk->files[i];
        if (strcmp(file->name, name) != 0 || !file->exists) {
            continue;
        }
        for (size_t page = file->dirty_from; page < file->dirty_to && page < file->now.page_count;
             page++) {
            if (page_at(&file->now, page) != page_at(&file->durable, page)) {
                return true;
            }
        }
    }
    return false;
}

struct sim_file *sim_disk_file(struct sim_disk *disk, const char *name, enum sim_open how)
{
    for (size_t i = 0; i < disk->file_count; i++) {
        if (strcmp(disk->files[i].name, name) == 0) {
            if (!disk->files[i].exists && how == SIM_OPEN_EXISTING) {
                return NULL;
            }
            disk->files[i].made_anew = disk->files[i].made_anew ||
                                       (!disk->files[i].exists && disk->files[i].exists_durably);
            disk->files[i].exists = true;
            return &disk->files[i];
        }
    }
    if (how == SIM_OPEN_EXISTING) {
        return NULL;
    }
    struct sim_file *file = add_file(disk, name);
    file->exists = true;
    return file;
}

void sim_disk_remove(struct sim_disk *disk, struct sim_file *file, bool durably)
{
    if (disk->dead) {
        return;
    }
    file->exists = false;
    release_content(&file->now);
    file->dirty_from = 0;
    file->dirty_to = file->durable.page_count;
    if (durably) {
        file->exists_durably = false;
        release_content(&file->durable);
        file->dirty_to = 0;
    }
}

enum cs_status sim_disk_take(struct sim_disk *disk, enum sim_operation operation)
{
    if (disk->dead) {
        return CS_IO;
    }
    disk->counts.writes += operation == SIM_WRITE ? 1 : 0;
    disk->counts.syncs += operation == SIM_SYNC ? 1 : 0;
    if (disk->error_left >= 0 && disk->error_left-- == 0) {
        disk->counts.errors++;
        return CS_IO;
    }
    if (operation != SIM_READ && disk->power_left >= 0 && disk->power_left-- == 0) {
        sim_disk_fail_power(disk);
        return CS_IO;
    }
    return CS_OK;
}

int64_t sim_disk_look(struct sim_disk *disk)
{
    int64_t error_left = disk->error_left;
    disk->error_left = -1;
    return error_left;
}

void sim_disk_look_away(struct sim_disk *disk, int64_t looked)
{
    disk->error_left = looked;
}

void sim_file_read(const struct sim_file *file, size_t offset, void *out, size_t size)
{
    uint8_t *to = out;
    while (size > 0) {
        size_t at = offset % SIM_PAGE_SIZE;
        size_t part = SIM_PAGE_SIZE - at < size ? SIM_PAGE_SIZE - at : size;
        const struct sim_page *page = page_at(&file->now, offset / SIM_PAGE_SIZE);
        if (page == NULL) {
            memset(to, 0, part);
        } else {
            memcpy(to, page->bytes + at, part);
        }
        to += part;
        offset += part;
        size -= part;
    }
}

/* A page of its own to write on. */
static struct sim_page *own_page(struct sim_content *content, size_t index, bool whole)
{
    struct sim_page *page = content->pages[index];
    if (page != NULL && page->references == 1) {
        return page;
    }
    struct sim_page *copy = take_page();
    if (page == NULL) {
        memset(copy->bytes, 0, sizeof copy->bytes);
    } else if (!whole) {
        memcpy(copy->bytes, page->bytes, sizeof copy->bytes);
    }
    drop_page(page);
    content->pages[index] = copy;
    return copy;
}

void sim_file_write(struct sim_file *file, size_t offset, const void *data, size_t size)
{
    const uint8_t *from = data;
    if (size == 0) {
        return;
    }
    size_t end = offset + size;
    reserve(&file->now, (end + SIM_PAGE_SIZE - 1) / SIM_PAGE_SIZE);
    mark_dirty(file, offset / SIM_PAGE_SIZE, (end + SIM_PAGE_SIZE - 1) / SIM_PAGE_SIZE);
    while (size > 0) {
        size_t at = offset % SIM_PAGE_SIZE;
        size_t part = SIM_PAGE_SIZE - at < size ? SIM_PAGE_SIZE - at : size;
        struct sim_page *page = own_page(&file->now, offset / SIM_PAGE_SIZE, part == SIM_PAGE_SIZE);
        memcpy(page->bytes + at, from, part);
        from += part;
        offset += part;
        size -= part;
    }
    file->now.size = end > file->now.size ? end : file->now.size;
}

void sim_file_truncate(struct sim_file *file, size_t size)
{
    size_t count = (size + SIM_PAGE_SIZE - 1) / SIM_PAGE_SIZE;
    mark_dirty(file, count > 0 ? count - 1 : 0, file->now.page_count + 1);
    shrink(&file->now, count);
    if (size % SIM_PAGE_SIZE != 0 && page_at(&file->now, count - 1) != NULL) {
        struct sim_page *page = own_page(&file->now, count - 1, false);
        memset(page->bytes + size % SIM_PAGE_SIZE, 0, SIM_PAGE_SIZE - size % SIM_PAGE_SIZE);
    }
    file->now.size = size;
}

/* As Linux does: the removal of a journal may be undone by a loss of power, until its folder is synced. */
static void sync_folder(struct sim_disk *disk)
{
    for (size_t i = 0; i < disk->file_count; i++) {
        struct sim_file *file = &disk->files[i];
        if (!file->exists && file->exists_durably) {
            file->exists_durably = false;
            release_content(&file->durable);
            file->dirty_from = file->dirty_to = 0;
        }
    }
}

void sim_file_sync(struct sim_disk *disk, struct sim_file *file)
{
    if (!file->exists_durably) {
        sync_folder(disk);
    }
    reserve(&file->durable, file->now.page_count);
    for (size_t i = file->dirty_from; i < file->dirty_to && i < file->now.page_count; i++) {
        if (file->durable.pages[i] != file->now.pages[i]) {
            share_page(&file->durable, i, file->now.pages[i]);
        }
    }
    file->made_anew = false;
    shrink(&file->durable, file->now.page_count);
    file->durable.size = file->now.size;
    file->dirty_from = file->dirty_to = 0;
    file->exists_durably = true;
}

enum cs_status sim_disk_replace(struct sim_disk *disk, const char *name, struct cs_bytes content)
{
    enum cs_status status = sim_disk_take(disk, SIM_WRITE);
    if (status == CS_OK && disk->full) {
        disk->counts.full++;
        status = CS_DISK_FULL;
    }
    if (status == CS_OK) {
        status = sim_disk_take(disk, SIM_SYNC);
    }
    if (status != CS_OK) {
        return status;
    }
    struct sim_file *file = sim_disk_file(disk, name, SIM_OPEN_CREATE);
    sim_file_truncate(file, 0);
    sim_file_write(file, 0, content.data, content.size);
    sim_file_sync(disk, file);
    sync_folder(disk);
    return CS_OK;
}

enum cs_status sim_disk_read(struct sim_disk *disk, const char *name, struct cs_buffer *out)
{
    enum cs_status status = sim_disk_take(disk, SIM_READ);
    struct sim_file *file = status == CS_OK ? sim_disk_file(disk, name, SIM_OPEN_EXISTING) : NULL;
    if (file == NULL) {
        return status == CS_OK ? CS_NOT_FOUND : status;
    }
    size_t size = file->now.size;
    uint8_t *place = cs_buffer_extend(out, size);
    if (place != NULL) {
        sim_file_read(file, 0, place, size);
    }
    return out->status;
}
