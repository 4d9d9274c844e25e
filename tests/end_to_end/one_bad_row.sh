#!/usr/bin/env bash
# Ten thousand rows from a CSV file, one of which the server does not accept, from a client that does not check it (lax_client.c): the
# others arrive, one refusal names row and reason, its correction arrives too. Prints the figures.
# usage: one_bad_row.sh PROGRAMS [TEST_PROGRAMS]; E2E_PARTS: how many (10000)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" one_bad_row "$@"

parts=${E2E_PARTS:-10000}
lax_client=$helpers/countersign-lax
[ -x "$lax_client" ] || { fail "countersign-lax is not in $helpers"; e2e_end; }
bad=$(printf 'BJ-%05d' $((parts / 2)))

new_server server
join office "$work/server.invite" --person 王芳
must "$client_program" --home "$work/office" sync
invite_and_join office store 李强 warehouse
parts_csv BJ "$parts" | sed "s/^\($bad,[^,]*,[^,]*,[^,]*\),[0-9]*,/\1,-5,/" >"$work/parts.csv"
expect_equal "one row of the file is wrong" 1 "$(grep -c ',-5,' "$work/parts.csv")"

expect_code 1 "the product's client refuses the file" "$client_program" --home "$work/store" import part "$work/parts.csv" --json
expect_match "and names the line" '"line"' "$out"
client_program=$lax_client
expect_code 0 "one that does not check takes it" "$client_program" --home "$work/store" import part "$work/parts.csv" --json
expect_equal "as a whole" "$parts 0" "$(member inserted) $(member bad_count)"
begun=$(now_ms)
sync_equal store "it sends all of them, and proves equal"
took_ms=$(($(now_ms) - begun))
pushed=$(member pushed)
refused=$(member refused)
printf 'figure  %d changes with one invalid among them: %d sent, %d refused, %d ms, %d bytes up, %d down, %d round trips\n' \
    "$parts" "$pushed" "$refused" "$took_ms" "$(member bytes_up)" "$(member bytes_down)" "$(member round_trips)"
expect_equal "every change was answered" "$parts" "$pushed"
expect_equal "one was refused" 1 "$refused"
expect_equal "nothing waits behind it" 0 "$(member waiting)"

# ---- the author ----
on store refusals --json
number=$(member number)
expect_equal "the list has one" 1 "$(grep -o '"number"' <<<"$out" | wc -l)"
expect_equal "with its reason and field" "INVALID price_cents" "$(member status) $(member field)"
expect_match "and its values" "$bad" "$out"
on store refusals
expect_match "for people: entity, field, value, words" "part.*price_cents.*-5.*INVALID" "$out"
expect_equal "its row is not shown" 0 "$(count store part "code=$bad")"

# ---- the office ----
client_program=$programs/countersign
sync_equal office "the office receives the others"
expect_equal "it has all but one" $((parts - 1)) "$(count office part)"
on office list refusal state=open --json
expect_match "and the refusal, by entity" '"entity": *"part"' "$out"
expect_equal "field and reason" "price_cents INVALID" "$(member field) $(member reason)"

# ---- corrected ----
client_program=$lax_client
expect_code 0 "the correction" "$client_program" --home "$work/store" refusals correct "$number" price_cents=500 --json
sync_equal store "goes out"
expect_equal "and is accepted" 0 "$(member refused)"
on store refusals
expect_match "the list is empty" 'no refusals' "$out"
expect_code 0 "what was refused can still be written out" "$client_program" --home "$work/store" refusals export --json
expect_match "as corrected" '"state": *"corrected"' "$out"
client_program=$programs/countersign
sync_equal office "the office receives it"
expect_equal "it has every part" "$parts" "$(count office part)"
on office list refusal state=corrected --json
expect_match "and sees when it was corrected" '"settled_at": *"20' "$out"
e2e_end
