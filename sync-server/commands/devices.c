/* `devices`: who joined, read beside a server that may be running. */
#include "shared/base/text.h"
#include "shared/evidence/certificate.h"
#include "sync-server/commands/facts.h"
#include "sync-server/commands/folder.h"

#include <string.h>

#define ARENA_MAX (256 * CS_MEBI)
/* "2026-11-23T09:05:07Z" and the like, without milliseconds. */
#define SECOND_MS 1000

static void format_log(uint64_t log, char out[static 17])
{
    (void)snprintf(out, 17, "%016llx", (unsigned long long)log);
}

static struct cs_json *device_json(const struct cs_device *device)
{
    struct cs_json *json = cs_json_object();
    struct cs_buffer roles;
    char log[17];
    char person[CS_ID_TEXT_SIZE];
    char fingerprint[24];
    cs_buffer_init(&roles, CS_KIBI);
    cs_roles_format(device->roles, &roles);
    format_log(device->log, log);
    cs_id_format(&device->person, person);
    cs_certificate_fingerprint(device->certificate, fingerprint);
    cs_json_set(json, "certificate", cs_admin_json_hex(cs_bytes_of_array(device->certificate)));
    cs_json_set(json, "fingerprint", cs_admin_json_text(fingerprint));
    cs_json_set(json, "log", cs_admin_json_text(log));
    cs_json_set(json, "person", cs_admin_json_text(person));
    cs_json_set(json, "person_name", cs_json_text(device->person_name));
    cs_json_set(json, "device_name", cs_json_text(device->device_name));
    cs_json_set(json, "roles",
                roles.status == CS_OK ? cs_json_text(cs_buffer_bytes(&roles)) : NULL);
    cs_json_set(json, "state", cs_admin_json_text(cs_facts_device_state(device->state)));
    cs_json_set(json, "joined", cs_admin_json_time(device->joined_ms));
    cs_json_set(json, "seen", cs_admin_json_time(device->seen_ms));
    cs_json_set(json, "change_sets", cs_json_integer((int64_t)device->sequence));
    cs_json_set(json, "transactions", cs_json_integer((int64_t)device->counter));
    cs_buffer_release(&roles);
    return json;
}

static enum cs_status answer_json(struct cs_admin *admin, const struct cs_device *devices,
                                  size_t count)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < count; i++) {
        cs_json_append(list, device_json(&devices[i]));
    }
    cs_json_set(json, "devices", list);
    return cs_admin_json(admin, json);
}

static void print_column(struct cs_admin *admin, struct cs_bytes text, size_t columns)
{
    cs_admin_print_padded(admin, text, columns);
    cs_admin_print(admin, "  ");
}

static void print_time(struct cs_admin *admin, int64_t utc_ms)
{
    char text[CS_TIME_TEXT_MAX] = "never";
    if (utc_ms != 0) {
        cs_instant_format(cs_instant_make(utc_ms - utc_ms % SECOND_MS, 0), text);
    }
    print_column(admin, cs_bytes_of_text(text), 20);
}

static enum cs_status print_device(struct cs_admin *admin, const struct cs_device *device)
{
    char log[17];
    struct cs_buffer roles;
    cs_buffer_init(&roles, CS_KIBI);
    cs_roles_format(device->roles, &roles);
    enum cs_status status = roles.status;
    if (status == CS_OK) {
        format_log(device->log, log);
        print_column(admin, device->person_name, 16);
        print_column(admin, device->device_name, 16);
        print_column(admin, cs_buffer_bytes(&roles), 16);
        print_column(admin, cs_bytes_of_text(log), 16);
        print_time(admin, device->joined_ms);
        print_time(admin, device->seen_ms);
        cs_admin_print(admin, "%11llu  %s\n", (unsigned long long)device->sequence,
                       cs_facts_device_state(device->state));
    }
    cs_buffer_release(&roles);
    return status;
}

static enum cs_status answer_text(struct cs_admin *admin, const struct cs_device *devices,
                                  size_t count)
{
    static const struct {
        const char *title;
        size_t columns;
    } heads[] = {{"person", 16}, {"device", 16}, {"roles", 16},
                 {"log", 16},    {"joined", 20}, {"seen", 20}};
    for (size_t i = 0; i < CS_COUNT(heads); i++) {
        print_column(admin, cs_bytes_of_text(heads[i].title), heads[i].columns);
    }
    cs_admin_print(admin, "change-sets  state\n");
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = print_device(admin, &devices[i]);
    }
    return status;
}

enum cs_status cs_admin_devices(struct cs_admin *admin)
{
    enum cs_status status = cs_admin_expect(admin, 1);
    if (status != CS_OK) {
        return status;
    }
    struct cs_store *store = NULL;
    struct cs_device *devices = NULL;
    size_t count = 0;
    struct cs_arena arena;
    cs_arena_init(&arena, ARENA_MAX);
    status = cs_folder_check(admin->arguments[0], &admin->problem);
    if (status == CS_OK) {
        status =
            cs_folder_open_reader(&admin->around, admin->arguments[0], &store, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_store_devices(store, &arena, &devices, &count);
    }
    if (status == CS_OK) {
        status =
            admin->json ? answer_json(admin, devices, count) : answer_text(admin, devices, count);
    }
    cs_store_close(store);
    cs_arena_release(&arena);
    return status;
}
