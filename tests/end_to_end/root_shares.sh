#!/usr/bin/env bash
# Every owner's and officer's laptop is lost: shares of the root key and whoever runs the server make a new one the owner's, and shares of the
# recovery key open the vaults on it. Not with too few of them, not with another organisation's, and not without the operator.
# usage: root_shares.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" root_shares "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"

# shares FOLDER NUMBER…: their texts, one a line.
shares()
{
    local folder=$1 number
    shift
    for number in "$@"; do cat "$work/$folder/share-$number.txt"; done
}

# typed TEXT CODE SHARES HOME COMMAND…: a command that is given these shares.
typed()
{
    local text=$1 wanted=$2 given=$3 home=$4
    shift 4
    type_in "$given" "$client_program" --home "$work/$home" "$@"
    if [ "$code" -eq "$wanted" ]; then
        pass "$text"
    else
        fail "$text" "command:  $*" "expected: exit $wanted" "found:    exit $code" "output:   ${out:0:600}" "errors:   ${err:0:600}"
    fi
}

# invite_lost FILE: by the operator, with the server stopped.
invite_lost()
{
    stop_server
    must "$server_program" invite-owner "$work/server" --lost --output "$1" --json
    person=$(member person)
    start_server "$work/server" "$server_port" || fail "the server starts again"
}

# come_back TEXT CODE SHARES [OPTION…]: a new laptop joins with $work/back.invite.
come_back()
{
    local text=$1 wanted=$2 given=$3
    shift 3
    [[ " $* " == *" --person-id "* ]] || set -- --person-id "$person" "$@"
    typed "$text" "$wanted" "$given" new join "$work/back.invite" --device new --kdf-memory-mib 64 --root-shares --person 王芳 "$@"
}

# ---- an organisation with a vault, and both keys in shares ----
new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 technician
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
sync_all owner li
mkdir -m 700 "$work/root" "$work/recovery" "$work/foreign"
expect_code 0 "the root key is split" "$client_program" --home "$work/owner" root split --output "$work/root"
expect_equal "a file for each share" 3 "$(find "$work/root" -name 'share-*.txt' -perm 600 | wc -l)"
must "$client_program" --home "$work/owner" vault recovery make --output "$work/recovery"
must "$client_program" --home "$work/owner" vault create P-1
type_in "$canary" "$client_program" --home "$work/owner" vault add P-1 --name 调度系统 --user scada
expect_equal "a password is stored" 0 "$code"
typed "shares of the other key are none" 1 "$(shares recovery 1 2)" owner root rehearse
expect_match "which is said" 'share of the recovery key' "$err"
typed "the key is taken off the laptop" 0 "$(shares root 3 1)" owner root forget
expect_not_match "and nothing warns any more" 'recovery is not set up' "$(client owner status)"
vault_code 1 "a recovery key now wants the shares" owner recovery make --output "$work/recovery2"
mkdir -m 700 "$work/recovery2"
typed "and is made with them" 0 "$(shares root 1 2)" owner vault recovery make --root-shares --output "$work/recovery2"
vault_code 0 "the vault has a key for it" owner rekey
sync_all owner li
must "$client_program" --home "$work/owner" new part code=LI name=电源
sync_all owner li
parts=$(count li part)

# ---- all is lost but the server and the shares ----
rm -rf "$work/owner"
person=
invite_lost "$work/back.invite"
expect_match "the operator sees whose laptops are held for lost" '"person_name" *: *"王芳"' "$out"
expect_code 1 "the token alone makes nothing" "$client_program" --home "$work/stranger" join "$work/back.invite" --person 贼 --kdf-memory-mib 64
come_back "the person is an id" 2 "" --person-id owner
come_back "the statement is one" 1 "" --statement "$work/passphrase"
expect_match "which is said" 'no statement of shares' "$err"
typed "the invite is a file" 2 "" new join --root-shares --person 王芳
typed "a person goes with shares" 2 "" new join "$work/back.invite" --person-id "$person"
come_back "one share too few" 1 "$(shares root 2)"
expect_match "which is said" '1 more needed' "$err"
come_back "a mistyped share" 1 "$(shares root 2; shares root 3 | sed 's/.$/U/')"
expect_match "which is said" 'typing error' "$err"
come_back "one twice" 1 "$(shares root 2 2)"
expect_match "which is said" 'entered already' "$err"
come_back "shares of the other key" 1 "$(shares recovery2 1 2)"

# Of another organisation, with a root key and shares of its own.
first_pid=$server_pid first_port=$server_port
new_server other
join foreign-owner "$work/other.invite" --person 外人
must "$client_program" --home "$work/foreign-owner" root split --output "$work/foreign"
stop_server
server_pid=$first_pid server_port=$first_port
come_back "another organisation's shares" 1 "$(shares foreign 1 2)"
expect_match "which is said" 'another organisation' "$err"
expect_match "and stands in the server's log" 'other_root_key_refused' "$(cat "$work/server.log")"
rm -rf "$work/new"

come_back "enough of them, and it is the owner's" 0 "$(shares root 2 3)" --statement "$work/root/root-shares.statement" --json
expect_equal "of the same person" "true $person" "$(member returned) $(member person)"
sync_equal new "it gets everything"
expect_equal "what was there is there" "$parts" "$(count new part)"
expect_equal "and nobody twice" 1 "$(count new person name=王芳)"
on new status --json
expect_equal "the root key is in shares only" "in_shares true" "$(member root_key) $(member recovery_is_set_up)"
come_back "the token works once" 1 "$(shares root 2 3)"
typed "not in another folder either" 1 "$(shares root 2 3)" second join "$work/back.invite" --root-shares --person 王芳 --kdf-memory-mib 64

# ---- what was lost is shut out, and the vault opens ----
must "$client_program" --home "$work/new" revoke owner --reason 丢失
sync_all new
typed "the vault opens with the other shares" 0 "$(shares recovery2 1 3)" new vault recovery restore P-1
type_in "" "$client_program" --home "$work/new" vault reveal 调度系统 --reason 恢复
expect_equal "and the password is what it was" "0 $canary" "$code $out"
invite_and_join new zhao 赵六 technician
sync_equal zhao "a new device is let in"
sync_equal li "and the others go on"
expect_equal "with the same rows" "$parts" "$(count li part)"
e2e_end
