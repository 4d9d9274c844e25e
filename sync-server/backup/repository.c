/* The repository's own files and its list of backups; see repository.h and FORMAT.md. */
#include "sync-server/backup/repository_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_NAME "repository"
#define HEADER_MAGIC "CSBR\x01"
#define HEADER_MAGIC_SIZE 5
#define HEADER_MAX ((size_t)256)
#define LABEL_HEADER "countersign backup repository 1"
#define LABEL_ID_KEY "countersign backup block ids 1"
#define HEADER_TEXT "a repository of countersign-server"

static const char *const prefixes[] = {
    [CS_REPOSITORY_BACKUP] = "backup",
    [CS_REPOSITORY_VERIFIED] = "verified",
    [CS_REPOSITORY_PACK] = "pack",
    [CS_REPOSITORY_INDEX] = "index",
};
/* A label for each: a file is never taken for one of another kind. Packs have blocks of their own. */
static const char *const labels[] = {
    [CS_REPOSITORY_BACKUP] = "countersign backup manifest 1",
    [CS_REPOSITORY_VERIFIED] = "countersign backup verified 1",
    [CS_REPOSITORY_INDEX] = "countersign backup index 1",
};

void cs_repository_name(enum cs_repository_file kind, uint64_t number,
                        char out[static CS_REPOSITORY_NAME_MAX])
{
    (void)snprintf(out, CS_REPOSITORY_NAME_MAX, "%s-%010" PRIu64, prefixes[kind], number);
}

enum cs_status cs_repository_disk_problem(enum cs_status status, const char *verb, const char *name,
                                          struct cs_problem *problem)
{
    return cs_problem_set(problem, status, "the repository's %s cannot be %s: %s", name, verb,
                          cs_status_text(status));
}

/* ---- the header ---- */

static void header_associated(const uint8_t id[static CS_REPOSITORY_ID_SIZE], struct cs_buffer *out)
{
    cs_buffer_append(out, HEADER_MAGIC, HEADER_MAGIC_SIZE);
    cs_buffer_append(out, id, CS_REPOSITORY_ID_SIZE);
}

static enum cs_status note_name(void *context, const char *name)
{
    /* The lock of a command that is about to make the repository. */
    if (strcmp(name, "lock") != 0 && strncmp(name, HEADER_NAME, strlen(HEADER_NAME)) != 0) {
        *(bool *)context = true;
    }
    return CS_OK;
}

enum cs_status cs_repository_exists(const struct cs_backup_disk *disk, bool *out)
{
    struct cs_buffer header;
    cs_buffer_init(&header, HEADER_MAX);
    enum cs_status status = disk->read(disk->context, HEADER_NAME, &header);
    cs_buffer_release(&header);
    if (status != CS_OK && status != CS_NOT_FOUND && status != CS_LIMIT) {
        return status;
    }
    *out = status != CS_NOT_FOUND;
    return CS_OK;
}

enum cs_status cs_repository_create(const struct cs_backup_disk *disk, const struct cs_world *world,
                                    struct cs_bytes key, struct cs_problem *problem)
{
    bool exists = false;
    bool others = false;
    enum cs_status status = cs_repository_exists(disk, &exists);
    if (status == CS_OK && !exists) {
        status = disk->list(disk->context, note_name, &others);
    }
    if (status != CS_OK) {
        return cs_repository_disk_problem(status, "read", "folder", problem);
    }
    if (exists || others) {
        return cs_problem_set(problem, exists ? CS_EXISTS : CS_INVALID,
                              exists ? "there is a repository already"
                                     : "the folder is no repository and holds other files: name a "
                                       "new or an empty folder");
    }
    uint8_t id[CS_REPOSITORY_ID_SIZE];
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    struct cs_buffer header;
    cs_buffer_init(&header, HEADER_MAX);
    world->random(world->context, id, sizeof id);
    world->random(world->context, nonce, sizeof nonce);
    header_associated(id, &header);
    uint8_t associated[HEADER_MAGIC_SIZE + CS_REPOSITORY_ID_SIZE];
    status = header.status;
    if (status == CS_OK) {
        memcpy(associated, header.data, sizeof associated);
        status = cs_aead_encrypt(key, LABEL_HEADER, cs_bytes_of_array(associated),
                                 cs_bytes_of_text(HEADER_TEXT), nonce, &header);
    }
    if (status == CS_OK) {
        status = disk->replace(disk->context, HEADER_NAME, cs_buffer_bytes(&header));
    }
    cs_buffer_release(&header);
    return status == CS_OK ? CS_OK
                           : cs_repository_disk_problem(status, "written", HEADER_NAME, problem);
}

