/* Blocks, the packs they are written in, and their indexes; see FORMAT.md. */
#include "sync-server/backup/repository_internal.h"

#include <string.h>

#define LABEL_BLOCK "countersign backup block 1"
#define LABEL_BLOCK_ID "countersign backup block id 1"
#define ASSOCIATED_SIZE (CS_REPOSITORY_ID_SIZE + CS_HASH_SIZE)

void cs_repository_block_id(const struct cs_repository *repository, unsigned level,
                            struct cs_bytes plain, struct cs_block_id *out)
{
    uint8_t level_byte = (uint8_t)level;
    const struct cs_bytes parts[] = {cs_bytes_make(&level_byte, 1), plain};
    cs_hash_keyed(LABEL_BLOCK_ID, cs_bytes_of_array(repository->id_key), parts, CS_COUNT(parts),
                  out->bytes);
}

static void block_associated(const struct cs_repository *repository, const struct cs_block_id *id,
                             uint8_t out[static ASSOCIATED_SIZE])
{
    memcpy(out, repository->id, CS_REPOSITORY_ID_SIZE);
    memcpy(out + CS_REPOSITORY_ID_SIZE, id->bytes, CS_HASH_SIZE);
}

enum cs_status cs_repository_seal_block(struct cs_repository *repository,
                                        const struct cs_block_id *id, struct cs_bytes plain,
                                        struct cs_buffer *out)
{
    uint8_t associated[ASSOCIATED_SIZE];
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    block_associated(repository, id, associated);
    repository->world->random(repository->world->context, nonce, sizeof nonce);
    return cs_aead_encrypt(repository->key, LABEL_BLOCK, cs_bytes_of_array(associated), plain,
                           nonce, out);
}

enum cs_status cs_repository_open_block(const struct cs_repository *repository,
                                        const struct cs_block_id *id, struct cs_bytes sealed,
                                        struct cs_buffer *out)
{
    uint8_t associated[ASSOCIATED_SIZE];
    block_associated(repository, id, associated);
    return cs_aead_decrypt(repository->key, LABEL_BLOCK, cs_bytes_of_array(associated), sealed,
                           out);
}

/* ---- indexes ---- */

static enum cs_status parse_index(struct cs_repository *repository, uint64_t pack,
                                  struct cs_bytes plain)
{
    struct cs_reader reader;
    cs_reader_init(&reader, plain);
    uint32_t count = cs_read_u32(&reader);
    uint64_t offset = 0;
    enum cs_status status = CS_OK;
    for (uint32_t i = 0; status == CS_OK && reader.status == CS_OK && i < count; i++) {
        struct cs_block_id id;
        cs_read_copy(&reader, id.bytes, sizeof id.bytes);
        struct cs_block_place place = {
            .pack = pack, .offset = (uint32_t)offset, .size = cs_read_u32(&reader)};
        offset += place.size;
        if (reader.status == CS_OK && offset <= CS_PACK_SIZE_MAX) {
            status = cs_block_map_put(&repository->blocks, &id, &place);
        }
    }
    return status != CS_OK                                                   ? status
           : cs_reader_finish(&reader) != CS_OK || offset > CS_PACK_SIZE_MAX ? CS_CORRUPT
                                                                             : CS_OK;
}

static bool pack_exists(const struct cs_repository *repository, uint64_t number)
{
    for (size_t i = 0; i < repository->packs.count; i++) {
        if (repository->packs.items[i] == number) {
            return true;
        }
    }
    return false;
}

