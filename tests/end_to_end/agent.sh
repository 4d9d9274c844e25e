#!/usr/bin/env bash
# The agent: commands with and without it, many at once, lock and unlock, its sync in the background, and what is left when it is killed.
# usage: agent.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" agent "$@"

# start_agent HOME OPTION…: in the foreground of a job of this script, so that its id is known.
start_agent()
{
    local home=$1
    shift
    "${with_us[@]}" "$client_program" --home "$work/$home" agent --foreground "$@" >"$work/$home.agent" 2>&1 </dev/null &
    agent_pid=$!
    e2e_pids[$agent_pid]=agent
    for _ in $(seq 200); do
        [ -S "$work/$home/agent.sock" ] && COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client "$home" entities >/dev/null 2>&1 && return 0
        kill -0 "$agent_pid" 2>/dev/null || break
        sleep 0.05
    done
    fail "the agent comes up" "$(cat "$work/$home.agent")"
    return 1
}

# expect_client CODE TEXT HOME COMMAND…
expect_client()
{
    local wanted=$1 text=$2 home=$3
    shift 3
    expect_code "$wanted" "$text" "$client_program" --home "$work/$home" "$@"
}

# without a passphrase: only an agent that is unlocked can do it.
asking() { COUNTERSIGN_PASSPHRASE_FILE=/nonexistent on "$@"; }

# wait_until TEXT SECONDS COMMAND…
wait_until()
{
    local text=$1 left=$(($2 * 10))
    shift 2
    while [ "$left" -gt 0 ]; do
        if "$@"; then
            pass "$text"
            return 0
        fi
        left=$((left - 1))
        sleep 0.1
    done
    fail "$text" "not within the time" "output: ${out:0:600}"
    return 1
}

new_server server
join office "$work/server.invite" --person 赵敏
invite_and_join office laptop 钱伟 technician
sync_equal office "the office syncs"
sync_equal laptop "the laptop syncs"

# ---- without an agent ----
expect_client 1 "unlock without an agent says so" laptop unlock
expect_match "and how to start one" 'countersign agent' "$err"
expect_client 1 "so does stopping it" laptop agent --stop
expect_client 0 "lock has nothing to do" laptop lock
expect_client 2 "a wrong option is found before anything starts" laptop agent --lock-after soon
expect_client 1 "there is no agent where nobody has joined" nobody agent
expect_code 3 "a wrong passphrase starts none" env COUNTERSIGN_PASSPHRASE_FILE=/dev/null "$client_program" --home "$work/laptop" agent
expect_equal "and leaves no socket" none "$([ -e "$work/laptop/agent.sock" ] && echo socket || echo none)"
chmod 750 "$work/laptop"
expect_client 1 "none starts in a folder that others may enter" laptop agent
expect_match "which is said" 'chmod 700' "$err"
chmod 700 "$work/laptop"

# ---- in the background, as people start it ----
must "$client_program" --home "$work/laptop" agent --sync-every 0
expect_match "it says when it locks" '15 minutes' "$out"
expect_equal "the socket is the person's alone" 600 "$(stat -c %a "$work/laptop/agent.sock")"
asking laptop status --json
expect_equal "a command needs no passphrase" 0 "$code"
expect_match "status knows of the agent" '"locks_at"' "$out"
expect_client 1 "a second agent is refused" laptop agent
expect_match "since one runs" 'runs already' "$err"
expect_client 0 "it ends when it is told to" laptop agent --stop
wait_until "and its socket is gone" 10 test ! -e "$work/laptop/agent.sock"
expect_client 0 "commands open the replica themselves again" laptop status

must "$client_program" --home "$work/laptop" agent --sync-every 0 --locked --json
expect_equal "one that starts locked asks for nothing" false "$(member unlocked)"
expect_client 3 "and has nothing open" laptop status
expect_client 0 "until it is unlocked" laptop unlock
asking laptop status
expect_equal "then it has" 0 "$code"
expect_client 0 "it ends when it is told to" laptop agent --stop
wait_until "and its socket is gone" 10 test ! -e "$work/laptop/agent.sock"

# ---- the same answers with and without ----
parts_csv AG 50 >"$work/ag.csv"
must "$client_program" --home "$work/office" import part "$work/ag.csv"
client office list part --limit 100 >"$work/alone.txt"
client office list part --json --limit 100 >"$work/alone.json"
client office get part AG-00007 >"$work/alone.get"
start_agent office --sync-every 0 || e2e_end
asking office list part --limit 100
expect_equal "a list is the same" "$(cat "$work/alone.txt")" "$out"
asking office list part --search 继电器 --sort code --descending --limit 1 --total --json
expect_equal "words are found, and counted" "5 AG-00050" "$(member total) $(member code)"
asking office list part --json --limit 100
expect_equal "also as JSON" "$(cat "$work/alone.json")" "$out"
asking office get part AG-00007
expect_equal "and one row" "$(cat "$work/alone.get")" "$out"
expect_client 2 "wrong use has its exit code" office list nothing
expect_client 1 "so has a failure" office get part nothing-like-this
COUNTERSIGN_PASSPHRASE_FILE=/nonexistent run env LC_ALL=zh_CN.UTF-8 "$client_program" --home "$work/office" status
expect_match "the language is the caller's" '代理程序' "$out"

