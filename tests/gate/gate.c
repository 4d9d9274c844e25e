/*
 * SQLite's own test program over the encrypting VFS: linked into `testfixture`, which knows nothing of it (tools/gate-vfs).
 *
 * The linker hands us the calls that the test program, not SQLite itself, makes to register, find and open (--wrap). What it
 * registers, be it a disk that loses power or a write that fails, comes below: under its name stands our VFS over it, so that what is
 * lost or torn is ciphertext, as on a real disk. GATE_VFS=plain leaves the encryption out and keeps everything else.
 */
#include "shared/base/memory.h"
#include "shared/crypto/secret.h"
#include "shared/storage/encrypted/vfs.h"
#include "tests/gate/forced_mode.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COVERS_MAX 64
#define NAME_SIZE 96

/* What stands over one VFS. */
struct cover {
    sqlite3_vfs *below; /* NULL: free */
    const char *name;   /* that it had, and that `top` has now */
    char hidden_name[NAME_SIZE];
    struct cs_world world;
    struct cs_encrypted_vfs *encrypted;
    sqlite3_vfs top;
};

static struct {
    bool begun;
    bool inside; /* our own calls go straight through */
    bool is_plain;
    struct cover *covers[COVERS_MAX];
    sqlite3_vfs *chosen; /* what opens without a name go to */
} gate;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker makes these names. */
int __real_sqlite3_vfs_register(sqlite3_vfs *vfs, int make_default);
int __real_sqlite3_vfs_unregister(sqlite3_vfs *vfs);
sqlite3_vfs *__real_sqlite3_vfs_find(const char *name);
int __real_sqlite3_open(const char *name, sqlite3 **out);
int __real_sqlite3_open16(const void *name, sqlite3 **out);
int __real_sqlite3_open_v2(const char *name, sqlite3 **out, int flags, const char *vfs);
int __wrap_sqlite3_vfs_register(sqlite3_vfs *vfs, int make_default);
int __wrap_sqlite3_vfs_unregister(sqlite3_vfs *vfs);
sqlite3_vfs *__wrap_sqlite3_vfs_find(const char *name);
int __wrap_sqlite3_open(const char *name, sqlite3 **out);
int __wrap_sqlite3_open16(const void *name, sqlite3 **out);
int __wrap_sqlite3_open_v2(const char *name, sqlite3 **out, int flags, const char *vfs);

static void give_up(const char *what)
{
    (void)fprintf(stderr, "gate: %s\n", what);
    abort();
}

static struct cover *cover_of(const sqlite3_vfs *vfs)
{
    for (size_t i = 0; i < COVERS_MAX; i++) {
        if (gate.covers[i] != NULL && vfs != NULL &&
            (gate.covers[i]->below == vfs || &gate.covers[i]->top == vfs)) {
            return gate.covers[i];
        }
    }
    return NULL;
}

static struct cover *new_cover(void)
{
    for (size_t i = 0; i < COVERS_MAX; i++) {
        if (gate.covers[i] == NULL) {
            gate.covers[i] = cs_alloc_zero(1, sizeof *gate.covers[i]);
            if (gate.covers[i] == NULL) {
                give_up("no memory");
            }
            return gate.covers[i];
        }
    }
    give_up("more VFS than this was made for");
    return NULL;
}

/* The VFS that files are opened with: the hidden one, or ours over it. */
static sqlite3_vfs *under_top(struct cover *cover)
{
    static const uint8_t key[CS_ENCRYPTED_KEY_SIZE] = {'g', 'a', 't', 'e'};
    if (gate.is_plain) {
        return cover->below;
    }
    cs_world_system(&cover->world);
    cover->world.sqlite_vfs = cover->hidden_name;
    if (cs_encrypted_vfs_create(&cover->world, cs_bytes_make(key, sizeof key), 1,
                                &cover->encrypted) != CS_OK) {
        give_up("the encrypting VFS cannot be made");
    }
    return __real_sqlite3_vfs_find(cs_encrypted_vfs_name(cover->encrypted));
}

