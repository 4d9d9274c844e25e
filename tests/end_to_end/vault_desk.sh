#!/usr/bin/env bash
# What officers do with vaults: the recovery key on paper, a vault for a project, members in and out, new keys, credentials stored and changed;
# what is refused, a network that is gone in the middle, and two officers at once.
# usage: vault_desk.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" vault_desk "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"

# keys HOME: devices of the vault of P-1 that have its newest key.
keys()
{
    vault "$1" members P-1 --json
    grep -c '"has_key": true' <<<"$out"
}

new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
sync_all li
invite_and_join owner han 韩梅 security
invite_and_join li zhao 赵六 technician
invite_and_join owner sun 孙丽 office
sync_all han zhao owner
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
project=$out
must "$client_program" --home "$work/owner" new project code=P-2 name=水务局
sync_all owner li han zhao sun

# ---- the recovery key ----
vault_code 2 "wrong use is wrong use" li create
vault_code 1 "no vault without a recovery key" li create P-1
expect_match "it says what is missing" 'vault recovery make' "$err"
vault_code 1 "only the first device makes one" li recovery make --output "$work"
expect_match "it says why" 'first device' "$err"
vault_code 2 "shares go to no pipe" owner recovery make
vault_code 2 "not more needed than made" owner recovery make --shares 2 --needed 3 --output "$work"
mkdir -m 700 "$work/shares"
vault_code 0 "the first device makes one" owner recovery make --shares 3 --needed 2 --output "$work/shares"
expect_equal "a file for each share" 3 "$(find "$work/shares" -name 'share-*.txt' -perm 600 | wc -l)"
sync_all li
type_in "$(cat "$work/shares/share-3.txt")
$(cat "$work/shares/share-1.txt")
" "$client_program" --home "$work/li" vault recovery rehearse --json
expect_equal "two of three give the key" "0 true" "$code $(member works)"
type_in "$(cat "$work/shares/share-1.txt")
" "$client_program" --home "$work/li" vault recovery rehearse
expect_equal "one does not" 1 "$code"
type_in "$(tr '0-9' '1-90' <"$work/shares/share-1.txt")
" "$client_program" --home "$work/li" vault recovery rehearse
expect_equal "nor does a mistyped one" 1 "$code"

# ---- a vault, with the network gone in the middle ----
stop_server
vault_code 1 "without network nothing is begun" li create P-1
start_server "$work/server" "$server_port" || fail "the server starts again"
vault_code 0 "a security officer makes one" li create P-1
expect_match "and gets its id" '^[0-9a-f-]{36}$' "$out"
vault_code 0 "again is no failure" li create P-1 --json
expect_equal "and does nothing" true "$(member already)"
vault_code 1 "the office makes none" sun create P-2
expect_match "it says why" 'no officer' "$err"
sync_all han
vault_code 1 "one vault for a project" han create P-1
expect_match "it says so" 'has a vault already' "$err"
vault_code 2 "a project that is not there" li create P-9
expect_equal "its maker has the key" 1 "$(keys li)"

# ---- members ----
vault_code 2 "rights have names" li grant P-1 赵六 --rights see
vault_code 2 "the first grant says which" li grant P-1 赵六
vault_code 2 "a date that is over is none" li grant P-1 赵六 --rights list --until 2020-01-01
vault_code 2 "nobody of that name" li grant P-1 孙七 --rights list
vault_code 1 "technicians do not manage" li grant P-1 赵六 --rights list,manage
expect_match "it says why" 'no officer' "$err"
vault_code 0 "a technician is let in" li grant P-1 赵六 --rights list,reveal,lease
vault_code 0 "again is no failure" li grant P-1 赵六 --rights list,reveal,lease --json
expect_equal "and does nothing" 0 "$(member records)"
vault_code 0 "a second officer" li grant P-1 韩梅 --rights list,reveal,edit,approve,manage --until 2199-12-31
sync_all han zhao
expect_equal "three devices have the key" 3 "$(keys han)"
vault han members P-1
expect_match "with rights and end" '韩梅 .*list,reveal,edit,approve,manage .*2199-12-31|2200-01-01' "$out"

