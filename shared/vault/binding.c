/* What every ciphertext of a vault is bound to, see binding.h. */
#include "shared/vault/binding.h"

#include <string.h>

static const char *const labels[CS_VAULT_CLASS_MAX + 1] = {
    [CS_VAULT_CLASS_KEY] = "countersign vault key 1",
    [CS_VAULT_CLASS_LISTING_KEY] = "countersign vault listing key 1",
    [CS_VAULT_CLASS_WRAPPED_KEY] = "countersign vault wrapped key 1",
    [CS_VAULT_CLASS_WRAPPED_LISTING] = "countersign vault wrapped listing key 1",
    [CS_VAULT_CLASS_RECOVERED_KEY] = "countersign vault recovered key 1",
    [CS_VAULT_CLASS_LISTING] = "countersign vault listing 1",
    [CS_VAULT_CLASS_SECRET] = "countersign vault secret 1",
    [CS_VAULT_CLASS_HALF_SERVER] = "countersign vault half for server 1",
    [CS_VAULT_CLASS_HALF_RECOVERY] = "countersign vault half for recovery 1",
    [CS_VAULT_CLASS_HALF_APPROVER] = "countersign vault half for approver 1",
    [CS_VAULT_CLASS_HALF_APPROVED] = "countersign vault half approved 1",
    [CS_VAULT_CLASS_HALF_RELEASED] = "countersign vault half released 1",
};

const char *cs_vault_class_label(enum cs_vault_class class_value)
{
    cs_require((unsigned)class_value >= 1 && (unsigned)class_value <= CS_VAULT_CLASS_MAX);
    return labels[class_value];
}

static void put_u32(struct cs_vault_binding *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        out->bytes[out->size++] = (uint8_t)(value >> shift);
    }
}

static void put(struct cs_vault_binding *out, struct cs_bytes part)
{
    put_u32(out, (uint32_t)part.size);
    if (part.size > 0) {
        memcpy(out->bytes + out->size, part.data, part.size);
    }
    out->size += part.size;
}

void cs_vault_bind(const struct cs_vault_place *place, struct cs_vault_binding *out)
{
    static const uint8_t nobody[CS_HASH_SIZE];
    const uint8_t class_byte = (uint8_t)place->class_value;
    uint8_t epoch[8];
    cs_require(place->field.size <= CS_NAME_MAX);
    for (size_t i = 0; i < sizeof epoch; i++) {
        epoch[i] = (uint8_t)(place->epoch >> (8 * (sizeof epoch - 1 - i)));
    }
    out->size = 0;
    put(out, cs_bytes_make(&class_byte, 1));
    put(out, cs_bytes_make(place->organisation, CS_HASH_SIZE));
    put(out, cs_id_bytes(&place->vault));
    put(out, cs_bytes_of_array(epoch));
    put(out, cs_id_bytes(&place->item));
    put(out, place->field);
    put(out, cs_id_bytes(&place->version));
    put(out, cs_bytes_make(place->subject == NULL ? nobody : place->subject, CS_HASH_SIZE));
}

struct cs_bytes cs_vault_binding_bytes(const struct cs_vault_binding *binding)
{
    return cs_bytes_make(binding->bytes, binding->size);
}

struct cs_vault_place cs_vault_place_of_class(const struct cs_vault_place *place,
                                              enum cs_vault_class class_value,
                                              const uint8_t *subject)
{
    struct cs_vault_place other = *place;
    other.class_value = class_value;
    other.subject = subject;
    return other;
}

void cs_vault_half_commitment(struct cs_bytes half, const struct cs_vault_place *place,
                              uint8_t out[static CS_HASH_SIZE])
{
    struct cs_vault_place secret = cs_vault_place_of_class(place, CS_VAULT_CLASS_SECRET, NULL);
    struct cs_vault_binding binding;
    cs_vault_bind(&secret, &binding);
    struct cs_bytes part = cs_vault_binding_bytes(&binding);
    cs_hash_keyed("countersign vault half commitment 1", half, &part, 1, out);
}
