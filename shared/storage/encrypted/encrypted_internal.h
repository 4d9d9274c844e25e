/*
 * What the files of the encrypting VFS share: the files that SQLite has open. Included by the sources of this folder only.
 *
 * SQLite's own structure of an open file is small and holds a pointer to ours, whose buffers of plaintext are wiped.
 */
#ifndef CS_ENCRYPTED_INTERNAL_H
#define CS_ENCRYPTED_INTERNAL_H

#include "shared/storage/database_internal.h"
#include "shared/storage/encrypted/state.h"
#include "shared/storage/encrypted/vfs.h"

/* A slot that does not open, or is not the version that counts; a state that was none. */
#define CS_ENCRYPTED_DAMAGED SQLITE_IOERR_DATA
/* What FORMAT.md lists under "What is refused". */
#define CS_ENCRYPTED_REFUSED SQLITE_IOERR_AUTH

/* Where page 1 begins in the main file: behind header and anchor. */
#define CS_MAIN_PAGES_OFFSET ((sqlite3_int64)2 * CS_SLOT_PAGE_SIZE)

/* SQLite's log: header, and frames of a header and a page. */
#define CS_LOG_HEADER_SIZE 32u
#define CS_LOG_FRAME_HEADER_SIZE 24u
#define CS_LOG_FRAME_SIZE (CS_LOG_FRAME_HEADER_SIZE + CS_SLOT_PAGE_SIZE)

/* Ours: what is encrypted of the header and of a frame, and the slots they make. */
#define CS_LOG_HEADER_CONTENT (CS_LOG_HEADER_SIZE + CS_GENERATION_SIZE + 4u)
#define CS_LOG_HEADER_SLOT (CS_LOG_HEADER_CONTENT + CS_SLOT_TRAILER_SIZE)
#define CS_LOG_SYNCED_OFFSET (CS_LOG_FRAME_HEADER_SIZE + CS_SLOT_CONTENT_SIZE)
#define CS_LOG_COMMIT_OFFSET (CS_LOG_SYNCED_OFFSET + 4u)
#define CS_LOG_SUM_OFFSET (CS_LOG_COMMIT_OFFSET + 8u)
#define CS_LOG_GENERATION_OFFSET (CS_LOG_SUM_OFFSET + CS_HASH_SIZE)
#define CS_LOG_CHAIN_OFFSET (CS_LOG_GENERATION_OFFSET + CS_GENERATION_SIZE)
#define CS_LOG_CONTENT (CS_LOG_CHAIN_OFFSET + CS_CHAIN_SIZE)
#define CS_LOG_SLOT (CS_LOG_CONTENT + CS_SLOT_TRAILER_SIZE)

struct cs_encrypted_vfs {
    sqlite3_vfs base; /* first: SQLite hands it back */
    char name[48];
    sqlite3_vfs *below;
    const struct cs_world *world;
    struct cs_secret *file_key;
    uint32_t epoch;
    bool own_files; /* the VFS below is the system's: files are made private here */
    struct cs_encrypted_main *open_list;
};

/* What SQLite knows of an open file; the structure of the VFS below lies behind it. */
struct cs_encrypted_file {
    sqlite3_file base;
    sqlite3_file *below;
    struct cs_encrypted_main *main; /* of a main file or log; NULL: a rollback journal */
};

enum cs_main_phase {
    CS_MAIN_UNCHECKED, /* before the log was opened */
    CS_MAIN_CREATING,  /* it was empty and is being filled under the exclusive lock */
    CS_MAIN_CHECKED,   /* the state is known and was found good */
};

/* A frame that SQLite has not written wholly yet, or only its header anew. */
struct cs_log_gathering {
    uint32_t index;  /* 0: none */
    uint32_t synced; /* when its writing began */
    size_t filled;
    uint8_t frame[CS_LOG_FRAME_SIZE];
};

/* Where slots lie: frame i at first + (i - 1) * stride. */
struct cs_log_layout {
    uint32_t first;
    uint32_t stride;
};

struct cs_encrypted_log {
    sqlite3_file *below;
    struct cs_log_layout layout;
    bool has_header;
    uint8_t header[CS_LOG_HEADER_SIZE];
    uint32_t synced; /* frames of this generation known to be on disk */
    struct cs_log_gathering gathering;
    uint32_t read_index; /* the frame in `read_frame`; 0: none */
    uint8_t read_frame[CS_LOG_FRAME_SIZE];
    uint8_t slot[CS_LOG_SLOT];
};

