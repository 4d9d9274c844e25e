#!/usr/bin/env bash
# The demonstration's working day, in both languages: it checks itself that nothing is lost.
# usage: day.sh PROGRAMS [TEST_PROGRAMS]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" day "$@"

day=$(cd "$(dirname "$0")/../.." && pwd)/tools/demo-day
[ -x "$day" ] || { fail "tools/demo-day is not there"; e2e_end; }
command_seconds_max=300
unset COUNTERSIGN_PASSPHRASE_FILE
for language in en zh; do
    expect_code 0 "the day in $language ends well" env COUNTERSIGN_PROGRAMS="$programs" bash "$day" --folder "$work/day" --language "$language"
    printf '%s\n' "$out" >"$work/day-$language.txt"
    if [ "$code" -ne 0 ]; then
        tail -n 20 <<<"$out" | sed 's/^/        | /'
        tail -n 5 <<<"$err" | sed 's/^/        | /'
    fi
done
expect_match "it says that nothing was lost" 'Nothing was lost' "$(cat "$work/day-en.txt")"
expect_match "also in Chinese" '没有任何丢失' "$(cat "$work/day-zh.txt")"
expect_equal "each language tells a story of its own" differ "$(cmp -s "$work/day-en.txt" "$work/day-zh.txt" && echo same || echo differ)"
e2e_end
