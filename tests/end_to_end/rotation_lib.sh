# Shared by the scripts about rotation: sourced after lib.sh, never run.
# shellcheck shell=bash

rotate_program=$helpers/end_to_end_rotate
[ -x "$rotate_program" ] || { fail "end_to_end_rotate is not in $helpers"; e2e_end; }
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/proxy_lib.sh"
[ -x "$helper_program" ] || skip "$(basename "$helper_program") was not built: tools/install-dependencies rotation"
answer=
reason=

# field NAME VALUE: sizes are in bytes.
field()
{
    local LC_ALL=C
    printf '%s %d %s\n' "$1" "${#2}" "$2"
}

# message OPERATION HOST PORT USER OLD NEW SECONDS [OPTION VALUE]…: options in the order of their names. Only printf of the shell sees the secrets.
message()
{
    local name
    printf 'countersign rotation 1\n'
    for name in operation host port user old new seconds; do
        field "$name" "$1"
        shift
    done
    while [ $# -gt 1 ]; do
        field "option.$1" "$2"
        shift 2
    done
    printf 'end\n'
}

# rotate OPERATION HOST …: as message; through the client's runner. Leaves $answer and $reason.
rotate()
{
    message "$@" >"$work/.message"
    timeout -k 5 "$command_seconds_max" "$rotate_program" "$helper_program" <"$work/.message" >"$work/.answer" 2>"$work/.err"
    code=$?
    rm -f "$work/.message"
    { IFS= read -r answer; IFS= read -r reason; } <"$work/.answer"
    [ "$code" -eq 0 ] || answer="exit $code: $(cat "$work/.err")"
}

# expect_answer WORD TEXT OPERATION HOST …: one check; the reason may not hold a secret in any case.
expect_answer()
{
    local wanted=$1 text=$2
    shift 2
    rotate "$@"
    if [ "$answer" != "$wanted" ]; then
        fail "$text" "expected: $wanted" "found:    $answer" "reason:   $reason"
    elif [[ $reason == *"$5"* || $reason == *"$6"* ]]; then
        fail "$text" "a password is in the reason"
    else
        pass "$text"
    fi
}

# no_secret TEXT FOLDER: none of the canaries is in any file there. A planted one shows that it would be found.
no_secret()
{
    printf 'x%sx' "$canary" >"$2/planted"
    expect_equal "$1" "$2/planted" "$(grep -arlF "$canary" "$2")"
    rm "$2/planted"
}

# In every password of these scripts.
canary=Canary-$RANDOM$RANDOM
