#!/usr/bin/env bash
# Clocks that are wrong, and invites that are too late. No change is lost or refused because of a clock, and proofs of equality hold.
# usage: clocks.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" clocks "$@"

jump=$helpers/end_to_end_jump_clock.so
[ -r "$jump" ] || { fail "end_to_end_jump_clock.so is not in $helpers"; e2e_end; }
day=86400
year=$((365 * day))

# at SECONDS COMMAND…: through run, with a wall clock that is so much ahead.
at()
{
    local seconds=$1
    shift
    run env "LD_PRELOAD=$jump" "COUNTERSIGN_TEST_CLOCK_SECONDS=$seconds" "$@"
}

# restart_at SECONDS: the server, with such a clock.
restart_at()
{
    stop_server
    with_us=("${plain_with_us[@]}" env "LD_PRELOAD=$jump" "COUNTERSIGN_TEST_CLOCK_SECONDS=$1")
    if ! start_server "$work/server" "$server_port"; then
        fail "the server starts $1 s ahead" "$(tail -n 3 "$server_log")"
        e2e_end
    fi
}

plain_with_us=("${with_us[@]}")
with_us=("${plain_with_us[@]}" env)
new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
office=("$client_program" --home "$work/office")

echo "-- invites that are too late"
must "${office[@]}" invite --person 李强 --role technician --expires-days 1 --output "$work/li.invite"
# The laptop's clock decides nothing: it may be wrong.
at $((2 * day)) "$client_program" --home "$work/ahead" join "$work/li.invite" --kdf-memory-mib 64
expect_equal "a laptop two days ahead joins while the invite is good by the server's clock" 0 "$code"
expect_match "  … and is told that it looks expired" 'expired' "$err"
must "${office[@]}" invite --person 赵敏 --role technician --expires-days 1 --output "$work/zhao.invite"
restart_at $((2 * day))
run "$client_program" --home "$work/behind" join "$work/zhao.invite" --kdf-memory-mib 64
expect_equal "joining two days later, by the server's clock, fails" 1 "$code"
expect_match "  … saying so" 'expired' "$err"
restart_at 0
join li "$work/zhao.invite"
pass "in time it works"
sync_equal office "the office syncs"

echo "-- laptops with wrong clocks"
n=0
for offset in $((-10 * year)) $((-2 * day)) 600 $((10 * year)); do
    n=$((n + 1))
    at "$offset" "${office[@]}" new customer "code=KH-$n" "name=客户$n"
    expect_equal "a clock $offset s off: something new" 0 "$code"
    at "$offset" "${office[@]}" sync --json
    expect_equal "  … is sent, and proves equal" "0 equal 0" "$code $(member digest) $(member refused)"
    at "$offset" "${office[@]}" set customer "KH-$n" "name=改名$n"
    expect_equal "  … is changed" 0 "$code"
    at "$offset" "${office[@]}" sync --json
    expect_equal "  … is sent, and proves equal" "0 equal 0" "$code $(member digest) $(member refused)"
done
expect_number "clocks ahead raise an exception" 1 10 "$(count office exception kind=clock_anomaly)"
sync_equal office "with the right clock again"
must "${office[@]}" set customer KH-4 name=改名五
sync_equal office "what was written with a clock ten years ahead can be changed"
on office get customer KH-4 --json
expect_equal "  … and the later change is what shows" 改名五 "$(member name)"
expect_equal "every customer is there once" "$n" "$(count office customer)"

echo "-- a server with a wrong clock"
for offset in $((10 * year)) $((-10 * year)); do
    restart_at "$offset"
    must "${office[@]}" set customer KH-1 "phone=$offset"
    sync_equal office "a server $offset s off: the office syncs"
    sync_equal li "  … and the technician"
done
restart_at 0
sync_equal office "the server's clock is right again"
sync_equal li "for both"
on office get customer KH-1 --json
expect_equal "the last change shows" "$((-10 * year))" "$(member phone)"
for home in office li; do expect_code 0 "$home: doctor finds nothing" "$client_program" --home "$work/$home" doctor; done
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