static enum cs_status parse_header(struct cs_repository *repository, struct cs_bytes header,
                                   struct cs_problem *problem)
{
    struct cs_reader reader;
    cs_reader_init(&reader, header);
    struct cs_bytes magic = cs_read_bytes(&reader, HEADER_MAGIC_SIZE);
    cs_read_copy(&reader, repository->id, sizeof repository->id);
    if (reader.status != CS_OK || memcmp(magic.data, HEADER_MAGIC, 4) != 0) {
        return cs_problem_set(problem, CS_CORRUPT, "the repository's header is damaged");
    }
    if (magic.data[4] != HEADER_MAGIC[4]) {
        return cs_problem_set(problem, CS_UNSUPPORTED, "the repository is of a newer program");
    }
    struct cs_buffer text;
    cs_buffer_init(&text, HEADER_MAX);
    enum cs_status status = cs_aead_decrypt(
        repository->key, LABEL_HEADER,
        cs_bytes_make(header.data, HEADER_MAGIC_SIZE + CS_REPOSITORY_ID_SIZE), reader.rest, &text);
    cs_buffer_release(&text);
    if (status == CS_FORGED || status == CS_MALFORMED) {
        return cs_problem_set(problem, CS_WRONG_PASSPHRASE,
                              "the repository was made under another backup key, or its header is "
                              "damaged");
    }
    return status;
}

static enum cs_status read_header(struct cs_repository *repository, struct cs_problem *problem)
{
    struct cs_buffer header;
    cs_buffer_init(&header, HEADER_MAX);
    enum cs_status status = repository->disk.read(repository->disk.context, HEADER_NAME, &header);
    if (status == CS_OK) {
        status = parse_header(repository, cs_buffer_bytes(&header), problem);
    } else if (status == CS_NOT_FOUND) {
        status = cs_problem_set(problem, status, "the folder is no backup repository");
    } else if (status == CS_LIMIT) {
        status = cs_problem_set(problem, CS_CORRUPT, "the repository's header is damaged");
    } else {
        status = cs_repository_disk_problem(status, "read", HEADER_NAME, problem);
    }
    cs_buffer_release(&header);
    return status;
}

/* ---- names ---- */

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static enum cs_status add_number(struct cs_number_list *list, uint64_t number)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        uint64_t *items = cs_resize(list->items, capacity * sizeof *items);
        if (items == NULL) {
            return CS_NO_MEMORY;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = number;
    return CS_OK;
}

/* The number in a name of this kind; 0: it is none. */
static uint64_t number_of(enum cs_repository_file kind, const char *name)
{
    char made[CS_REPOSITORY_NAME_MAX];
    size_t prefix = strlen(prefixes[kind]);
    if (strncmp(name, prefixes[kind], prefix) != 0 || name[prefix] != '-') {
        return 0;
    }
    uint64_t number = strtoull(name + prefix + 1, NULL, 10);
    cs_repository_name(kind, number, made);
    return strcmp(made, name) == 0 ? number : 0;
}

