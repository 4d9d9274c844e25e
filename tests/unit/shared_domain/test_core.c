/*
 * Tests of the core registry as a whole. The list of fields is part of the formats: fields are
 * appended at the end of their entity, and what stands here is never changed, because devices in
 * the field already store and send it.
 */
#include "shared/base/text.h"
#include "shared/domain/choices.h"
#include "tests/unit/shared_domain/core_entities.h"

#include <pthread.h>
#include <stdio.h>

/* entity.field type policy [>reference] [size] flags… [group] [choices] */
static const char *const formats[] = {
    "person.name text latest 128 required search label",
    "person.phone text latest search",
    "person.post text latest",
    "person.territory text latest",
    "device.person reference computed >person",
    "device.person_name text computed 128",
    "device.roles text computed",
    "device.device_name text computed 128 search label",
    "device.certificate bytes computed 1024 hidden",
    "device.chain bytes computed 16384 hidden",
    "device.log_id bytes computed 8",
    "device.joined_at instant computed",
    "device.state choice computed pending|active|suspended|revoked",
    "device.joined_position integer computed hidden",
    "device.revoked_position integer computed hidden",
    "device.revoked_sequence integer computed",
    "device.revoked_head bytes computed 32 hidden",
    "device.revoked_counter integer computed hidden",
    "device.revoked_at instant computed",
    "device.revocation reference computed >revocation",
    "revocation.device reference once >device required",
    "revocation.certificate bytes once 32 required",
    "revocation.log_id bytes once 8 required",
    "revocation.person_name text once 128 required search label",
    "revocation.reason text once 4096 required",
    "revocation.revoked_by text once 128 required",
    "revocation.revoked_at instant once required",
    "revocation.revoker_chain bytes once 16384 required hidden",
    "revocation.subject_chain bytes once 16384 required hidden",
    "revocation.record bytes once 262144 required hidden",
    "customer.name text latest required search label",
    "customer.code text latest search",
    "customer.address text latest 512",
    "customer.phone text latest search",
    "customer.note text latest 4096",
    "site.customer reference latest >customer required carries",
    "site.name text latest search label",
    "site.address text latest 512",
    "site.contact text latest group1",
    "site.phone text latest group1",
    "project.name text latest required search label",
    "project.code text latest search",
    "project.customer reference latest >customer carries",
    "project.accepted_on date latest",
    "project.lead reference latest >person",
    "system.project reference latest >project carries project",
    "system.name text latest required search label",
    "system.kind choice latest database|server|application|equipment",
    "system.address text latest 512",
    "system.site reference latest >site carries",
    "system.note text latest 4096",
    "service_request.customer reference latest >customer carries",
    "service_request.system reference latest >system carries",
    "service_request.site reference latest >site carries",
    "service_request.number text latest search",
    "service_request.reported_fault text latest 4096 required search label",
    "service_request.priority choice latest low|normal|high|urgent",
    "service_request.contact text latest",
    "service_request.contact_phone text latest",
    "service_request.received_at instant latest",
    "service_request.respond_by instant latest",
    "service_request.resolve_by instant latest",
    "service_request.status choice latest new|approved|assigned|responded|resolved|closed",
    "work_order.number text latest search label",
    "work_order.request reference latest >service_request carries",
    "work_order.technician reference latest >person owner",
    "work_order.planned_start instant latest",
    "work_order.instruction text latest 4096 search",
    ("work_order.status choice fact_over_plan "
     "draft|assigned|accepted|travelling|on_site|finished|reconciled|cancelled|returned"),
    "visit.work_order reference once >work_order follows",
    "visit.technician reference once >person owner",
    "visit.departed_at instant fact_over_plan",
    "visit.arrived_at instant fact_over_plan signed",
    "visit.left_at instant fact_over_plan",
    "visit.actual_fault text latest 4096 search signed",
    "visit.work_done text latest 4096 search signed",
    "visit.result choice latest signed solved|partly|not_solved|follow_up",
    "visit.note text latest 4096 search",
    "visit.status choice latest draft|signed|synced|posted",
    "receipt.number text once required search label",
    "receipt.visit reference once >visit required follows",
    "receipt.signer text once required search",
    "receipt.strokes bytes once 131072 hidden",
    "receipt.snapshot text once 131072 hidden",
    "receipt.signed_at instant once required",
    "receipt.visit_digest bytes once 32 hidden",
    "receipt.record bytes once 262144 required hidden",
    "receipt_series.device bytes once 8 required",
    "receipt_series.person reference once >person owner",
    "receipt_series.prefix text once required label",
    "receipt_series.last_number integer latest",
    "receipt_series.voided text latest 4096",
    "receipt_void.number text once required search label",
    "receipt_void.series reference once >receipt_series follows",
    "receipt_void.receipt reference once >receipt follows",
    "receipt_void.reason text once 4096 required",
    "receipt_void.voided_at instant once required",
    "receipt_void.record bytes once 262144 required hidden",
    "part.code text latest required search",
    "part.name text latest required search label",
    "part.category text latest",
    "part.unit text latest",
    "part.price_cents money latest",
    "part.spec text latest 4096",
    "stock_location.name text latest required search label",
    "stock_location.code text latest search",
    "stock_location.kind choice latest warehouse|van|customer|scrap",
    "stock_location.owner reference latest >person owner",
    "stock_movement.part reference once >part required signed",
    "stock_movement.from reference once >stock_location follows",
    "stock_movement.to reference once >stock_location follows",
    "stock_movement.quantity integer once required signed",
    "stock_movement.serial text once search signed",
    "stock_movement.reason choice once purchase|transfer|used|returned|correction|scrapped",
    "stock_movement.visit reference once >visit follows",
    "stock_movement.moved_at instant once",
    "conflict.entity text computed",
    "conflict.row bytes computed 16",
    "conflict.field text computed label",
    "conflict.losing_log bytes computed 8 hidden",
    "conflict.losing_counter integer computed hidden",
    "conflict.losing_value bytes computed 262144 hidden",
    "conflict.losing_versions bytes computed 65536 hidden",
    "conflict.losing_text text computed 4096",
    "conflict.losing_author text computed",
    "conflict.losing_at instant computed",
    "conflict.shown_text text computed 4096",
    "conflict.shown_author text computed",
    "conflict.shown_at instant computed",
    "conflict.state choice computed open|resolved",
    "conflict.resolved_by text computed",
    "conflict.resolved_at instant computed",
    "exception.kind text computed",
    "exception.entity text computed",
    "exception.row bytes computed 16",
    "exception.subject text computed search label",
    "exception.detail text computed 4096",
    "exception.opened_at instant computed",
    "exception.closed_at instant computed",
    "exception.state choice computed open|closed|accepted",
    "exception.note text latest 4096",
    "exception.assigned_to reference latest >person",
    "exception.decision choice latest accepted",
    "refusal.transaction bytes computed 16 hidden",
    "refusal.log bytes computed 8 hidden",
    "refusal.counter integer computed hidden",
    "refusal.author reference computed >person owner",
    "refusal.reason text computed",
    "refusal.detail text computed 4096 label",
    "refusal.operations text computed 65536 hidden",
    "refusal.refused_at instant computed",
    "refusal.state choice latest open|corrected|dismissed",
    "refusal.settled_at instant latest",
    "refusal.entity text computed",
    "refusal.row bytes computed 16",
    "refusal.field text computed",
    "row_merge.entity text once required label",
    "row_merge.kept bytes once 16 required",
    "row_merge.dropped bytes once 16 required",
    "held_work.device reference computed >device",
    "held_work.log bytes computed 8 hidden",
    "held_work.counter integer computed hidden",
    "held_work.transaction bytes computed 16 hidden",
    "held_work.author reference computed >person owner",
    "held_work.summary text computed 4096 label",
    "held_work.operations text computed 65536 hidden",
    "held_work.claimed_at instant computed",
    "held_work.received_at instant computed",
    "held_work.state choice computed open|accepted|rejected",
    "held_work.decided_by text computed",
    "held_work.decided_at instant computed",
    "held_work.decision_reason text computed 4096",
    "review.work reference once >held_work required",
    "review.transaction bytes once 16 required hidden",
    "review.decision choice once required accept|reject",
    "review.reason text once 4096 required label",
    "review.reviewed_by text once 128 required",
    "review.reviewed_at instant once required",
    "review.reviewer_chain bytes once 16384 required hidden",
    "review.record bytes once 262144 required hidden",
    "attachment.visit reference once >visit follows",
    "attachment.work_order reference once >work_order follows",
    "attachment.file_name text once required search label",
    "attachment.media_type text once",
    "attachment.size integer once required",
    "attachment.chunk_size integer once required hidden",
    "attachment.address bytes once 32 required hidden",
    "attachment.key bytes once 32 required hidden",
    "attachment.taken_at instant once",
    "attachment.note text latest 4096 search",
};

