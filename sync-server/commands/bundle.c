/* `bundle import` and `bundle export`: sticks in and out (shared/wire/BUNDLE.md), also beside a running server. */
#include "shared/bundles/bundle_file.h"
#include "shared/evidence/certificate.h"
#include "sync-server/commands/bundle_desk.h"
#include "sync-server/commands/folder.h"

#include <string.h>
#include <sys/stat.h>

#define DEVICES_MAX (256 * CS_MEBI)
#define LOG_TEXT_SIZE 17

struct bundle_command {
    struct cs_admin *admin;
    struct cs_bundle_desk *desk;
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_HASH_SIZE];
    struct cs_arena arena;
    struct cs_json *list; /* --json: one object for each bundle */
    size_t failures;
};

static enum cs_status begin(struct bundle_command *command, struct cs_admin *admin)
{
    *command = (struct bundle_command){.admin = admin};
    cs_arena_init(&command->arena, DEVICES_MAX);
    enum cs_status status = cs_bundle_desk_open(admin, admin->arguments[0], &command->desk);
    if (status == CS_OK) {
        status = cs_bundle_desk_names(command->desk, command->organisation, command->identity);
    }
    if (status == CS_OK && admin->json) {
        command->list = cs_json_array();
    }
    return status;
}

static enum cs_status end(struct bundle_command *command, enum cs_status status)
{
    struct cs_admin *admin = command->admin;
    cs_bundle_desk_close(command->desk);
    cs_arena_release(&command->arena);
    if (status == CS_OK && admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "bundles", command->list);
        command->list = NULL;
        status = cs_admin_json(admin, json);
    }
    cs_json_destroy(command->list);
    if (status == CS_OK && command->failures > 0) {
        admin->exit_code = CS_ADMIN_FAILED;
    }
    return status;
}

static struct cs_json *bundle_json(const char *file, enum cs_status status, struct cs_bytes text)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "file", cs_admin_json_text(file));
    cs_json_set(json, "status", cs_admin_json_text(cs_status_name(status)));
    cs_json_set(json, "text", cs_json_text(text));
    return json;
}

static void put_device(struct cs_json *json, const uint8_t *certificate, struct cs_bytes person,
                       struct cs_bytes device)
{
    char fingerprint[24];
    cs_certificate_fingerprint(certificate, fingerprint);
    cs_json_set(json, "fingerprint", cs_admin_json_text(fingerprint));
    cs_json_set(json, "person_name", cs_json_text(person));
    cs_json_set(json, "device_name", cs_json_text(device));
}

/* ---- import ---- */

static void add(struct cs_bundle_taken *sum, const struct cs_bundle_taken *part)
{
    struct cs_bundle_taken before = *sum;
    *sum = *part;
    sum->change_sets += before.change_sets;
    sum->taken += before.taken;
    sum->transactions += before.transactions;
    sum->refused += before.refused;
    sum->held += before.held;
}

/* What `status` of a part that could not even be opened means here. */
static enum cs_status explain_part(const char *file, enum cs_status status,
                                   struct cs_problem *problem)
{
    switch ((int)status) {
    case CS_UNKNOWN_DEVICE:
        return cs_problem_set(problem, status,
                              "%s is by a laptop that has not joined here: it has to join over the "
                              "network once",
                              file);
    case CS_WRONG_SERVER:
        return cs_problem_set(
            problem, status,
            "%s is sealed to a key that this server does not have: make a new one "
            "on the laptop after its next import or sync",
            file);
    case CS_UNREACHABLE:
        return cs_problem_set(
            problem, status,
            "the running server ended, or is busy with another command: %s was not taken "
            "whole; try again",
            file);
    default:
        return cs_problem_set(problem, status, "%s was not taken: %s", file,
                              cs_status_text(status));
    }
}

static enum cs_status take_parts(struct bundle_command *command, struct cs_bundle_reader *reader,
                                 const char *file, struct cs_bundle_taken *sum,
                                 struct cs_problem *problem)
{
    struct cs_buffer part;
    bool more = true;
    enum cs_status status = CS_OK;
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    while (status == CS_OK && sum->status == CS_OK && more) {
        struct cs_bundle_taken taken;
        cs_buffer_clear(&part);
        status = cs_bundle_reader_next(reader, &part, &more);
        if (status == CS_OK && more) {
            status =
                cs_bundle_desk_take(command->desk, cs_buffer_bytes(&part), &command->arena, &taken);
        }
        if (status == CS_OK && more) {
            add(sum, &taken);
        }
    }
    cs_buffer_release(&part);
    return status == CS_OK ? CS_OK : explain_part(file, status, problem);
}

