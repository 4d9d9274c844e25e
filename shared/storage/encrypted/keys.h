/* File keys of encrypted databases, from the device's master key. */
#ifndef CS_ENCRYPTED_KEYS_H
#define CS_ENCRYPTED_KEYS_H

#include "shared/crypto/secret.h"

/*
 * The key of the files with this purpose ("replica", …; 1 to 64 characters) in this epoch: BLAKE2b-256 keyed with the
 * master key (32 bytes) over label, purpose and epoch. CS_NO_MEMORY.
 */
enum cs_status cs_file_key_derive(struct cs_bytes master, const char *purpose, uint32_t epoch,
                                  struct cs_secret **out) CS_MUST_USE;

#endif
