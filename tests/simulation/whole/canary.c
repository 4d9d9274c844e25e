/*
 * Every text that people enter is a canary of its own (values.c), so it tells whose row it comes from, wherever it turns up: in
 * what a laptop decrypts and unpacks, in whatever field or message, and in its tables; on a disk none may be found at all.
 * Nothing of a row that never was within a person's reach may be there.
 */
#include "tests/simulation/whole/sim.h"

#include "shared/wire/compression.h"
#include "shared/wire/envelope.h"

#include <string.h>
#include <zstd.h>

/* Did somebody of this person write in the row? Then what stands in it by them is no secret to them. */
static bool wrote(const struct sim *sim, const struct sim_row *row, size_t person)
{
    for (const struct sim_op *op = row->last; op != NULL; op = op->earlier) {
        if (sim->devices[op->entry->author].person == person) {
            return true;
        }
    }
    return false;
}

/* The row that the text at this place comes from; NULL if it is cut off or was never committed. */
static const struct sim_row *row_of(const struct sim *sim, struct cs_bytes bytes, size_t place)
{
    uint64_t number = 0;
    size_t at = place;
    for (; at < bytes.size && bytes.data[at] >= '0' && bytes.data[at] <= '9'; at++) {
        number = number * 10 + (uint64_t)(bytes.data[at] - '0');
    }
    if (at == place || at == bytes.size || bytes.data[at] != SIM_NAME_END ||
        number >= sim->ledger.name_count || sim->ledger.names[number] == 0) {
        return NULL;
    }
    return &sim->ledger.rows[sim->ledger.names[number] - 1];
}

static void search(const struct sim_device *device, struct cs_bytes bytes, const char *where)
{
    static const char mark[] = SIM_NAME_START;
    struct sim *sim = device->sim;
    uint32_t bit = (uint32_t)1 << device->person;
    const uint8_t *found =
        bytes.size == 0 ? NULL : memmem(bytes.data, bytes.size, mark, sizeof mark - 1);
    while (found != NULL) {
        size_t place = (size_t)(found - bytes.data) + sizeof mark - 1;
        const struct sim_row *row = row_of(sim, bytes, place);
        if (row != NULL && (row->persons & bit) == 0 && !wrote(sim, row, device->person)) {
            sim_fail(sim, SIM_INVARIANT_SCOPE_LEAK,
                     "text of a %s, which laptop %zu may not see, %s", row->entity->name,
                     device->index, where);
        }
        found = memmem(bytes.data + place, bytes.size - place, mark, sizeof mark - 1);
    }
}

static struct sim *current;

void sim_canary_begin(struct sim *sim)
{
    current = sim;
}

static void look_at(struct cs_bytes bytes, const char *where)
{
    struct sim_device *device = current == NULL ? NULL : current->receiving;
    /* A server that lies may send whatever it likes, to disks too. */
    if (device != NULL && device->misled) {
        device->was_misled = true;
        return;
    }
    if (device != NULL && !device->sees_everything) {
        sim_scopes_work_out(&current->ledger);
        search(device, bytes, where);
    }
}

/* The next packed part of a message; at its end an empty one. */
static struct cs_bytes next_frame(struct cs_bytes bytes)
{
    static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    const uint8_t *end = bytes.data + bytes.size;
    const uint8_t *found = memmem(bytes.data, bytes.size, magic, sizeof magic);
    while (found != NULL) {
        size_t size = ZSTD_findFrameCompressedSize(found, (size_t)(end - found));
        if (ZSTD_isError(size) == 0) {
            return cs_bytes_make(found, size);
        }
        found++;
        found = memmem(found, (size_t)(end - found), magic, sizeof magic);
    }
    return cs_bytes_make(end, 0);
}

/* What is packed is looked at when it is unpacked: in its own bytes any number may follow a word. */
static void look_at_message(struct cs_bytes bytes)
{
    while (bytes.size > 0) {
        struct cs_bytes frame = next_frame(bytes);
        size_t before = (size_t)(frame.data - bytes.data);
        look_at(cs_bytes_make(bytes.data, before), "was in an answer");
        bytes = cs_bytes_make(frame.data + frame.size, bytes.size - before - frame.size);
    }
}

/* The library's functions, which this program sees through: see CMakeLists.txt. */
enum cs_status __real_cs_response_open(struct cs_bytes response, const struct cs_seal_key *key,
                                       const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                       const uint8_t request_hash[static CS_HASH_SIZE],
                                       struct cs_buffer *plain, enum cs_message_kind *out_kind,
                                       struct cs_bytes *out_body);