# ---- credentials ----
type_in "$canary" "$client_program" --home "$work/li" vault add P-1 --name 数据库 --user postgres --address db.example:5432 --json
expect_equal "an officer stores a password" "0 true" "$code $(member sent)"
item=$(member id)
expect_not_match "which is not shown" "$canary" "$out$err"
vault_code 0 "one is made up" li add P-1 --name 路由器 --user admin --generate --length 24
vault_code 2 "a name is needed" li add P-1 --generate
type_in "" "$client_program" --home "$work/li" vault add P-1 --name 空
expect_equal "an empty secret is none" 3 "$code"
vault_code 1 "no password in an address" li add P-1 --name x --address "http://u:p@h/" --generate
sync_all zhao
vault zhao list --json
expect_equal "the technician lists both" 2 "$(rows)"
expect_match "by name" '数据库' "$out"
vault_code 1 "but stores nothing" zhao add "$project" --name x --generate
vault_code 1 "and lets nobody in" zhao grant "$project" 赵六 --rights list
vault_code 0 "the name is changed" han edit 数据库 --name 主数据库 --user root
vault_code 2 "the old one is gone" han show 数据库
vault_code 0 "the new one is there" han show 主数据库 --json
expect_equal "with its new user" root "$(member user)"
expect_equal "and one version in force" "$item confirmed" "$(member id) $(member state)"
type_in "$canary-2" "$client_program" --home "$work/han" vault set 主数据库
expect_equal "another password" 0 "$code"
vault han show "${item:0:20}" --json
expect_equal "two versions" "archived confirmed" "$(grep -o '"state": "[a-z]*"' <<<"$out" | cut -d'"' -f4 | tr '\n' ' ' | sed 's/ $//')"
type_in "$canary-3" "$client_program" --home "$work/han" vault set 主数据库 --pending
expect_equal "one that waits" 0 "$code"
type_in "$canary-4" "$client_program" --home "$work/han" vault set 主数据库
expect_equal "is not overtaken unseen" 1 "$code"
expect_match "it says how" 'replace' "$err"
type_in "$canary-4" "$client_program" --home "$work/han" vault set 主数据库 --replace
expect_equal "but is when that is meant" 0 "$code"
stop_server
vault_code 0 "stored without network" han add P-1 --name 交换机 --generate --json
expect_equal "to be sent" false "$(member sent)"
on han status --json
expect_equal "status says what waits" 3 "$(member to_send "${out#*vault_notes}")"
start_server "$work/server" "$server_port" || fail "the server starts again"
sync_equal han "it goes with the next sync"
expect_equal "all of it" 3 "$(member sent "${out#*\"vaults\"}")"
sync_all li
vault li list P-1 --json
expect_equal "and others have it" 3 "$(rows)"

# ---- a new device of a member ----
must "$client_program" --home "$work/li" invite --person 赵六 --role technician --output "$work/zhao2.invite"
join zhao2 "$work/zhao2.invite"
sync_all zhao2 li
vault li members P-1
expect_match "members shows that it has no grant" 'zhao2 .*NO GRANT' "$out"
vault_code 0 "grant again serves it" li grant P-1 赵六
sync_all zhao2
vault zhao2 list --json
expect_equal "it lists what there is" 3 "$(rows)"

# ---- out of it, and new keys ----
vault_code 2 "a reason is needed" li revoke P-1 赵六
vault_code 1 "nobody locks himself out" li revoke P-1 李强 --reason x
vault_code 0 "the technician leaves with both devices" li revoke P-1 赵六 --reason 离职 --json
expect_equal "two withdrawals, a key, two grants" "2 5" "$(member devices) $(member records)"
vault_code 0 "again is no failure" li revoke P-1 赵六 --reason 离职 --json
expect_equal "and does nothing" 0 "$(member records)"
expect_equal "two devices have the new key" 2 "$(keys li)"
sync_all zhao han
vault zhao list
expect_equal "who left lists nothing" "" "$out"
type_in "$canary-5" "$client_program" --home "$work/han" vault add P-1 --name 新系统
expect_equal "the others go on under the new key" 0 "$code"
must "$client_program" --home "$work/owner" revoke han --reason 丢失
sync_all owner li
on li status
expect_match "status says that a key is due" '交通局.*REKEY|P-1.*REKEY' "$out"
vault_code 0 "rekey serves every vault" li rekey --json
expect_equal "a withdrawal, a key, a grant" 3 "$(member records)"
vault_code 0 "and then none is due" li rekey --json
expect_not_match "nothing was done" 'records' "$out"
on li status --json
expect_match "status is quiet" '"due": \[\]' "$out"
vault_code 0 "all is still listed" li list --json
expect_equal "with the new key" 4 "$(rows)"
vault_code 0 "four eyes from now on" li rekey P-1 --four-eyes yes
vault li members P-1 --json
expect_equal "the vault says so" true "$(member four_eyes)"

# ---- another recovery key ----
mkdir -m 700 "$work/shares2"
vault_code 0 "another recovery key" owner recovery make --output "$work/shares2"
sync_all li
on li status
expect_match "a key sealed to it is due" 'newer recovery key' "$out"
vault_code 0 "rekey makes it" li rekey
type_in "$(cat "$work/shares/share-1.txt")
" "$client_program" --home "$work/li" vault recovery rehearse
expect_equal "the old shares are of another set" 1 "$code"

# ---- two officers at once ----
vault_code 0 "the owner manages too" li grant P-1 王芳 --rights list,reveal,lease,edit,approve,manage
sync_all owner
"$client_program" --home "$work/owner" vault rekey P-1 --always >"$work/owner.rekey" 2>&1 </dev/null &
other=$!
e2e_pids[$other]=owner
vault_code 0 "both make a new key" li rekey P-1 --always
wait "$other"
expect_equal "and neither fails" 0 $?
unset "e2e_pids[$other]"
sync_all owner li owner
expect_equal "in the end both have the newest" "2 2" "$(keys li) $(keys owner)"

# ---- the only officer of a vault loses his laptop ----
must "$client_program" --home "$work/owner" invite --person 吴刚 --role security --output "$work/wu.invite"
join wu "$work/wu.invite"
must "$client_program" --home "$work/owner" new project code=P-3 name=电力局
must "$client_program" --home "$work/owner" new project code=P-3R name=电力局新库
sync_all owner wu
vault_code 0 "an officer makes a vault that only he has" wu create P-3
type_in "$canary-6" "$client_program" --home "$work/wu" vault add P-3 --name 调度系统 --user scada
expect_equal "with a password" 0 "$code"
type_in "$canary-7" "$client_program" --home "$work/wu" vault set 调度系统 --pending
expect_equal "and one that waits" 0 "$code"
rm -rf "$work/wu"
must "$client_program" --home "$work/owner" invite --person 吴刚 --role security --output "$work/wu2.invite"
join wu2 "$work/wu2.invite"
must "$client_program" --home "$work/owner" revoke wu --reason 丢失
sync_all owner wu2
vault wu2 list P-3
expect_equal "his new laptop has no key" "" "$out"
vault_code 0 "a new vault" wu2 create P-3R
type_in "$(cat "$work/shares2/share-1.txt")
" "$client_program" --home "$work/wu2" vault recovery restore P-3 --into P-3R
expect_equal "one share opens nothing" 1 "$code"
expect_equal "nothing was stored" "" "$(vault wu2 list P-3R; echo "$out")"
two_shares="$(cat "$work/shares2/share-1.txt")
$(cat "$work/shares2/share-2.txt")
"
type_in "$two_shares" "$client_program" --home "$work/li" vault recovery restore P-3 --into P-1
expect_equal "nor does who never saw the vault" 2 "$code"
type_in "$two_shares" "$client_program" --home "$work/wu2" vault recovery restore P-3 --into P-3R --json
expect_equal "two do" "0 1 2 0 0" "$code $(member items) $(member secrets) $(member closed) $(member refused)"
vault wu2 show 调度系统 --project P-3R --json
expect_equal "with what waits" "scada confirmed pending" "$(member user) $(grep -o '"state": "[a-z]*"' <<<"$out" | cut -d'"' -f4 | tr '\n' ' ' | sed 's/ $//')"
type_in "$two_shares" "$client_program" --home "$work/wu2" vault recovery restore P-3 --into P-3R --json
expect_equal "again is no failure, and does nothing" "0 0 2" "$code $(member secrets) $(member there)"
vault_code 0 "and it can be seen" wu2 reveal 调度系统 --project P-3R --reason 恢复
expect_equal "as it was" "$canary-6" "$out"
: >"$work/.out"
out=

# ---- or his new laptop takes its place ----
type_in "$(cat "$work/shares2/share-1.txt")
" "$client_program" --home "$work/wu2" vault recovery restore P-3
expect_equal "not with one share" 1 "$code"
type_in "$two_shares" "$client_program" --home "$work/owner" vault recovery restore P-3
expect_equal "nor anybody else" 2 "$code"
type_in "$two_shares" "$client_program" --home "$work/wu2" vault recovery restore P-3 --json
expect_equal "with two it does" 0 "$code"
expect_equal "two grants, a withdrawal and a key" 4 "$(member records)"
type_in "$two_shares" "$client_program" --home "$work/wu2" vault recovery restore P-3 --json
expect_equal "again is no failure, and does nothing" "0 0" "$code $(member records)"
vault wu2 list P-3 --json
expect_equal "it lists what there is" 1 "$(rows)"
vault_code 0 "and it can be seen" wu2 reveal 调度系统 --project P-3 --reason 恢复
expect_equal "as it was" "$canary-6" "$out"
: >"$work/.out"
out=
vault_code 0 "and lets others in" wu2 grant P-3 李强 --rights list,reveal,manage
sync_all li
vault li list P-3 --json
expect_equal "who verify all of it" 1 "$(rows)"
on li status
expect_match "and are told who took over" 'ALARM: taken over: 吴刚, with another device \(wu2\), .*电力局' "$out"
chinese on li sync
expect_match "in their language" '警报:接管:吴刚 的另一台设备\(wu2\)接管了 .*电力局' "$out"
vault_code 0 "each puts that aside" li findings --dismiss --json
expect_equal "when he has read it" "place_taken 吴刚 wu2" "$(member kind) $(member person_name) $(member device_name)"
on li status --json
expect_match "nothing else was found" '"findings": \[\]' "$out"
vault wu2 findings --json
expect_match "who did it is not told" '"findings": \[\]' "$out"

# ---- nothing leaked ----
expect_equal "no password in any file" "" "$(grep -rla -- "$canary" "$work" || true)"
e2e_end
