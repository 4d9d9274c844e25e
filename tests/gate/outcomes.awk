# What one run of a script of SQLite's tests says, a line for each test: name, tab, "ok", "failed" or "left out", tab, what came instead.
# The last line is "(end)" with "ok" if the script came to its end; what came instead is said where it was stopped or crashed.
# A name that comes again gets a number.
function finish()
{
    if (test != "") {
        seen[test]++
        print test (seen[test] > 1 ? "#" seen[test] : "") "\t" result "\t" got
        test = ""
    }
}
function clean(text)
{
    gsub(/[\t\r]/, " ", text)
    gsub(/[^ -~]/, "?", text)
    gsub(/\/[^ ]*\/(testfixture|test\.db)/, "testfixture", text)
    return substr(text, 1, 120)
}
/^[A-Za-z0-9_].*\.\.\.( Ok| Omitted)?$/ && !/^\.\.\./ {
    finish()
    test = $0
    sub(/\.\.\.( Ok| Omitted)?$/, "", test)
    gsub(/[\t ]/, "_", test)
    result = $0 ~ / Ok$/ ? "ok" : ($0 ~ / Omitted$/ ? "left out" : "failed")
    got = ""
    next
}
/^ Ok$/ && test != "" { result = "ok"; next }
/^ Omitted$/ && test != "" { result = "left out"; next }
/^! .* got: / && test != "" && got == "" { got = clean(substr($0, index($0, " got: ") + 6)); sub(/^ +/, "", got); next }
/^Error: / && test != "" && got == "" { got = clean(substr($0, 8)); next }
/^gate: / { finish(); why = substr($0, 7); next }
/^[0-9]+ errors out of [0-9]+ tests/ { finish(); ended = 1 }
END {
    finish()
    print "(end)\t" (ended && why == "" ? "ok" : "failed") "\t" why
}
