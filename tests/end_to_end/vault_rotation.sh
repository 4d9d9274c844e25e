#!/usr/bin/env bash
# A campaign of rotation as people run it, with a real PostgreSQL server and a real SSH server: prepared, applied by the helpers, by hand, and cut off by a
# kill; confirmed; what worked before works no more. A second one without network, under a lease. No password is in what the programs left or printed.
# usage: vault_rotation.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" vault_rotation "$@"
for program in countersign-rotate-postgresql countersign-rotate-linux; do
    [ -x "$programs/$program" ] || skip "$program was not built: tools/install-dependencies rotation"
done
# shellcheck disable=SC2034 # for rotation_lib.sh
helper_program=$programs/countersign-rotate-linux
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/rotation_lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/postgresql_lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/sshd_lib.sh"

preload_quick_kdf
li=("$client_program" --home "$work/li")
zhao=("$client_program" --home "$work/zhao")

# secret HOME TEXT COMMAND…: TEXT goes to the command's standard input; $out and $code as run.
secret()
{
    local home=$1 text=$2
    shift 2
    printf '%s' "$text" | timeout -k 5 "$command_seconds_max" "$client_program" --home "$work/$home" "$@" >"$work/.out" 2>"$work/.err"
    code=$?
    out=$(cat "$work/.out")
    err=$(cat "$work/.err")
    [ "$code" -eq 0 ] || { fail "needed for what follows" "command: $*" "errors: $err"; e2e_end; }
}

# steps: name and step of each field, one a line.
steps()
{
    on li vault rotate status P-1 --json
    tr '\n' ' ' <<<"$out" | grep -o '"name": "[^"]*"[^}]*"step": "[a-z]*"' | sed 's/"name": "\([^"]*\)".*"step": "\([a-z]*\)"/\1 \2/' | sort
}

# ---- an organisation with a vault ----
make_cluster
start_cluster
postgresql_port=$port
start_sshd password
ssh_port=$port
port=$postgresql_port
sql "CREATE ROLE bob LOGIN PASSWORD '$canary-pg'; CREATE ROLE eve LOGIN PASSWORD '$canary-eve'" >/dev/null || { fail "roles are made"; e2e_end; }
set_password "$canary-ssh 1"
host_key=$(sed 's/ /%20/g' "$work/host_ed25519.pub")

new_server server
join wang "$work/server.invite" --person 王芳
invite_and_join wang li "Li Lei" security
invite_and_join wang zhao 赵强 technician
must "$client_program" --home "$work/wang" new project code=P-1 name=一期
on wang list person name=赵强 --json
technician=$(member id)
must "$client_program" --home "$work/wang" new customer code=C-1 name=客户
must "$client_program" --home "$work/wang" new system project=P-1 name=账务系统 kind=database
system=$out
must "$client_program" --home "$work/wang" new service_request customer=C-1 "system=$system" reported_fault=统一修改密码 priority=normal status=assigned
must "$client_program" --home "$work/wang" new work_order number=W-1 "request=$out" "technician=$technician" status=assigned
sync_equal wang "the owner syncs, and the technician has an order"
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/wang" vault recovery make --output "$work/shares"
sync_equal wang "the owner syncs"
sync_equal li "the officer syncs"
must "$client_program" --home "$work/li" vault create P-1
secret li "$canary-pg" vault add P-1 --name 账务数据库 --user bob --address "postgresql://127.0.0.1:$postgresql_port/postgres"
secret li "$canary-eve" vault add P-1 --name 报表数据库 --user eve --address "postgresql://127.0.0.1:$postgresql_port/postgres?tls=off"
secret li "$canary-ssh 1" vault add P-1 --name 应用服务器 --user "$user" --address "ssh://127.0.0.1:$ssh_port?host_key=$host_key"
secret li "$canary-switch" vault add P-1 --name 核心交换机 --user admin --address 10.0.0.1

# ---- the campaign ----
expect_code 2 "no campaign without consent" "${li[@]}" vault rotate begin P-1
expect_code 0 "it begins" "${li[@]}" vault rotate begin P-1 --consent '王经理 2026-11-30 邮件同意'
expect_match "with four passwords" '4 passwords' "$out"
expect_code 0 "new passwords are prepared" "${li[@]}" vault rotate prepare P-1 --policy 24
expect_code 0 "and once only" "${li[@]}" vault rotate prepare P-1
expect_match "since they are to come already" '0 passwords prepared, 4 to come' "$out"
expect_code 1 "it does not end like that" "${li[@]}" vault rotate end P-1 --reason 完毕