static enum cs_status take_name(void *context, const char *name)
{
    struct cs_repository *repository = context;
    const struct {
        enum cs_repository_file kind;
        struct cs_number_list *list;
    } lists[] = {{CS_REPOSITORY_BACKUP, &repository->backups},
                 {CS_REPOSITORY_PACK, &repository->packs},
                 {CS_REPOSITORY_INDEX, &repository->indexes}};
    for (size_t i = 0; i < CS_COUNT(lists); i++) {
        uint64_t number = number_of(lists[i].kind, name);
        if (number != 0) {
            return add_number(lists[i].list, number);
        }
    }
    return CS_OK;
}

enum cs_status cs_repository_scan(struct cs_repository *repository, struct cs_problem *problem)
{
    struct cs_number_list *lists[] = {&repository->backups, &repository->packs,
                                      &repository->indexes};
    for (size_t i = 0; i < CS_COUNT(lists); i++) {
        lists[i]->count = 0;
    }
    enum cs_status status = repository->disk.list(repository->disk.context, take_name, repository);
    if (status != CS_OK) {
        return cs_repository_disk_problem(status, "read", "folder", problem);
    }
    for (size_t i = 0; i < CS_COUNT(lists); i++) {
        if (lists[i]->count > 0) {
            qsort(lists[i]->items, lists[i]->count, sizeof *lists[i]->items, compare_numbers);
        }
    }
    return CS_OK;
}

static enum cs_status remove_temporary(void *context, const char *name)
{
    struct cs_repository *repository = context;
    return strstr(name, ".tmp-") != NULL ? repository->disk.remove(repository->disk.context, name)
                                         : CS_OK;
}

static bool has_number(const struct cs_number_list *list, uint64_t number)
{
    return list->count > 0 &&
           bsearch(&number, list->items, list->count, sizeof *list->items, compare_numbers) != NULL;
}

enum cs_status cs_repository_tidy(struct cs_repository *repository, struct cs_problem *problem)
{
    enum cs_status status =
        repository->disk.list(repository->disk.context, remove_temporary, repository);
    char name[CS_REPOSITORY_NAME_MAX] = "folder";
    for (size_t i = 0; status == CS_OK && i < repository->packs.count; i++) {
        if (!has_number(&repository->indexes, repository->packs.items[i])) {
            cs_repository_name(CS_REPOSITORY_PACK, repository->packs.items[i], name);
            status = repository->disk.remove(repository->disk.context, name);
        }
    }
    return status == CS_OK ? cs_repository_scan(repository, problem)
                           : cs_repository_disk_problem(status, "removed", name, problem);
}

/* ---- opening ---- */

enum cs_status cs_repository_open(const struct cs_backup_disk *disk, const struct cs_world *world,
                                  struct cs_bytes key, struct cs_repository **out,
                                  struct cs_problem *problem)
{
    cs_require(key.size == CS_BACKUP_KEY_SIZE);
    struct cs_repository *repository = cs_alloc_zero(1, sizeof *repository);
    if (repository == NULL) {
        return cs_problem_set(problem, CS_NO_MEMORY, "%s", cs_status_text(CS_NO_MEMORY));
    }
    cs_require(disk->pack_size <= CS_PACK_SIZE);
    repository->disk = *disk;
    repository->disk.pack_size = disk->pack_size == 0 ? CS_PACK_SIZE : disk->pack_size;
    repository->world = world;
    repository->key = key;
    cs_block_map_init(&repository->blocks);
    enum cs_status status = read_header(repository, problem);
    if (status == CS_OK) {
        const struct cs_bytes parts[] = {cs_bytes_of_array(repository->id)};
        cs_hash_keyed(LABEL_ID_KEY, key, parts, CS_COUNT(parts), repository->id_key);
        status = cs_repository_scan(repository, problem);
    }
    if (status != CS_OK) {
        cs_repository_close(repository);
        return status;
    }
    *out = repository;
    return CS_OK;
}