static const char *const type_names[] = {"text",    "integer", "money",     "boolean", "date",
                                         "instant", "choice",  "reference", "bytes"};
static const char *const policy_names[] = {"latest", "fact_over_plan", "once", "computed"};
static const char *const flag_names[] = {"required", "search", "label",   "signed", "follows",
                                         "carries",  "owner",  "project", "hidden"};

static void describe(const struct cs_entity *entity, const struct cs_field *field,
                     struct cs_buffer *out)
{
    cs_buffer_clear(out);
    cs_buffer_append_format(out, "%s.%s %s %s", entity->name, field->name, type_names[field->type],
                            policy_names[field->policy]);
    if (field->references != NULL) {
        cs_buffer_append_format(out, " >%s", field->references);
    }
    if (field->size_max != 0) {
        cs_buffer_append_format(out, " %zu", field->size_max);
    }
    for (size_t i = 0; i < CS_COUNT(flag_names); i++) {
        if ((field->flags & (1U << i)) != 0) {
            cs_buffer_append_format(out, " %s", flag_names[i]);
        }
    }
    if (field->group != 0) {
        cs_buffer_append_format(out, " group%u", (unsigned)field->group);
    }
    if (field->choices != NULL) {
        cs_buffer_append_format(out, " %s", field->choices);
    }
}

