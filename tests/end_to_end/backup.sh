#!/usr/bin/env bash
# Backups beside a server that works: killed in the middle, gone on with, restored; laptops remove what a verified backup has, and a server
# restored from it gets everything later again.
# usage: backup.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" backup "$@"

sync() # HOME: must work.
{
    must "$client_program" --home "$work/$1" sync
}

# Long enough that the server has looked at the horizon again.
horizon_seconds=11

new_server server
port=$server_port
repository=$work/repository
key=$work/server/backup.key
join office "$work/server.invite" --person 王芳
sync office
invite_and_join office li 李强 office
parts_csv OLD 3000 >"$work/old.csv"
must "$client_program" --home "$work/office" import part "$work/old.csv"
sync office
sync li

# ---- killed at any moment, while others sync ----
(
    for i in $(seq 12); do
        client li new part "code=LOAD-$i" name=继电器 >/dev/null 2>&1 && client li sync >/dev/null 2>&1
    done
    : >"$work/load-done"
) &
load_pid=$!
e2e_pids[$load_pid]=load
killed=0
for ms in 5 10 15 20 25 30 40 60 80 120 200 450; do
    "${with_us[@]}" "$server_program" backup "$work/server" "$repository" >/dev/null 2>&1 &
    backup_pid=$!
    e2e_pids[$backup_pid]=backup
    sleep "$(printf '0.%03d' "$ms")"
    kill -0 "$backup_pid" 2>/dev/null && killed=$((killed + 1))
    end_process "$backup_pid" KILL
done
expect_number "backups were killed at work" 3 12 "$killed"
expect_code 0 "the next one goes on" "$server_program" backup "$work/server" "$repository" --json
expect_equal "and is verified" true "$(member verified)"
expect_equal "beside a server that works" 0 "$(member finding_count)"
for _ in $(seq 600); do [ -e "$work/load-done" ] && break; sleep 0.1; done
end_process "$load_pid" KILL
if [ -e "$work/load-done" ]; then pass "others synced all the time"; else fail "others synced all the time"; fi
expect_equal "nothing is left of the copies" "" "$(ls "$work/server/backup.work" 2>/dev/null)"
expect_equal "nor temporary files" "" "$(find "$repository" -name '*.tmp-*')"

# ---- only what changed ----
sync li
must "$server_program" backup "$work/server" "$repository" --json
must "$client_program" --home "$work/li" new part code=ONE name=风扇
sync li
must "$server_program" backup "$work/server" "$repository" --json
expect_number "a backup after one change writes little" 1 400000 "$(member bytes_written)"
must "$server_program" backup list "$repository" --key "$key"
expect_match "the list has them" 'verified 20' "$out"
if grep -rqaE 'LOAD-1|继电器' "$repository"; then fail "nothing in the clear"; else pass "nothing in the clear"; fi

# ---- the horizon ----
sleep "$horizon_seconds"
sync li
on li status --json
expect_equal "li: keeps nothing that the backup has" 0 "$(member change_sets_kept)"
must "$server_program" status "$work/server"
expect_match "the server knows its last verified backup" 'verified backup  [0-9]+, made' "$out"
must "$client_program" --home "$work/li" new part code=LATER-1 name=风扇
sync li
must "$client_program" --home "$work/office" new part code=LATER-2 name=电源
sync office
for home in li office; do sync "$home"; done
parts_before=$(count office part)

# ---- restored elsewhere, into the server's place ----
stop_server
expect_code 0 "the last verified backup is restored" "$server_program" restore "$repository" "$work/restored" --key "$key" --master-key "$work/server/master.key"
cp "$work/server/master.key" "$work/restored/master.key"
start_server "$work/restored" "$port" || { fail "the restored server starts" "$(tail -n 3 "$server_log")"; e2e_end; }
on li sync --json
expect_equal "li: sends again what came later" "0 equal 1" "$code $(member digest) $(member change_sets_resent)"
on office sync --json
expect_equal "office: too" "0 equal 1" "$code $(member digest) $(member change_sets_resent)"
for _ in 1 2; do for home in office li; do sync "$home"; done; done
expect_equal "everything is there" "$parts_before" "$(count office part)"
for home in office li; do
    must "$client_program" --home "$work/$home" export part
    tr -d '\r' <"$work/.out" | sort >"$work/$home.csv"
    expect_equal "$home: shows what the office shows" "$(cksum <"$work/office.csv")" "$(cksum <"$work/$home.csv")"
    expect_code 0 "$home: is sound" "$client_program" --home "$work/$home" doctor
done
must "$server_program" verify "$work/restored"
pass "the server verifies"
must "$server_program" status "$work/restored"
expect_match "of this server there is no verified backup yet" 'verified backup  none' "$out"
stop_server

# ---- damage ----
pack=$(find "$repository" -name 'pack-*' | sort | tail -n 1)
printf 'x' | dd of="$pack" bs=1 seek=1000 conv=notrunc status=none
expect_code 1 "damage is found" "$server_program" backup verify "$repository" --key "$key" --work "$work"
expect_match "and named" 'pack-[0-9]+ is damaged at byte' "$err"
expect_code 1 "and not restored" "$server_program" restore "$repository" "$work/damaged" --key "$key"
if [ ! -e "$work/damaged" ]; then pass "nothing is left of it"; else fail "nothing is left of it"; fi
e2e_end
