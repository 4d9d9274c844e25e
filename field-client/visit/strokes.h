/*
 * A signature's strokes: JSON as a drawing pad gives it. Pure. Used by sign.c.
 *
 * An array of strokes; a stroke is an array of points or an object with an array "points" (signature_pad's toData); a point is
 * [x, y], [x, y, time], [x, y, time, pressure] or an object with numbers "x" and "y".
 */
#ifndef CS_VISIT_STROKES_H
#define CS_VISIT_STROKES_H

#include "shared/base/bytes.h"
#include "shared/base/limits.h"

#define CS_STROKES_MAX (128 * CS_KIBI)
#define CS_STROKE_POINTS_MIN ((size_t)2)

struct cs_strokes_summary {
    size_t stroke_count;
    size_t point_count;
};

/*
 * CS_TOO_LARGE over CS_STROKES_MAX bytes; CS_INVALID, saying which stroke and point, for anything else than the above, no stroke, a stroke
 * without points, or fewer than CS_STROKE_POINTS_MIN points in all. *out may be NULL.
 */
enum cs_status cs_strokes_check(struct cs_bytes strokes, struct cs_strokes_summary *out,
                                struct cs_problem *problem) CS_MUST_USE;

#endif
