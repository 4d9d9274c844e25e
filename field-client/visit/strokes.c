/* Strokes of a signature, see strokes.h. */
#include "field-client/visit/strokes.h"

#include "shared/text/json.h"

#define POINT_NUMBERS_MIN 2
#define POINT_NUMBERS_MAX 4
#define NUMBER_TEXT_MAX ((size_t)64)

/*
 * Fractions have no reader of their own: what is written with a digit or a minus first is a number. Lists are not written, they
 * might be long.
 */
static bool is_number(const struct cs_json *json, enum cs_status *status)
{
    int64_t integer;
    struct cs_bytes text;
    if (json == NULL || cs_json_get_integer(json, &integer)) {
        return json != NULL;
    }
    if (cs_json_count(json) > 0 || cs_json_get_text(json, &text)) {
        return false;
    }
    struct cs_buffer written;
    cs_buffer_init(&written, NUMBER_TEXT_MAX);
    *status = cs_json_write(json, 0, &written);
    bool number = *status == CS_OK && written.size > 0 &&
                  (written.data[0] == '-' || (written.data[0] >= '0' && written.data[0] <= '9'));
    cs_buffer_release(&written);
    return number;
}

static bool is_point(const struct cs_json *point, enum cs_status *status)
{
    const struct cs_json *x = cs_json_get(point, "x");
    if (x != NULL) {
        return is_number(x, status) && is_number(cs_json_get(point, "y"), status);
    }
    size_t count = cs_json_count(point);
    bool valid = count >= POINT_NUMBERS_MIN && count <= POINT_NUMBERS_MAX;
    for (size_t i = 0; valid && i < count; i++) {
        valid = is_number(cs_json_at(point, i), status);
    }
    return valid;
}

/* The points of the stroke, counted. */
static enum cs_status check_stroke(const struct cs_json *stroke, size_t number,
                                   size_t *in_out_points, struct cs_problem *problem)
{
    const struct cs_json *points = cs_json_get(stroke, "points");
    points = points == NULL ? stroke : points;
    size_t count = cs_json_count(points);
    if (count == 0) {
        return cs_problem_set(problem, CS_INVALID, "stroke %zu has no points", number);
    }
    for (size_t i = 0; i < count; i++) {
        enum cs_status status = CS_OK;
        bool valid = is_point(cs_json_at(points, i), &status);
        if (status != CS_OK) {
            return status;
        }
        if (!valid) {
            return cs_problem_set(problem, CS_INVALID,
                                  "stroke %zu, point %zu is neither [x, y], [x, y, time, pressure] "
                                  "nor {\"x\": …, \"y\": …}",
                                  number, i + 1);
        }
    }
    *in_out_points += count;
    return CS_OK;
}

static enum cs_status check_list(const struct cs_json *list, struct cs_strokes_summary *out,
                                 struct cs_problem *problem)
{
    size_t count = cs_json_count(list);
    if (cs_json_at(list, 0) == NULL) {
        return cs_problem_set(problem, CS_INVALID,
                              "strokes must be a JSON array of strokes, at least one");
    }
    size_t points = 0;
    for (size_t i = 0; i < count; i++) {
        enum cs_status status = check_stroke(cs_json_at(list, i), i + 1, &points, problem);
        if (status != CS_OK) {
            return status;
        }
    }
    if (points < CS_STROKE_POINTS_MIN) {
        return cs_problem_set(problem, CS_INVALID, "a single point is no signature");
    }
    *out = (struct cs_strokes_summary){count, points};
    return CS_OK;
}

enum cs_status cs_strokes_check(struct cs_bytes strokes, struct cs_strokes_summary *out,
                                struct cs_problem *problem)
{
    if (strokes.size > CS_STROKES_MAX) {
        return cs_problem_set(problem, CS_TOO_LARGE, "the strokes have %zu bytes, at most %zu fit",
                              strokes.size, CS_STROKES_MAX);
    }
    struct cs_json *list;
    enum cs_status status = cs_json_parse(strokes, &list);
    if (status != CS_OK) {
        return status == CS_NO_MEMORY
                   ? status
                   : cs_problem_set(problem, CS_INVALID, "the strokes are not valid JSON");
    }
    struct cs_strokes_summary summary;
    status = check_list(list, &summary, problem);
    cs_json_destroy(list);
    if (status == CS_OK && out != NULL) {
        *out = summary;
    }
    return status;
}
