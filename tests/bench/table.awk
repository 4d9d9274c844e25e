# The table of figures, from "KEY<tab>NUMBER" lines (and "why.ROW<tab>TEXT" of rows that could not be measured), for people or as JSON.
#   awk -F '\t' -v json=yes|no -v judged=yes|no -v rows="write sync …" -v machine="…" -v count=N -f table.awk FIGURES
# A ratio is made of figures of the same run; what is shown is the median of all runs, with the least and the most.

# ---- figures ----

$1 ~ /^why\./ { why[substr($1, 5)] = $2; next }
{ sample[$1, ++samples[$1]] = $2 + 0; if (samples[$1] == 1) keys[++key_count] = $1 }

# Sorts list[1..size].
function sort(list, size,    i, j, kept)
{
    for (i = 2; i <= size; i++) {
        kept = list[i]
        for (j = i - 1; j > 0 && list[j] > kept; j--)
            list[j + 1] = list[j]
        list[j + 1] = kept
    }
}

function median(list, size)
{
    return size % 2 ? list[(size + 1) / 2] : (list[size / 2] + list[size / 2 + 1]) / 2
}

# The sum of figures "a b -c" of one run; "-c" is taken away.
function sum(names, run,    parts, count, i, total, sign)
{
    count = split(names, parts, " ")
    for (i = 1; i <= count; i++) {
        sign = 1
        if (substr(parts[i], 1, 1) == "-") {
            sign = -1
            parts[i] = substr(parts[i], 2)
        }
        if (!((parts[i], run) in sample))
            missing = parts[i]
        total += sign * sample[parts[i], run]
    }
    return total
}

# over(A, B): A / B of each run, its median (B empty: A itself); leaves least, most and runs too.
function over(names, base, scale,    list, first, run)
{
    split(names, first, " ")
    runs = samples[first[1]]
    missing = runs > 0 ? "" : first[1]
    for (run = 1; run <= runs; run++)
        list[run] = sum(names, run) * scale / (base == "" ? 1 : sum(base, run))
    if (missing != "")
        return 0
    sort(list, runs)
    least = list[1]
    most = list[runs]
    return median(list, runs)
}

# ---- what stands in the table ----

# row(NAME, GROUP, FIGURE, UNIT, DECIMALS, TO_REACH, NAMES, BASE, SCALE); a detail may follow in detail_of.
function row(name, group, figure, unit, decimals, reach, names, base, scale)
{
    if (!(group in wanted))
        return
    list[++row_count] = name
    figure_of[name] = figure
    unit_of[name] = unit
    decimals_of[name] = decimals
    reach_of[name] = reach
    measured[name] = over(names, base, scale)
    least_of[name] = least
    most_of[name] = most
    runs_of[name] = runs
    if (missing != "") {
        verdict[name] = "not measured"
        why_of[name] = (group in why) ? why[group] : "no figure " missing
    } else if (judged != "yes")
        verdict[name] = "not judged"
    else
        verdict[name] = measured[name] <= reach ? "met" : "falls short"
}

function of(names, decimals)
{
    return sprintf("%." decimals "f", over(names, "", 1))
}

function ratio(names, base)
{
    return sprintf("%.1f", over(names, base, 1))
}

# A remark in the last column, where the row has a figure.
function remark(name, text)
{
    if (name in verdict && verdict[name] != "not measured")
        detail_of[name] = text
}

