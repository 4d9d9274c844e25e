#!/usr/bin/env bash
# Passwords shown to people: for programs, on a terminal, in the clipboard, with four eyes, by break-glass, as one-time codes; files of other programs
# in and out. What is left of a password afterwards: nothing in the process's memory, in no file of client or server, in no log.
# usage: vault_reveal.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" vault_reveal "$@"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/vault_lib.sh"

# add HOME PROJECT NAME SECRET: must work.
add()
{
    type_in "$4" "$client_program" --home "$work/$1" vault add "$2" --name "$3" --user admin --address "ssh://10.0.0.1"
    [ "$code" -eq 0 ] || fail "needed for what follows: $3 is stored" "$err"
}

# ---- an organisation with two vaults; that of P-2 wants four eyes ----
new_server server
join owner "$work/server.invite" --person 王芳
sync_all owner
invite_and_join owner li 李强 security
invite_and_join owner han 韩梅 security
sync_all li
invite_and_join li zhao 赵六 technician
sync_all li han zhao owner
must "$client_program" --home "$work/owner" new project code=P-1 name=交通局
project_id=$out
must "$client_program" --home "$work/owner" new project code=P-2 name=水务局
project2_id=$out
must "$client_program" --home "$work/owner" list person name=赵六 --json
zhao=$(member id)
# order NUMBER PROJECT_ID: for the technician, for a system of the project.
order()
{
    must "$client_program" --home "$work/owner" new system "project=$2" "name=系统"
    must "$client_program" --home "$work/owner" new service_request reported_fault=无法登录 "system=$out"
    must "$client_program" --home "$work/owner" new work_order "number=$1" "request=$out" "technician=$zhao" status=assigned
}
order W-1 "$project_id"
order W-2 "$project2_id"
mkdir -m 700 "$work/shares"
must "$client_program" --home "$work/owner" vault recovery make --shares 3 --needed 2 --output "$work/shares"
sync_all owner li han zhao
must "$client_program" --home "$work/li" vault create P-1
must "$client_program" --home "$work/li" vault create P-2 --four-eyes
for project in P-1 P-2; do
    must "$client_program" --home "$work/li" vault grant "$project" 赵六 --rights list,reveal
    must "$client_program" --home "$work/li" vault grant "$project" 韩梅 --rights list,reveal,edit,approve,manage
done
add li P-1 交换机 "$canary"
add li P-2 数据库 "$canary"
sync_all li han zhao

# ---- for programs ----
vault_code 2 "a reason is needed" li reveal 交换机
vault_code 2 "and a work order of who is no officer" zhao reveal 交换机 --reason 检修
vault_code 1 "that is of the project" zhao reveal 交换机 --reason 检修 --work-order W-2
expect_match "it says so" 'another project' "$err"
vault_code 0 "a technician is shown a password" zhao reveal 交换机 --reason 检修 --work-order W-1
expect_equal "it is the one" "$canary" "$out"
vault_code 0 "an officer without a work order" li reveal 交换机 --reason 审计 --json
expect_equal "as JSON" "$canary" "$(member value)"
vault li audit P-1 --json
expect_match "and all of it is known to the officer" '检修' "$out"
stop_server
vault_code 1 "nothing is shown without the server" li reveal 交换机 --reason 审计
expect_equal "at all" "" "$out"
start_server "$work/server" "$server_port" || fail "the server starts again"

# ---- on a terminal: a screen of its own, cleared ----
if command -v script >/dev/null; then
    script -qec "'$client_program' --home '$work/zhao' vault reveal 交换机 --reason 检修 --work-order W-1 --seconds 1" \
        "$work/screen" >/dev/null 2>&1 </dev/null
    expect_match "it stands on the screen" "$canary" "$(tr -d '\r' <"$work/screen")"
    expect_equal "of its own, which is cleared and left" 1 \
        "$(tr -d '\n\r' <"$work/screen" | grep -c $'\033\[?1049h.*'"$canary"$'.*\033\[2J\033\[H\033\[?1049l')"
    rm -f "$work/screen"
