/*
 * Entry functions of fuzzing: one per decoder. Each takes any bytes and must neither crash nor leak, and checks that
 * whatever is accepted can be written and read again.
 *
 * Called by libFuzzer (fuzz_main.c) and by the replay of corpus and past failures (replay.c).
 */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_TARGETS(X)                                                                            \
    X(cbor)                                                                                        \
    X(body)                                                                                        \
    X(inner)                                                                                       \
    X(rows)                                                                                        \
    X(sync_request)                                                                                \
    X(sync_response)                                                                               \
    X(join_request)                                                                                \
    X(compare_request)                                                                             \
    X(compare_response)                                                                            \
    X(envelope)                                                                                    \
    X(vault_record)                                                                                \
    X(vault_recovery)                                                                              \
    X(vault_listing)                                                                               \
    X(vault_share)                                                                                 \
    X(password_kdbx)                                                                               \
    X(password_document)                                                                           \
    X(password_bitwarden)                                                                          \
    X(password_csv)                                                                                \
    X(rotation_message)                                                                            \
    X(rotation_passwd)                                                                             \
    X(attachment)                                                                                  \
    X(bundle)                                                                                      \
    X(bundle_file)                                                                                 \
    X(agent)

#define FUZZ_DECLARE(name) void fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

#endif
