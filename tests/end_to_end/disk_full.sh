#!/usr/bin/env bash
# The laptop's disk fills up, then the server's. Clear errors, nothing half done, nothing lost; with room again everything goes on.
# usage: disk_full.sh PROGRAMS [TEST_PROGRAMS]; needs to be root, for small disks (tmpfs)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" disk_full "$@"

[ "$(id -u)" -eq 0 ] || skip "a small disk can be mounted by root only"
mkdir "$work/small"
mount -t tmpfs -o size=8m,mode=700 countersign-e2e "$work/small" 2>/dev/null || skip "mounting is not permitted here"
e2e_mounts+=("$work/small")
mkdir "$work/small-server"
mount -t tmpfs -o size=8m,mode=700 countersign-e2e "$work/small-server" || skip "mounting is not permitted here"
e2e_mounts+=("$work/small-server")

# fill FOLDER: not one byte is left.
fill()
{
    cat /dev/zero >"$1/filler" 2>/dev/null
    sync "$1/filler" 2>/dev/null
}

# enlarge FOLDER: with room again.
enlarge()
{
    mount -o remount,size=128m "$1" || { fail "the small disk can be made larger"; e2e_end; }
}

# full_disk_said TEXT: of the command that ran last, which a full disk stopped.
full_disk_said()
{
    expect_equal "$1: exit 1" 1 "$code"
    expect_match "  … says that the disk is full" 'disk is full' "$err"
}

home=small/home
laptop=("$client_program" --home "$work/$home")
new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
must "$client_program" --home "$work/office" invite --person 库管员 --role warehouse --output "$work/laptop.invite"
join "$home" "$work/laptop.invite"
sync_equal "$home" "a laptop with a small disk"

echo "-- an import fills the laptop's disk"
chunk=1500
chunks=0
for _ in $(seq 40); do
    parts_csv "C$chunks" "$chunk" >"$work/chunk.csv"
    run "${laptop[@]}" import part "$work/chunk.csv"
    [ "$code" -eq 0 ] || break
    chunks=$((chunks + 1))
done
expect_number "some imports fit" 1 39 "$chunks"
full_disk_said "the import that does not fit"
expect_equal "what was imported before is there, of the last nothing" $((chunks * chunk)) "$(count "$home" part)"
expect_code 0 "status works on the full disk" "${laptop[@]}" status --json
expect_number "and counts what waits" $((chunks * chunk)) $((chunks * chunk)) "$(member waiting)"
run "${laptop[@]}" import part "$work/chunk.csv"
full_disk_said "the import once more"
expect_code 0 "doctor finds nothing wrong with the replica" "${laptop[@]}" doctor

echo "-- not one byte is left"
fill "$work/small"
run "${laptop[@]}" import part "$work/chunk.csv"
full_disk_said "an import"
# A page of the write-ahead log may be there from before, so a small change may still fit: then it must be there.
run "${laptop[@]}" new part code=ONE name=继电器
one=$code
if [ "$one" -ne 0 ]; then full_disk_said "one new part"; else pass "one new part still fits"; fi
run "${laptop[@]}" sync
case $code in
0) pass "a sync still works" ;;
*)
    expect_equal "a sync fails with exit 1" 1 "$code"
    expect_match "  … says that the disk is full" 'disk is full' "$err"
    expect_match "  … and that nothing is lost" 'nothing is lost' "$err"
    ;;
esac
expect_equal "nothing is half done" $((chunks * chunk + (one == 0 ? 1 : 0))) "$(count "$home" part)"

echo "-- there is room again"
enlarge "$work/small"
rm -f "$work/small/filler"
expect_code 0 "doctor finds nothing" "${laptop[@]}" doctor
expect_code 0 "the import works" "${laptop[@]}" import part "$work/chunk.csv" --json
expect_equal "with every row" "$chunk" "$(member inserted)"
chunks=$((chunks + 1))
if [ "$one" -ne 0 ]; then must "${laptop[@]}" new part code=ONE name=继电器; fi
sync_equal "$home" "and everything is sent"
sync_equal office "the office receives it"
parts=$((chunks * chunk + 1))
expect_equal "every part once" "$parts $parts" "$(count "$home" part) $(count office part)"
stop_server

echo "-- the server's disk fills up"
new_server small-server/server
join boss "$work/small-server/server.invite" --person 钱经理
must "$client_program" --home "$work/boss" sync
must "$client_program" --home "$work/boss" invite --person 孙师傅 --role warehouse --output "$work/sun.invite"
join sun "$work/sun.invite"
sync_equal boss "a server with a small disk"
parts=0
for n in $(seq 40); do
    parts_csv "S$n" "$chunk" >"$work/chunk.csv"
    must "$client_program" --home "$work/boss" import part "$work/chunk.csv"
    parts=$((parts + chunk))
    on boss sync
    # The disk may be full just behind the rows, at what follows them: then it is the next ones that do not fit.
    [ "$code" -eq 0 ] || grep -q "nothing is lost: 0 changes wait" <<<"$err" || break
done
expect_number "some change-sets fit" 2 39 "$n"
expect_equal "the sync that does not fit fails with exit 1" 1 "$code"
expect_match "  … says that the server cannot" 'server|cannot answer|full' "$err"
expect_match "  … and that nothing is lost" "nothing is lost: $chunk changes wait" "$err"
on boss sync --json
expect_match "with --json the failure is named" '"status": "(UNAVAILABLE|DISK_FULL)"' "$out"
expect_match "the server's log names the cause" 'DISK_FULL|disk is full|disk_full' "$(cat "$server_log")"
if kill -0 "$server_pid" 2>/dev/null; then pass "the server still runs"; else fail "the server still runs" "$(tail -n 3 "$server_log")"; fi
expect_equal "the laptop has everything" "$parts" "$(count boss part)"
expect_code 0 "status of the server works on its full disk" "$server_program" status "$work/small-server/server"
fill "$work/small-server"
on sun sync --json
case $code in
0) expect_equal "others still sync with it, and prove equal" equal "$(member digest)" ;;
*) expect_match "others are told that it cannot answer" '"status": "(UNAVAILABLE|DISK_FULL)"' "$out" ;;
esac

echo "-- there is room again"
enlarge "$work/small-server"
rm -f "$work/small-server/filler"
sync_equal boss "what waited is sent, without a restart"
sync_equal sun "and received"
expect_equal "every part once" "$parts" "$(count sun part)"
stop_server
if start_server "$work/small-server/server" "$server_port"; then pass "the server starts again"; else fail "the server starts again" "$(tail -n 3 "$server_log")"; fi
sync_equal boss "and is equal"
for each in boss sun office "$home"; do expect_code 0 "$each: doctor finds nothing" "$client_program" --home "$work/$each" doctor; done
stop_server
for each in server small-server/server; do expect_code 0 "$each verifies" "$server_program" verify "$work/$each"; done
e2e_end
