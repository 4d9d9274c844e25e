/* Reading a Bitwarden export, see bitwarden.h. */
#include "field-client/password_files/bitwarden_parts.h"

#include <stdlib.h>

/* Folders, or collections of an organisation's export, by their ids. */
struct folder {
    struct cs_bytes id;
    struct cs_bytes name;
};

struct folders {
    struct folder *items;
    size_t count;
};

static int compare_folders(const void *a, const void *b)
{
    return cs_bytes_compare(((const struct folder *)a)->id, ((const struct folder *)b)->id);
}

static enum cs_status read_folders(const struct cs_json *json, struct folders *out)
{
    const struct cs_json *folders = cs_json_get(json, "folders");
    const struct cs_json *collections = cs_json_get(json, "collections");
    size_t count = cs_json_count(folders);
    out->count = count + cs_json_count(collections);
    out->items = cs_alloc_zero(out->count, sizeof *out->items);
    if (out->items == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < out->count; i++) {
        const struct cs_json *folder =
            i < count ? cs_json_at(folders, i) : cs_json_at(collections, i - count);
        out->items[i] =
            (struct folder){cs_bitwarden_text(folder, "id"), cs_bitwarden_text(folder, "name")};
    }
    qsort(out->items, out->count, sizeof *out->items, compare_folders);
    return CS_OK;
}

static struct cs_bytes folder_of(const struct folders *folders, const struct cs_json *item)
{
    struct folder wanted = {cs_bitwarden_text(item, "folderId"), CS_BYTES_NONE};
    if (wanted.id.size == 0) {
        (void)cs_json_get_text(cs_json_at(cs_json_get(item, "collectionIds"), 0), &wanted.id);
    }
    const struct folder *found = wanted.id.size == 0
                                     ? NULL
                                     : bsearch(&wanted, folders->items, folders->count,
                                               sizeof *folders->items, compare_folders);
    return found == NULL ? CS_BYTES_NONE : found->name;
}

static enum cs_status read_plain(const struct cs_json *json, struct cs_password_list *list,
                                 struct cs_problem *problem)
{
    const struct cs_json *items = cs_json_get(json, "items");
    struct folders folders;
    if (items == NULL || (cs_json_count(items) > 0 && cs_json_at(items, 0) == NULL)) {
        return cs_problem_set(problem, CS_MALFORMED,
                              "this is not a Bitwarden export: it has no list of items");
    }
    enum cs_status status = read_folders(json, &folders);
    for (size_t i = 0; status == CS_OK && i < cs_json_count(items); i++) {
        const struct cs_json *item = cs_json_at(items, i);
        status =
            cs_json_get(item, "type") == NULL
                ? cs_problem_set(problem, CS_MALFORMED, "item %zu of the export is none", i + 1)
                : cs_bitwarden_item_read(item, folder_of(&folders, item), list, problem);
    }
    cs_free(folders.items);
    return status == CS_OK ? cs_password_list_check_ids(list, problem) : status;
}

static enum cs_status parse(struct cs_bytes text, struct cs_json **out, struct cs_problem *problem)
{
    enum cs_status status = cs_json_parse(text, out);
    return status == CS_MALFORMED
               ? cs_problem_set(problem, status, "this is not a Bitwarden export: it is no JSON")
               : status;
}

static enum cs_status read_protected(const struct cs_json *outer, struct cs_bytes password,
                                     const struct cs_key_derivation_bounds *bounds,
                                     struct cs_password_list *list, struct cs_problem *problem)
{
    struct cs_buffer text;
    struct cs_json *json = NULL;
    cs_buffer_init(&text, CS_PASSWORD_FILE_MAX);
    enum cs_status status = cs_bitwarden_decrypt(outer, password, bounds, &text, problem);
    status = status == CS_OK ? parse(cs_buffer_bytes(&text), &json, problem) : status;
    cs_buffer_release(&text);
    status = status == CS_OK ? read_plain(json, list, problem) : status;
    cs_json_destroy(json);
    return status;
}

enum cs_status cs_bitwarden_read(struct cs_bytes file, struct cs_bytes password,
                                 const struct cs_key_derivation_bounds *bounds,
                                 struct cs_password_list *list, struct cs_problem *problem)
{
    struct cs_json *json = NULL;
    bool is_encrypted = false;
    if (file.size > CS_PASSWORD_FILE_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "the file has %zu bytes, at most %zu are read",
                              file.size, CS_PASSWORD_FILE_MAX);
    }
    enum cs_status status = parse(file, &json, problem);
    if (status != CS_OK) {
        return status;
    }
    if (!cs_json_get_boolean(cs_json_get(json, "encrypted"), &is_encrypted)) {
        status = cs_problem_set(problem, CS_MALFORMED,
                                "this is not a Bitwarden export: it does not say whether it is "
                                "encrypted");
    } else if (is_encrypted) {
        status = read_protected(json, password, bounds, list, problem);
    } else {
        status = read_plain(json, list, problem);
    }
    cs_json_destroy(json);
    return status;
}
