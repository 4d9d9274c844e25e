# The result of judge.awk (-v result=FILE), and behind it which scripts were not run and why (input: not_run.txt).
/^#/ || $0 == "" { next }
$1 == "reason" { text[$2] = $3; next }
{
    if (!($2 in text)) {
        print $1 ": the reason \"" $2 "\" is not explained" >"/dev/stderr"
        exit 1
    }
    count[$2]++
    all++
}
END {
    while ((getline line < result) > 0) printf "%s%s", line, json == "yes" ? "" : "\n"
    if (json == "yes") {
        printf ",\"scripts\":%d,\"scripts_not_run\":{", scripts
        for (name in count) {
            printf "%s\"%s\":%d", comma, name, count[name]
            comma = ","
        }
        printf "},\"seconds\":%d}\n", seconds
    } else {
        printf "scripts run %d, not run %d:\n", scripts, all
        for (name in count) printf "%35s %7d   %s\n", name, count[name], text[name]
        printf "seconds %d\n", seconds
    }
}
