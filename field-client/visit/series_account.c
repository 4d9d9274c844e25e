/* The account of a receipt series, see void.h. */
#include "field-client/visit/visit_internal.h"
#include "field-client/visit/void.h"
#include "shared/domain/receipt_number.h"

#include <stdlib.h>
#include <string.h>

/* More numbers than this of one series are not read; a device gives some thousands a year. */
#define ITEMS_MAX ((size_t)200000)

static const char *const state_names[] = {"used", "void", "gap", "duplicate"};
static const char *const state_labels_zh[] = {"已用", "作废", "缺号", "重号"};

const char *cs_number_state_name(enum cs_number_state state)
{
    return state_names[state];
}

const char *cs_number_state_label_zh(enum cs_number_state state)
{
    return state_labels_zh[state];
}

struct collector {
    struct cs_arena *arena;
    struct cs_bytes prefix;
    struct cs_number_item *items;
    size_t count;
    size_t capacity;
    bool voids;
    struct cs_id *void_receipts; /* named by a declaration */
    size_t void_receipt_count;
    size_t void_receipt_capacity;
};

static void *grown(struct cs_arena *arena, const void *items, size_t count, size_t *capacity,
                   size_t size)
{
    size_t larger = *capacity == 0 ? 16 : *capacity * 2;
    void *copy = cs_arena_take_array(arena, larger, size);
    if (copy != NULL && count > 0) {
        memcpy(copy, items, count * size);
    }
    *capacity = larger;
    return copy;
}

static enum cs_status add_void_receipt(struct collector *collector, const struct cs_id *receipt)
{
    if (collector->void_receipt_count == collector->void_receipt_capacity) {
        collector->void_receipts =
            grown(collector->arena, collector->void_receipts, collector->void_receipt_count,
                  &collector->void_receipt_capacity, sizeof *collector->void_receipts);
        if (collector->void_receipts == NULL) {
            return CS_NO_MEMORY;
        }
    }
    collector->void_receipts[collector->void_receipt_count++] = *receipt;
    return CS_OK;
}

static enum cs_status add_item(struct collector *collector, const struct cs_number_item *item)
{
    if (collector->count == ITEMS_MAX) {
        return CS_LIMIT;
    }
    if (collector->count == collector->capacity) {
        collector->items = grown(collector->arena, collector->items, collector->count,
                                 &collector->capacity, sizeof *collector->items);
        if (collector->items == NULL) {
            return CS_NO_MEMORY;
        }
    }
    collector->items[collector->count++] = *item;
    return CS_OK;
}

static enum cs_status collect(void *context, const struct cs_stored_row *row)
{
    struct collector *collector = context;
    struct cs_receipt_number number;
    struct cs_id receipt;
    if (!cs_receipt_number_parse(cs_visit_text(row, "number"), &number) ||
        !cs_bytes_equal(number.prefix, collector->prefix)) {
        return CS_OK;
    }
    struct cs_number_item item = {.number = number.number,
                                  .row = row->id,
                                  .is_void = collector->voids,
                                  .is_receipt = !collector->voids};
    enum cs_status status = CS_OK;
    if (collector->voids) {
        status = cs_arena_copy(collector->arena, cs_visit_text(row, "reason"), &item.reason);
    }
    if (status == CS_OK && collector->voids && cs_visit_reference(row, "receipt", &receipt)) {
        status = add_void_receipt(collector, &receipt);
    }
    return status != CS_OK ? status : add_item(collector, &item);
}

static int compare_ids(const void *a, const void *b)
{
    return cs_id_compare(a, b);
}

/* By number, receipts first, then by id: the same on every replica. */
static int compare_items(const void *a, const void *b)
{
    const struct cs_number_item *one = a;
    const struct cs_number_item *other = b;
    if (one->number != other->number) {
        return one->number < other->number ? -1 : 1;
    }
    if (one->is_receipt != other->is_receipt) {
        return one->is_receipt ? -1 : 1;
    }
    return cs_id_compare(&one->row, &other->row);
}

static void mark_void_receipts(struct collector *collector)
{
    if (collector->void_receipt_count == 0) {
        return;
    }
    qsort(collector->void_receipts, collector->void_receipt_count, sizeof *collector->void_receipts,
          compare_ids);
    for (size_t i = 0; i < collector->count; i++) {
        struct cs_number_item *item = &collector->items[i];
        if (item->is_receipt) {
            item->is_void =
                bsearch(&item->row, collector->void_receipts, collector->void_receipt_count,
                        sizeof *collector->void_receipts, compare_ids) != NULL;
        }
    }
}

/* Extends the last range or starts the next; the array has room for two ranges an item. */
static void put_range(struct cs_series_account *account, enum cs_number_state state, int64_t first,
                      int64_t last)
{
    struct cs_number_range *end =
        account->range_count > 0 ? &account->ranges[account->range_count - 1] : NULL;
    account->counts[state] += last - first + 1;
    if (end != NULL && end->state == state && end->last == first - 1) {
        end->last = last;
    } else {
        account->ranges[account->range_count++] = (struct cs_number_range){state, first, last};
    }
}

static enum cs_status make_ranges(struct cs_series_account *account, struct cs_arena *arena)
{
    account->ranges =
        cs_arena_take_array(arena, 2 * account->item_count + 1, sizeof *account->ranges);
    if (account->ranges == NULL) {
        return CS_NO_MEMORY;
    }
    int64_t next = 1;
    for (size_t i = 0; i < account->item_count;) {
        int64_t number = account->items[i].number;
        size_t standing = 0;
        for (; i < account->item_count && account->items[i].number == number; i++) {
            standing += account->items[i].is_receipt && !account->items[i].is_void ? 1 : 0;
        }
        if (number > next) {
            put_range(account, CS_NUMBER_GAP, next, number - 1);
        }
        put_range(account,
                  standing > 1    ? CS_NUMBER_DUPLICATE
                  : standing == 1 ? CS_NUMBER_USED
                                  : CS_NUMBER_VOID,
                  number, number);
        next = number + 1;
    }
    return CS_OK;
}

static enum cs_status scan(struct cs_replica *replica, const char *entity,
                           struct collector *collector)
{
    const struct cs_entity *descriptor =
        cs_registry_find(cs_replica_registry(replica), cs_bytes_of_text(entity));
    return descriptor == NULL ? CS_OK
                              : cs_row_scan(cs_replica_tables(replica), descriptor, NULL, 0,
                                            CS_ROWS_LIVE, collect, collector);
}

enum cs_status cs_series_account(struct cs_replica *replica, const struct cs_id *series,
                                 struct cs_arena *arena, struct cs_series_account *out,
                                 struct cs_problem *problem)
{
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text("receipt_series"), series, arena, &row, problem);
    if (status != CS_OK) {
        return status;
    }
    struct collector collector = {.arena = arena, .prefix = cs_visit_text(&row, "prefix")};
    struct cs_series_account account = {.series = *series, .prefix = collector.prefix};
    if (!cs_visit_reference(&row, "person", &account.person)) {
        account.person = (struct cs_id){{0}};
    }
    status = scan(replica, "receipt", &collector);
    if (status == CS_OK) {
        collector.voids = true;
        status = scan(replica, "receipt_void", &collector);
    }
    if (status != CS_OK) {
        return status;
    }
    mark_void_receipts(&collector);
    if (collector.count > 0) {
        qsort(collector.items, collector.count, sizeof *collector.items, compare_items);
    }
    account.items = collector.items;
    account.item_count = collector.count;
    status = make_ranges(&account, arena);
    if (status == CS_OK) {
        *out = account;
    }
    return status;
}
