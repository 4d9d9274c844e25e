/*
 * Who knows what of one vault of this replica (exposure.h): the verified records that are kept here, the standing of devices from
 * their rows, and the time of now.
 */
#ifndef CS_FIELD_CLIENT_VAULT_EXPOSURE_READ_H
#define CS_FIELD_CLIENT_VAULT_EXPOSURE_READ_H

#include "field-client/vault/book.h"
#include "field-client/vault/exposure.h"

/* The view lives as long as *out, which the caller destroys. The vault's log is verified first: as cs_vault_book_log; CS_CORRUPT. */
enum cs_status cs_exposure_read(struct cs_vault_book *book, const struct cs_id *vault,
                                struct cs_exposure **out, const struct cs_exposure_view **out_view,
                                struct cs_problem *problem) CS_MUST_USE;
/* Whether this device is sent the disclosures of others, by its rights at the end of the log; without them a report says only what its own
 * person knows. */
enum cs_status cs_exposure_is_whole(struct cs_vault_book *book, const struct cs_id *vault,
                                    bool *out, struct cs_problem *problem) CS_MUST_USE;

#endif
