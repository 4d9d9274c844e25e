/* Subscriptions of a device, see subscriptions.h. */
#include "sync-server/handlers/subscriptions.h"

struct list {
    struct cs_subscription *items;
    size_t count;
};

static enum cs_status add(struct cs_store *reader, struct list *list, enum cs_scope_kind kind,
                          const struct cs_id *id)
{
    struct cs_subscription subscription = {.name = {.kind = (uint8_t)kind}};
    if (id != NULL) {
        subscription.name.id = *id;
    }
    enum cs_status status =
        cs_store_scope_number(reader, &subscription.name, false, &subscription.number);
    subscription.exists = status == CS_OK;
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    size_t place = list->count++;
    while (place > 0 &&
           cs_scope_name_compare(&list->items[place - 1].name, &subscription.name) > 0) {
        list->items[place] = list->items[place - 1];
        place--;
    }
    list->items[place] = subscription;
    return CS_OK;
}

enum cs_status cs_subscriptions_of(struct cs_store *reader, const struct cs_device *device,
                                   struct cs_arena *arena, struct cs_subscription **out,
                                   size_t *out_count)
{
    struct list list = {
        .items = cs_arena_take_array(arena, CS_SCOPES_PER_DEVICE_MAX, sizeof *list.items)};
    if (list.items == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = add(reader, &list, CS_SCOPE_EVERYONE, NULL);
    if (status == CS_OK && (device->roles & CS_ROLES_OFFICE_SCOPE) != 0) {
        status = add(reader, &list, CS_SCOPE_OFFICE, NULL);
    }
    if (status == CS_OK && (device->roles & (CS_ROLE(SECURITY) | CS_ROLE(OWNER))) != 0) {
        status = add(reader, &list, CS_SCOPE_SECURITY, NULL);
    }
    if (status == CS_OK) {
        status = add(reader, &list, CS_SCOPE_PERSON, &device->person);
    }
    struct cs_scope_name person = {.kind = CS_SCOPE_PERSON, .id = device->person};
    uint64_t number;
    if (status == CS_OK) {
        status = cs_store_scope_number(reader, &person, false, &number);
    }
    if (status != CS_OK) {
        *out = list.items;
        *out_count = list.count;
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    struct cs_id *projects;
    size_t count;
    status = cs_store_opened(reader, number, CS_SCOPES_PER_DEVICE_MAX - list.count, arena,
                             &projects, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = add(reader, &list, CS_SCOPE_PROJECT, &projects[i]);
    }
    if (status == CS_OK) {
        *out = list.items;
        *out_count = list.count;
    }
    return status;
}