else
    echo "notice: no script(1) here, so nothing is shown on a terminal"
fi

# ---- in the clipboard, for a second ----
mkdir "$work/bin"
printf '#!/bin/sh\ncat >>"%s/clipboard"\necho "| $*" >>"%s/clipboard"\n' "$work" "$work" >"$work/bin/xclip"
chmod 700 "$work/bin/xclip"
expect_code 1 "no desktop, no clipboard" env -u DISPLAY -u WAYLAND_DISPLAY "$client_program" --home "$work/li" vault reveal 交换机 --reason x --clipboard 1
expect_code 0 "a password in the clipboard" env -u WAYLAND_DISPLAY DISPLAY=:7 "PATH=$work/bin:$PATH" \
    "$client_program" --home "$work/li" vault reveal 交换机 --reason x --clipboard 1
expect_equal "is not printed" "" "$out"
expect_equal "comes on standard input and is cleared" "$canary| -selection clipboard -in + | -selection clipboard -in" \
    "$(paste -sd+ "$work/clipboard" | sed 's/+/ + /')"
rm -f "$work/clipboard"

# ---- one-time codes ----
type_in "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8" "$client_program" --home "$work/li" vault set 交换机 --field totp
expect_equal "a seed is stored" 0 "$code"
vault_code 0 "a code is made of it" li code 交换机 --reason 登录
expect_match "eight digits" '^[0-9]{8}$' "$out"

# ---- four eyes ----
vault_code 1 "what needs four eyes waits" zhao reveal 数据库 --reason 检修 --work-order W-2 --json
request=$(member request)
expect_equal "and nothing is shown" "true 64" "$(member waits) ${#request}"
vault_code 0 "the list of who waits" zhao waiting --json
expect_equal "his own" for_others "$(member state)"
vault_code 2 "he does not approve himself" zhao approve "$request"
vault_code 2 "nor does who let him in" li approve "$request"
on han sync
expect_match "another officer is told by sync" 'wait for your approval: 1' "$out"
chinese on han status
expect_match "and by status" '等待您批准的密码查看请求:1 项' "$out"
vault_code 0 "he sees it" han waiting
expect_match "who, what, why and for which order" '赵六 .*数据库 .*检修 .*W-2' "$out"
vault_code 0 "and approves" han approve "${request:0:10}"
on han status --json
expect_equal "then nothing waits for him" 0 "$(member to_approve)"
on zhao sync
expect_match "who asked is told" 'approved and can be opened: 1' "$out"
on zhao status --json
expect_equal "also for programs" 1 "$(member to_open)"
vault_code 0 "it is opened by another program than asked" zhao reveal --request "$request"
expect_equal "and is the one" "$canary" "$out"
vault_code 2 "once" zhao reveal --request "$request"
expect_equal "and not again" "" "$out"

vault_code 1 "another one waits" zhao reveal 数据库 --reason 检修 --work-order W-2 --json
request=$(member request)
vault_code 1 "nobody gives up what somebody else asked for" han waiting --give-up "$request"
vault_code 0 "who asked gives it up" zhao waiting --give-up "${request:0:10}"
vault_code 2 "then it is not approved any more" han approve "$request"
vault_code 2 "nor opened" zhao reveal --request "$request"
chinese vault zhao waiting
expect_match "nothing waits" '没有等待的请求' "$err"
sync_all li
vault li audit P-2
expect_match "and it is on record" 'gave up a request' "$out"

# ---- break-glass ----
vault_code 1 "not for who may not approve" zhao reveal 数据库 --emergency --reason 着火 --work-order W-2
vault_code 0 "an approver by himself" li reveal 数据库 --emergency --reason 机房着火
expect_equal "is shown it" "$canary" "$out"
on han sync
expect_match "the other officer's sync is loud" 'break-glass: 李强 .*机房着火' "$out$err"
on han status
expect_match "and status, until he has read it" 'ALARM: break-glass: 李强 .*数据库 .*机房着火' "$out"
chinese on han status
expect_match "in his language" '警报:紧急查看:李强.*数据库.*事由:机房着火' "$out"
chinese vault han findings
expect_match "findings as well" '警报  紧急查看:李强.*机房着火' "$out"
vault han findings --json
expect_equal "and for programs" "emergency 李强 数据库 password 机房着火" \
    "$(member kind) $(member person_name) $(member name) $(member field) $(member reason)"
