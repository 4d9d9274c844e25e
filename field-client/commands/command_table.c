/* The table of commands: what there is, how it is used, in the order of the help. */
#include "field-client/commands/command_table.h"

#include "field-client/commands/vault/vault_command.h"

#include <string.h>

static const struct cs_command_entry commands[] = {
    {"join", cs_command_join,
     "[FILE|-] [--person NAME] [--device NAME] [--kdf-memory-mib N] [--root-shares]",
     "join an organisation with an invite", "凭邀请码加入组织",
     "Reads the invite from FILE or standard input, never from an argument. The first device of "
     "an\n"
     "organisation also needs --person, the owner's name. Asks for a new passphrase twice.\n"
     "After a lost connection run it again with the same invite.\n"
     "When every owner's device is lost: FILE from countersign-server invite-owner --lost, and\n"
     "--root-shares [--person-id ID] [--statement FILE] asks for shares of the root key.",
     NULL},
    {"invite", cs_command_invite,
     "--person NAME --role ROLE[,ROLE] [--expires-days N] [--output FILE|-]",
     "invite a person's device; works offline", "邀请人员的设备(可离线)",
     "The invite is a secret for one device. It goes to standard output, or to FILE (mode 0600).\n"
     "Roles: owner security office manager director committee finance warehouse technician "
     "auditor.\n"
     "It expires after 14 days unless --expires-days says otherwise.",
     NULL},
    {"devices", cs_command_devices, "", "whose devices there are, and which were revoked",
     "设备及其状态", "", NULL},
    {"revoke", cs_command_revoke, "DEVICE --reason TEXT",
     "shut out a device, such as a lost laptop; works offline", "吊销设备(如笔记本丢失;可离线)",
     "DEVICE: its id or fingerprint, its name or its person's, or the beginning of one of them.\n"
     "The owner and security may revoke any device, others those they let in. It counts from the\n"
     "moment the server has it; an offline laptop cannot know before its next sync. What it sends\n"
     "later is held for review.",
     NULL},
    {"root", cs_command_root, "split|rehearse|forget …",
     "the organisation's root key as shares of several people", "组织根密钥的分份保管",
     "root split [--needed 2] [--shares 3] [--output DIR|-] [--root-shares]\n"
     "                    each share is for another person, on paper; with as many as are needed\n"
     "                    and a token of whoever runs the server a new laptop becomes the owner's\n"
     "                    (join --root-shares) when all are lost\n"
     "root rehearse       do these shares work? Stores nothing\n"
     "root forget         the same, and then takes the key itself off this laptop. What needs it\n"
     "                    afterwards takes --root-shares and asks for the shares\n"
     "Shares are asked for one by one, or read from standard input, one a line.",
     NULL},
    {"review", cs_command_review, "[list | show WORK | accept|reject WORK…|DEVICE --reason TEXT]",
     "what devices sent after they were revoked", "审查设备吊销后发送的内容",
     "accept applies it as if it came now, reject keeps its values in the list of refusals. "
     "DEVICE\n"
     "means all that waits of it.",
     NULL},
    {"status", cs_command_status, "", "who this is, what waits, what needs a person",
     "身份、待发送内容与待处理事项", "", NULL},
    {"today", cs_command_today, "", "your open work orders and visits",
     "今日:待处理派工单与上门服务",
     "Work orders in the order in which they are planned, with customer, address and phone; visits "
     "that\nare not finished; what waits to be sent, was refused, or is in conflict.",
     NULL},
    {"summary", cs_command_summary, "", "figures of the last 30 days", "近30天概况",
     "Visits per day, what is open and how long, arrival within 24 hours, solved at the first "
     "visit,\nparts used most.",
     NULL},
    {"sync", cs_command_sync, "", "send and receive changes", "与服务器同步",
     "Exit code 1 when it failed, or when this replica and the server are not equal afterwards.",
     NULL},
    {"bundle", cs_command_bundle, "export FILE|- [--force] | import FILE|-",
     "sync by a stick, without a network", "用U盘同步(无网络)",
     "export writes everything that the server has not confirmed, sealed to it. There,\n"
     "countersign-server bundle import takes it and bundle export makes one for this laptop, which "
     "import\n"
     "reads here. Any number of times, in any order, and mixed with syncs; a lost stick costs "
     "nothing.\n"
     "A file only replaces an earlier bundle of this laptop, unless --force is given.",
     NULL},
    {"new", cs_command_new, "ENTITY field=value…", "record something; prints its id",
     "新建记录,输出编号",
     "A reference is an id, the beginning of one, or the natural key of the row it means.", NULL},
    {"set", cs_command_set, "ENTITY ID field=value…", "change fields; field= clears one",
     "修改字段;field= 表示清空", "ID: the id, its beginning (if unique), or the natural key.",
     NULL},
    {"get", cs_command_get, "ENTITY ID", "show one row", "查看一条记录",
     "ID: the id, its beginning (if unique), or the natural key.", NULL},
    {"list", cs_command_list,
     "ENTITY [field=value…] [--search TEXT] [--sort FIELD] [--descending] [--offset N] [--limit N] "
     "[--total]",
     "list rows", "列出记录",
     "field=value selects rows with that value; field= those without one; field>=value and\n"
     "field<=value (quote them) numbers, dates and times from or to one; a date stands for its "
     "day.\n"
     "--search: every word of TEXT is in one of the row's search fields or in the label of a row "
     "it\n"
     "refers to. Without --sort rows come in the order in which they were made.",
     NULL},
    {"delete", cs_command_delete, "ENTITY ID", "delete one row", "删除一条记录", "", NULL},
    {"draft", cs_command_draft, "put KEY | get KEY | drop KEY | list",
     "forms that are not recorded yet, kept on this laptop", "尚未保存的表单草稿(仅存本机)",
     "put reads one value of JSON from standard input (at most 256 KiB) in place of the draft with "
     "that KEY.\nDrafts are never sent; at most 100 are kept.",
     NULL},
    {"import", cs_command_import, "ENTITY FILE.csv|- [--skip-bad]", "import rows from CSV",
     "从 CSV 导入",
     "The first line names the fields (or their Chinese or English labels; \"id\" is possible). "
     "Rows are\n"
     "found again by id, else natural key, else equal content, and changed where they differ. "
     "Nothing\n"
     "is imported if any row is bad, unless --skip-bad is given.",
     NULL},
    {"export", cs_command_export, "ENTITY [FILE|-]", "export rows as CSV", "导出为 CSV",
     "The same form that import reads. References are natural keys where they have one.", NULL},
    {"visit", cs_command_visit, "start|fault|work|result|part|note|sign|finish|list|show|attach …",
     "work on site", "现场服务",
     "visit start WORK_ORDER [--departed TIME] [--arrived TIME] [--another]\n"
     "visit fault|work VISIT TEXT        what was wrong; what was done\n"
     "visit result VISIT solved|partly|not_solved|follow_up\n"
     "visit part VISIT PART QTY [--serial S] [--from LOCATION]\n"
     "visit note VISIT TEXT              appends a line\n"
     "visit attach VISIT FILE|- [--name FILE_NAME] [--note TEXT] [--taken TIME]\n"
     "                                  (--name goes with -)\n"
     "visit sign VISIT --signer NAME --strokes FILE|-\n"
     "visit finish VISIT [--left TIME] [--unsigned REASON]\n"
     "visit list; visit show VISIT\n"
     "VISIT: its id, the beginning of it, or the number of its work order.",
     NULL},
    {"receipt", cs_command_receipt, "show|verify|void|series …", "service receipts", "服务回执单",
     "receipt show ID; receipt verify ID\n"
     "receipt void NUMBER|ID --reason TEXT   a number, or a receipt, that does not stand\n"
     "receipt series [SERIES]                what became of every number: used, void, gap, "
     "duplicate",
     NULL},
    {"attachment", cs_command_attachment, "list|fetch|open|drop|status|quota …",
     "photos and files of visits", "上门服务的照片与文件",
     "attachment list [VISIT]            which there are, and where\n"
     "attachment fetch ID                gets one from the server\n"
     "attachment open ID FILE|-          decrypts one into FILE\n"
     "attachment drop ID [--export FILE] [--yes]   removes the copy here; what the server does not "
     "have only with one of both\n"
     "attachment status                  what they take on this laptop, what waits\n"
     "attachment quota [MIB]             what they may take; files that the server has go first\n"
     "visit attach adds one.",
     NULL},
    {"vault", cs_command_vault, "create|grant|revoke|add|set|list|show …",
     "passwords of customers' systems", "客户系统密码库", cs_vault_details,
     cs_vault_details_of_rotation},
    {"conflicts", cs_command_conflicts, "", "values changed by two people at once",
     "多人同时修改造成的冲突", "See resolve.", NULL},
    {"resolve", cs_command_resolve, "CONFLICT current|other|value=…", "decide a conflict",
     "处理冲突",
     "current keeps what is shown, other takes what lost, value=… sets something else. CONFLICT: "
     "its\n"
     "id or the beginning of it, from conflicts.",
     NULL},
    {"exceptions", cs_command_exceptions, "", "what the server found inconsistent",
     "服务器发现的异常",
     "Below the list stands what clears each kind. People annotate one with\n"
     "set exception ID note=… assigned_to=…; where its kind allows it, decision=accepted takes it "
     "as "
     "it is.",
     NULL},
    {"merge", cs_command_merge, "ENTITY KEEP DROP [--take FIELD[,FIELD]]",
     "two rows that are one: keep one of them", "合并两条重复记录",
     "What refers to DROP refers to KEEP afterwards, and DROP is deleted; --take takes values from "
     "it. What\n"
     "is written once (stock movements, visits) stays and counts for KEEP. May be repeated when "
     "others\n"
     "referred to DROP meanwhile.",
     NULL},
    {"history", cs_command_history, "ENTITY ID [--as-of TIME]  or  ENTITY --deleted",
     "what a row was, change by change or at a moment", "一条记录的修改历史,或某一时刻的状态",
     "From the server: who changed what, when, and what it was before. --as-of 2026-11-30 17:05 "
     "shows "
     "the row as it\n"
     "was then. ID also names a row that was deleted; --deleted lists those that are known here.",
     NULL},
    {"revert", cs_command_revert, "ENTITY ID --to CHANGE|TIME [FIELD…]",
     "a row as it was, as a new change", "把记录恢复到以前的状态(作为一次新的修改)",
     "CHANGE: a number that history shows; TIME: 2026-11-30 17:05. All fields, or only those "
     "named. A "
     "deleted row\n"
     "is there again afterwards. What others changed meanwhile stays in the history.",
     NULL},
    {"refusals", cs_command_refusals,
     "[show N | correct N field=value… | dismiss N | export [FILE|-]]",
     "changes the server refused, kept for correction", "被拒绝的修改(保留以便更正)",
     "correct makes the change again with other values, together with what was refused because it "
     "rests on it;\n"
     "dismiss takes both off the list. export writes all that was ever refused here, with its "
     "values.",
     NULL},
    {"entities", cs_command_entities, "[ENTITY]", "what can be recorded, and its fields",
     "可记录的对象及字段", "", NULL},
    {"doctor", cs_command_doctor, "[--repair]", "check this replica", "检查本机数据",
     "Reads everything. Exit code 1 when something was found; the next sync then counts "
     "everything\n"
     "anew and has the server put right what differs. --repair first puts right what needs no "
     "server:\n"
     "sums, what is shown over unsent changes, rows that cannot be read. Unsent changes are never\n"
     "touched.",
     NULL},
    {"passphrase", cs_command_passphrase, "[--new-key] [--kdf-memory-mib N]",
     "change the passphrase of this laptop", "更改本机口令",
     "Asks for the present passphrase, and twice for the new one; or reads it from the file named "
     "in\n"
     "COUNTERSIGN_NEW_PASSPHRASE_FILE. --new-key also writes the replica anew under a new key, so "
     "that\n"
     "older copies of this folder, and whoever knows their passphrase, do not open it.",
     NULL},
    {"ui", cs_command_ui, "[--no-browser] [--lock-after MINUTES] [--sync-every MINUTES]",
     "open the pages in the browser", "在浏览器中打开界面",
     "The agent serves them, on this laptop only; where none runs it is started, and the page asks "
     "for\n"
     "the passphrase, or for an invite. The address that is printed without a desktop, or with\n"
     "--no-browser, works once. See agent for the other options.",
     NULL},
    {"agent", cs_command_agent,
     "[--lock-after MINUTES] [--sync-every MINUTES] [--locked] [--foreground] | --stop",
     "stay unlocked in the background, and sync there", "在后台保持解锁并自动同步",
     "Asks for the passphrase once; other commands are then run by the agent and need none. It "
     "locks\n"
     "after 15 minutes without a command (0: never), and syncs every 5 minutes, soon after "
     "changes\n"
     "and when the network returns (0: not by itself). What it does is shown by status. With "
     "--locked\n"
     "it asks for nothing and waits for unlock.",
     NULL},
    {"lock", cs_command_lock, "", "the agent forgets the passphrase and all keys", "锁定", "",
     NULL},
    {"unlock", cs_command_unlock, "", "unlock the agent again", "解锁", "", NULL},
};

const struct cs_command_entry *cs_command_at(size_t index)
{
    return index < CS_COUNT(commands) ? &commands[index] : NULL;
}

const struct cs_command_entry *cs_command_find(const char *name)
{
    for (size_t i = 0; i < CS_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}