static void tell_taken(struct bundle_command *command, const char *file,
                       const struct cs_bundle_taken *sum)
{
    struct cs_admin *admin = command->admin;
    if (admin->json) {
        struct cs_json *json = bundle_json(file, sum->status, sum->text);
        put_device(json, sum->certificate, sum->person_name, sum->device_name);
        cs_json_set(json, "change_sets", cs_json_integer((int64_t)sum->change_sets));
        cs_json_set(json, "new", cs_json_integer((int64_t)sum->taken));
        cs_json_set(json, "changes", cs_json_integer((int64_t)sum->transactions));
        cs_json_set(json, "refused", cs_json_integer((int64_t)sum->refused));
        cs_json_set(json, "held", cs_json_integer((int64_t)sum->held));
        cs_json_append(command->list, json);
        return;
    }
    cs_admin_print(admin, "%s: ", file);
    cs_admin_print_padded(admin, sum->person_name, 0);
    cs_admin_print(admin, ", ");
    cs_admin_print_padded(admin, sum->device_name, 0);
    if (sum->status != CS_OK) {
        cs_admin_print(admin, ": not taken: %.*s\n", (int)sum->text.size,
                       (const char *)sum->text.data);
        return;
    }
    cs_admin_print(admin, ": %llu change-sets, %llu new; %llu changes, %llu refused, %llu held\n",
                   (unsigned long long)sum->change_sets, (unsigned long long)sum->taken,
                   (unsigned long long)sum->transactions, (unsigned long long)sum->refused,
                   (unsigned long long)sum->held);
}

static void tell_failure(struct bundle_command *command, const char *file, enum cs_status status,
                         const struct cs_problem *problem)
{
    struct cs_bytes text = cs_bytes_of_text(problem->text);
    command->failures++;
    if (command->admin->json) {
        cs_json_append(command->list, bundle_json(file, status, text));
    } else {
        cs_admin_note(command->admin, "%s", problem->text);
    }
}

/* One file; what is wrong with it holds up no other. */
static enum cs_status import_one(struct bundle_command *command, const char *file)
{
    const struct cs_bundle_expected expected = {CS_BUNDLE_TO_SERVER, command->organisation, NULL,
                                                command->identity};
    struct cs_problem problem = {""};
    struct cs_bundle_reader reader;
    struct cs_bundle_taken sum = {.status = CS_OK};
    enum cs_status status = cs_bundle_reader_open(file, &expected, &reader, &problem);
    if (status == CS_OK) {
        status = take_parts(command, &reader, file, &sum, &problem);
        cs_bundle_reader_close(&reader);
    }
    if (status == CS_OK) {
        command->failures += sum.status != CS_OK ? 1 : 0;
        tell_taken(command, file, &sum);
        return CS_OK;
    }
    tell_failure(command, file, status, &problem);
    return status == CS_NO_MEMORY ? status : CS_OK;
}

static enum cs_status import_bundles(struct cs_admin *admin)
{
    struct bundle_command command;
    if (admin->argument_count < 2) {
        return cs_admin_usage(admin, "an argument is missing");
    }
    enum cs_status status = cs_admin_expect(admin, admin->argument_count);
    if (status != CS_OK) {
        return status;
    }
    status = begin(&command, admin);
    for (size_t i = 1; status == CS_OK && i < admin->argument_count; i++) {
        status = import_one(&command, admin->arguments[i]);
    }
    return end(&command, status);
}

/* ---- export ---- */

static enum cs_status write_parts(struct bundle_command *command, struct cs_bundle_writer *writer)
{
    struct cs_buffer part;
    bool more = true;
    enum cs_status status = CS_OK;
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    while (status == CS_OK && more) {
        cs_buffer_clear(&part);
        status = cs_bundle_desk_next(command->desk, &part, &more);
        if (status == CS_OK && more) {
            status = cs_bundle_writer_add(writer, cs_buffer_bytes(&part));
        }
    }
    cs_buffer_release(&part);
    return status;
}

static enum cs_status export_file(struct bundle_command *command, const struct cs_device *device,
                                  const char *file, bool force, uint64_t *out_size,
                                  struct cs_problem *problem)
{
    const struct cs_world *world = command->admin->around.world;
    struct cs_bundle_writer *writer = NULL;
    cs_require(device != NULL);
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_DEVICE,
                                      .made_ms = world->wall_ms(world->context)};
    memcpy(header.organisation, command->organisation, sizeof header.organisation);
    memcpy(header.sender, command->identity, sizeof header.sender);
    memcpy(header.recipient, device->certificate, sizeof header.recipient);
    enum cs_status status = cs_bundle_desk_export(command->desk, device->certificate, problem);
    if (status == CS_OK) {
        status = cs_bundle_writer_begin(file, &header, force, &writer, problem);
    }
    if (status == CS_OK) {
        status = write_parts(command, writer);
    }
    if (status == CS_OK) {
        status = cs_bundle_writer_finish(writer, out_size, problem);
    }
    cs_bundle_writer_end(writer);
    if (status != CS_OK && problem->text[0] == '\0') {
        (void)cs_problem_set(problem, status, "%s was not made: %s", file, cs_status_text(status));
    }
    return status;
}

static void tell_made(struct bundle_command *command, const struct cs_device *device,
                      const char *file, uint64_t size)
{
    struct cs_admin *admin = command->admin;
    if (admin->json) {
        struct cs_json *json = bundle_json(file, CS_OK, CS_BYTES_NONE);
        put_device(json, device->certificate, device->person_name, device->device_name);
        cs_json_set(json, "bytes", cs_json_integer((int64_t)size));
        cs_json_append(command->list, json);
        return;
    }
    cs_admin_print(admin, "%s: for ", file);
    cs_admin_print_padded(admin, device->person_name, 0);
    cs_admin_print(admin, ", ");
    cs_admin_print_padded(admin, device->device_name, 0);
    cs_admin_print(admin, ": %llu bytes\n", (unsigned long long)size);
}

