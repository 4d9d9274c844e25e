/* What people type to mean a project, a credential or a person; see vault_command.h. */
#include "field-client/commands/vault/vault_command.h"

#include "field-client/replica/query.h"
#include "shared/base/text.h"

#include <string.h>

#define DIGITS_MIN ((size_t)4)
#define DEVICES_MAX ((size_t)256)
/* Candidates that an ambiguous name lists. */
#define NAMED_MAX ((size_t)4)

static int shown(struct cs_bytes text)
{
    return (int)(text.size < CS_NAME_MAX ? text.size : CS_NAME_MAX);
}

static const char *letters(struct cs_bytes text)
{
    return text.size == 0 ? "" : (const char *)text.data;
}

/* Is `text` the id as text, or its beginning? Hyphens may be left out, letters are of either case. */
static bool begins_id(struct cs_bytes text, const struct cs_id *id)
{
    static const char digits[] = "0123456789abcdef";
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '-') {
            continue;
        }
        const uint8_t letter = text.data[i];
        const uint8_t lower =
            letter >= 'A' && letter <= 'F' ? (uint8_t)(letter - 'A' + 'a') : letter;
        if (count / 2 == CS_ID_SIZE) {
            return false;
        }
        unsigned nibble = count % 2 == 0 ? id->bytes[count / 2] >> 4 : id->bytes[count / 2] & 0x0f;
        if (lower != (uint8_t)digits[nibble]) {
            return false;
        }
        count++;
    }
    return count >= DIGITS_MIN;
}

static enum cs_status unknown(struct cs_command *command, enum cs_status status)
{
    if (status == CS_NOT_FOUND || status == CS_EXISTS) {
        command->exit_code = CS_EXIT_USAGE;
    }
    return status;
}

/* ---- PROJECT ---- */

enum cs_status cs_vault_work_project(struct cs_vault_work *work, struct cs_bytes text,
                                     struct cs_id *out)
{
    return unknown(work->command, cs_query_resolve(work->replica, cs_bytes_of_text("project"), text,
                                                   out, &work->command->problem));
}

/* The vault whose own or whose project's id begins so. */
static enum cs_status vault_by_digits(struct cs_vault_work *work, struct cs_bytes text,
                                      struct cs_vault_of_project *out)
{
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    size_t found = 0;
    enum cs_status status = cs_vault_catalog_vaults(work->book, &work->arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (begins_id(text, &list[i].vault) || begins_id(text, &list[i].project)) {
            *out = list[i];
            found++;
        }
    }
    if (status != CS_OK || found == 1) {
        return status;
    }
    return found > 1 ? cs_problem_set(&work->command->problem, CS_EXISTS,
                                      "\"%.*s\" fits several vaults: give more of the id",
                                      shown(text), letters(text))
                     : CS_NOT_FOUND;
}

static enum cs_status vault_of(struct cs_vault_work *work, const struct cs_id *project,
                               struct cs_vault_of_project *out)
{
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_catalog_vaults(work->book, &work->arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (cs_id_equal(&list[i].project, project)) {
            *out = list[i];
            return CS_OK;
        }
    }
    return status != CS_OK
               ? status
               : cs_problem_set(&work->command->problem, CS_NOT_FOUND,
                                "no vault of this project is known here: an officer makes one "
                                "with countersign vault create, and lets people in with "
                                "countersign vault grant");
}

enum cs_status cs_vault_work_vault(struct cs_vault_work *work, struct cs_bytes text,
                                   struct cs_vault_of_project *out)
{
    struct cs_id project;
    enum cs_status status = cs_vault_work_project(work, text, &project);
    if (status == CS_OK) {
        status = vault_of(work, &project, out);
    } else if (status == CS_NOT_FOUND) {
        status = vault_by_digits(work, text, out); /* what cs_query_resolve said still stands */
        work->command->exit_code = status == CS_OK ? CS_EXIT_DONE : work->command->exit_code;
    }
    return unknown(work->command, status);
}

/* ---- CREDENTIAL ---- */

struct search {
    struct cs_vault_work *work;
    struct cs_bytes text;
    const struct cs_vault_of_project *vault;
    struct cs_vault_credential found;
    size_t count;
    bool whole; /* what was found has that whole name: beginnings of ids count no more */
    struct cs_buffer names;
};

static enum cs_status keep_listing(struct cs_arena *arena, const struct cs_vault_listing *listing,
                                   struct cs_vault_listing *out)
{
    enum cs_status status = cs_arena_copy(arena, listing->name, &out->name);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, listing->user, &out->user);
    }
    return status != CS_OK ? status : cs_arena_copy(arena, listing->address, &out->address);
}