function records()
{
    row("write", "write", "local write, one commit, encrypted at rest", "x plain SQLite", 2, 3, "write.product.wall_ms", "write.plain.wall_ms", 1)
    remark("write", of("write.product.wall_ms", 0) " ms, plain " of("write.plain.wall_ms", 0) " ms; processor time " \
        ratio("write.product.cpu_ms", "write.plain.cpu_ms") " x")
    row("sync", "sync", "push + pull, wall", "x floor", 2, 5, "push.wall_ms pull.wall_ms", "floor.wall_ms", 1)
    remark("sync", of("push.wall_ms", 0) " + " of("pull.wall_ms", 0) " ms, floor " of("floor.wall_ms", 0) " ms; processor time " \
        ratio("push.cpu_ms pull.cpu_ms", "floor.cpu_ms") " x")
    row("bytes", "bytes", "bytes, push + pull", "MB", 3, 0.9, "push.bytes_up push.bytes_down pull.bytes_up pull.bytes_down", "", 1e-6)
    remark("bytes", "push " of("push.bytes_up push.bytes_down", 0) ", pull " of("pull.bytes_up pull.bytes_down", 0) ", a changeset of SQLite " \
        of("floor.changeset.bytes", 0))
    row("update", "update", "one field of all rows, bytes pushed", "MB", 3, 0.25, "update.push.bytes_up", "", 1e-6)
    row("no_news", "no_news", "sync without news, bytes within TLS", "bytes", 0, 1024, "no_news.tls_up no_news.tls_down", "", 1)
    remark("no_news", of("no_news.round_trips", 0) " round trip, " of("no_news.bytes_up no_news.bytes_down", 0) " bytes without the heads of HTTP")
    if (verdict["no_news"] == "met" && of("no_news.round_trips", 0) != "1")
        verdict["no_news"] = "falls short"
}

function others()
{
    row("growth", "growth", "pull of 1,000 changes, many rows / few", "x", 2, 1.2, "growth.many.wall_ms", "growth.few.wall_ms", 1)
    remark("growth", of("growth.rows_many", 0) " rows " of("growth.many.wall_ms", 0) " ms, " of("growth.rows_few", 0) " rows " \
        of("growth.few.wall_ms", 0) " ms; processor time " ratio("growth.many.cpu_ms", "growth.few.cpu_ms") " x")
    row("vfs", "vfs", "page encryption, speedtest1", "x plain SQLite", 2, 1.3, "vfs.ratio", "", 1)
    if ("vfs" in verdict && verdict["vfs"] != "not measured") {
        least_of["vfs"] = over("vfs.ratio_min", "", 1)
        most_of["vfs"] = over("vfs.ratio_max", "", 1)
        runs_of["vfs"] = over("vfs.runs", "", 1)
        remark("vfs", of("vfs.seconds_encrypted", 1) " s, plain " of("vfs.seconds_plain", 1) " s")
    }
    row("vault_list", "vault", "vault: list all, a command, unlocked agent", "ms", 1, 50, "vault.agent.list.wall_ms", "", 1)
    remark("vault_list", "processor time " of("vault.agent.list.cpu_ms", 1) " ms; of it a command that does nothing " \
        of("vault.agent.start.wall_ms", 1) " ms" beside("list"))
    row("vault_list_inside", "vault", "vault: list all, inside the process", "ms", 1, 50, "vault.inside.list.wall_ms", "", 1)
    row("vault_reveal", "vault", "vault: reveal one (lease), a command", "ms", 1, 5, "vault.agent.reveal.wall_ms -vault.durable.wall_ms", "", 1)
    remark("vault_reveal", "and " of("vault.durable.wall_ms", 1) " ms the durable write; processor time " of("vault.agent.reveal.cpu_ms", 1) \
        " ms; of it a command that does nothing " of("vault.agent.start.wall_ms", 1) " ms" beside("reveal"))
    row("vault_reveal_inside", "vault", "vault: reveal one, inside the process", "ms", 1, 5, "vault.inside.reveal.wall_ms -vault.durable.wall_ms", "", 1)
    remark("vault_reveal_inside", "and " of("vault.inside.commit.wall_ms", 1) " ms the durable write")
    row("memory", "memory", "idle agent (VmRSS), after all of this", "MB", 1, 20, "agent.office.rss_kib", "", 0.001024)
    remark("memory", "Pss " of("agent.office.pss_kib", 0) " KiB; the receiving one " of("agent.technician.rss_kib", 0) \
        " KiB, Pss " of("agent.technician.pss_kib", 0) "; just unlocked " of("agent.unlocked.rss_kib", 0) ", Pss " of("agent.unlocked.pss_kib", 0))
}

