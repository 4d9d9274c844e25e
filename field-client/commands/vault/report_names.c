/* What ids mean to people, and what a report is narrowed to; see report.h. */
#include "field-client/commands/vault/report.h"

#include "field-client/replica/query.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_MAX (64 * CS_KIBI)

/* ---- items ---- */

static enum cs_status keep_item(void *context, const struct cs_vault_listed *listed)
{
    struct cs_report_names *names = context;
    names->items = cs_arena_grow(&names->work->arena, names->items, names->item_count,
                                 &names->item_capacity, sizeof *names->items);
    if (names->items == NULL) {
        return CS_NO_MEMORY;
    }
    names->items[names->item_count].id = listed->item;
    return cs_arena_copy(&names->work->arena, listed->listing.name,
                         &names->items[names->item_count++].name);
}

static int by_id(const void *left, const void *right)
{
    const struct cs_report_item *a = left;
    const struct cs_report_item *b = right;
    return cs_id_compare(&a->id, &b->id);
}

static enum cs_status load_names(struct cs_vault_work *work,
                                 const struct cs_vault_of_project *vault,
                                 struct cs_report_names *out)
{
    struct cs_problem problem = {""};
    *out = (struct cs_report_names){.work = work, .vault = *vault};
    enum cs_status status = cs_vault_work_project_name(work, &vault->project, &out->project);
    if (status == CS_OK) {
        status = cs_vault_catalog_items(work->book, &vault->vault, keep_item, out, &problem);
    }
    if (out->item_count > 0) {
        qsort(out->items, out->item_count, sizeof *out->items, by_id);
    }
    return status == CS_DENIED || status == CS_EXPIRED || status == CS_LOCKED ? CS_OK : status;
}

struct cs_bytes cs_report_item_name(const struct cs_report_names *names, const struct cs_id *item)
{
    const struct cs_report_item key = {.id = *item};
    const struct cs_report_item *found =
        names->item_count == 0 ? NULL
                               : bsearch(&key, names->items, names->item_count, sizeof key, by_id);
    return found == NULL ? CS_BYTES_NONE : found->name;
}

/* ---- devices, work orders ---- */

