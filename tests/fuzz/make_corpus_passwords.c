/* Seeds of password files, see make_corpus.c. The databases in tests/golden/password_files are seeds too. */
#include "tests/fuzz/make_corpus.h"

#include "field-client/password_files/kdbx_format.h"
#include "field-client/password_files/password_csv.h"
#include "tests/support/fake_world.h"

static void fill(struct cs_password_list *list, struct sample_random *random)
{
    const struct cs_bytes groups[] = {cs_bytes_of_text("site"), cs_bytes_of_text("机房 / A")};
    const struct cs_password_field fields[] = {
        {cs_bytes_of_text("PIN"), cs_bytes_of_text("0042"), true},
        {cs_bytes_of_text("Rack"), cs_bytes_of_text("B 7"), false}};
    cs_require(cs_crypto_start() == CS_OK);
    cs_password_list_init(list);
    for (size_t i = 0; i < 3; i++) {
        struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
        entry.groups = groups;
        entry.group_count = sample_below(random, 3);
        entry.title = cs_bytes_of_text("router \"1\"");
        entry.password = cs_bytes_of_text("=1+1, 密码");
        entry.totp = cs_bytes_of_text("JBSWY3DPEHPK3PXP");
        entry.fields = fields;
        entry.field_count = sample_below(random, 3);
        entry.created_ms = 1772413200000;
        cs_require(cs_password_list_add(list, &entry, NULL) == CS_OK);
    }
}

void make_password_kdbx(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    const struct cs_kdbx_options options = {
        random->state % 2 == 0 ? CS_KDBX_AES256 : CS_KDBX_CHACHA20, CS_KDBX_MEMORY_KIB_MIN, 2, 1};
    const struct cs_kdbx_key key = {.password = cs_bytes_of_text("correct horse")};
    struct cs_password_list list;
    struct fake_world fake;
    (void)arena;
    fill(&list, random);
    fake_world_init(&fake, random->state);
    cs_require(cs_kdbx_write(&list, &key, &options, &fake.world, out, NULL) == CS_OK);
    fake_world_release(&fake);
    cs_password_list_release(&list);
}

void make_password_document(struct sample_random *random, struct cs_arena *arena,
                            struct cs_buffer *out)
{
    static const uint8_t header[] = {CS_KDBX_INNER_STREAM_ID,
                                     4,
                                     0,
                                     0,
                                     0,
                                     CS_KDBX_STREAM_CHACHA20,
                                     0,
                                     0,
                                     0,
                                     CS_KDBX_INNER_STREAM_KEY,
                                     1,
                                     0,
                                     0,
                                     0,
                                     'k',
                                     0,
                                     0,
                                     0,
                                     0,
                                     0};
    struct cs_password_list list;
    struct cs_stream stream;
    struct fake_world fake;
    (void)arena;
    fill(&list, random);
    fake_world_init(&fake, random->state);
    cs_buffer_append(out, header, sizeof header);
    cs_require(cs_kdbx_stream_init(CS_KDBX_STREAM_CHACHA20, cs_bytes_of_text("k"), &stream, NULL) ==
               CS_OK);
    cs_require(cs_kdbx_document_write(&list, &stream, &fake.world, out) == CS_OK);
    fake_world_release(&fake);
    cs_password_list_release(&list);
}

void make_password_bitwarden(struct sample_random *random, struct cs_arena *arena,
                             struct cs_buffer *out)
{
    (void)arena;
    cs_buffer_append_format(
        out,
        "{\"encrypted\":false,\"folders\":[{\"id\":\"f\",\"name\":\"a/"
        "b\"}],\"items\":[{\"type\":%d,"
        "\"folderId\":\"f\",\"name\":\"n\",\"notes\":null,\"fields\":[{\"name\":\"PIN\","
        "\"value\":\"0042\",\"type\":1}],\"login\":{\"uris\":[{\"match\":null,\"uri\":\"https://"
        "x\"},"
        "{\"uri\":\"y\"}],\"username\":\"u\",\"password\":\"p\",\"totp\":\"S\"},\"card\":{\"code\":"
        "\"123\"},\"passwordHistory\":[{}],\"creationDate\":\"2026-01-02T03:04:05Z\"}]}",
        1 + (int)sample_below(random, 5));
}

void make_password_csv(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_password_list list;
    (void)arena;
    fill(&list, random);
    cs_require(cs_password_csv_write(&list, out, NULL) == CS_OK);
    cs_password_list_release(&list);
}
