#!/usr/bin/env bash
# A network that does connections every harm, drawn from a seed: bytes vanish or come twice, it pauses, drips, ends and resets. Each sync fails
# cleanly or succeeds; when the network is good again everybody is equal, and nothing is lost or there twice. Then the harms that
# never end: a silence, a connection of which one half is gone, one byte a second. The client gives up by itself and says so.
# usage: bad_network.sh PROGRAMS [TEST_PROGRAMS]
#   E2E_SYNCS: syncs over the bad network (60); E2E_SEED: of the harms (1)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" bad_network "$@"

syncs=${E2E_SYNCS:-60}
seed=${E2E_SEED:-1}
echo "note    seed $seed, $syncs syncs: E2E_SEED=$seed E2E_SYNCS=$syncs"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/proxy_lib.sh"

preload_quick_kdf
# The address that stands in the invites is the proxy's, so it comes first; it learns the server's port, which is the next one.
start_proxy next
must "$server_program" init "$work/server" --address "127.0.0.1:$proxy_port" --output "$work/server.invite"
if ! start_server "$work/server" "$((proxy_port + 1))"; then
    fail "the server starts beside the proxy" "$(tail -n 3 "$server_log")"
    e2e_end
fi
tell pass
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office li 李强 office
must "$client_program" --home "$work/office" new customer code=KH name=第一医院 phone=0
for home in office li office; do must "$client_program" --home "$work/$home" sync; done

# The server takes nothing for a while from an address that broke off so often; it forgets by halves.
settle()
{
    for _ in $(seq 100); do
        on "$1" sync --json
        [ "$code" -eq 1 ] && [ "$(member round_trips)" = 0 ] || return
        sleep 3
    done
}

# ---- harms by chance ----

wrong=0
stopped=0
through=0
wrong()
{
    wrong=$((wrong + 1))
    [ "$wrong" -gt 20 ] || fail "sync $turn: $1" "${@:2}"
}

# try_sync HOME: it works, or says what happened and that nothing is lost.
try_sync()
{
    on "$1" sync --json
    case $code in
    0) through=$((through + 1)) ;;
    1)
        stopped=$((stopped + 1))
        [[ $err == *'nothing is lost'* ]] || wrong "the message does not say that nothing is lost" "$err"
        ;;
    *) wrong "exit $code" "$err" ;;
    esac
}

for turn in $(seq "$syncs"); do
    home=$([ $((turn % 2)) -eq 0 ] && echo office || echo li)
    on office new part "code=N-$turn" "name=备件$turn"
    [ "$code" -eq 0 ] || wrong "new: exit $code" "$err"
    on "$home" set customer KH "phone=$turn"
    [ "$code" -eq 0 ] || wrong "set: exit $code" "$err"
    tell "chance $((seed + turn))"
    try_sync "$home"
    [ $((turn % 5)) -ne 0 ] || try_sync office
done
tell harms
echo "note    $through syncs went through, $stopped did not; $proxy_says"
expect_match "every harm by chance was done" '^lost=[1-9][0-9]* twice=[1-9][0-9]* end=[1-9][0-9]* reset=[1-9][0-9]* pause=[1-9][0-9]* .* drip=[1-9]' "$proxy_says"
expect_number "some syncs go through" 1 "$((syncs * 2))" "$through"
expect_number "some do not" 1 "$((syncs * 2))" "$stopped"
tell pass
for home in office li office li; do
    settle "$home"
    [ "$code $(member digest)" = "0 equal" ] || wrong "$home afterwards: exit $code, digest $(member digest)" "$err"
done
expect_equal "each failed cleanly or went through, and in the end everybody is equal" 0 "$wrong"

# ---- harms that never end ----

# never_ends HARM: the client's own limits end it, and it says so.
never_ends()
{
    local begun
    on office set customer KH "phone=9$1"
    tell "harm $1 down 500"
    begun=$(now_ms)
    on office sync --json
    expect_equal "$1: the sync fails" 1 "$code"
    expect_match "$1: and says that nothing is lost" 'nothing is lost' "$err"
    expect_number "$1: by itself, after so many milliseconds" 0 150000 $(($(now_ms) - begun))
    tell pass
    settle office
    sync_equal office "$1: the next sync works"
}
never_ends stall
never_ends half
tell "harm crawl up 200"
on office set customer KH phone=9
begun=$(now_ms)
on office sync --json
expect_equal "crawl: the server does not wait for a byte a second" 1 "$code"
expect_number "crawl: it ends after so many milliseconds" 0 150000 $(($(now_ms) - begun))
tell pass
settle office

# ---- what is there ----

for home in office li office; do sync_equal "$home" "$home syncs"; done
for home in office li; do
    expect_equal "$home has every part once" "$syncs" "$(count "$home" part)"
    on "$home" get customer KH --json
    expect_equal "$home has the last value" 9 "$(member phone)"
    expect_code 0 "$home: doctor finds nothing" "$client_program" --home "$work/$home" doctor
    on "$home" status --json
    expect_equal "$home: nothing waits, is held or refused" "0 0 0" "$(member waiting) $(member held) $(member refused)"
done
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
