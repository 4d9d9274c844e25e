/* What the states of a work order mean. Pure. */
#ifndef CS_DOMAIN_WORK_ORDER_H
#define CS_DOMAIN_WORK_ORDER_H

#include "shared/base/bytes.h"

/* Dispatched, and not done: somebody is on it, or on the way to it. */
bool cs_work_order_is_open(struct cs_bytes status);

#endif