static void put_cover(sqlite3_vfs *vfs, int make_default)
{
    struct cover *cover = new_cover();
    cover->below = vfs;
    cover->name = vfs->zName;
    (void)snprintf(cover->hidden_name, sizeof cover->hidden_name, "under %s", vfs->zName);
    vfs->zName = cover->hidden_name;
    gate.inside = true;
    (void)__real_sqlite3_vfs_register(vfs, 0);
    forced_mode_fill(&cover->top, cover->name, under_top(cover));
    (void)__real_sqlite3_vfs_register(&cover->top, make_default);
    gate.inside = false;
    if (make_default != 0) {
        gate.chosen = &cover->top;
    }
}

/* Files that are still open through it keep what they need: only the name goes. */
static void take_cover(struct cover *cover)
{
    for (size_t i = 0; i < COVERS_MAX; i++) {
        if (gate.covers[i] == cover) {
            gate.covers[i] = NULL;
        }
    }
    (void)__real_sqlite3_vfs_unregister(&cover->top);
    (void)__real_sqlite3_vfs_unregister(cover->below);
    cover->below->zName = cover->name;
}

static void begin(void)
{
    if (gate.begun) {
        return;
    }
    const char *mode = getenv("GATE_VFS");
    gate.begun = true;
    gate.is_plain = mode != NULL && strcmp(mode, "plain") == 0;
    if (cs_crypto_start() != CS_OK) {
        give_up("no cryptography");
    }
    put_cover(__real_sqlite3_vfs_find(NULL), 1);
}

/* SQLite makes its own the default again whenever it is initialised. */
static void choose_again(void)
{
    begin();
    if (gate.chosen != NULL && __real_sqlite3_vfs_find(NULL) != gate.chosen) {
        gate.inside = true;
        (void)__real_sqlite3_vfs_register(gate.chosen, 1);
        gate.inside = false;
    }
}

int __wrap_sqlite3_vfs_register(sqlite3_vfs *vfs, int make_default)
{
    if (gate.inside) {
        return __real_sqlite3_vfs_register(vfs, make_default);
    }
    begin();
    struct cover *cover = cover_of(vfs);
    if (cover != NULL) {
        gate.chosen = make_default != 0 ? &cover->top : gate.chosen;
        return __real_sqlite3_vfs_register(&cover->top, make_default);
    }
    put_cover(vfs, make_default);
    return SQLITE_OK;
}

int __wrap_sqlite3_vfs_unregister(sqlite3_vfs *vfs)
{
    struct cover *cover = gate.inside ? NULL : cover_of(vfs);
    if (cover == NULL) {
        return __real_sqlite3_vfs_unregister(vfs);
    }
    bool was_chosen = gate.chosen == &cover->top;
    take_cover(cover);
    gate.chosen = was_chosen ? __real_sqlite3_vfs_find("unix") : gate.chosen;
    return SQLITE_OK;
}

/* What the test program finds it builds upon: that comes below too. */
sqlite3_vfs *__wrap_sqlite3_vfs_find(const char *name)
{
    if (!gate.inside) {
        choose_again();
    }
    sqlite3_vfs *vfs = __real_sqlite3_vfs_find(name);
    struct cover *cover = gate.inside ? NULL : cover_of(vfs);
    return cover == NULL ? vfs : cover->below;
}

static int opened(int code, sqlite3 *const *out)
{
    forced_mode_end_open(code == SQLITE_OK ? *out : NULL);
    return code;
}

int __wrap_sqlite3_open(const char *name, sqlite3 **out)
{
    choose_again();
    forced_mode_begin_open();
    return opened(__real_sqlite3_open(name, out), out);
}

int __wrap_sqlite3_open16(const void *name, sqlite3 **out)
{
    choose_again();
    forced_mode_begin_open();
    return opened(__real_sqlite3_open16(name, out), out);
}

int __wrap_sqlite3_open_v2(const char *name, sqlite3 **out, int flags, const char *vfs)
{
    choose_again();
    forced_mode_begin_open();
    return opened(__real_sqlite3_open_v2(name, out, flags, vfs), out);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
