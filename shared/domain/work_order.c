/* What the states of a work order mean, see work_order.h. */
#include "shared/domain/work_order.h"

#include "shared/base/text.h"

bool cs_work_order_is_open(struct cs_bytes status)
{
    static const char *const open[] = {"assigned", "accepted", "travelling", "on_site"};
    for (size_t i = 0; i < CS_COUNT(open); i++) {
        if (cs_bytes_equal_text(status, open[i])) {
            return true;
        }
    }
    return false;
}
