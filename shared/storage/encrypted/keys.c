/* File keys, see keys.h. */
#include "shared/storage/encrypted/keys.h"

#include "shared/storage/encrypted/slot.h"

enum cs_status cs_file_key_derive(struct cs_bytes master, const char *purpose, uint32_t epoch,
                                  struct cs_secret **out)
{
    uint8_t number[4];
    cs_put_u32(number, epoch);
    const struct cs_bytes parts[] = {cs_bytes_of_text(purpose), cs_bytes_of_array(number)};
    enum cs_status status = cs_secret_create(CS_HASH_SIZE, out);
    if (status == CS_OK) {
        cs_hash_keyed("countersign database file 1", master, parts, CS_COUNT(parts),
                      cs_secret_data(*out));
    }
    return status;
}
