#!/usr/bin/env bash
# A vault with many credentials, through real programs with an agent that is unlocked: listing all, and showing one under a lease while the
# server is away. KeePassXC beside it, where it is installed, on the same content.
# usage: vault.sh PROGRAMS TEST_PROGRAMS FIGURES RUNS COUNT KDBX      KDBX: COUNT entries, password "bench" (written by vault_bench)
# shellcheck source-path=SCRIPTDIR/../end_to_end disable=SC2016,SC2154
. "$(dirname "$0")/../end_to_end/lib.sh" vault "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
kdbx=$6
command_seconds_max=1800

# vault HOME SUBCOMMAND…: must work.
vault()
{
    local home=$1
    shift
    must "$client_program" --home "$work/$home" vault "$@"
}

sync_all()
{
    local home
    for home in "$@"; do must "$client_program" --home "$work/$home" sync; done
}

new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
sync_all li
invite_and_join li zhao 赵六 technician
sync_all li zhao owner
on zhao status --json
zhao=$(member person)
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
project=$out
must "$client_program" --home "$work/owner" new system name=收费系统 "project=$project"
system=$out
must "$client_program" --home "$work/owner" new service_request reported_fault=无法登录 "system=$system"
request=$out
must "$client_program" --home "$work/owner" new work_order number=WO-7 "request=$request" "technician=$zhao" status=assigned
sync_all owner
mkdir -m 700 "$work/shares"
vault owner recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all li
vault li create P-1
vault li grant P-1 赵六 --rights list,lease

# ---- content ----
start_agent li
li_agent=$agent_pid
timed vault.import "$li_agent,$server_pid" env "BENCH_KDBX=$kdbx" sh -c \
    'echo bench | "$0" --home "$1" vault import "$BENCH_KDBX" --project P-1 --json' "$client_program" "$work/li"
need "all are stored" "$count" "$(member stored)"
pass "$count credentials are stored"
start_agent zhao
zhao_agent=$agent_pid
sync_all zhao
vault zhao lease WO-7 --days 3 --yes --json
need "the lease is taken" true "$(member taken)"
pass "and taken along"
stop_server

# ---- figures ----
vault zhao list P-1 --json
need "all are listed" "$count" "$(rows)"
for run in $(seq "$runs"); do
    timed vault.agent.start "$zhao_agent" "$client_program" --home "$work/zhao" entities
    timed vault.agent.list "$zhao_agent" "$client_program" --home "$work/zhao" vault list P-1
    name=$(printf '核心交换机 %05d' "$run")
    timed vault.agent.reveal "$zhao_agent" "$client_program" --home "$work/zhao" vault reveal "$name" --reason 现场检修
    need "the right one is shown" "$(printf 'Kp%05d-vQ7#mLz4!tRw' "$run")" "$out"
done
memory_of agent.vault "$zhao_agent"
end_process "$zhao_agent"
end_process "$li_agent"

# ---- the same with KeePassXC ----
if command -v keepassxc-cli >/dev/null; then
    for run in $(seq "$runs"); do
        timed vault.keepassxc.list - sh -c 'echo bench | keepassxc-cli ls -q "$0"' "$kdbx"
        need "it lists all" "$count" "$(wc -l <<<"$out")"
        name=$(printf '核心交换机 %05d' "$run")
        timed vault.keepassxc.reveal - sh -c 'echo bench | keepassxc-cli show -q -s -a Password "$0" "$1"' "$kdbx" "$name"
        need "it shows the same" "$(printf 'Kp%05d-vQ7#mLz4!tRw' "$run")" "$out"
    done
else
    echo "notice  keepassxc-cli is not installed: nothing to compare with"
fi
e2e_end
