#!/usr/bin/env bash
# Cuts the connection between client and server after every so many bytes of an exchange, in either direction. The sync fails cleanly or
# succeeds; the next one, uncut, proves equal, and nothing is lost or there twice.
# usage: cut_connections.sh PROGRAMS [TEST_PROGRAMS]
#   E2E_CUT_STEP: bytes between two cuts in the first 700 (13; 1 tries every byte); beyond, cuts are 97 bytes apart
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" cut_connections "$@"

cut_step=${E2E_CUT_STEP:-13}
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/proxy_lib.sh"
wrong=0
note_through=

wrong()
{
    wrong=$((wrong + 1))
    [ "$wrong" -gt 20 ] || fail "cut $where: $1" "${@:2}"
}

# uncut HOME: must end equal.
uncut()
{
    tell pass
    on "$1" sync --json
    if [ "$code" -ne 0 ] || [ "$(member digest)" != equal ] || [ "$(member waiting)" != 0 ]; then
        wrong "the sync of $1 after it: exit $code, digest $(member digest), waiting $(member waiting)" "$err"
    fi
}

# cut_sync HOME DIRECTION BYTES KIND: one cut sync.
cut_sync()
{
    where="$2 $3 $4"
    tell "cut $2 $3 $4"
    on "$1" sync --json
    case $code in
    0)
        through=$((through + 1))
        note_through="$note_through $where"
        ;;
    1)
        stopped=$((stopped + 1))
        [[ $err == *'nothing is lost'* ]] || wrong "the message does not say that nothing is lost" "$err"
        ;;
    *) wrong "exit $code" "$err" ;;
    esac
}

# cut_everywhere DIRECTION TOTAL: an exchange with news in both directions, cut after 0, …, TOTAL bytes.
cut_everywhere()
{
    local bytes=0 kind=close
    stopped=0
    through=0
    while [ "$bytes" -le "$2" ]; do
        make_news
        cut_sync office "$1" "$bytes" "$kind"
        uncut office
        kind=$([ "$kind" = close ] && echo reset || echo close)
        bytes=$((bytes + (bytes < 700 ? cut_step : 97)))
    done
    printf 'note    %s: %d cuts, %d stopped the sync\n' "$1" $((stopped + through)) "$stopped"
    expect_number "nearly all cuts of bytes going $1 stop a sync" $(((stopped + through) * 8 / 10)) 100000 "$stopped"
}

# One row more from the office and one from the technician, who sends it at once.
news=0
make_news()
{
    news=$((news + 1))
    tell pass
    on office new part "code=Q-$news" "name=备件$news"
    [ "$code" -eq 0 ] || wrong "new: exit $code" "$err"
    on li set customer KH "phone=$news"
    [ "$code" -eq 0 ] || wrong "set: exit $code" "$err"
    uncut li
}

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
invite_and_join office li 李强 technician
must "$client_program" --home "$work/office" list person name=李强 --json
li=$(member id)
must "$client_program" --home "$work/office" new customer code=KH name=第一医院
must "$client_program" --home "$work/office" new service_request customer=KH reported_fault=停机 priority=high status=assigned
must "$client_program" --home "$work/office" new work_order number=W-1 "request=$out" "technician=$li" status=assigned
where=first
uncut office
uncut li

make_news
tell pass
on office sync --json
tell count
read -r up down connections <<<"$proxy_says"
echo "note    a whole exchange: $up bytes up, $down down, $connections connection(s)"
expect_number "the proxy sees a whole exchange" 700 100000 "$up"
cut_everywhere up "$up"
cut_everywhere down "$down"
expect_equal "after every cut the next sync proves equal and leaves nothing waiting" 0 "$wrong"

# ---- larger ones ----
parts_csv L 3000 >"$work/large.csv"
must "$client_program" --home "$work/office" import part "$work/large.csv"
tell pass
stopped=0
through=0
note_through=
for bytes in 1500 4000 7000 9000 12000; do cut_sync office up "$bytes" reset; done
uncut office
invite_and_join office fresh 新人 warehouse
for bytes in 1500 3500 6000 8500 11000; do cut_sync fresh down "$bytes" close; done
uncut fresh
expect_equal "3,000 parts, cut in the middle, arrive with the next sync" 0 "$wrong"
expect_equal "every one of those cuts stopped a sync" "10 0" "$stopped $through$note_through"
uncut office
uncut li

parts=$((news + 3000))
for home in office li fresh; do expect_equal "$home has every part once" "$parts" "$(count "$home" part)"; done
on office get customer KH --json
expect_equal "the office has the technician's last change" "$news" "$(member phone)"
for home in office li fresh; do
    sync_equal "$home" "$home syncs"
    expect_code 0 "$home: doctor finds nothing" "$client_program" --home "$work/$home" doctor
    on "$home" status --json
    expect_equal "$home: nothing waits, is held, refused or a conflict" "0 0 0 0" "$(member waiting) $(member held) $(member refused) $(member conflicts)"
done
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
