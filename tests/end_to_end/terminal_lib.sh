# A person at a terminal, for scripts: sourced after lib.sh, never run.
# shellcheck shell=bash

terminal_program=$helpers/end_to_end_terminal
[ -x "$terminal_program" ] || { fail "end_to_end_terminal is not in $helpers"; e2e_end; }
terminal_says=

# at_terminal COMMAND…: starts it on a terminal of its own.
at_terminal()
{
    coproc TERMINAL { exec "$terminal_program" "$@" 2>/dev/null; }
    # shellcheck disable=SC2153 # made by coproc
    terminal_pid=$TERMINAL_PID
    exec {terminal_out}<&"${TERMINAL[0]}" {terminal_in}>&"${TERMINAL[1]}"
    e2e_pids[$terminal_pid]=terminal
    IFS= read -r -t 10 terminal_says <&"$terminal_out" && [ "$terminal_says" = ready ] && return 0
    fail "a terminal can be had"
    e2e_end
}

# person LINE: what the terminal answers is in $terminal_says.
person()
{
    printf '%s\n' "$1" >&"$terminal_in"
    IFS= read -r -t 20 terminal_says <&"$terminal_out" || { fail "the terminal answers to: $1"; e2e_end; }
}

# sees TEXT SHOWN
sees()
{
    person "wait $2"
    if [ "$terminal_says" = ok ]; then
        pass "$1"
    else
        person "shown $work/shown"
        fail "$1" "expected: $2" "found:    $(tail -c 600 "$work/shown" | tr -d '\0')"
    fi
}

# leave_terminal TEXT CODE: the program ends with this code, and the terminal is as it was. What was shown is in $work/shown.
leave_terminal()
{
    person end
    expect_equal "$1" "$2" "$terminal_says"
    person modes
    expect_equal "and the terminal is as it was" "echo=1 icanon=1 isig=1" "$terminal_says"
    person "shown $work/shown"
    exec {terminal_in}>&- {terminal_out}<&-
    end_process "$terminal_pid" KILL
}
