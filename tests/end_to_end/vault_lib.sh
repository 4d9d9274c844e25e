# shellcheck shell=bash disable=SC2034,SC2154 # for the scripts that use it, after lib.sh
# What the scripts of vaults share: standard input for secrets, the subcommands of vault, and a password to look for.

preload_quick_kdf
canary=Qx7-canary-Pw49-zeta

# type_in TEXT COMMAND…: as run, with standard input.
type_in()
{
    printf '%s' "$1" >"$work/.in"
    shift
    timeout -k 5 "$command_seconds_max" "$@" >"$work/.out" 2>"$work/.err" <"$work/.in"
    code=$?
    rm -f "$work/.in"
    out=$(cat "$work/.out")
    err=$(cat "$work/.err")
}

# vault HOME SUBCOMMAND…: through run.
vault()
{
    local home=$1
    shift
    on "$home" vault "$@"
}

# vault_code CODE TEXT HOME SUBCOMMAND…
vault_code()
{
    local wanted=$1 text=$2 home=$3
    shift 3
    expect_code "$wanted" "$text" "$client_program" --home "$work/$home" vault "$@"
}

# chinese FUNCTION…: what follows speaks Chinese.
chinese()
{
    LC_ALL=zh_CN.UTF-8 "$@"
}

sync_all()
{
    local home
    for home in "$@"; do must "$client_program" --home "$work/$home" sync; done
}
