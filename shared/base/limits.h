/*
 * Every limit of the formats, in one place. Sizes in bytes unless the name says otherwise.
 * A limit is checked where bytes enter (wire, command line, CSV) and gives CS_LIMIT or CS_TOO_LARGE.
 */
#ifndef CS_BASE_LIMITS_H
#define CS_BASE_LIMITS_H

#define CS_KIBI ((size_t)1024)
#define CS_MEBI ((size_t)1024 * 1024)

/* One change-set: its body before compression, and its inner as stored and sent. */
#define CS_CHANGE_SET_BODY_MAX (4 * CS_MEBI)
#define CS_CHANGE_SET_INNER_MAX (4 * CS_MEBI + 64 * CS_KIBI)
#define CS_TRANSACTIONS_PER_CHANGE_SET_MAX ((size_t)20000)
#define CS_OPERATIONS_PER_TRANSACTION_MAX ((size_t)10000)
#define CS_OPERATIONS_PER_CHANGE_SET_MAX ((size_t)65536)
#define CS_FIELDS_PER_ENTITY_MAX ((size_t)128)
#define CS_SHAPES_PER_BATCH_MAX ((size_t)1024)
#define CS_BASES_PER_FIELD_MAX ((size_t)64)
#define CS_NAME_MAX ((size_t)64)
#define CS_VALUE_MAX (256 * CS_KIBI)
#define CS_CBOR_DEPTH_MAX 8

/* One exchange. */
#define CS_REQUEST_MAX (8 * CS_MEBI)
#define CS_RESPONSE_MAX (16 * CS_MEBI)
#define CS_CHANGE_SETS_PER_REQUEST_MAX ((size_t)64)
#define CS_PAGE_ROWS_MAX ((size_t)20000)
/* A page is closed when its rows have this many bytes before compression. */
#define CS_PAGE_BYTES_TARGET (4 * CS_MEBI)
#define CS_PAGE_BYTES_MAX (12 * CS_MEBI)
#define CS_SCOPES_PER_DEVICE_MAX ((size_t)4096)

/* One step of a comparison (shared/wire/compare.h). */
#define CS_COMPARE_REQUEST_MAX (2 * CS_MEBI)
#define CS_COMPARE_FANOUT ((size_t)64)
#define CS_COMPARE_DEPTH_MAX 8u
#define CS_COMPARE_RANGES_MAX ((size_t)512)
#define CS_COMPARE_ENTRIES_MAX ((size_t)20000)
#define CS_COMPARE_MOVED_MAX ((size_t)5000)
/* Of one device; each may read all of its scopes. */
#define CS_COMPARES_PER_HOUR_MAX ((size_t)600)

/* One answer about what a row was (shared/wire/history.h): states, and of one state what waits for a decision. */
#define CS_HISTORY_STATES_MAX ((size_t)256)
#define CS_HISTORY_HEADS_MAX ((size_t)8192)
#define CS_HISTORY_BYTES_TARGET (1 * CS_MEBI)

/* The evidence log: a checkpoint's note, and the hashes of one proof. */
#define CS_CHECKPOINT_MAX ((size_t)512)
#define CS_LOG_PROOF_MAX ((size_t)65 * 32)
/* Of a root of the evidence log, what a device names it by. */
#define CS_LOG_MARK_SIZE ((size_t)8)

/* Working memory one decoded message may take. */
#define CS_MESSAGE_ARENA_MAX (256 * CS_MEBI)

/* Trust. */
#define CS_CHAIN_LENGTH_MAX ((size_t)6)
#define CS_CHAIN_BYTES_MAX (16 * CS_KIBI)
#define CS_INVITE_TEXT_MAX (32 * CS_KIBI)
#define CS_PERSON_NAME_MAX ((size_t)128)

/* A bundle (shared/wire/bundle.h): envelopes in one file; leaves of the evidence log, and outcomes, that it can carry. */
#define CS_BUNDLE_PARTS_MAX ((size_t)4096)
#define CS_BUNDLE_LEAVES_MAX ((size_t)65536)
#define CS_BUNDLE_OUTCOMES_MAX ((size_t)200000)

