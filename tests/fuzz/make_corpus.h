/* What the files of make_corpus share: functions that append one valid input of a target. */
#ifndef TESTS_FUZZ_MAKE_CORPUS_H
#define TESTS_FUZZ_MAKE_CORPUS_H

#include "tests/unit/shared_wire/samples.h"

typedef void (*make)(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);

void make_vault_record(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);
void make_vault_recovery(struct sample_random *random, struct cs_arena *arena,
                         struct cs_buffer *out);
void make_vault_listing(struct sample_random *random, struct cs_arena *arena,
                        struct cs_buffer *out);
void make_vault_share(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);
void make_password_kdbx(struct sample_random *random, struct cs_arena *arena,
                        struct cs_buffer *out);
void make_password_document(struct sample_random *random, struct cs_arena *arena,
                            struct cs_buffer *out);
void make_password_bitwarden(struct sample_random *random, struct cs_arena *arena,
                             struct cs_buffer *out);
void make_password_csv(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);
void make_rotation_message(struct sample_random *random, struct cs_arena *arena,
                           struct cs_buffer *out);
void make_rotation_passwd(struct sample_random *random, struct cs_arena *arena,
                          struct cs_buffer *out);
void make_attachment(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);
void make_bundle(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);
void make_bundle_file(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);
void make_agent(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out);

#endif