# ---- files, standard input and output are the caller's ----
parts_csv IN 20 >"$work/in.csv"
(cd "$work" && COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office import part in.csv >"$work/.out" 2>"$work/.err")
expect_equal "a relative name is found in the caller's folder" 0 "$?"
parts_csv ST 20 | COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office import part - >"$work/.out" 2>"$work/.err"
expect_equal "standard input is the caller's" 0 "$?"
COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office import part <(parts_csv FD 2) >"$work/.out" 2>"$work/.err"
expect_equal "a name of another process' descriptor is refused" 1 "$?"
expect_match "with what to do instead" 'standard input' "$(cat "$work/.err")"
(cd "$work" && COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office export part out.csv >/dev/null)
expect_equal "files are written there too" 91 "$(wc -l <"$work/out.csv")"
expect_equal "and only the person's" 600 "$(stat -c %a "$work/out.csv")"
COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office list part --limit 100 | head -n 1 >/dev/null
expect_number "a reader that ends early ends no agent" 1 10000 "$(count office part)"
(sleep 12; cat) < <(COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office export part) >"$work/slow.csv" &
slow=$!
sleep 0.3
started=$(now_ms)
asking office status
expect_number "a slow reader keeps nobody waiting" 0 9000 $(($(now_ms) - started))
wait "$slow"
expect_equal "and gets everything" 91 "$(wc -l <"$work/slow.csv")"

# ---- who stops its command stops what the agent does for it ----
mkfifo "$work/never"
COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" import part - <"$work/never" >/dev/null 2>&1 &
stuck=$!
exec 9>"$work/never"
sleep 0.3
asking office status
expect_equal "a caller that types nothing keeps nobody waiting" 0 "$code"
kill -TERM "$stuck" 2>/dev/null
wait "$stuck" 2>/dev/null
exec 9>&-
asking office status
expect_equal "and one that goes is forgotten" 0 "$code"

# ---- lock and unlock ----
expect_client 0 "lock" office lock
expect_client 3 "while it is locked nothing is answered" office list part
expect_match "but what to do" 'countersign unlock' "$err"
expect_code 3 "a wrong passphrase does not unlock" env COUNTERSIGN_PASSPHRASE_FILE=/dev/null "$client_program" --home "$work/office" unlock
expect_client 3 "it stays locked" office status
expect_client 0 "unlock" office unlock
asking office list part --limit 1
expect_equal "everything is there again" 0 "$code"

# ---- many at once ----
begun=$(now_ms)
pids=()
for i in $(seq 60); do
    COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office new part "code=MANY-$i" name=件 unit=个 price_cents="$i" >"$work/many.$i" 2>&1 &
    pids+=($!)
done
bad=0
for pid in "${pids[@]}"; do wait "$pid" || bad=$((bad + 1)); done
expect_equal "sixty commands at once all succeed" 0 "$bad"
echo "notice: sixty commands at once took $(($(now_ms) - begun)) ms"
asking office list part --limit 1000 --json
expect_equal "and each made its row" 150 "$(rows)"

# ---- killed in the middle ----
pids=()
for i in $(seq 20); do
    COUNTERSIGN_PASSPHRASE_FILE=/nonexistent client office new part "code=KILL-$i" name=件 unit=个 price_cents="$i" >"$work/kill.$i" 2>&1 &
    pids+=($!)
done
sleep 0.05
end_process "$agent_pid" KILL
saved=0
for i in $(seq 20); do wait "${pids[$((i - 1))]}" 2>/dev/null && saved=$((saved + 1)); done
expect_equal "a killed agent leaves its socket" socket "$([ -S "$work/office/agent.sock" ] && echo socket || echo none)"
expect_client 0 "the next command opens the replica itself" office list part --limit 1000 --json
expect_number "what was answered is there" $((150 + saved)) 170 "$(rows)"
expect_client 0 "and the replica is sound" office doctor
start_agent office --sync-every 0 || e2e_end
asking office status
expect_equal "a new agent takes the place of the stale socket" 0 "$code"

# ---- a join is for who has nothing open ----
must "$client_program" --home "$work/office" invite --person 孙 --role technician --output "$work/again.invite"
expect_client 1 "no join while the agent uses the replica" office join "$work/again.invite"
expect_match "first lock" 'countersign lock' "$err"
end_process "$agent_pid" TERM
expect_equal "an agent that is told to end takes its socket along" none "$([ -e "$work/office/agent.sock" ] && echo socket || echo none)"

# ---- it syncs by itself ----
start_agent office --sync-every 1 || e2e_end
start_agent laptop --sync-every 1 || e2e_end
laptop_agent=$agent_pid
nothing_waits() { asking office status --json && [ "$(member waiting)" = 0 ] && [ "$(member digest)" = equal ]; }
wait_until "what waited is sent without being asked" 20 nothing_waits
must env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" new part code=LATER name=件 unit=个 price_cents=1
wait_until "a change is sent soon after" 15 nothing_waits
kill_server
must env COUNTERSIGN_PASSPHRASE_FILE=/nonexistent "$client_program" --home "$work/office" new part code=OFFLINE name=件 unit=个 price_cents=1
has_failed() { asking office status --json && [ "$(member failures)" -gt 0 ] 2>/dev/null; }
wait_until "a sync that fails is in status" 15 has_failed
asking office status
expect_match "in words, with when it is tried again" 'next sync in [0-9]+ s .*failed' "$out"
expect_equal "and makes no noise" "" "$(cat "$work/office.agent")"
expect_client 1 "a sync that is asked for says why it fails" office sync
start_server "$work/server" "$server_port" || e2e_end
expect_client 0 "and works when the server is back" office sync
asking office status --json
expect_equal "nothing waits any more" 0 "$(member waiting)"

echo "notice: the idle agent's memory: $(grep -E '^(VmRSS|VmHWM)' "/proc/$laptop_agent/status" | tr '\n' ' ')"
e2e_end