static enum cs_status load_index(struct cs_repository *repository, uint64_t number,
                                 struct cs_problem *problem)
{
    struct cs_buffer plain;
    char name[CS_REPOSITORY_NAME_MAX];
    cs_repository_name(CS_REPOSITORY_PACK, number, name);
    if (!pack_exists(repository, number)) {
        return cs_problem_set(problem, CS_CORRUPT, "the repository's %s is missing", name);
    }
    cs_buffer_init(&plain, CS_INDEX_SIZE_MAX);
    enum cs_status status =
        cs_repository_get(repository, CS_REPOSITORY_INDEX, number, &plain, problem);
    if (status == CS_OK) {
        status = parse_index(repository, number, cs_buffer_bytes(&plain));
        if (status != CS_OK) {
            (void)cs_problem_set(problem, status, "the index of %s: %s", name,
                                 cs_status_text(status));
        }
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_repository_load_blocks(struct cs_repository *repository,
                                         struct cs_problem *problem)
{
    if (repository->loaded) {
        return CS_OK;
    }
    for (size_t i = 0; i < repository->indexes.count; i++) {
        struct cs_problem found = {""};
        enum cs_status status = load_index(repository, repository->indexes.items[i], &found);
        if (status != CS_OK && status != CS_CORRUPT) {
            return cs_problem_set(problem, status, "%s", found.text);
        }
        if (status == CS_CORRUPT && repository->lost.text[0] == '\0') {
            repository->lost = found;
        }
    }
    repository->loaded = true;
    return CS_OK;
}

void cs_repository_unload_blocks(struct cs_repository *repository)
{
    cs_block_map_release(&repository->blocks);
    repository->lost.text[0] = '\0';
    repository->loaded = false;
}

/* ---- writing packs ---- */

void cs_pack_writer_init(struct cs_pack_writer *writer, struct cs_repository *repository)
{
    uint64_t last = 0;
    const struct cs_number_list *lists[] = {&repository->packs, &repository->indexes};
    for (size_t i = 0; i < CS_COUNT(lists); i++) {
        size_t count = lists[i]->count;
        if (count > 0 && lists[i]->items[count - 1] > last) {
            last = lists[i]->items[count - 1];
        }
    }
    *writer = (struct cs_pack_writer){.repository = repository, .number = last + 1};
    cs_buffer_init(&writer->pack, CS_PACK_SIZE_MAX);
    cs_buffer_init(&writer->index, CS_INDEX_SIZE_MAX);
}

void cs_pack_writer_release(struct cs_pack_writer *writer)
{
    cs_buffer_release(&writer->pack);
    cs_buffer_release(&writer->index);
}

enum cs_status cs_pack_writer_add(struct cs_pack_writer *writer, const struct cs_block_id *id,
                                  struct cs_bytes sealed, struct cs_problem *problem)
{
    struct cs_block_place place = {.pack = writer->number,
                                   .offset = (uint32_t)writer->pack.size,
                                   .size = (uint32_t)sealed.size};
    cs_buffer_append_bytes(&writer->pack, sealed);
    cs_buffer_append(&writer->index, id->bytes, sizeof id->bytes);
    cs_buffer_append_u32(&writer->index, place.size);
    writer->count++;
    enum cs_status status =
        writer->pack.status != CS_OK ? writer->pack.status : writer->index.status;
    if (status == CS_OK) {
        status = cs_block_map_put(&writer->repository->blocks, id, &place);
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    return writer->pack.size >= writer->repository->disk.pack_size
               ? cs_pack_writer_flush(writer, problem)
               : CS_OK;
}

static enum cs_status put_index(struct cs_pack_writer *writer, struct cs_problem *problem)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_INDEX_SIZE_MAX);
    cs_buffer_append_u32(&plain, writer->count);
    cs_buffer_append_bytes(&plain, cs_buffer_bytes(&writer->index));
    enum cs_status status = plain.status;
    if (status == CS_OK) {
        status = cs_repository_put(writer->repository, CS_REPOSITORY_INDEX, writer->number,
                                   cs_buffer_bytes(&plain), &writer->bytes_written, problem);
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_pack_writer_flush(struct cs_pack_writer *writer, struct cs_problem *problem)
{
    if (writer->count == 0) {
        return CS_OK;
    }
    char name[CS_REPOSITORY_NAME_MAX];
    const struct cs_backup_disk *disk = &writer->repository->disk;
    cs_repository_name(CS_REPOSITORY_PACK, writer->number, name);
    enum cs_status status = disk->replace(disk->context, name, cs_buffer_bytes(&writer->pack));
    if (status != CS_OK) {
        return cs_repository_disk_problem(status, "written", name, problem);
    }
    writer->bytes_written += writer->pack.size;
    /* The index comes last: a pack without one is of an interrupted program. */
    status = put_index(writer, problem);
    if (status == CS_OK) {
        cs_buffer_clear(&writer->pack);
        cs_buffer_clear(&writer->index);
        writer->count = 0;
        writer->number++;
    }
    return status;
}
