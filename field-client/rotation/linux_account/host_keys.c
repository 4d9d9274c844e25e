/* The keys that a host may show, see host_keys.h. */
#include "field-client/rotation/linux_account/host_keys.h"

#include "shared/base/limits.h"

#include <stdio.h>
#include <string.h>

#define RSA_ALGORITHMS "rsa-sha2-512,rsa-sha2-256"
#define KEY_TEXT_MAX ((size_t)4096)

static struct cs_bytes take_until(struct cs_bytes *rest, const char *ends)
{
    size_t size = 0;
    while (size < rest->size &&
           (rest->data[size] == '\0' || strchr(ends, rest->data[size]) == NULL)) {
        size++;
    }
    struct cs_bytes taken = cs_bytes_make(rest->data, size);
    size_t skipped = size < rest->size ? size + 1 : size;
    *rest = cs_bytes_make(rest->data + skipped, rest->size - skipped);
    return taken;
}

/* False if it does not fit. */
static bool copy_text(char *out, size_t room, struct cs_bytes text)
{
    if (text.size == 0 || text.size >= room) {
        return false;
    }
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

static void add_algorithm(struct cs_host_keys *keys, const char *type)
{
    const char *name = strcmp(type, "ssh-rsa") == 0 ? RSA_ALGORITHMS : type;
    size_t used = strlen(keys->algorithms);
    if (strstr(keys->algorithms, name) == NULL) {
        (void)snprintf(keys->algorithms + used, sizeof keys->algorithms - used, "%s%s",
                       used > 0 ? "," : "", name);
    }
}

static bool add_key(struct cs_host_keys *keys, struct cs_bytes line)
{
    char type[48];
    char text[KEY_TEXT_MAX];
    if (keys->count == CS_HOST_KEYS_MAX ||
        !copy_text(type, sizeof type, take_until(&line, " \t")) ||
        !copy_text(text, sizeof text, take_until(&line, " \t"))) {
        return false;
    }
    enum ssh_keytypes_e kind = ssh_key_type_from_name(type);
    if (kind == SSH_KEYTYPE_UNKNOWN ||
        ssh_pki_import_pubkey_base64(text, kind, &keys->keys[keys->count]) != SSH_OK) {
        return false;
    }
    keys->count++;
    add_algorithm(keys, type);
    return true;
}

enum cs_status cs_host_keys_read(struct cs_bytes text, struct cs_host_keys *out,
                                 struct cs_problem *problem)
{
    struct cs_host_keys keys = {.count = 0};
    bool good = true;
    while (good && text.size > 0) {
        struct cs_bytes line = take_until(&text, "\r\n");
        good = line.size == 0 || line.data[0] == '#' || add_key(&keys, line);
    }
    if (!good || keys.count == 0) {
        cs_host_keys_release(&keys);
        return cs_problem_set(problem, CS_INVALID,
                              "option host_key must have the public keys of the host, one a line");
    }
    *out = keys;
    return CS_OK;
}

void cs_host_keys_release(struct cs_host_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        ssh_key_free(keys->keys[i]);
    }
    keys->count = 0;
}

bool cs_host_keys_match(const struct cs_host_keys *keys, ssh_session session)
{
    ssh_key shown = NULL;
    bool found = false;
    if (ssh_get_server_publickey(session, &shown) != SSH_OK) {
        return false;
    }
    for (size_t i = 0; i < keys->count && !found; i++) {
        found = ssh_key_cmp(shown, keys->keys[i], SSH_KEY_CMP_PUBLIC) == 0;
    }
    ssh_key_free(shown);
    return found;
}
