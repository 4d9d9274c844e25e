#!/usr/bin/env bash
# Kills the client at random moments while it imports, syncs and records visits, and the server while two clients sync. Whatever was
# acknowledged is there at the end, once; whatever was not is there whole or not at all.
# usage: kills.sh PROGRAMS [TEST_PROGRAMS]
#   E2E_KILLS: kills of the client (120); E2E_SERVER_KILLS: of the server (a quarter of that, at least 30); E2E_SEED: replays the chances
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" kills "$@"

kills=${E2E_KILLS:-120}
server_kills=${E2E_SERVER_KILLS:-$((kills / 4 > 30 ? kills / 4 : 30))}
seed=${E2E_SEED:-$(($(date +%s%N) / 1000 % 32768))}
RANDOM=$seed
echo "seed    $seed, $kills kills of the client, $server_kills of the server (repeat: E2E_SEED=$seed)"
import_rows=150
struck=0    # commands that a kill ended: $kills of them are wanted
finished=0  # commands that were quicker
wrong=0     # checks inside the rounds that failed

# wrong TEXT…: a failed check of a round; the rounds go on.
wrong()
{
    wrong=$((wrong + 1))
    [ "$wrong" -gt 20 ] || fail "round $round: $1" "${@:2}"
}

# Up to which time a kind of command is killed, in ms: learned, so that about three kills of four strike.
declare -A usual_ms=([import]=60 [sync]=60 [visit]=25 [new]=25)

# strike KIND COMMAND…: runs it and kills it at a random moment. Leaves $code, $out, $err; 137 if it was killed.
strike()
{
    local kind=$1 pid
    shift
    local delay_ms=$((RANDOM % (usual_ms[$kind] * 5 / 4 + 1)))
    "$@" >"$work/.out" 2>"$work/.err" </dev/null &
    pid=$!
    e2e_pids[$pid]=client
    sleep "$(printf '0.%03d' "$delay_ms")"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    code=$?
    unset "e2e_pids[$pid]"
    out=$(cat "$work/.out")
    err=$(cat "$work/.err")
    if [ "$code" -eq 137 ]; then
        struck=$((struck + 1))
        usual_ms[$kind]=$((usual_ms[$kind] + usual_ms[$kind] / 16 + 1))
    else
        finished=$((finished + 1))
        usual_ms[$kind]=$((usual_ms[$kind] - usual_ms[$kind] / 5))
        [ "$code" -eq 0 ] || wrong "$* ended with $code" "$err"
    fi
}

healthy() # HOME
{
    on "$1" doctor --json
    [ "$code" -eq 0 ] || wrong "doctor of $1 after a kill: exit $code" "$out" "$err"
}

quiet_sync() # HOME
{
    on "$1" sync --json
    if [ "$code" -ne 0 ] || [ "$(member digest)" != equal ]; then
        wrong "sync of $1: exit $code, digest $(member digest)" "$out" "$err"
    fi
}

# has HOME ENTITY KEY: yes or no.
has()
{
    on "$1" get "$2" "$3" --json
    case $code in 0) echo yes ;; 1) echo no ;; *) echo "exit $code: $err" ;; esac
}

# ---- the client is killed: one kind of work each ----

declare -a imports=() customers=()

round_import()
{
    local name=I$round
    parts_csv "$name" "$import_rows" >"$work/$name.csv"
    imports+=("$name")
    strike import "$client_program" --home "$work/office" import part "$work/$name.csv"
    local ended=$code
    local first last
    first=$(has office part "$name-00001")
    last=$(has office part "$(printf '%s-%05d' "$name" "$import_rows")")
    [ "$first" = "$last" ] || wrong "an import is there in part" "first row: $first, last row: $last"
    [ "$ended" -ne 0 ] || [ "$last" = yes ] || wrong "an import that was acknowledged is not there"
    healthy office
}

round_new()
{
    strike new "$client_program" --home "$work/office" new customer "code=K$round" "name=客户$round"
    [ "$code" -eq 0 ] && customers+=("K$round")
    healthy office
}

round_sync()
{
    local home=office
    [ $((RANDOM % 2)) -eq 0 ] && home=li
    on "$home" set customer KH "phone=$round"
    [ "$code" -eq 0 ] || wrong "a change before the sync: exit $code" "$err"
    [ "$home" = office ] && last_phone=$round
    strike sync "$client_program" --home "$work/$home" sync
    healthy "$home"
}