void cs_repository_close(struct cs_repository *repository)
{
    if (repository != NULL) {
        cs_repository_unload_blocks(repository);
        cs_free(repository->backups.items);
        cs_free(repository->packs.items);
        cs_free(repository->indexes.items);
        cs_wipe(repository->id_key, sizeof repository->id_key);
        cs_free(repository);
    }
}

const uint8_t *cs_repository_id(const struct cs_repository *repository)
{
    return repository->id;
}

size_t cs_repository_count(const struct cs_repository *repository)
{
    return repository->backups.count;
}

uint64_t cs_repository_sequence_at(const struct cs_repository *repository, size_t index)
{
    cs_require(index < repository->backups.count);
    return repository->backups.items[index];
}

uint64_t cs_repository_newest(const struct cs_repository *repository)
{
    size_t count = repository->backups.count;
    return count == 0 ? 0 : repository->backups.items[count - 1];
}

/* ---- sealed files ---- */

/* Repository and number: what stands under another name, or comes from another repository, does not open. */
static void file_associated(const struct cs_repository *repository, uint64_t number,
                            uint8_t out[static CS_REPOSITORY_ID_SIZE + 8])
{
    memcpy(out, repository->id, CS_REPOSITORY_ID_SIZE);
    for (int i = 0; i < 8; i++) {
        out[CS_REPOSITORY_ID_SIZE + i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

static size_t size_max(enum cs_repository_file kind)
{
    return (kind == CS_REPOSITORY_INDEX ? CS_INDEX_SIZE_MAX : CS_MANIFEST_MAX) + CS_AEAD_OVERHEAD;
}

enum cs_status cs_repository_put(struct cs_repository *repository, enum cs_repository_file kind,
                                 uint64_t number, struct cs_bytes content, uint64_t *bytes_written,
                                 struct cs_problem *problem)
{
    char name[CS_REPOSITORY_NAME_MAX];
    uint8_t associated[CS_REPOSITORY_ID_SIZE + 8];
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    struct cs_buffer sealed;
    const struct cs_world *world = repository->world;
    cs_repository_name(kind, number, name);
    file_associated(repository, number, associated);
    world->random(world->context, nonce, sizeof nonce);
    cs_buffer_init(&sealed, size_max(kind));
    enum cs_status status = cs_aead_encrypt(repository->key, labels[kind],
                                            cs_bytes_of_array(associated), content, nonce, &sealed);
    if (status == CS_OK) {
        status = repository->disk.replace(repository->disk.context, name, cs_buffer_bytes(&sealed));
    }
    if (status == CS_OK && bytes_written != NULL) {
        *bytes_written += sealed.size;
    }
    cs_buffer_release(&sealed);
    return status == CS_OK ? CS_OK : cs_repository_disk_problem(status, "written", name, problem);
}

enum cs_status cs_repository_get(const struct cs_repository *repository,
                                 enum cs_repository_file kind, uint64_t number,
                                 struct cs_buffer *out, struct cs_problem *problem)
{
    char name[CS_REPOSITORY_NAME_MAX];
    uint8_t associated[CS_REPOSITORY_ID_SIZE + 8];
    struct cs_buffer sealed;
    cs_repository_name(kind, number, name);
    file_associated(repository, number, associated);
    cs_buffer_init(&sealed, size_max(kind));
    enum cs_status status = repository->disk.read(repository->disk.context, name, &sealed);
    if (status == CS_OK) {
        status = cs_aead_decrypt(repository->key, labels[kind], cs_bytes_of_array(associated),
                                 cs_buffer_bytes(&sealed), out);
    }
    cs_buffer_release(&sealed);
    if (status == CS_FORGED || status == CS_MALFORMED || status == CS_LIMIT) {
        return cs_problem_set(problem, CS_CORRUPT,
                              "the repository's %s is damaged, or is that of another number or of "
                              "another repository",
                              name);
    }
    return status == CS_OK ? CS_OK : cs_repository_disk_problem(status, "read", name, problem);
}
