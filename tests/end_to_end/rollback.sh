#!/usr/bin/env bash
# The server loses a day: restored from a backup by command, then by an old copy of its folder without any. Devices send again what it lacks, everything is back, all are equal, and users
# and office are told in plain words.
# usage: rollback.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" rollback "$@"

new() # HOME ENTITY FIELD…: leaves the id in $id.
{
    local home=$1
    shift
    must "$client_program" --home "$work/$home" new "$@" --json
    id=$(member id)
}

sync() # HOME: must work.
{
    must "$client_program" --home "$work/$1" sync
}

new_server server
port=$server_port
join office "$work/server.invite" --person 王芳
sync office
invite_and_join office li 李强 office
invite_and_join office zhao 赵敏 office
for home in office li zhao; do sync "$home"; done
new office part code=K-1 name=电源
known=$id
for home in office li zhao; do sync "$home"; done
must "$server_program" backup "$work/server" "$work/yesterday"

# ---- the day that will be lost ----
for i in 1 2 3; do
    new li part "code=LI-$i" name=继电器
    sync li
done
new zhao part code=ZHAO-1 name=风扇
sync zhao
must "$client_program" --home "$work/li" set part "$known" name=继电器电源
sync li
invite_and_join office late 孙丽 office
sync late
new late part code=LATE-1 name=键盘
sync late
for home in office li zhao; do sync "$home"; done
new li part code=UNSENT name=端子排
parts_before=$(count office part)
expect_equal "the day is there" 6 "$parts_before"

# ---- restored by command ----
stop_server
cp "$work/server/master.key" "$work/master.key"
expect_code 0 "the server is restored from yesterday's backup" "$server_program" restore "$work/yesterday" "$work/restored" --key "$work/server/backup.key" --master-key "$work/master.key"
expect_match "and the administrator is told what comes next" 'send again what it lacks' "$err"
cp "$work/master.key" "$work/restored/master.key"
chmod 600 "$work/restored/master.key"
start_server "$work/restored" "$port" || { fail "the restored server starts" "$(tail -n 3 "$server_log")"; e2e_end; }

on li sync --json
expect_equal "li: syncs, and is equal" "0 equal" "$code $(member digest)"
expect_equal "li: told how many change-sets were sent again" 4 "$(member change_sets_resent)"
on li status
expect_match "li: status says so for good" 'went back in time .*: 4 change-sets of this laptop were sent again' "$out"
on zhao sync
expect_equal "zhao: syncs" 0 "$code"
expect_match "zhao: told loudly" 'THE SERVER WENT BACK IN TIME: 1 change-sets' "$out"
sync_equal office "office: syncs"
on office exceptions --json
expect_match "the office is told which device sent how much again" 'all 4 change-sets that it had lost of this device were sent again \(1 to 4\)' "$out"
expect_match "and how it came about" 'restored from a backup by its administrator' "$out"
sync_equal late "late: unknown to the backup, finds back"
expect_equal "late: what it had sent is back" 1 "$(member change_sets_resent)"
for _ in 1 2; do for home in office li zhao late; do sync "$home"; done; done
expect_equal "everything is back, and what was not sent yet" $((parts_before + 1)) "$(count office part)"
on office get part K-1 --json
expect_equal "changes too" 继电器电源 "$(member name)"
expect_equal "no conflict" 0 "$(count office conflict)"
expect_equal "nothing refused" 0 "$(count office refusal)"
for home in office li zhao late; do
    must "$client_program" --home "$work/$home" export part
    tr -d '\r' <"$work/.out" | sort >"$work/$home.csv"
    expect_equal "$home: shows what the office shows" "$(cksum <"$work/office.csv")" "$(cksum <"$work/$home.csv")"
    expect_code 0 "$home: is sound" "$client_program" --home "$work/$home" doctor
done
must "$server_program" verify "$work/restored"
pass "the server verifies"

# ---- an old copy of the folder in its place, without any command ----
stop_server
cp -a "$work/restored" "$work/copy"
start_server "$work/restored" "$port" || { fail "the server starts again" "$(tail -n 3 "$server_log")"; e2e_end; }
new li part code=LI-4 name=熔断器
sync li
new late part code=LATE-2 name=控制板
sync late
for home in office li zhao late; do sync "$home"; done
stop_server
rm -rf "$work/restored"
mv "$work/copy" "$work/restored"
start_server "$work/restored" "$port" || { fail "the old copy starts" "$(tail -n 3 "$server_log")"; e2e_end; }
incarnation_before=$(client office status --json >/dev/null; "$server_program" status "$work/restored" --json | tr '\n' ' ' | sed 's/.*"incarnation": *"\([0-9a-f]*\)".*/\1/')
on office sync --json
expect_equal "office: lost nothing of its own, and notices" "0 equal 0" "$code $(member digest) $(member change_sets_resent)"
expect_match "the server has learned it, and logs it" 'server_went_back' "$(cat "$server_log")"
expect_not_match "and goes on under another incarnation" "$incarnation_before" "$("$server_program" status "$work/restored" --json)"
expect_number "office: rows that it lacks are kept" 2 100 "$(member rows_kept)"
on li sync --json
expect_equal "li: sends again what was lost" "0 equal 1" "$code $(member digest) $(member change_sets_resent)"
sync_equal late "late: too"
for _ in 1 2; do for home in office li zhao late; do sync "$home"; done; done
on office exceptions --json
expect_match "the office is told who noticed" 'of 王芳 showed what it had signed later\): all 1 change-sets' "$out"
on office status --json
expect_equal "nothing is kept aside any more" 0 "$(member rows_kept)"
expect_equal "everything is back" $((parts_before + 3)) "$(count office part)"
expect_equal "no conflict" 0 "$(count office conflict)"
expect_equal "nothing refused" 0 "$(count office refusal)"
for home in office li zhao late; do
    must "$client_program" --home "$work/$home" export part
    tr -d '\r' <"$work/.out" | sort >"$work/$home.csv"
    expect_equal "$home: shows what the office shows" "$(cksum <"$work/office.csv")" "$(cksum <"$work/$home.csv")"
done
must "$server_program" verify "$work/restored"
pass "the server verifies"
e2e_end