static void name_candidate(struct search *search, const struct cs_vault_listed *listed)
{
    char id[CS_ID_TEXT_SIZE];
    if (search->count > NAMED_MAX) {
        return;
    }
    cs_id_format(&listed->item, id);
    cs_buffer_append_format(&search->names, "%s%s (%.*s)", search->count == 1 ? "" : ", ", id,
                            shown(listed->listing.name), letters(listed->listing.name));
}

static enum cs_status compare(void *context, const struct cs_vault_listed *listed)
{
    struct search *search = context;
    bool whole = cs_bytes_equal(listed->listing.name, search->text);
    if (!whole && (search->whole || !begins_id(search->text, &listed->item))) {
        return CS_OK;
    }
    if (whole && !search->whole) {
        search->count = 0;
        search->names.size = 0;
        search->whole = true;
    }
    search->count++;
    name_candidate(search, listed);
    search->found.vault = *search->vault;
    search->found.item = listed->item;
    return keep_listing(&search->work->arena, &listed->listing, &search->found.listing);
}

/* Vaults to which this device has no key have no names here. */
static enum cs_status search_vault(struct search *search, const struct cs_vault_of_project *vault)
{
    struct cs_problem problem = {""};
    search->vault = vault;
    enum cs_status status =
        cs_vault_catalog_items(search->work->book, &vault->vault, compare, search, &problem);
    return status == CS_DENIED || status == CS_EXPIRED ? CS_OK : status;
}

static enum cs_status search_all(struct search *search)
{
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_vault_catalog_vaults(search->work->book, &search->work->arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = search_vault(search, &list[i]);
    }
    return status;
}

static enum cs_status conclude(struct search *search)
{
    struct cs_problem *problem = &search->work->command->problem;
    const char *names = cs_buffer_text(&search->names);
    if (search->count == 1) {
        return CS_OK;
    }
    if (search->count == 0) {
        return cs_problem_set(problem, CS_NOT_FOUND, "there is no credential \"%.*s\" here",
                              shown(search->text), letters(search->text));
    }
    return cs_problem_set(problem, CS_EXISTS,
                          "\"%.*s\" fits several credentials: %s; name one by its id",
                          shown(search->text), letters(search->text), names == NULL ? "" : names);
}

enum cs_status cs_vault_work_credential(struct cs_vault_work *work, struct cs_bytes text,
                                        const char *project, struct cs_vault_credential *out)
{
    struct search search = {.work = work, .text = text};
    struct cs_vault_of_project vault;
    enum cs_status status = CS_OK;
    cs_buffer_init(&search.names, 4 * CS_KIBI);
    if (project == NULL) {
        status = search_all(&search);
    } else {
        status = cs_vault_work_vault(work, cs_bytes_of_text(project), &vault);
        if (status == CS_OK) {
            status = search_vault(&search, &vault);
        }
    }
    if (status == CS_OK) {
        status = unknown(work->command, conclude(&search));
    }
    if (status == CS_OK) {
        *out = search.found;
    }
    cs_buffer_release(&search.names);
    return status;
}

/* ---- PERSON ---- */

/* By the whole name; CS_NOT_FOUND if nobody has it. */
static enum cs_status person_by_name(struct cs_vault_work *work, struct cs_bytes text,
                                     struct cs_id *out)
{
    struct cs_id *ids = NULL;
    size_t count = 0;
    const struct cs_value name = cs_value_text(text);
    enum cs_status status =
        cs_query_find(work->replica, cs_bytes_of_text("person"), cs_bytes_of_text("name"), &name, 2,
                      &work->arena, &ids, &count, &work->command->problem);
    if (status != CS_OK || count == 0) {
        return status != CS_OK ? status : CS_NOT_FOUND;
    }
    if (count > 1) {
        return cs_problem_set(&work->command->problem, CS_EXISTS,
                              "several people are called \"%.*s\": name one by the id that "
                              "countersign list person shows",
                              shown(text), letters(text));
    }
    *out = ids[0];
    return CS_OK;
}