/* Vaults. What is encrypted, before encryption; and what one record may name. */
#define CS_VAULT_LISTING_MAX (4 * CS_KIBI)
#define CS_VAULT_SECRET_MAX (64 * CS_KIBI)
#define CS_VAULT_REASON_MAX ((size_t)512)
#define CS_VAULT_APPROVERS_MAX ((size_t)32)
#define CS_VAULT_VERSIONS_MAX ((size_t)1024)
/* Records of one vault's log. */
#define CS_VAULT_LOG_MAX ((size_t)65536)
#define CS_VAULT_LEASE_DAYS_MAX 31
/* So long after it was logged a request can be approved. */
#define CS_VAULT_WAITING_DAYS_MAX 7
/* One exchange about vaults (shared/wire/vault_message.h). */
#define CS_VAULTS_PER_DEVICE_MAX ((size_t)4096)
#define CS_VAULT_RECORDS_PER_REQUEST_MAX ((size_t)256)
#define CS_VAULT_PAGE_RECORDS_MAX ((size_t)512)
#define CS_VAULT_PAGE_BYTES_TARGET (4 * CS_MEBI)
#define CS_VAULT_RECOVERIES_MAX ((size_t)64)

/* Attachments (shared/attachment): the file, and what it is cut into. One request carries one chunk. */
#define CS_ATTACHMENT_SIZE_MAX (256 * CS_MEBI)
#define CS_ATTACHMENT_CHUNK_MIN (4 * CS_KIBI)
#define CS_ATTACHMENT_CHUNK_MAX (128 * CS_KIBI)
#define CS_ATTACHMENT_CHUNKS_MAX ((size_t)2048)
/* Attachments that are asked about at once. */
#define CS_ATTACHMENT_NAMES_MAX ((size_t)256)
/* What the server takes of one device in all, unless it is told otherwise. */
#define CS_ATTACHMENT_DEVICE_BYTES_MAX ((uint64_t)16 * 1024 * CS_MEBI)

/* One message to a helper that changes a password (field-client/rotation), and what is in it. */
#define CS_ROTATION_MESSAGE_MAX (64 * CS_KIBI)
#define CS_ROTATION_NAME_MAX ((size_t)255)
#define CS_ROTATION_SECRET_MAX ((size_t)1024)
#define CS_ROTATION_OPTIONS_MAX ((size_t)8)
#define CS_ROTATION_OPTION_MAX (16 * CS_KIBI)
#define CS_ROTATION_SECONDS_MAX 600u
/* What a helper says for people, and how long after its time it is ended. */
#define CS_ROTATION_REASON_MAX ((size_t)400)
#define CS_ROTATION_GRACE_SECONDS 5u

/* Password files of other programs: the file, what it holds when unpacked, what is in it. */
#define CS_PASSWORD_FILE_MAX (64 * CS_MEBI)
#define CS_PASSWORD_FILE_UNPACKED_MAX (128 * CS_MEBI)
#define CS_PASSWORD_ENTRIES_MAX ((size_t)50000)
#define CS_PASSWORD_FIELDS_MAX ((size_t)256)
#define CS_PASSWORD_GROUP_DEPTH_MAX ((size_t)32)
#define CS_PASSWORD_TEXT_MAX (256 * CS_KIBI)
#define CS_PASSWORD_LOSSES_MAX ((size_t)200000)
#define CS_PASSWORD_XML_DEPTH_MAX 64u
#define CS_PASSWORD_HEADER_FIELD_MAX (64 * CS_KIBI)
#define CS_PASSWORD_KEY_FILE_MAX (1 * CS_MEBI)
/* What such a file may ask of the derivation of its key. Work = memory × passes. */
#define CS_PASSWORD_KDF_MEMORY_KIB_MAX ((uint64_t)1024 * 1024)
#define CS_PASSWORD_KDF_WORK_KIB_MAX ((uint64_t)32 * 1024 * 1024)
#define CS_PASSWORD_KDF_LANES_MAX ((uint64_t)64)
#define CS_PASSWORD_KDF_ROUNDS_MAX ((uint64_t)1000000000)

/* The agent of a laptop (field-client/agent): one request, its arguments or variables, callers at once, and how long a peer may take. */
#define CS_AGENT_REQUEST_MAX (4 * CS_MEBI)
#define CS_AGENT_TEXTS_MAX ((size_t)65536)
#define CS_AGENT_CALLERS_MAX ((size_t)40)
#define CS_AGENT_COMMANDS_MAX                                                                      \
    ((size_t)32) /* with the replica in their hands; the rest is for lock and stop */
#define CS_AGENT_SECONDS_MAX 5

#endif