# The program is killed when the helper has done it, and before it can say so.
cat >"$work/killer" <<END
#!/bin/sh
answer=\$("$programs/countersign-rotate-postgresql")
kill -KILL \$PPID
echo "\$answer"
END
chmod 700 "$work/killer"
# What the shell says of the killed program goes nowhere.
{ run "${li[@]}" vault rotate apply P-1 账务数据库 --helper "$work/killer"; } 2>/dev/null
expect_equal "the program is killed in the middle of a change" 137 "$code"
if works bob "$canary-pg"; then fail "which went through"; else pass "which went through"; fi
expect_match "that it may be in force was signed before" '账务数据库 applied' "$(steps)"
expect_code 0 "the old password can still be shown" "${li[@]}" vault reveal 账务数据库 --reason 检查
expect_equal "as it was" "$canary-pg" "$out"

changing=("${li[@]}")
if watch_memory "$canary"; then changing=("$work/scanning" --home "$work/li"); fi
expect_code 0 "the same command changes all that helpers are for" "${changing[@]}" vault rotate apply P-1
expect_match "also where it was cut off" '3 changed, 0 left, 1 to be changed by hand' "$out"
if [ -e "$work/scanned" ]; then
    expect_match "and leaves no old password in memory" '^ended 0$' "$(cat "$work/scanned")"
    expect_not_match "of any program" '^ended [1-9]' "$(cat "$work/scanned")"
fi
expect_equal "which works" "应用服务器 verified
报表数据库 verified
核心交换机 pending
账务数据库 verified" "$(steps)"
expect_code 0 "by hand: before" "${li[@]}" vault rotate applied P-1 核心交换机
expect_code 0 "and after" "${li[@]}" vault rotate verified P-1 核心交换机
expect_code 0 "all are confirmed" "${li[@]}" vault rotate confirm P-1
expect_match "four of them" 'confirmed: 4' "$out"
expect_code 0 "now it ends" "${li[@]}" vault rotate end P-1 --reason 全部修改完毕

# ---- what is in force ----
on li vault reveal 账务数据库 --reason 检查
new=$out
expect_number "the new password has the length of the policy" 24 24 "${#new}"
if works bob "$new" && ! works bob "$canary-pg"; then pass "PostgreSQL takes the new one alone"; else fail "PostgreSQL takes the new one alone"; fi
on li vault reveal 应用服务器 --reason 检查
new_ssh=$out
expect_answer new "the SSH server takes the new one alone" verify 127.0.0.1 "$ssh_port" "$user" "$canary-ssh 1" "$new_ssh" 30 host_key "$(cat "$work/host_ed25519.pub")"
on li vault reveal 报表数据库 --reason 检查
if works eve "$out"; then pass "the second role too"; else fail "the second role too"; fi

# ---- without network, by a technician under a lease ----
must "${li[@]}" vault grant P-1 赵强 --rights list,reveal,lease
must "${li[@]}" vault rotate begin P-1 --consent '王经理 2026-12-01 电话同意'
must "${li[@]}" vault rotate prepare P-1 --policy 32
sync_equal zhao "the technician syncs"
expect_code 0 "he takes the passwords along, old and new" "${zhao[@]}" vault lease W-1 --reason 统一修改密码 --yes
stop_server
expect_code 0 "and changes them where no server can be reached" "${zhao[@]}" vault rotate apply P-1
expect_match "all that helpers are for" '3 changed, 0 left, 1 to be changed by hand' "$out"
expect_match "which is on his laptop" 'goes with the next sync' "$err"
start_server "$work/server" "$server_port" || { fail "the server comes back"; e2e_end; }
sync_equal zhao "he syncs"
expect_code 0 "the officer confirms them" "${li[@]}" vault rotate confirm P-1
expect_match "all three" 'confirmed: 3' "$out"
on li vault reveal 账务数据库 --reason 检查
newest=$out
if works bob "$newest" && ! works bob "$new"; then pass "PostgreSQL takes the newest alone"; else fail "PostgreSQL takes the newest alone"; fi

# ---- traces ----
for password in "$canary" "$new" "$new_ssh" "$newest"; do
    found=$(grep -rlaF -- "$password" "$work/server" "$work/li" "$work/wang" "$work/zhao" "$work/sshd.log" "$server_log" 2>/dev/null)
    expect_equal "a password is in no file of server and clients" "" "$found"
done
e2e_end
