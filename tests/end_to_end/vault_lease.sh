#!/usr/bin/env bash
# A technician takes along the passwords for his work orders, sees them without network, and everything that ends it: time, a clock that is set
# back, giving back, revocation. No password in any file or argument.
# usage: vault_lease.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" vault_lease "$@"
jump=$helpers/end_to_end_jump_clock.so
quick=$helpers/end_to_end_quick_kdf.so
[ -r "$jump" ] || { fail "end_to_end_jump_clock.so is not in $helpers"; e2e_end; }
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"
day=86400

# at SECONDS HOME SUBCOMMAND…: vault with a wall clock that is so much ahead, through run.
at()
{
    local seconds=$1 home=$2
    shift 2
    run env "LD_PRELOAD=$quick:$jump" "COUNTERSIGN_TEST_CLOCK_SECONDS=$seconds" "$programs/countersign" --home "$work/$home" vault "$@"
}

# revealed TEXT: the last command gave the password; the output is forgotten.
revealed()
{
    expect_equal "$1" "0 $canary" "$code $out"
    out=
    rm -f "$work/.out"
}

# usable HOME: leases that can be used.
usable()
{
    on "$1" vault leases --json
    grep -c '"usable": true' <<<"$out"
}

new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
sync_all li
invite_and_join li zhao 赵六 technician
sync_all li zhao owner

# ---- what there is: a project with a system, passwords of it, and a work order ----
zhao=$(on zhao status --json; member person)
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
project=$out
must "$client_program" --home "$work/owner" new system name=收费系统 "project=$project"
system=$out
must "$client_program" --home "$work/owner" new service_request reported_fault=无法登录 "system=$system"
request=$out
must "$client_program" --home "$work/owner" new work_order number=WO-7 "request=$request" "technician=$zhao" status=assigned
must "$client_program" --home "$work/owner" new work_order number=WO-8 "technician=$zhao" status=assigned
must "$client_program" --home "$work/owner" new work_order number=WO-9 status=draft
sync_all owner
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/owner" vault recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all li
must "$client_program" --home "$work/li" vault create P-1
for name in 数据库 路由器; do
    printf '%s' "$canary" | "$client_program" --home "$work/li" vault add P-1 --name "$name" --user admin >/dev/null 2>"$work/.err" ||
        fail "$name is stored" "$(cat "$work/.err")"
done
sync_all zhao

# ---- taking along ----
vault_code 2 "no lease for ever" zhao lease --days 32
vault_code 0 "who is no member is offered nothing" zhao lease --json
expect_equal "and nothing is taken" "false vault" "$(member taken) $(member lacks)"
must "$client_program" --home "$work/li" vault grant P-1 赵六 --rights list,lease
vault_code 0 "what would be taken is listed first" zhao lease --json
expect_equal "both, and nothing is taken" "false 2" "$(member taken) $(grep -c '"credential":' <<<"$out")"
expect_match "an order that names no system says so" '"lacks": "project"' "$out"
vault_code 2 "nobody is here to agree" zhao lease
expect_match "it says what to do" '--yes' "$err"
vault_code 1 "not for somebody else's order" zhao lease WO-9 --yes
expect_equal "nothing was taken" 0 "$(usable zhao)"
vault_code 0 "taken along" zhao lease WO-7 --days 3 --yes
expect_match "until an end" '2 taken along until' "$out"
expect_equal "it can be used" 1 "$(usable zhao)"
on zhao status --json
expect_equal "status tells of it" 1 "$(member leases)"
vault_code 0 "again there is nothing more" zhao lease WO-7 --yes --json
expect_equal "since it is leased" "false news" "$(member taken) $(member lacks)"

# ---- without network ----
stop_server
on zhao vault reveal 数据库 --reason 更换硬盘
revealed "a password is shown without network"
vault_code 2 "not without a reason" zhao reveal 数据库
at -3600 zhao leases
expect_match "a clock that was set back ends it" 'clock went back' "$err"
expect_equal "it is over" 0 "$(usable zhao)"
vault_code 1 "nothing is shown any more" zhao reveal 数据库 --reason 更换硬盘 --work-order WO-7
expect_not_match "nothing at all" "$canary" "$out$err"
start_server "$work/server" "$server_port" || fail "the server starts again"
sync_all zhao
vault_code 0 "the next one" zhao lease WO-7 --yes
at $((4 * day)) zhao leases --all --json
expect_match "its end is noticed by any command" 'expired' "$err"
expect_match "and listed" '"state": "expired"' "$out"
expect_equal "it does not come back" 0 "$(usable zhao)"

# ---- giving back ----
vault_code 0 "another one" zhao lease WO-7 --yes
vault_code 2 "of what is not there" zhao return 1234
vault_code 0 "given back" zhao return --json
expect_equal "and the server hears it" "1 true" "$(member returned) $(member sent)"
expect_equal "it is over" 0 "$(usable zhao)"

# ---- revoked ----
vault_code 0 "the last one" zhao lease WO-7 --yes
stop_server
on zhao vault reveal 路由器 --reason 更换硬盘
revealed "is used without network"
start_server "$work/server" "$server_port" || fail "the server starts again"
sync_all owner
on owner devices --json
must "$client_program" --home "$work/owner" revoke zhao --reason 遗失
sync_all owner
expect_code 1 "the laptop is told" "$client_program" --home "$work/zhao" sync
on zhao vault leases --all --json
expect_match "its lease is over" '"state": "revoked"' "$out"
vault_code 1 "it shows nothing" zhao reveal 路由器 --reason 更换硬盘 --work-order WO-7
expect_not_match "nothing at all" "$canary" "$out$err"

# ---- traces ----
rm -f "$work/.out" "$work/.err"
expect_equal "no password is in any file" "" "$(grep -rlaF -- "$canary" "$work")"
e2e_end