# One visit after the other, step by step; a step that a kill prevented is tried again in a later round.
visit_number=0
visit=
step=8
steps=(start fault work result part note sign finish)

# Is the step done? Prints yes or no, or what is half done.
visit_state()
{
    local field
    case ${steps[$step]} in
    start)
        case $(count li visit "work_order=W-$visit_number") in 0) echo no ;; 1) echo yes ;; *) echo "several visits" ;; esac
        return
        ;;
    part)
        case $(count li stock_movement "visit=$visit") in 0) echo no ;; 1) echo yes ;; *) echo "several movements" ;; esac
        return
        ;;
    fault) field=actual_fault ;;
    work) field=work_done ;;
    result) field=result ;;
    note) field=note ;;
    sign) field=status ;;
    finish) field=left_at ;;
    esac
    on li get visit "$visit" --json
    case "$field=$(member "$field")" in
    *=null | *= | status=draft) echo no ;;
    status=*)
        case $(count li receipt "visit=$visit") in 1) echo yes ;; *) echo "signed without its receipt" ;; esac
        ;;
    left_at=*)
        on li get work_order "W-$visit_number" --json
        case $(member status) in finished) echo yes ;; *) echo "left, but the order is $(member status)" ;; esac
        ;;
    *) echo yes ;;
    esac
}

round_visit()
{
    local state
    if [ "$step" -ge 8 ]; then
        visit_number=$((visit_number + 1))
        step=0
    fi
    case ${steps[$step]} in
    start) set -- start "W-$visit_number" ;;
    part) set -- part "$visit" BJ-1 1 ;;
    sign) set -- sign "$visit" --signer 周主任 --strokes "$work/strokes.json" ;;
    finish) set -- finish "$visit" ;;
    result) set -- result "$visit" solved ;;
    *) set -- "${steps[$step]}" "$visit" "文字$round" ;;
    esac
    strike visit "$client_program" --home "$work/li" visit "$@"
    local ended=$code
    state=$(visit_state)
    case $state in
    yes)
        if [ "${steps[$step]}" = start ]; then
            on li list visit "work_order=W-$visit_number" --json
            visit=$(member id)
        fi
        step=$((step + 1))
        ;;
    no) [ "$ended" -ne 0 ] || wrong "visit ${steps[$step]} was acknowledged and is not there" ;;
    *) wrong "visit ${steps[$step]} is there in part" "$state" ;;
    esac
    healthy li
}

# ---- setting up ----

preload_quick_kdf
new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office li 李强 technician
invite_and_join office store 库管员 warehouse
must "$client_program" --home "$work/office" list person name=李强 --json
li=$(member id)
must "$client_program" --home "$work/office" new customer code=KH name=第一医院
must "$client_program" --home "$work/office" new part code=BJ-1 name=继电器
must "$client_program" --home "$work/office" new stock_location code=VAN name=车 kind=van "owner=$li"
must "$client_program" --home "$work/office" new service_request customer=KH reported_fault=停机 priority=high status=assigned
{
    printf 'number,request,technician,status\n'
    for i in $(seq $((kills * 3 / 8 + 2))); do printf 'W-%d,%s,%s,assigned\n' "$i" "$out" "$li"; done
} >"$work/orders.csv"
must "$client_program" --home "$work/office" import work_order "$work/orders.csv"
printf '[[[10,10],[40,32],[80,20]],[[20,50],[60,48]]]\n' >"$work/strokes.json"
round=0
for home in office li store; do quiet_sync "$home"; done

# ---- the client is killed ----
last_phone=
round=0
while [ "$struck" -lt "$kills" ] && [ "$round" -lt $((kills * 3)) ]; do
    round=$((round + 1))
    case $((RANDOM % 10)) in
    0 | 1) round_import ;;
    2) round_new ;;
    3 | 4 | 5) round_sync ;;
    *) round_visit ;;
    esac
    if [ $((round % 20)) -eq 0 ]; then
        quiet_sync li
        quiet_sync office
    fi
done
expect_equal "after every kill of the client the next command works, doctor finds nothing, and all is whole ($struck struck, $finished were quicker)" 0 "$wrong"
expect_equal "all kills struck" "$kills" "$struck"

