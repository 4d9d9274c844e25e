#!/usr/bin/env bash
# Files of a visit from one laptop over the server to another, with the sending and the fetching program, and the server, killed in between.
# usage: attachments.sh PROGRAMS [TEST_PROGRAMS]; E2E_ATTACHMENT_MIB: size of the large file (24)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" attachments "$@"
preload_quick_kdf

large_mib=${E2E_ATTACHMENT_MIB:-24}

# killed COMMAND…: begun, and killed after a moment.
killed()
{
    # The program itself, not the script that preloads for it: a kill ends it and nothing else is left.
    LD_PRELOAD=$helpers/end_to_end_quick_kdf.so "$programs/countersign" "$@" >/dev/null 2>&1 </dev/null &
    local pid=$!
    e2e_pids[$pid]=client
    sleep 0.$((RANDOM % 6 + 2))
    end_process "$pid" KILL
}

sum()
{
    sha256sum <"$1" | cut -d ' ' -f 1
}

new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office li 李强 technician
invite_and_join office zhao 赵敏 technician
must "$client_program" --home "$work/office" sync
on office list person name=李强 --json
person=$(member id)
must "$client_program" --home "$work/office" new work_order number=WO-1 "technician=$person" status=assigned
sync_equal office "an order is sent"
sync_equal li "and received"
must "$client_program" --home "$work/li" visit start WO-1

# ---- attached without a network ----
kill_server
head -c $((large_mib * 1048576)) /dev/urandom >"$work/CANARY-large.mp4"
printf 'CANARY-CONTENT of a customer' >"$work/CANARY-small.txt"
: >"$work/empty.jpg"
declare -a ids=()
for name in CANARY-large.mp4 CANARY-small.txt empty.jpg; do
    expect_code 0 "$name is attached without a network" "$client_program" --home "$work/li" visit attach WO-1 "$work/$name" --note "CANARY-NOTE" --json
    ids+=("$(member id)")
done
expect_code 1 "a file that is not there is not" "$client_program" --home "$work/li" visit attach WO-1 "$work/none.jpg"
on li attachment status --json
expect_equal "three wait to be sent" 3 "$(member to_send)"
# Names and contents stand in the database alone.
expect_equal "no file beside the database has a name or a content" "" \
    "$(grep -rlaF CANARY "$work/li" | grep -v '/replica\.db' ; find "$work/li" -name '*CANARY*')"
expect_equal "files are this person's alone" "" "$(find "$work/li/attachments" -type f ! -perm 600)"
must "$client_program" --home "$work/li" attachment open "${ids[0]}" "$work/own.mp4"
expect_equal "the laptop itself can open it" "$(sum "$work/CANARY-large.mp4")" "$(sum "$work/own.mp4")"

# ---- sent, with programs killed ----
start_server "$work/server" "$server_port" || { fail "the server starts again"; e2e_end; }
for _ in 1 2 3 4; do killed --home "$work/li" sync; done
killed --home "$work/li" sync &
sleep 0.3
kill_server
wait
start_server "$work/server" "$server_port" || { fail "the server starts again"; e2e_end; }
sync_equal li "after all that a sync ends equal"
expect_equal "and no file waits" 0 "$(member attachments_waiting)"
expect_number "of what is sent at most all is sent in it" 0 $((large_mib * 1048576 + 1048576)) "$(member attachments_bytes_up)"
sync_equal li "a sync without news"
expect_equal "has nothing of files" "0 0 0 0" \
    "$(member attachments_sent) $(member attachments_received) $(member attachments_bytes_up) $(member attachments_bytes_down)"
expect_number "and at most 1 KiB" 1 1024 $(($(member bytes_up) + $(member bytes_down)))

# ---- fetched ----
sync_equal office "the office receives the rows"
expect_code 1 "a file that was not fetched is not opened" "$client_program" --home "$work/office" attachment open "${ids[0]}" "$work/office.mp4"
for _ in 1 2 3; do killed --home "$work/office" attachment fetch "${ids[0]}"; done
kill_server
# Another file than the one whose fetching was killed: on a fast machine that one is already here.
expect_code 1 "without the server it waits" "$client_program" --home "$work/office" attachment fetch "${ids[1]}" --json
expect_code 1 "and is not here" "$client_program" --home "$work/office" attachment open "${ids[1]}" "$work/office.1"
start_server "$work/server" "$server_port" || { fail "the server starts again"; e2e_end; }
sync_equal office "the next sync fetches it"
expect_code 0 "so that it opens" "$client_program" --home "$work/office" attachment open "${ids[1]}" "$work/office.1"
expect_code 0 "the large file is fetched to its end" "$client_program" --home "$work/office" attachment fetch "${ids[0]}"
expect_code 0 "the large file opens" "$client_program" --home "$work/office" attachment open "${ids[0]}" "$work/office.mp4"
expect_equal "and is the same" "$(sum "$work/CANARY-large.mp4")" "$(sum "$work/office.mp4")"
expect_code 0 "the empty file is fetched at once" "$client_program" --home "$work/office" attachment fetch "${ids[2]}"
must "$client_program" --home "$work/office" attachment open "${ids[2]}" "$work/office.2"
expect_equal "they are the same" "$(sum "$work/CANARY-small.txt") $(sum "$work/empty.jpg")" "$(sum "$work/office.1") $(sum "$work/office.2")"
expect_code 1 "nothing is written over" "$client_program" --home "$work/office" attachment open "${ids[1]}" "$work/office.1"

# ---- not for everybody ----
sync_equal zhao "another technician syncs"
on zhao attachment list --json
expect_equal "and has none" 0 "$(rows)"
expect_code 1 "nor can fetch one" "$client_program" --home "$work/zhao" attachment fetch "${ids[0]}"

# ---- the server's own copy ----
stop_server
expect_code 0 "the server's database is sound" "$server_program" verify "$work/server"
e2e_end
