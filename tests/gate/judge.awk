# Compares what SQLite's tests say over the encrypting VFS with what they say over plain files in the same mode.
#
# Input: differences.txt, then lines "mode<tab>script<tab>" followed by a line of outcomes.awk. -v json=yes for programs.
# A test counts as ours if it fails here and not there, or fails in another way. Each has to be in differences.txt, by what it said; and
# each entry of a script that was run has to be met. Exit status 1 otherwise.
BEGIN { FS = "\t" }
FNR == 1 { file++ }
file == 1 {
    if ($0 ~ /^#/ || $0 == "") next
    if ($1 == "reason") {
        reason[$2] = $3
        next
    }
    entries++
    entry_script[entries] = $1
    entry_test[entries] = $2
    entry_reason[entries] = $3
    entry_got[entries] = $4
    if (!($3 in reason)) {
        complain($1 " " $2 ": the reason \"" $3 "\" is not explained")
    }
    next
}
$1 == "plain" {
    if ($5 ~ /^not ended after/) complain($2 " over plain files: " $5)
    key = $2 "\t" $3
    plain[key] = $4
    plain_got[key] = $5
    if ($3 != "(end)") {
        plain_tests++
        if ($4 == "failed") plain_failed++
    }
    next
}
{
    key = $2 "\t" $3
    ran[$2] = 1
    encrypted[key] = $4
    if ($3 != "(end)") {
        tests++
        if ($4 == "ok") passed++
        if ($4 == "left out") left_out++
    }
    if ($4 != "failed") next
    if ($3 != "(end)") failed++
    if ($5 ~ /^not ended after/) complain($2 ": " $5)
    if (plain[key] == "failed" && plain_got[key] == $5) {
        if ($3 == "(end)") ended_alike++; else same++
        next
    }
    ours($2, $3, $5)
}
END {
    for (i = 1; i <= entries; i++) {
        if ((entry_script[i] in ran) && !(i in met)) {
            complain(entry_script[i] " " entry_test[i] ": listed, and does not fail so any more")
        }
    }
    if (json == "yes") say_json(); else say()
    exit (complaints > 0)
}

# "*" at the end of what is listed stands for anything.
function matches(listed, text)
{
    if (listed ~ /\*$/) {
        return substr(text, 1, length(listed) - 1) == substr(listed, 1, length(listed) - 1)
    }
    return listed == text
}
function ours(script, test, got,    i, found)
{
    for (i = 1; i <= entries; i++) {
        if (entry_script[i] == script && matches(entry_test[i], test) && matches(entry_got[i], got)) {
            met[i] = 1
            if (!found) {
                by_reason[entry_reason[i]]++
                differences++
            }
            found = 1
        }
    }
    if (!found) complain(script " " test ": fails here and not over plain files in this mode: " got)
}
function complain(text)
{
    complaints++
    complaint[complaints] = text
}
function say(    name, i)
{
    printf "tests run over the encrypting VFS %7d   (plain files, same mode: %d)\n", tests, plain_tests
    printf "  passed                          %7d\n", passed
    printf "  failed over plain files alike   %7d\n", same
    printf "  scripts that end early over both %6d   (what would come behind was not tried)\n", ended_alike
    printf "  failed for a known reason       %7d\n", differences
    for (name in by_reason) printf "%35s %7d   %s\n", name, by_reason[name], reason[name]
    printf "  not as listed                   %7d\n", complaints
    for (i = 1; i <= complaints && i <= 200; i++) print "    " complaint[i]
}
function quoted(text)
{
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}
function say_json(    name, i, comma)
{
    printf "{\"tests\":%d,\"passed\":%d,\"failed\":%d,\"failed_in_plain_too\":%d,\"plain_tests\":%d,\"plain_failed\":%d,\"scripts_ended_early\":%d,\"known\":{",
        tests, passed, failed, same, plain_tests, plain_failed, ended_alike
    for (name in by_reason) {
        printf "%s%s:%d", comma, quoted(name), by_reason[name]
        comma = ","
    }
    printf "},\"not_as_listed\":["
    for (i = 1; i <= complaints; i++) printf "%s%s", (i > 1 ? "," : ""), quoted(complaint[i])
    printf "]"
}