must "$client_program" --home "$work/han" vault findings --dismiss
on han status
expect_not_match "then it is quiet" 'break-glass' "$out"
sync_all zhao
on zhao status
expect_not_match "who does not manage is not told" 'break-glass' "$out"

# ---- what is left of a password: the process's memory, files, logs ----
# scanned TEXT COMMAND…: the secret was in memory when it was written, and is nowhere when the program ends.
scanned()
{
    rm -f "$work/scanned"
    expect_code 0 "$1" "$work/scanning" --home "$work/li" vault "${@:2}"
    expect_match "  a scan finds it while it is shown" '^shown [1-9]' "$(cat "$work/scanned")"
    expect_match "  and nowhere in memory afterwards" '^ended 0$' "$(cat "$work/scanned")"
    expect_match "  no core dumps, no debugger" '^dumpable 0 core 0$' "$(cat "$work/scanned")"
}
# left_clean TEXT COMMAND…: done, and the secret is nowhere when the program ends.
left_clean()
{
    rm -f "$work/scanned"
    expect_code 0 "$1" "$work/scanning" --home "$work/li" vault "${@:2}"
    expect_equal "  and it is nowhere in memory afterwards" 1 "$(grep -c '^ended 0$' "$work/scanned")"
}
if watch_memory "$canary"; then
    scanned "shown to a program" reveal 交换机 --reason x
    scanned "shown as JSON" reveal 交换机 --reason x --json
    scanned "by break-glass" reveal 数据库 --emergency --reason x
    rm -f "$work/scanned"
    type_in "$canary" "$work/scanning" --home "$work/li" vault set 交换机
    expect_equal "stored: nothing is left either" "0 1" "$code $(grep -c '^ended 0$' "$work/scanned")"
else
    left_clean() { expect_code 0 "$1" "$client_program" --home "$work/li" vault "${@:2}"; }
fi

