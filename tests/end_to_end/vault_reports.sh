#!/usr/bin/env bash
# Reports about vaults: who may do what, what happened, what a leaver knows, what is due and why, who knew what leaked; as people and
# programs get them.
# usage: vault_reports.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" vault_reports "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"

# vault HOME SUBCOMMAND…: through run; what it says is kept.
vault()
{
    local home=$1
    shift
    run "$client_program" --home "$work/$home" vault "$@"
    printf '%s\n%s\n' "$out" "$err" >>"$work/said"
}

# row_count KEY VALUE: rows of the last answer in JSON with this member.
row_count()
{
    grep -c "\"$1\": \"$2\"" <<<"$out"
}

new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
invite_and_join owner han 韩梅 security
sync_all li han owner
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/owner" vault recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all owner li han
must "$client_program" --home "$work/li" vault create P-1
must "$client_program" --home "$work/li" vault grant P-1 韩梅 --rights list,reveal,lease,approve
type_in "$canary-1" "$client_program" --home "$work/li" vault add P-1 --name 数据库 --user postgres
expect_equal "a credential is stored" 0 "$code"
sync_all han
type_in "" "$client_program" --home "$work/han" vault reveal 数据库 --reason '磁盘, "sda" 更换'
expect_equal "an officer is shown it, for a reason" "0 $canary-1" "$code $out"
sync_all li

# ---- who may, who did ----
vault li access P-1 --json
expect_equal "two devices may do something" 2 "$(grep -c '"rights"' <<<"$out")"
expect_match "one of them may reveal, lease and approve" '"rights": "list reveal lease approve"' "$out"
vault li access 韩梅 --json
expect_equal "of one person" 1 "$(grep -c '"rights"' <<<"$out")"
vault li audit 数据库 --json
expect_equal "the credential was shown once" 1 "$(row_count event request)"
expect_match "to whom" '"person_name": "韩梅"' "$out"
expect_match "what an officer sees is all of it" '"complete": true' "$out"
vault li audit 韩梅 --csv
expect_match "the same as CSV, quoted as RFC 4180 says" '"磁盘, ""sda"" 更换"' "$out"
expect_equal "each record ends in CR LF" "$(wc -l <"$work/.out")" "$(grep -c $'\r$' "$work/.out")"
run env LC_ALL=zh_CN.UTF-8 "$client_program" --home "$work/li" vault audit 韩梅
expect_match "and in Chinese" '查看 +韩梅' "$out"
expect_match "with its heading" '时间.*事件' "$out"
vault li audit --since 2999-01-01 --json
expect_equal "nothing has happened in the future" 0 "$(grep -c '"event"' <<<"$out")"

# ---- somebody leaves ----
vault li exposed 韩梅 --json
expect_equal "what one person knows" 1 "$(row_count how shown)"
vault li due --json
expect_equal "nothing is due as long as everybody is there" 0 "$(grep -c '"why"' <<<"$out")"
must "$client_program" --home "$work/owner" sync
run "$client_program" --home "$work/owner" devices --json
device=$(tr -d '\n' <<<"$out" | grep -o '"id": "[^"]*", *"fingerprint": "[^"]*", *"person": "[^"]*", *"person_name": "韩梅"' | cut -d'"' -f4)
must "$client_program" --home "$work/owner" revoke "$device" --reason 离职
sync_all owner li
vault li due --json
expect_equal "what the leaver knows is due" 1 "$(row_count why device_revoked)"
vault li exposed "$device" --json
expect_equal "the device can be named too" 1 "$(row_count how shown)"

# ---- a leak, and the change that ends both ----
vault li leak 数据库 --json
expect_equal "who knew it: who wrote it and who saw it" 2 "$(grep -c '"how"' <<<"$out")"
expect_match "without a reason nothing is declared" '"leak": null' "$out"
vault_code 0 "with a reason it is" li leak 数据库 --reason "写在机柜的纸条上"
vault li due --json
expect_equal "then it is due for that as well" 1 "$(row_count why leak)"
type_in "$canary-2" "$client_program" --home "$work/li" vault set 数据库
expect_equal "another password" 0 "$code"
vault li due --json
expect_equal "nothing is due any more" 0 "$(grep -c '"why"' <<<"$out")"
vault li leak 数据库 --json
expect_equal "the new one is known to its author alone" 1 "$(grep -c '"how"' <<<"$out")"

# ---- wrong use ----
vault_code 2 "nobody of that name" li audit 无此人
vault_code 2 "a report of what" li exposed
vault_code 2 "one form at a time" li due --json --csv
vault_code 2 "a day is a day" li audit --since yesterday
vault_code 2 "no such field" li leak 数据库 --field totp
expect_equal "no report says a password" 0 "$(grep -c "$canary" "$work/said")"
e2e_end