enum cs_status __wrap_cs_response_open(struct cs_bytes response, const struct cs_seal_key *key,
                                       const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                       const uint8_t request_hash[static CS_HASH_SIZE],
                                       struct cs_buffer *plain, enum cs_message_kind *out_kind,
                                       struct cs_bytes *out_body);
enum cs_status __wrap_cs_response_open(struct cs_bytes response, const struct cs_seal_key *key,
                                       const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                       const uint8_t request_hash[static CS_HASH_SIZE],
                                       struct cs_buffer *plain, enum cs_message_kind *out_kind,
                                       struct cs_bytes *out_body)
{
    enum cs_status status =
        __real_cs_response_open(response, key, identity, request_hash, plain, out_kind, out_body);
    if (status == CS_OK) {
        look_at_message(cs_buffer_bytes(plain));
    }
    return status;
}

enum cs_status __real_cs_decompress_to_arena(struct cs_bytes frame, size_t size_max,
                                             struct cs_arena *arena, struct cs_bytes *out);
enum cs_status __wrap_cs_decompress_to_arena(struct cs_bytes frame, size_t size_max,
                                             struct cs_arena *arena, struct cs_bytes *out);
enum cs_status __wrap_cs_decompress_to_arena(struct cs_bytes frame, size_t size_max,
                                             struct cs_arena *arena, struct cs_bytes *out)
{
    enum cs_status status = __real_cs_decompress_to_arena(frame, size_max, arena, out);
    if (status == CS_OK) {
        look_at(*out, "was packed in an answer");
    }
    return status;
}

/* What its program finds in its tables: all values of all rows. */
static enum cs_status search_table(const struct sim_device *device, const char *name)
{
    char sql[128];
    struct cs_statement *statement = NULL;
    bool row = false;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", name);
    enum cs_status status = cs_statement_get(cs_replica_database(device->replica), sql, &statement);
    while (status == CS_OK && (status = cs_statement_step(statement, &row)) == CS_OK && row) {
        for (int i = 0; i < cs_column_count(statement); i++) {
            search(device, cs_column_bytes(statement, i), "is in its tables");
        }
    }
    if (status == CS_OK) {
        cs_statement_done(statement);
    }
    return status;
}

static void search_replica(const struct sim_device *device)
{
    struct cs_statement *names = NULL;
    bool row = false;
    enum cs_status status =
        cs_statement_get(cs_replica_database(device->replica),
                         "SELECT name FROM sqlite_schema WHERE type = 'table'", &names);
    while (status == CS_OK && (status = cs_statement_step(names, &row)) == CS_OK && row) {
        char name[CS_NAME_MAX + 1];
        struct cs_bytes text = cs_column_bytes(names, 0);
        cs_require(text.size < sizeof name);
        memcpy(name, text.data, text.size);
        name[text.size] = '\0';
        status = search_table(device, name);
    }
    if (status == CS_OK) {
        cs_statement_done(names);
    }
    sim_expect(device->sim, status, "a laptop's tables are read");
}

/* On the disk itself nothing that people entered is to be found, be it of this laptop or not: the replica is encrypted. */
static void search_disk(const struct sim_device *device)
{
    static const char mark[] = SIM_NAME_START;
    const struct sim_disk *disk = device->machine.disk;
    for (size_t i = 0; i < disk->file_count; i++) {
        const struct sim_content *content = &disk->files[i].now;
        for (size_t j = 0; disk->files[i].exists && j < content->page_count; j++) {
            if (content->pages[j] != NULL &&
                memmem(content->pages[j]->bytes, SIM_PAGE_SIZE, mark, sizeof mark - 1) != NULL) {
                sim_fail(device->sim, SIM_INVARIANT_CANARY_SEEN, "in %s on the disk of laptop %zu",
                         disk->files[i].name, device->index);
            }
        }
    }
}

void sim_check_disks(struct sim *sim)
{
    sim_scopes_work_out(&sim->ledger);
    for (size_t i = 0; i < sim->device_count; i++) {
        const struct sim_device *device = &sim->devices[i];
        if (device->state == SIM_DEVICE_UNUSED) {
            continue;
        }
        search_disk(device);
        if (device->replica != NULL && !device->sees_everything && !device->was_misled) {
            search_replica(device);
        }
    }
}