enum cs_status cs_report_device_of(struct cs_vault_work *work,
                                   const uint8_t certificate[static CS_HASH_SIZE],
                                   struct cs_report_device *out)
{
    const struct cs_chain *chain = NULL;
    *out = (struct cs_report_device){.person_name = CS_BYTES_NONE};
    cs_certificate_row_id(certificate, &out->row);
    enum cs_status status = cs_vault_book_chain(work->book, certificate, &chain);
    if (status == CS_OK) {
        out->person = chain->leaf.person;
        out->person_name = chain->leaf.person_name;
        out->device_name = chain->leaf.device_name;
    }
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_report_work_order(struct cs_vault_work *work, struct cs_bytes id,
                                    struct cs_bytes *out)
{
    struct cs_id row;
    struct cs_buffer label;
    const struct cs_entity *entity =
        cs_registry_find(work->command->registry, cs_bytes_of_text("work_order"));
    *out = CS_BYTES_NONE;
    if (entity == NULL || !cs_id_from_bytes(id, &row)) {
        return CS_OK;
    }
    cs_buffer_init(&label, LABEL_MAX);
    enum cs_status status = cs_query_label(work->replica, entity, &row, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(&work->arena, cs_buffer_bytes(&label), out);
    }
    cs_buffer_release(&label);
    return status;
}

/* ---- words ---- */

struct cs_report_cell cs_report_how(const struct cs_command *command, enum cs_exposure_how how)
{
    static const struct {
        const char *english;
        const char *chinese;
    } words[CS_EXPOSURE_HOW_COUNT] = {
        [CS_EXPOSURE_WROTE] = {"wrote it", "写入"},
        [CS_EXPOSURE_SHOWN] = {"was shown it", "查看"},
        [CS_EXPOSURE_LEASED] = {"leased it", "离线借用"},
        [CS_EXPOSURE_REVEALED] = {"saw it under a lease", "离线查看"},
        [CS_EXPOSURE_BREAK_GLASS] = {"saw it in an emergency", "紧急查看"},
        [CS_EXPOSURE_EXPORTED] = {"exported it", "导出"},
        [CS_EXPOSURE_APPLIED] = {"tried it at the site", "现场使用"},
    };
    return cs_report_word(cs_exposure_how_name(how),
                          cs_command_words(command, words[how].english, words[how].chinese));
}

struct cs_report_cell cs_report_why(const struct cs_command *command, enum cs_due_why why)
{
    static const struct {
        const char *english;
        const char *chinese;
    } words[CS_DUE_WHY_COUNT] = {
        [CS_DUE_REVOKED] = {"known to a revoked device", "已吊销设备知悉"},
        [CS_DUE_WITHDRAWN] = {"known to who was removed", "已移出人员知悉"},
        [CS_DUE_ENDED] = {"known to whose grant ended", "授权到期人员知悉"},
        [CS_DUE_OVERDUE] = {"lease is overdue", "借用逾期未还"},
        [CS_DUE_LOST] = {"leased device is lost", "借用设备遗失"},
        [CS_DUE_EXPORTED] = {"was exported", "已导出"},
        [CS_DUE_EMERGENCY] = {"seen in an emergency", "曾紧急查看"},
        [CS_DUE_LEAK] = {"has leaked", "已泄露"},
    };
    return cs_report_word(cs_due_why_name(why),
                          cs_command_words(command, words[why].english, words[why].chinese));
}

/* ---- which vaults, which people ---- */

static enum cs_status find_device(struct cs_vault_work *work, struct cs_bytes text,
                                  struct cs_report_subject *out)
{
    enum cs_status status = cs_query_resolve(work->replica, cs_bytes_of_text("device"), text,
                                             &out->device, &work->command->problem);
    out->has_device = status == CS_OK;
    return status;
}

static enum cs_status find_person(struct cs_vault_work *work, struct cs_bytes text,
                                  struct cs_report_subject *out)
{
    struct cs_vault_person_found found;
    enum cs_status status = cs_vault_work_person(work, text, &found);
    if (status == CS_OK) {
        out->has_person = true;
        out->person = found.person;
        out->person_name = found.name;
    }
    return status;
}

static enum cs_status find_credential(struct cs_vault_work *work, struct cs_bytes text,
                                      struct cs_report_subject *out)
{
    struct cs_vault_credential found;
    enum cs_status status = cs_vault_work_credential(work, text, NULL, &found);
    if (status == CS_OK) {
        out->has_vault = true;
        out->vault = found.vault;
        out->has_item = true;
        out->item = found.item;
        out->item_name = found.listing.name;
    }
    return status;
}

static enum cs_status find_vault(struct cs_vault_work *work, struct cs_bytes text,
                                 struct cs_report_subject *out)
{
    enum cs_status status = cs_vault_work_vault(work, text, &out->vault);
    out->has_vault = status == CS_OK;
    return status;
}

static enum cs_status find_subject(struct cs_report *report, int of)
{
    static const struct {
        int of;
        enum cs_status (*find)(struct cs_vault_work *work, struct cs_bytes text,
                               struct cs_report_subject *out);
    } ways[] = {{CS_REPORT_OF_PROJECT, find_vault},
                {CS_REPORT_OF_CREDENTIAL, find_credential},
                {CS_REPORT_OF_PERSON, find_person},
                {CS_REPORT_OF_DEVICE, find_device}};
    struct cs_command *command = report->work.command;
    struct cs_bytes text = cs_command_argument(command, 0);
    report->subject = (struct cs_report_subject){.has_vault = false};
    enum cs_status status = text.size == 0 ? CS_OK : CS_NOT_FOUND;
    for (size_t i = 0; i < CS_COUNT(ways) && status == CS_NOT_FOUND; i++) {
        if ((of & ways[i].of) != 0) {
            status = ways[i].find(&report->work, text, &report->subject);
        }
    }
    if (status == CS_OK) {
        command->exit_code = CS_EXIT_DONE; /* what did not fit was no failure */
    } else if (status == CS_NOT_FOUND || status == CS_EXISTS) {
        command->exit_code = CS_EXIT_USAGE;
    }
    return status != CS_NOT_FOUND
               ? status
               : cs_problem_set(&command->problem, status, "nothing here is called \"%.*s\"",
                                (int)(text.size < CS_NAME_MAX ? text.size : CS_NAME_MAX),
                                (const char *)text.data);
}

bool cs_report_is_about(const struct cs_report_subject *subject,
                        const struct cs_report_device *device)
{
    return (!subject->has_person || cs_id_equal(&subject->person, &device->person)) &&
           (!subject->has_device || cs_id_equal(&subject->device, &device->row));
}

/* ---- which vaults ---- */

static enum cs_status visit_vault(struct cs_report *report, const struct cs_vault_of_project *vault,
                                  cs_report_vault_visitor *visit, void *context)
{
    struct cs_vault_work *work = &report->work;
    struct cs_report_names names;
    bool whole = false;
    struct cs_problem *problem = &work->command->problem;
    enum cs_status status = cs_exposure_is_whole(work->book, &vault->vault, &whole, problem);
    if (status == CS_OK) {
        status = load_names(work, vault, &names);
    }
    report->complete = report->complete && whole;
    return status != CS_OK ? status : visit(context, &names);
}

enum cs_status cs_report_collect(struct cs_report *report, int of, cs_report_vault_visitor *visit,
                                 void *context)
{
    struct cs_vault_of_project *list = NULL;
    size_t count = 0;
    enum cs_status status = find_subject(report, of);
    if (status != CS_OK) {
        return status;
    }
    if (report->subject.has_vault) {
        return visit_vault(report, &report->subject.vault, visit, context);
    }
    status = cs_vault_catalog_vaults(report->work.book, &report->work.arena, &list, &count);
    for (size_t i = 0; i < count && status == CS_OK; i++) {
        status = visit_vault(report, &list[i], visit, context);
    }
    return status;
}

struct exposing {
    struct cs_report *report;
    cs_report_exposure_visitor *visit;
    void *context;
};

static enum cs_status visit_exposure(void *context, const struct cs_report_names *names)
{
    struct exposing *exposing = context;
    struct cs_vault_work *work = &exposing->report->work;
    struct cs_exposure *exposure = NULL;
    const struct cs_exposure_view *view = NULL;
    enum cs_status status = cs_exposure_read(work->book, &names->vault.vault, &exposure, &view,
                                             &work->command->problem);
    if (status == CS_OK) {
        status = exposing->visit(exposing->context, names, view);
    }
    cs_exposure_destroy(exposure);
    return status;
}

enum cs_status cs_report_collect_exposures(struct cs_report *report, int of,
                                           cs_report_exposure_visitor *visit, void *context)
{
    struct exposing exposing = {report, visit, context};
    return cs_report_collect(report, of, visit_exposure, &exposing);
}