static void the_registry_works(void **state)
{
    (void)state;
    struct cs_problem problem = {""};
    enum cs_status status = cs_registry_check(cs_registry_core(), &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, CS_OK);
}

static void fields_are_as_they_were_published(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    struct cs_buffer line;
    cs_buffer_init(&line, 4096);
    size_t count = 0;
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        for (size_t j = 0; j < entity->field_count; j++) {
            describe(entity, &entity->fields[j], &line);
            assert_true(count < CS_COUNT(formats));
            assert_string_equal(cs_buffer_text(&line), formats[count++]);
        }
    }
    assert_int_equal(count, CS_COUNT(formats));
    cs_buffer_release(&line);
}

static void entities_are_in_the_order_of_departments(void **state)
{
    (void)state;
    static const char *const names[] = {
        "person",         "device",         "revocation",      "customer",   "site",
        "project",        "system",         "service_request", "work_order", "visit",
        "receipt",        "receipt_series", "receipt_void",    "part",       "stock_location",
        "stock_movement", "conflict",       "exception",       "refusal",    "row_merge",
        "held_work",      "review",         "attachment",
    };
    const struct cs_registry *registry = cs_registry_core();
    assert_int_equal(registry->entity_count, CS_COUNT(names));
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        assert_string_equal(registry->entities[i]->name, names[i]);
    }
}

static void it_is_made_once(void **state)
{
    (void)state;
    const struct cs_registry *first = cs_registry_core();
    const size_t count = first->entity_count;
    assert_ptr_equal(cs_registry_core(), first);
    assert_int_equal(cs_registry_core()->entity_count, count);
}

static void *use_registry(void *result)
{
    *(size_t *)result = cs_registry_core()->entity_count;
    return NULL;
}

static void threads_see_the_same(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t counts[4] = {0};
    for (size_t i = 0; i < CS_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_registry, &counts[i]), 0);
    }
    for (size_t i = 0; i < CS_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(counts[i], cs_registry_core()->entity_count);
    }
}

