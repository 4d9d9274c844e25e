/* The table of commands: what the help shows, and what runs. */
#include "sync-server/commands/command.h"

#include <string.h>

static const struct cs_admin_entry entries[] = {
    {"init", cs_admin_init, "DIR --address HOST:PORT [--output FILE]",
     "make a new server in DIR and print the owner's invite",
     "HOST:PORT is what devices connect to. The invite is a secret: whoever has it first owns the\n"
     "organisation. It goes to standard output, or into FILE (mode 0600).\n"
     "Makes DIR (mode 0700) and, unless there is one, the master key."},
    {"invite-owner", cs_admin_invite_owner, "DIR [--lost] [--output FILE]",
     "an invite for the owner's copied laptop, or a new one when all are lost",
     "Only while no device of an owner is active: otherwise let that one make the invite. The\n"
     "laptop must hold the organisation's root key, and joins again in its own folder. The invite\n"
     "is a secret and works once. The server must not run.\n"
     "--lost: every device of an owner is lost. A new laptop joins with it and enough shares of "
     "the\n"
     "organisation's root key (countersign join FILE --root-shares). Shows who the owners were."},
    {"serve", cs_admin_serve, "DIR [--listen ADDR:PORT]",
     "answer devices until SIGTERM or SIGINT (default 127.0.0.1:8443)",
     "Prints \"listening on ADDR:PORT\" when it is ready; port 0 takes any free one.\n"
     "Log lines go to standard error."},
    {"status", cs_admin_status, "DIR", "what the server holds; also while it is running", ""},
    {"devices", cs_admin_devices, "DIR", "the devices that joined; also while it is running", ""},
    {"verify", cs_admin_verify, "DIR [--repair-digests]",
     "check everything that can be checked; exit 1 if anything is wrong",
     "Database pages; the certificate chain of every device; signature, chain and content of "
     "every\n"
     "stored change-set, and that each of its transactions has an outcome; the digest of every "
     "scope\n"
     "against the rows. Works while the server is running.\n"
     "--repair-digests first stores the digests of the rows as they are; the server must not run.\n"
     "Only do so when the rows are right (else restore a backup): every device that holds others "
     "is\n"
     "made to hold these at its next sync, and says so."},
    {"backup", cs_admin_backup,
     "DIR REPOSITORY [--key FILE] [--keep N] [--anew] [--accept-older] | list REPOSITORY | verify "
     "REPOSITORY [--at N] [--work FOLDER]",
     "what changed since the last backup, encrypted; restored elsewhere and verified",
     "Also while the server is running. REPOSITORY is a folder, made at first use. The backup key "
     "is\n"
     "another one than the master key: --key FILE, else COUNTERSIGN_BACKUP_KEY_FILE, else the "
     "systemd\n"
     "credential countersign-backup-key, else DIR/backup.key, made at first use. Keep a copy of "
     "it\n"
     "apart. The keys are in the backup, sealed; the master key is NOT: keep a copy of it apart,\n"
     "without it a backup cannot be served.\n"
     "Once the backup is verified, devices remove the change-sets that it holds.\n"
     "--keep removes all but the newest N backups, never the last verified one. --anew writes\n"
     "everything again, after damage in the repository. --accept-older goes on with a repository\n"
     "that was put back to an older state. An interrupted backup is gone on with by the next one.\n"
     "list shows the backups. verify restores one (the newest) into a folder of its own and "
     "checks\n"
     "it; while it runs, the database lies there unencrypted, readable by you alone."},
    {"restore", cs_admin_restore, "REPOSITORY DIR [--at N] [--key FILE] [--accept-lost]",
     "make the new folder DIR from the last verified backup, with a new incarnation",
     "DIR must not exist or be empty. With --master-key the keys are tried before the database is\n"
     "restored. Devices that had synced later than the backup notice, and send again what it "
     "lacks.\n"
     "--at N takes another backup. If it is older than the last verified one, devices may have\n"
     "removed what it lacks: they are named, and --accept-lost is needed."},
    {"history", cs_admin_history, "DIR ENTITY [ID] [--as-of TIME] [--all]",
     "what a row was, change by change, oldest first; or at a moment",
     "Who, on which device, on which work, when by the device's clock and when it came; each value "
     "and what\n"
     "it was before. What the server computed itself is there too. --as-of TIME shows the row as "
     "it "
     "was then;\n"
     "without ID all rows of the entity that were there then, with those deleted since. --all also "
     "shows what\n"
     "was entered, from the stored change-sets: refused, held and repeated changes too. Works "
     "while "
     "the server\n"
     "is running. TIME: 2026-11-30 17:05 (in the machine's zone), or RFC 3339."},
    {"compact", cs_admin_compact, "DIR",
     "remove what rows were more than 62 days ago; the server must not run",
     "A server that runs does this by itself, a day at a time. Rows, conflicts, refusals, evidence "
     "and "
     "the\n"
     "stored change-sets all stay. Look at the machine's clock first."},
    {"bundle", cs_admin_bundle,
     "import DIR FILE… | export DIR --device DEVICE FILE | export DIR --all FOLDER",
     "carry changes on a stick; also while the server is running",
     "import takes what laptops made with countersign bundle export: any number of files, in any\n"
     "order, as often as you like. export makes one file for a laptop (its log, fingerprint or "
     "name,\n"
     "from devices), or one for each laptop that has ever brought a bundle. A file only replaces "
     "an\n"
     "earlier bundle of the same kind, unless --force is given."},
};

const struct cs_admin_entry *cs_admin_at(size_t index)
{
    return index < CS_COUNT(entries) ? &entries[index] : NULL;
}

const struct cs_admin_entry *cs_admin_find(const char *name)
{
    for (size_t i = 0; i < CS_COUNT(entries); i++) {
        if (strcmp(entries[i].name, name) == 0) {
            return &entries[i];
        }
    }
    return NULL;
}