function beside(what)
{
    return samples["vault.keepassxc." what ".wall_ms"] ? "; keepassxc-cli " of("vault.keepassxc." what ".wall_ms", 0) " ms" : ""
}

# ---- telling ----

function number(value, decimals)
{
    return sprintf("%." decimals "f", value)
}

function tell_table(    i, name, figure, spread)
{
    printf "%s\n%d rows; median of the runs of each (least to most)\n\n", machine, count
    printf "%-50s %26s  %-18s %s\n", "figure", "measured", "to reach", "verdict"
    for (i = 1; i <= row_count; i++) {
        name = list[i]
        if (verdict[name] == "not measured") {
            printf "%-50s %26s  %-18s %s: %s\n", figure_of[name], "-", "<= " reach_of[name] " " unit_of[name], "NOT MEASURED", why_of[name]
            continue
        }
        spread = sprintf("%s (%s to %s)", number(measured[name], decimals_of[name]), number(least_of[name], decimals_of[name]),
            number(most_of[name], decimals_of[name]))
        printf "%-50s %26s  %-18s %s\n", figure_of[name], spread, "<= " reach_of[name] " " unit_of[name],
            verdict[name] == "falls short" ? "FALLS SHORT" : verdict[name]
        if (name in detail_of)
            printf "    %s\n", detail_of[name]
    }
}

function text(value)
{
    gsub(/\\/, "\\\\", value)
    gsub(/"/, "\\\"", value)
    gsub(/[\t\r\n]/, " ", value)
    return "\"" value "\""
}

function tell_row(name)
{
    printf "    {\"row\": %s, \"figure\": %s, \"unit\": %s, \"to_reach\": %s, \"verdict\": %s", text(name), text(figure_of[name]),
        text(unit_of[name]), reach_of[name], text(verdict[name])
    if (verdict[name] == "not measured")
        printf ", \"measured\": null, \"least\": null, \"most\": null, \"runs\": 0, \"detail\": null, \"why\": %s}", text(why_of[name])
    else
        printf ", \"measured\": %.4f, \"least\": %.4f, \"most\": %.4f, \"runs\": %d, \"detail\": %s, \"why\": null}", measured[name],
            least_of[name], most_of[name], runs_of[name], ((name in detail_of) ? text(detail_of[name]) : "null")
}

function tell_json(    i, run)
{
    printf "{\n  \"machine\": %s,\n  \"count\": %d,\n  \"rows\": [\n", text(machine), count
    for (i = 1; i <= row_count; i++) {
        tell_row(list[i])
        print (i < row_count ? "," : "")
    }
    print "  ],\n  \"samples\": {"
    for (i = 1; i <= key_count; i++) {
        printf "    %s: [", text(keys[i])
        for (run = 1; run <= samples[keys[i]]; run++)
            printf "%s%s", (run > 1 ? ", " : ""), sample[keys[i], run]
        print (i < key_count ? "]," : "]")
    }
    print "  }\n}"
}

END {
    parts = split(rows, names, " ")
    for (i = 1; i <= parts; i++)
        wanted[names[i]] = 1
    # The disk's part of a reveal is measured apart, so its median is taken from each run.
    if (samples["vault.inside.commit.wall_ms"] > 0) {
        durable = over("vault.inside.commit.wall_ms", "", 1)
        samples["vault.durable.wall_ms"] = samples["vault.inside.reveal.wall_ms"] + samples["vault.agent.reveal.wall_ms"]
        for (i = 1; i <= samples["vault.durable.wall_ms"]; i++)
            sample["vault.durable.wall_ms", i] = durable
    }
    records()
    others()
    if (json == "yes")
        tell_json()
    else
        tell_table()
}