/* For everything that asks the descriptors without cs_write_permitted, such as forms. */
static void the_owner_is_wherever_the_office_is(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        const cs_roles sets[] = {entity->creators, entity->deleters};
        for (size_t k = 0; k < CS_COUNT(sets); k++) {
            assert_true((sets[k] & CS_ROLE(OFFICE)) == 0 || (sets[k] & CS_ROLE(OWNER)) != 0);
        }
        for (size_t j = 0; j < entity->field_count; j++) {
            cs_roles writers = entity->fields[j].writers;
            assert_true((writers & CS_ROLE(OFFICE)) == 0 || (writers & CS_ROLE(OWNER)) != 0);
        }
    }
}

static void whoever_creates_a_row_can_complete_it(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        for (size_t j = 0; j < entity->field_count; j++) {
            const struct cs_field *field = &entity->fields[j];
            if ((field->flags & CS_FIELD_REQUIRED) != 0) {
                assert_int_equal(entity->creators & ~field->writers, 0);
            }
        }
    }
}

static void auditors_read(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    const cs_roles auditor = CS_ROLE(AUDITOR);
    for (size_t i = 0; i < registry->entity_count; i++) {
        const struct cs_entity *entity = registry->entities[i];
        assert_false(core_may(entity->name, NULL, CS_WRITE_INSERT, auditor));
        assert_false(core_may(entity->name, NULL, CS_WRITE_UPDATE, auditor));
        assert_false(core_may(entity->name, NULL, CS_WRITE_DELETE, auditor));
        for (size_t j = 0; j < entity->field_count; j++) {
            const char *field = entity->fields[j].name;
            assert_false(core_may(entity->name, field, CS_WRITE_INSERT, auditor));
            assert_false(core_may(entity->name, field, CS_WRITE_UPDATE, auditor));
        }
    }
}

/* One transaction holds a whole row, whatever is in it. */
static void the_largest_row_fits_a_change_set(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    for (size_t i = 0; i < registry->entity_count; i++) {
        size_t size = 0;
        for (size_t j = 0; j < registry->entities[i]->field_count; j++) {
            size_t size_max = registry->entities[i]->fields[j].size_max;
            size += size_max != 0 ? size_max : 255;
        }
        assert_true(size < CS_CHANGE_SET_BODY_MAX / 4);
    }
}

static void everyone_sees_catalogue_people_and_certificates_only(void **state)
{
    (void)state;
    static const char *const open[] = {"person", "device", "revocation", "part"};
    const struct cs_registry *registry = cs_registry_core();
    size_t count = 0;
    for (size_t i = 0; i < registry->entity_count; i++) {
        count += registry->entities[i]->scope == CS_SCOPE_RULE_EVERYONE;
    }
    assert_int_equal(count, CS_COUNT(open));
    for (size_t i = 0; i < CS_COUNT(open); i++) {
        assert_int_equal(core_entity(open[i])->scope, CS_SCOPE_RULE_EVERYONE);
    }
}

/* People who read English see words, and a new choice is not forgotten. */
static void every_choice_has_an_english_label(void **state)
{
    (void)state;
    const struct cs_registry *registry = cs_registry_core();
    size_t found = 0;
    for (size_t i = 0; i < registry->entity_count; i++) {
        for (size_t j = 0; j < registry->entities[i]->field_count; j++) {
            const struct cs_field *field = &registry->entities[i]->fields[j];
            assert_int_equal(cs_choices_count(field->choices), cs_choices_count(field->choices_en));
            found += cs_choices_count(field->choices_en);
        }
    }
    assert_true(found > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registry_works),
        cmocka_unit_test(fields_are_as_they_were_published),
        cmocka_unit_test(entities_are_in_the_order_of_departments),
        cmocka_unit_test(it_is_made_once),
        cmocka_unit_test(threads_see_the_same),
        cmocka_unit_test(the_owner_is_wherever_the_office_is),
        cmocka_unit_test(whoever_creates_a_row_can_complete_it),
        cmocka_unit_test(auditors_read),
        cmocka_unit_test(the_largest_row_fits_a_change_set),
        cmocka_unit_test(every_choice_has_an_english_label),
        cmocka_unit_test(everyone_sees_catalogue_people_and_certificates_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