# Everywhere on disk: as it is, in hexadecimal, base64 and UTF-16.
{
    printf '%s\n' "$canary"
    printf '%s' "$canary" | od -An -tx1 -v | tr -d ' \n' && echo
    printf '%s' "$canary" | od -An -tx1 -v | tr -d ' \n' | tr a-f A-F && echo
    for skip in 0 1 2; do
        size=$(((${#canary} - skip) / 3 * 3))
        printf '%s' "${canary:skip:size}" | base64 -w0 && echo
        printf '%s' "${canary:skip:size}" | base64 -w0 | tr '+/' '-_' && echo
    done
} >"$work/patterns"
wide=$(printf '%s' "$canary" | od -An -tx1 -v | tr -d '\n' | sed 's/ \(..\)/\\x\1\\x00/g')
traces()
{
    find "$work/server" "$work/owner" "$work/li" "$work/han" "$work/zhao" "$work"/*.log -type f -print0 |
        { xargs -0 grep -laF -f "$work/patterns" --; find "$work/server" "$work/owner" "$work/li" "$work/han" "$work/zhao" "$work"/*.log \
            -type f -print0 | LC_ALL=C xargs -0 grep -laP -- "${wide%\\x00}"; }
}
expect_equal "no file of server, client or log holds it" "" "$(traces)"
printf '%s' "$canary" | sed 's/./&\x00/g' >"$work/li/planted"
expect_equal "the search would find it" "$work/li/planted" "$(traces)"
rm -f "$work/li/planted"

# ---- files of other programs ----
printf 'title,username,password\n' >"$work/passwords.csv"
for i in $(seq 40); do printf '设备%d,root,pw-%d\n' "$i" "$i"; done >>"$work/passwords.csv"
vault_code 0 "looking only" li import "$work/passwords.csv" --project P-1 --dry-run --json
expect_equal "forty would be stored" "40 true" "$(member stored) $(member dry_run)"
vault_code 0 "a CSV file is stored" li import "$work/passwords.csv" --project P-1 --json
expect_equal "all of it" "40 0" "$(member stored) $(member refused)"
vault_code 0 "again does nothing" li import "$work/passwords.csv" --project P-1 --json
expect_equal "at all" 0 "$(member stored)"
sync_all zhao
vault_code 0 "and others are shown it" zhao reveal 设备37 --reason x --work-order W-1
expect_equal "as it stood there" pw-37 "$out"
printf 'file password\n' >"$work/file.password"
vault_code 1 "a technician exports nothing" zhao export --project "$project_id" --reason x
vault_code 0 "an export is asked for" li export --project P-1 --reason 移交 --json
request=$(tr '\n' ' ' <<<"$out" | sed 's/.*"requests": \[ *"\([0-9a-f]*\)".*/\1/')
expect_equal "of every secret in force" 42 "$(member versions)"
vault_code 1 "it waits for another officer" li export "$work/out.kdbx" --request "$request" --password-file "$work/file.password"
expect_equal "and no file is written" no "$([ -e "$work/out.kdbx" ] && echo yes || echo no)"
vault_code 2 "he does not approve himself" li approve "$request"
vault_code 0 "another officer approves" han approve "$request"
vault_code 2 "a new password or a file with one, no argument" li export "$work/out.kdbx" --request "$request" --format bitwarden
left_clean "the file is written" export "$work/out.kdbx" --request "$request" --password-file "$work/file.password" --json
expect_equal "with every credential" "41 kdbx" "$(member entries) $(member format)"
expect_equal "for its owner alone" 600 "$(stat -c %a "$work/out.kdbx")"
vault_code 2 "once" li export "$work/out2.kdbx" --request "$request" --password-file "$work/file.password"
vault_code 0 "and all of it is due for rotation" li due P-1 --json
expect_match "for that" 'export' "$out"
expect_number "of every credential" 41 100 "$(grep -c '"item"' <<<"$out")"
if command -v keepassxc-cli >/dev/null; then
    keepass() { keepassxc-cli "$@" "$work/out.kdbx" <"$work/file.password" 2>/dev/null; }
    expect_equal "KeePassXC opens it" 41 "$(keepass ls -q | wc -l)"
    expect_equal "and has the password" "$canary" "$(keepassxc-cli show -q -s -a password "$work/out.kdbx" 交换机 <"$work/file.password" 2>/dev/null)"
    expect_equal "the user name" admin "$(keepassxc-cli show -q -a username "$work/out.kdbx" 交换机 <"$work/file.password" 2>/dev/null)"
else
    echo "notice: no keepassxc-cli here, so nobody else opens the file"
fi
left_clean "its passwords go into another vault" import "$work/out.kdbx" --project P-2 --password-file "$work/file.password" --json
expect_equal "all of them" 41 "$(member stored)"
cat "$work/file.password" "$work/out.kdbx" >"$work/passed"
# shellcheck disable=SC2016 # the inner shell expands them
expect_code 0 "from standard input, behind its password" \
    sh -c 'exec "$0" --home "$1" vault import - --project P-2 --password-file - --json <"$2"' "$client_program" "$work/li" "$work/passed"
expect_equal "which are there already" 0 "$(member stored)"
rm -f "$work/passed"
printf 'title,username,password\n旧设备,root,%s\n' "$canary" >"$work/canary.csv"
left_clean "those of a CSV file too" import "$work/canary.csv" --project P-2 --json
expect_equal "as it stands there" 1 "$(member stored)"
rm -f "$work/canary.csv"
printf 'wrong\n' >"$work/wrong.password"
vault_code 3 "another password does not open it" li import "$work/out.kdbx" --project P-2 --password-file "$work/wrong.password"
head -c 1000 "$work/out.kdbx" >"$work/cut.kdbx"
vault_code 1 "nor is a truncated file taken" li import "$work/cut.kdbx" --project P-2 --password-file "$work/file.password"
e2e_end
