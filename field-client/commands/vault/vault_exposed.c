/* vault exposed: what one person, or one device, knows. */
#include "field-client/commands/vault/report.h"

static const struct cs_report_column columns[] = {
    {"project_name", "project", "项目", CS_REPORT_ALL},
    {"name", "credential", "凭据", CS_REPORT_ALL},
    {"field", "field", "字段", CS_REPORT_ALL},
    {"state", "version is", "版本状态", CS_REPORT_ALL},
    {"in_force", "may be in force", "可能有效", CS_REPORT_ALL},
    {"due", "due", "需更换", CS_REPORT_ALL},
    {"device_name", "device", "设备", CS_REPORT_ALL},
    {"how", "how", "方式", CS_REPORT_ALL},
    {"since", "since", "时间", CS_REPORT_ALL},
    {"reason", "reason", "事由", CS_REPORT_ALL},
    {"work_order_label", "work order", "工单", CS_REPORT_ALL},
    {"written", "", "", CS_REPORT_PROGRAMS},
    {"project", "", "", CS_REPORT_PROGRAMS},
    {"vault", "", "", CS_REPORT_PROGRAMS},
    {"item", "", "", CS_REPORT_PROGRAMS},
    {"version", "", "", CS_REPORT_PROGRAMS},
    {"device", "", "", CS_REPORT_PROGRAMS},
    {"work_order", "", "", CS_REPORT_PROGRAMS},
};

struct exposed {
    struct cs_report report;
    struct cs_bytes person_name; /* of the first device that fits */
    struct cs_id person;
};

/* A version that no later one has replaced. */
static bool may_be_in_force(const struct cs_exposure_view *view, size_t index)
{
    const struct cs_exposed_version *version = &view->versions[index];
    const struct cs_exposed_secret *secret = &view->secrets[version->secret];
    for (size_t i = index + 1; i < secret->first_version + secret->version_count; i++) {
        if (view->versions[i].confirmed) {
            return false;
        }
    }
    return version->may_be_in_force && version->state != CS_VAULT_ARCHIVED;
}

static enum cs_status put_knowing(struct exposed *exposed, const struct cs_report_names *names,
                                  const struct cs_exposure_view *view,
                                  const struct cs_knowing *knowing,
                                  const struct cs_report_device *who)
{
    const struct cs_command *command = exposed->report.work.command;
    const struct cs_exposed_version *version = &view->versions[knowing->version];
    const struct cs_exposed_secret *secret = &view->secrets[version->secret];
    struct cs_bytes work_order = CS_BYTES_NONE;
    struct cs_id work_order_id = {{0}};
    (void)cs_id_from_bytes(knowing->work_order, &work_order_id);
    enum cs_status status =
        cs_report_work_order(&exposed->report.work, knowing->work_order, &work_order);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_report_cell cells[CS_COUNT(columns)] = {
        cs_report_text(names->project),
        cs_report_text(cs_report_item_name(names, &secret->item)),
        cs_report_text(secret->field),
        cs_report_word(cs_vault_state_name(version->state),
                       cs_vault_state_words(command, version->state)),
        cs_report_flag(may_be_in_force(view, knowing->version)),
        cs_report_flag(secret->due_count > 0),
        cs_report_text(who->device_name),
        cs_report_how(command, knowing->how),
        cs_report_time(knowing->since_ms),
        cs_report_text(knowing->reason),
        cs_report_text(work_order),
        cs_report_time(version->written_ms),
        cs_report_id(&names->vault.project),
        cs_report_id(&names->vault.vault),
        cs_report_id(&secret->item),
        cs_report_id(&version->id),
        cs_report_id(&who->row),
        cs_report_id(&work_order_id),
    };
    return cs_report_put(&exposed->report, cells);
}

/* Each device is looked up once, for there may be many knowings. */
static enum cs_status put_vault(void *context, const struct cs_report_names *names,
                                const struct cs_exposure_view *view)
{
    struct exposed *exposed = context;
    struct cs_vault_work *work = &exposed->report.work;
    struct cs_report_device *devices =
        cs_arena_take_array(&work->arena, view->device_count + 1, sizeof *devices);
    enum cs_status status = devices == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < view->device_count; i++) {
        status = cs_report_device_of(work, view->devices[i].certificate, &devices[i]);
    }
    for (size_t i = 0; status == CS_OK && i < view->knowing_count; i++) {
        const struct cs_report_device *who = &devices[view->knowings[i].device];
        if (cs_report_is_about(&exposed->report.subject, who)) {
            exposed->person = who->person;
            status = cs_arena_copy(&work->arena, who->person_name, &exposed->person_name);
            status = status != CS_OK ? status
                                     : put_knowing(exposed, names, view, &view->knowings[i], who);
        }
    }
    return status;
}

static struct cs_json *person_json(const struct exposed *exposed)
{
    const struct cs_report_subject *subject = &exposed->report.subject;
    struct cs_json *json = cs_json_object();
    struct cs_bytes name = subject->has_person ? subject->person_name : exposed->person_name;
    const struct cs_id *person = subject->has_person ? &subject->person : &exposed->person;
    cs_json_set(json, "person",
                cs_id_is_zero(person) ? cs_json_null() : cs_command_json_id(person));
    cs_json_set(json, "person_name", name.size == 0 ? cs_json_null() : cs_json_text(name));
    return json;
}

static enum cs_status run(void *context)
{
    struct exposed *exposed = context;
    struct cs_command *command = exposed->report.work.command;
    enum cs_status status = cs_report_collect_exposures(
        &exposed->report, CS_REPORT_OF_PERSON | CS_REPORT_OF_DEVICE, put_vault, exposed);
    if (status != CS_OK) {
        return status;
    }
    return cs_report_answer(&exposed->report, command->json ? person_json(exposed) : NULL, "knows",
                            cs_command_words(command, "no stored password was shown to them",
                                             "没有其知悉任何密码的记录"));
}

enum cs_status cs_vault_command_exposed(struct cs_command *command)
{
    static const struct cs_report_form form = {columns, CS_COUNT(columns), 1, NULL, run};
    struct exposed exposed = {.person_name = CS_BYTES_NONE};
    return cs_report_command(&exposed.report, command, &form, &exposed);
}
