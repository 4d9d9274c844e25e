#!/usr/bin/env bash
# The pages' way in, with curl in place of a browser: the address and its token, joining, unlocking, commands, and what other pages, other
# programs and the disk get to see of it.
# usage: pages.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" pages "$@"

command -v curl >/dev/null || skip "curl is not here"

phrase='a passphrase of the page 7391'
canary=客户名称不得见于磁盘

# open_pages HOME: sets $base and $token of its pages.
open_pages()
{
    local address
    must "$client_program" --home "$work/$1" ui --no-browser --json
    address=$(sed -n 's/.*"address": "\(.*\)",/\1/p' <<<"$out")
    base=${address%%/#*}
    token=${address##*#token=}
}

# http CODE TEXT CURL_ARGUMENT…: sets $out (the body) and $heads.
http()
{
    local wanted=$1 text=$2
    shift 2
    run curl --silent --max-time 50 --dump-header "$work/.heads" "$@"
    heads=$(tr -d '\r' <"$work/.heads")
    expect_match "$text" "^HTTP/1.1 $wanted " "$heads"
}

# sign_on: spends the token.
sign_on()
{
    http 200 "the token gives a bearer" --data "{\"token\":\"$token\"}" "$base/api/session"
    bearer=$(sed -n 's/.*"bearer": *"\([^"]*\)".*/\1/p' <<<"$out")
}

# command CODE TEXT WORD…: as the page sends it; standard input of the command is $body.
command_of_page()
{
    local wanted=$1 text=$2
    shift 2
    local words=()
    for word in "$@"; do words+=(--url-query "word=$word"); done
    printf '%s' "${body-}" >"$work/.body"
    http "$wanted" "$text" --header "Authorization: Bearer $bearer" --header 'Accept-Language: en' --data-binary "@$work/.body" \
        "${words[@]}" "$base/api/command"
}

new_server server

# ---- before anything was joined ----
home=$work/office
open_pages office
expect_equal "the folder is nobody else's" 700 "$(stat -c %a "$home")"
expect_match "an address of this machine alone" '^http://127\.0\.0\.1:[0-9]+$' "$base"
http 200 "the page is there" "$base/"
sign_on
http 403 "the token works once" --data "{\"token\":\"$token\"}" "$base/api/session"
command_of_page 423 "nothing can be done yet" status --json
http 401 "nor without the bearer" --data '' "$base/api/command?word=status"
first=$base
open_pages office
expect_equal "asking again gives the same port" "$first" "$base"
sign_on

printf '{"invite":"%s","passphrase":"%s","person":"赵敏"}' "$(tr -d '\n' <"$work/server.invite")" "$phrase" >"$work/.join"
http 422 "a passphrase is asked for" --header "Authorization: Bearer $bearer" --data '{"invite":"nonsense","passphrase":"x"}' "$base/api/join"
http 200 "joining" --header "Authorization: Bearer $bearer" --data-binary "@$work/.join" "$base/api/join"
http 409 "what is unlocked is not joined again" --header "Authorization: Bearer $bearer" --data-binary "@$work/.join" "$base/api/join"

# ---- commands ----
command_of_page 200 "unlocked at once" status --json
expect_match "with its person's name" '赵敏' "$out"
command_of_page 200 "a row is made" new customer "name=$canary" --json
id=$(sed -n 's/.*"id": "\([^"]*\)".*/\1/p' <<<"$out")
command_of_page 200 "and is there" get customer "$id" --json
expect_match "with its name" "$canary" "$out"
run "$client_program" --home "$home" get customer "$id" --json
expect_match "for the command line, too" "$canary" "$out"
command_of_page 400 "an unknown command" lst
expect_match "is named in the remarks" 'there%20is%20no%20command%20%22lst%22' "$heads"
body=$'code,name,unit,price_cents\nA-1,继电器,个,100\n' command_of_page 200 "a file comes with the request" import part - --json
expect_match "and is taken" '"inserted": 1' "$out"
command_of_page 200 "and goes with the answer" export part --json
expect_match "with what is in it" 'A-1' "$out"
for words in "export part $work/stolen.csv" "import part $work/server.invite" "refusals export $work/stolen" "bundle export $work/stolen"; do
    # shellcheck disable=SC2086 # words
    command_of_page '4[0-9][0-9]' "no file can be named: $words" $words
    expect_match "and that is said" 'files%20cannot%20be%20named' "$heads"
done
[ ! -e "$work/stolen.csv" ] && [ ! -e "$work/stolen" ]
expect_equal "and none was written" 0 $?
command_of_page 400 "what is for terminals is not for pages" agent --stop
command_of_page 200 "a sync" sync --json
expect_match "with equal digests" '"digest": "equal"' "$out"

# ---- lock ----
command_of_page 200 "a page locks" lock --json
command_of_page 423 "then nothing is shown" get customer "$id" --json
expect_not_match "not even by accident" "$canary" "$out"
body=wrong command_of_page 423 "a wrong passphrase does not unlock" unlock --json
expect_match "and that is said" 'WRONG_PASSPHRASE' "$out"
body=$phrase command_of_page 200 "the right one does" unlock --json
command_of_page 200 "and all is there" get customer "$id" --json

# ---- another passphrase ----
next='another passphrase of the page 5520'
http 423 "the present passphrase is needed for another one" --header "Authorization: Bearer $bearer" \
    --data "{\"passphrase\":\"wrong\",\"next\":\"$next\"}" "$base/api/passphrase"
http 200 "with it there is another one" --header "Authorization: Bearer $bearer" \
    --data "{\"passphrase\":\"$phrase\",\"next\":\"$next\"}" "$base/api/passphrase"
command_of_page 200 "a page locks again" lock
body=$phrase command_of_page 423 "the former passphrase does not unlock" unlock --json
body=$next command_of_page 200 "the next one does" unlock --json
phrase=$next

# ---- other pages and programs ----
http 403 "another name for this machine (DNS rebinding)" --header "Host: evil.example" "$base/"
http 403 "a page of another origin" --header "Origin: http://evil.example" --header "Authorization: Bearer $bearer" --data '' "$base/api/command?word=status"
http 403 "what the browser says is from elsewhere" --header "Sec-Fetch-Site: cross-site" "$base/"
http 403 "asking whether it would be allowed" --request OPTIONS --header "Origin: http://evil.example" \
    --header 'Access-Control-Request-Headers: authorization' "$base/api/command?word=status"
expect_not_match "nothing is allowed" 'Access-Control' "$heads"
port=${base##*:}
run curl --silent --max-time 5 "http://$(hostname -I 2>/dev/null | cut -d' ' -f1):$port/"
expect_equal "no other address of this machine answers" 7 "$code"

# ---- a browser that is not closed ----
mkdir "$work/desktop"
printf '#!/bin/sh\nexec sleep 20\n' >"$work/desktop/xdg-open"
chmod 755 "$work/desktop/xdg-open"
begun=$(now_ms)
expect_code 0 "the browser opens" env DISPLAY=:none PATH="$work/desktop:$PATH" "$client_program" --home "$home" ui
expect_match "and it is said" 'opened in the browser|已在浏览器中打开' "$out"
command_of_page 200 "pages are answered while it is open" status --json
expect_equal "nobody waits for it to be closed" true "$([[ $(($(now_ms) - begun)) -lt 15000 ]] && echo true)"
expect_equal "only its owner reads the file with the address" 600 "$(stat -c %a "$home/open.html")"

# ---- what is left ----
agent_pid=$(pgrep -u "$(id -u)" -f -- "--home $home ui" | head -n 1)
expect_not_match "nothing secret is in its arguments" "$phrase|$token|$bearer" "$(tr '\0' ' ' <"/proc/${agent_pid:-0}/cmdline" 2>/dev/null)"
# As the test of the whole laptop's disk does (at_rest.sh): one file after the other.
for secret in "$canary" "$phrase" "$bearer"; do
    found=$(grep -rlaF -- "$secret" "$home" 2>/dev/null)
    expect_equal "no file of the home has it" "" "$found"
done
expect_code 0 "the agent ends" "$client_program" --home "$home" agent --stop
run curl --silent --max-time 5 "$base/"
expect_equal "and its pages with it" 7 "$code"

e2e_end