round=end
for name in "${imports[@]}"; do must "$client_program" --home "$work/office" import part "$work/$name.csv"; done
[ -n "$last_phone" ] && must "$client_program" --home "$work/office" set customer KH "phone=$last_phone"
for home in li office store li; do sync_equal "$home" "$home syncs"; done
parts=$((${#imports[@]} * import_rows + 1))
for home in office li store; do expect_equal "$home has every part once" "$parts" "$(count "$home" part)"; done
there=0
for code_of in "${customers[@]}"; do [ "$(has office customer "$code_of")" = yes ] && there=$((there + 1)); done
expect_equal "every acknowledged customer is there" "${#customers[@]}" "$there"
on office export customer
expect_equal "no customer is there twice" "" "$(tr -d '\r' <"$work/.out" | grep -o '[^,]*,K[0-9]*,' | sed 's/.*,\(K[0-9]*\),/\1/' | sort | uniq -d)"
signed=$((visit_number - (step < 7 ? 1 : 0)))
expect_equal "every signed visit has one receipt, at the office too" "$signed $signed" "$(count li receipt) $(count office receipt)"
expect_equal "every visit that was started is at the office" "$((visit_number - (step == 0 ? 1 : 0)))" "$(count office visit)"
on office list receipt --limit 10000 --json
expect_equal "no receipt number twice" "" "$(grep -o '"number": "[^"]*"' <<<"$out" | sort | uniq -d)"
verified=0
while IFS= read -r number; do
    on office receipt verify "$number"
    [ "$code" -eq 0 ] && verified=$((verified + 1))
done < <(grep -o '"number": "[^"]*"' <<<"$out" | cut -d '"' -f 4)
expect_equal "every receipt verifies" "$signed" "$verified"
expect_code 0 "the server verifies" "$server_program" verify "$work/server"

# ---- the server is killed ----
wrong=0
port=$server_port
declare -a batches=()
for round in $(seq "$server_kills"); do
    for home in office store; do
        name=S$round-$home
        parts_csv "$name" 40 >"$work/$name.csv"
        on "$home" import part "$work/$name.csv"
        [ "$code" -eq 0 ] || wrong "an import: exit $code" "$err"
        batches+=("$name")
    done
    client office sync >"$work/sync-office" 2>&1 &
    office_pid=$!
    client store sync >"$work/sync-store" 2>&1 &
    store_pid=$!
    e2e_pids[$office_pid]=client
    e2e_pids[$store_pid]=client
    sleep "$(printf '0.%03d' $((RANDOM % 70)))"
    kill_server
    for each in office:$office_pid store:$store_pid; do
        wait "${each#*:}" 2>/dev/null
        ended=$?
        unset "e2e_pids[${each#*:}]"
        case $ended in
        0) ;;
        1) grep -q 'nothing is lost' "$work/sync-${each%:*}" || wrong "a sync without its server says" "$(cat "$work/sync-${each%:*}")" ;;
        *) wrong "a sync without its server ended with $ended" "$(cat "$work/sync-${each%:*}")" ;;
        esac
    done
    if ! start_server "$work/server" "$port"; then
        fail "round $round: the server starts again" "$(tail -n 3 "$server_log")"
        e2e_end
    fi
    healthy office
    healthy store
    if [ $((round % 10)) -eq 0 ]; then
        quiet_sync office
        quiet_sync store
    fi
done
expect_equal "after every kill of the server it starts, and both clients are healthy" 0 "$wrong"
for home in office store office li; do sync_equal "$home" "$home syncs"; done
parts=$((parts + ${#batches[@]} * 40))
for home in office store li; do expect_equal "$home has every part once" "$parts" "$(count "$home" part)"; done
invite_and_join office fresh 新人 warehouse
sync_equal fresh "a new laptop receives everything"
sync_equal office "the office sends the newcomer's row"
expect_equal "every part once" "$parts" "$(count fresh part)"
on office status --json
expect_equal "nothing waits, is held or refused" "0 0 0" "$(member waiting) $(member held) $(member refused)"
for home in office store li fresh; do expect_code 0 "$home: doctor finds nothing" "$client_program" --home "$work/$home" doctor; done
expect_code 0 "the server verifies" "$server_program" verify "$work/server"
e2e_end