static enum cs_status device_chain(struct cs_vault_work *work, const struct cs_id *device,
                                   const struct cs_chain **out)
{
    const struct cs_vault_directory *directory = cs_vault_book_directory(work->book);
    struct cs_arena arena;
    struct cs_stored_row row;
    uint8_t id[CS_HASH_SIZE];
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_query_get(work->replica, cs_bytes_of_text("device"), device, &arena,
                                         &row, &work->command->problem);
    if (status == CS_OK) {
        int index = cs_entity_field_index(row.entity, cs_bytes_of_text("chain"));
        status = index < 0 ? CS_NOT_FOUND : cs_chain_leaf_id(row.values[index].bytes, id);
    }
    if (status == CS_OK) {
        status = directory->find(directory->context, id, out);
    }
    cs_arena_release(&arena);
    return status;
}

/* Devices that are in force: chains that verify, of this person by themselves, not revoked. */
static enum cs_status find_devices(struct cs_vault_work *work, struct cs_vault_person_found *found)
{
    struct cs_id *ids = NULL;
    size_t count = 0;
    const struct cs_value person = cs_value_bytes(cs_id_bytes(&found->person));
    enum cs_status status =
        cs_query_find(work->replica, cs_bytes_of_text("device"), cs_bytes_of_text("person"),
                      &person, DEVICES_MAX, &work->arena, &ids, &count, &work->command->problem);
    const struct cs_chain **list = NULL;
    if (status == CS_OK) {
        list = cs_arena_take_array(&work->arena, count, sizeof(const struct cs_chain *));
        status = list == NULL ? CS_NO_MEMORY : CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_chain *chain = NULL;
        enum cs_status one = device_chain(work, &ids[i], &chain);
        if (one == CS_OK && cs_id_equal(&chain->leaf.person, &found->person)) {
            list[found->count++] = chain;
        }
        status = one == CS_NO_MEMORY || one == CS_IO || one == CS_CORRUPT ? one : CS_OK;
    }
    found->devices = list;
    return status;
}

static enum cs_status person_name(struct cs_vault_work *work, struct cs_vault_person_found *found)
{
    const struct cs_entity *entity =
        cs_registry_find(work->command->registry, cs_bytes_of_text("person"));
    struct cs_buffer label;
    cs_buffer_init(&label, 64 * CS_KIBI);
    enum cs_status status = entity == NULL
                                ? CS_UNSUPPORTED
                                : cs_query_label(work->replica, entity, &found->person, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&label), &found->name);
    }
    cs_buffer_release(&label);
    return status;
}

enum cs_status cs_vault_work_person(struct cs_vault_work *work, struct cs_bytes text,
                                    struct cs_vault_person_found *out)
{
    struct cs_vault_person_found found = {.count = 0};
    enum cs_status status = person_by_name(work, text, &found.person);
    if (status == CS_NOT_FOUND) {
        status = cs_query_resolve(work->replica, cs_bytes_of_text("person"), text, &found.person,
                                  &work->command->problem);
    }
    if (status == CS_OK) {
        status = person_name(work, &found);
    }
    if (status == CS_OK) {
        status = find_devices(work, &found);
    }
    if (status == CS_OK) {
        *out = found;
    }
    return unknown(work->command, status);
}

/* ---- for people ---- */

enum cs_status cs_vault_work_item_name(struct cs_vault_work *work,
                                       const struct cs_vault_record *version, struct cs_bytes *out)
{
    struct cs_vault_record entry;
    struct cs_vault_listing listing;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_problem ignored;
    struct cs_buffer storage;
    char id[CS_ID_TEXT_SIZE];
    const struct cs_kept_filter filter = {
        .vault = version->vault, .kind = CS_VAULT_ENTRY, .item = &version->item};
    cs_buffer_init(&storage, CS_VAULT_LISTING_MAX);
    enum cs_status status = cs_vault_book_newest(work->book, &filter, &work->arena, &entry);
    if (status == CS_OK) {
        status = cs_vault_book_keyring(work->book, &version->vault, &keyring, &ignored);
    }
    if (status == CS_OK) {
        status = cs_vault_entry_open(keyring, &entry, &storage, &listing);
    }
    cs_id_format(&version->item, id);
    if (status == CS_OK || cs_status_class(status) != CS_CLASS_LOCAL) {
        status =
            cs_arena_copy(&work->arena, status == CS_OK ? listing.name : cs_bytes_of_text(id), out);
    }
    cs_buffer_release(&storage);
    cs_vault_keyring_destroy(keyring);
    return status;
}

enum cs_status cs_vault_work_vault_name(struct cs_vault_work *work, const struct cs_id *vault,
                                        struct cs_bytes *out)
{
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    enum cs_status status = cs_vault_catalog_vaults(work->book, &work->arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (cs_id_equal(&list[i].vault, vault)) {
            return cs_vault_work_project_name(work, &list[i].project, out);
        }
    }
    return status;
}