static void export_one(struct bundle_command *command, const struct cs_device *device,
                       const char *file, bool force)
{
    struct cs_problem problem = {""};
    uint64_t size = 0;
    enum cs_status status = export_file(command, device, file, force, &size, &problem);
    if (status == CS_OK) {
        tell_made(command, device, file, size);
    } else {
        tell_failure(command, file, status, &problem);
    }
}

/* A name that a FAT file system takes. */
static enum cs_status file_of(const char *folder, const struct cs_device *device,
                              char out[static CS_FOLDER_PATH_MAX], struct cs_problem *problem)
{
    char name[64];
    (void)snprintf(name, sizeof name, "countersign-%016llx.bundle",
                   (unsigned long long)device->log);
    return cs_folder_path(folder, name, out, problem);
}

/* All that have brought a bundle once; the others sync over the network. */
static enum cs_status export_all(struct bundle_command *command, const struct cs_device *devices,
                                 size_t count, const char *folder, bool force)
{
    struct cs_admin *admin = command->admin;
    struct stat info;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return cs_problem_set(&admin->problem, CS_NOT_FOUND, "there is no folder %s", folder);
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        char file[CS_FOLDER_PATH_MAX];
        struct cs_problem ignored = {""};
        status = file_of(folder, &devices[i], file, &admin->problem);
        if (status == CS_OK && cs_bundle_desk_export(command->desk, devices[i].certificate,
                                                     &ignored) != CS_UNSUPPORTED) {
            export_one(command, &devices[i], file, force);
        }
    }
    return status;
}

static bool is_named(const struct cs_device *device, struct cs_bytes text)
{
    char log[LOG_TEXT_SIZE];
    char fingerprint[24];
    (void)snprintf(log, sizeof log, "%016llx", (unsigned long long)device->log);
    cs_certificate_fingerprint(device->certificate, fingerprint);
    return cs_bytes_equal_text(text, log) || cs_bytes_equal_text(text, fingerprint) ||
           cs_bytes_equal(text, device->device_name) || cs_bytes_equal(text, device->person_name);
}

static enum cs_status find_device(struct cs_admin *admin, const struct cs_device *devices,
                                  size_t count, const char *text, const struct cs_device **out)
{
    const struct cs_device *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!is_named(&devices[i], cs_bytes_of_text(text))) {
            continue;
        }
        if (found != NULL) {
            return cs_problem_set(&admin->problem, CS_INVALID,
                                  "there are several devices %s: give the log or the fingerprint, "
                                  "from devices",
                                  text);
        }
        found = &devices[i];
    }
    if (found == NULL) {
        return cs_problem_set(&admin->problem, CS_NOT_FOUND, "there is no device %s", text);
    }
    *out = found;
    return CS_OK;
}

static enum cs_status list_devices(struct bundle_command *command, struct cs_device **out,
                                   size_t *out_count)
{
    struct cs_admin *admin = command->admin;
    struct cs_store *store = NULL;
    enum cs_status status =
        cs_folder_open_reader(&admin->around, admin->arguments[0], &store, &admin->problem);
    if (status == CS_OK) {
        status = cs_store_devices(store, &command->arena, out, out_count);
    }
    cs_store_close(store);
    return status;
}

static enum cs_status export_bundles(struct cs_admin *admin)
{
    struct bundle_command command;
    struct cs_device *devices = NULL;
    const struct cs_device *device = NULL;
    const char *name;
    size_t count = 0;
    bool all = cs_admin_flag(admin, "--all");
    bool force = cs_admin_flag(admin, "--force");
    enum cs_status status = cs_admin_option(admin, "--device", &name);
    if (status == CS_OK && (name != NULL) == all) {
        status = cs_admin_usage(admin, "either --device DEVICE or --all has to be given");
    }
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 2);
    }
    if (status != CS_OK) {
        return status;
    }
    status = begin(&command, admin);
    if (status == CS_OK) {
        status = list_devices(&command, &devices, &count);
    }
    if (status == CS_OK && all) {
        status = export_all(&command, devices, count, admin->arguments[1], force);
    } else if (status == CS_OK) {
        status = find_device(admin, devices, count, name, &device);
        if (status == CS_OK) {
            export_one(&command, device, admin->arguments[1], force);
        }
    }
    return end(&command, status);
}

enum cs_status cs_admin_bundle(struct cs_admin *admin)
{
    const char *what = admin->argument_count > 0 ? admin->arguments[0] : "";
    bool imports = strcmp(what, "import") == 0;
    if (!imports && strcmp(what, "export") != 0) {
        return cs_admin_usage(admin, "import or export has to be given");
    }
    admin->arguments++;
    admin->argument_count--;
    return imports ? import_bundles(admin) : export_bundles(admin);
}