struct cs_encrypted_main {
    struct cs_encrypted_vfs *vfs;
    struct cs_encrypted_main *next;
    const char *path; /* SQLite's, which outlives the file */
    sqlite3_file *below;
    struct cs_slot_keys keys; /* .page NULL: no header yet */
    int lock;
    enum cs_main_phase phase;
    bool cut_short;         /* its header does not open and was found to be one half written */
    bool anchor_stale;      /* the main file was written since its anchor was synced */
    uint32_t anchor_frames; /* that the anchor on disk names of this generation */
    uint8_t generation[CS_GENERATION_SIZE]; /* the latest known; its number is 0 before the first */
    struct cs_state state;
    struct cs_encrypted_log *log; /* NULL: not open */
    uint8_t page[CS_SLOT_PAGE_SIZE];
};

/* The anchor of the main file. */
struct cs_main_anchor {
    uint8_t sum[CS_HASH_SIZE];
    uint32_t pages;
    uint8_t generation[CS_GENERATION_SIZE];
    uint32_t frames;
    uint64_t commit;
};

extern const sqlite3_io_methods cs_main_methods;
extern const sqlite3_io_methods cs_log_methods;
extern const sqlite3_io_methods cs_journal_methods;

struct cs_encrypted_file *cs_encrypted_of(sqlite3_file *file);
int cs_encrypted_code(enum cs_status status);
/* Is this what SQLite hands over for page 1 of a database as we keep them; is the reserve of any page empty? */
bool cs_encrypted_page_allowed(uint32_t page, const uint8_t content[static CS_SLOT_PAGE_SIZE]);
void cs_encrypted_nonce(const struct cs_encrypted_vfs *vfs, uint8_t out[static CS_PAGE_NONCE_SIZE]);

/* Reads the header and derives the keys. SQLITE_OK also where there is none yet; SQLITE_NOTADB: it is another one's. */
int cs_main_read_header(struct cs_encrypted_main *main);
/* How many whole pages the main file holds. */
int cs_main_count_pages(const struct cs_encrypted_main *main, uint32_t *out);
/*
 * Makes the main file durable, and its anchor with it, if it was written since. Only where it is a state by itself: it is being made, or
 * SQLite has just taken all of the log over.
 */
int cs_main_settle(struct cs_encrypted_main *main);
/* The main file is no state by itself from here on, durably: frames that its anchor names are to be written over. */
int cs_main_take_anchor_back(struct cs_encrypted_main *main);
/* *out_valid tells whether there is one that opens. */
int cs_main_read_anchor(struct cs_encrypted_main *main, struct cs_main_anchor *out,
                        bool *out_valid);
void cs_main_close(struct cs_encrypted_main *main);

/* Opens the log over `below`, an open file, and checks the state. On failure `below` stays open and the caller's. */
int cs_log_open(struct cs_encrypted_main *main, sqlite3_file *below);
/* For this disk, or with this stride (false: it is none that we make). */
struct cs_log_layout cs_log_layout_for(sqlite3_file *below);
bool cs_log_layout_with(uint32_t stride, struct cs_log_layout *out) CS_MUST_USE;
sqlite3_int64 cs_log_slot_offset(const struct cs_encrypted_log *log, uint32_t index);
/* Whole slots in a file of this size. */
uint32_t cs_log_count_slots(const struct cs_encrypted_log *log, sqlite3_int64 size);
/* What is checked when a database is opened: fills main->state, generation and the log's header. */
int cs_encrypted_check(struct cs_encrypted_main *main, struct cs_encrypted_log *log);

/* May this journal, found on disk, be replayed? SQLITE_OK, CS_ENCRYPTED_DAMAGED, or an error of reading. */
int cs_journal_check(sqlite3_file *below);

/* The methods that are handed through, and what our files are to SQLite. */
int cs_pass_lock(sqlite3_file *file, int level);
int cs_pass_unlock(sqlite3_file *file, int level);
int cs_pass_check_reserved(sqlite3_file *file, int *out);
int cs_pass_control(sqlite3_file *file, int operation, void *argument);
int cs_pass_characteristics(sqlite3_file *file);

#endif
