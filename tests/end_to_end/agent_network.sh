#!/usr/bin/env bash
# An agent whose server has taken the call and says nothing: others go on, a lock, a stop and whoever does not want to wait any longer end it within
# moments, and nothing is lost.
# usage: agent_network.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" agent_network "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/proxy_lib.sh"
# The transport looks once a second whether it has to hang up; a server may be silent for a minute before it is given up.
moments_ms=5000

start_agent()
{
    "${with_us[@]}" "$client_program" --home "$work/office" agent --foreground --sync-every 0 >"$work/office.agent" 2>&1 </dev/null &
    agent_pid=$!
    e2e_pids[$agent_pid]=agent
    for _ in $(seq 200); do
        [ -S "$work/office/agent.sock" ] && asking entities && return 0
        sleep 0.05
    done
    fail "the agent comes up" "$(cat "$work/office.agent")"
    e2e_end
}

# without a passphrase: only an agent that is unlocked can do it.
asking() { COUNTERSIGN_PASSPHRASE_FILE=/nonexistent on office "$@"; }

# soon TEXT BEGUN_MS
soon() { expect_number "$1" 0 "$moments_ms" $(($(now_ms) - $2)); }

# is_syncing: the agent is on the network.
is_syncing() { asking status --json && grep -q '"syncing": {' <<<"$out"; }
is_quiet() { asking status --json && grep -q '"syncing": null' <<<"$out"; }

# within TEXT COMMAND…: five seconds.
within()
{
    local text=$1
    shift
    for _ in $(seq 50); do
        "$@" && { pass "$text"; return 0; }
        sleep 0.1
    done
    fail "$text" "output: ${out:0:600}"
}

# silence: from here on connections are taken, and after so many bytes nothing comes any more.
silence()
{
    tell "cut up 0 close"
    tell "harm stall $1"
}

# begin_sync: somebody asks for a sync, which waits for the server.
begin_sync()
{
    env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" sync >"$work/sync.out" 2>"$work/sync.err" </dev/null &
    sync_pid=$!
    e2e_pids[$sync_pid]=sync
    within "a sync waits for the server ($1)" is_syncing
}

end_of_sync()
{
    wait "$sync_pid"
    code=$?
    unset "e2e_pids[$sync_pid]"
}

made=0
# enter: one more part.
enter()
{
    made=$((made + 1))
    expect_code 0 "something is entered meanwhile" env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent \
        "$client_program" --home "$work/office" new part "code=P-$made" name=件 unit=个 price_cents=1
}

start_proxy next
must "$server_program" init "$work/server" --address "127.0.0.1:$proxy_port" --output "$work/server.invite"
start_server "$work/server" "$((proxy_port + 1))" || { fail "the server starts beside the proxy" "$(tail -n 3 "$server_log")"; e2e_end; }
tell pass
join office "$work/server.invite" --person 王芳
sync_all office
invite_and_join office li 李强 security
sync_all li office
must "$client_program" --home "$work/office" new project code=P-1 name=交通局
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/office" vault recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all office li
tell pass
must "$client_program" --home "$work/office" sync
tell count
down=$(cut -d' ' -f2 <<<"$proxy_says")

start_agent
for where in "up 0" "down 0" "down $((down - 10))"; do
    # ---- others go on; a lock ends it ----
    silence "$where"
    enter
    begin_sync "$where"
    begun=$(now_ms)
    enter
    soon "and nobody waits for it ($where)" "$begun"
    begun=$(now_ms)
    expect_code 0 "a lock ($where)" "$client_program" --home "$work/office" lock
    soon "does not wait for the server" "$begun"
    end_of_sync
    expect_equal "who waited is told ($where)" 1 "$code"
    expect_match "that it was broken off" 'interrupted' "$(cat "$work/sync.err")"
    expect_code 3 "and it is locked" "$client_program" --home "$work/office" list part
    expect_code 0 "unlocked again" "$client_program" --home "$work/office" unlock

    # ---- who asked goes ----
    begin_sync "$where"
    end_process "$sync_pid" TERM
    within "who goes ends what is done for him ($where)" is_quiet

    # ---- the agent is told to end ----
    begin_sync "$where"
    begun=$(now_ms)
    expect_code 0 "it is told to end ($where)" "$client_program" --home "$work/office" agent --stop
    wait "$agent_pid"
    soon "and does not wait for the server" "$begun"
    unset "e2e_pids[$agent_pid]"
    end_of_sync
    expect_number "who waited is told" 1 1 "$code"
    start_agent
    begin_sync "$where"
    begun=$(now_ms)
    end_process "$agent_pid" TERM
    soon "nor does it when it gets a signal ($where)" "$begun"
    end_of_sync
    expect_number "who waited is told" 1 1 "$code"
    start_agent
done

# ---- an exchange about vaults ----
tell pass
must env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" sync
sync_all li
must "$client_program" --home "$work/li" vault create P-1
must "$client_program" --home "$work/li" vault grant P-1 王芳 --rights list,edit
must env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" sync
silence "up 0"
printf '%s' "$canary" | COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office vault add P-1 --name 交换机 --user admin >"$work/sync.out" 2>"$work/sync.err" &
sync_pid=$!
e2e_pids[$sync_pid]=vault
sleep 0.5
begun=$(now_ms)
enter
soon "nobody waits for an exchange about vaults" "$begun"
expect_equal "which goes on waiting" running "$(kill -0 "$sync_pid" 2>/dev/null && echo running || echo ended)"
begun=$(now_ms)
expect_code 0 "a lock" "$client_program" --home "$work/office" lock
soon "does not wait for the server" "$begun"
end_of_sync
expect_equal "who waited is told" 1 "$code"
expect_code 0 "unlocked again" "$client_program" --home "$work/office" unlock

# ---- nothing is lost ----
tell pass
COUNTERSIGN_PASSPHRASE_FILE=/nonexistent sync_equal office "when the server answers again, all of it is sent"
expect_equal "nothing waits" 0 "$(member waiting)"
sync_equal li "somebody else syncs"
expect_equal "and has everything, once" "$made" "$(count li part)"
printf '%s' "$canary" | COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office vault add P-1 --name 路由器 --user admin >/dev/null 2>&1
COUNTERSIGN_PASSPHRASE_FILE=/nonexistent sync_equal office "another password is stored"
sync_equal li "and somebody else syncs"
on li vault list P-1
expect_match "both are there: the later one" '路由器' "$out"
expect_code 0 "the replica is sound" env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" doctor
end_process "$agent_pid" TERM
e2e_end
