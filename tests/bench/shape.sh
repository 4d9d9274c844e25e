#!/usr/bin/env bash
# tools/bench --quick prints valid JSON with every row of the table, and says of none of them more than it can know.
# usage: shape.sh PROGRAMS
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d "${TMPDIR:-/tmp}/countersign-shape-XXXXXX")
trap 'rm -rf "$folder"' EXIT
tools/bench --quick --json --programs "$1" --figures "$folder/figures.tsv" >"$folder/table.json"
perl -MJSON::PP -0777 -e '
    my $table = decode_json(<STDIN>);
    my %rows = map { $_->{row} => $_ } @{$table->{rows}};
    for my $name (qw(write sync bytes update no_news growth vfs vault_list vault_list_inside vault_reveal vault_reveal_inside memory)) {
        my $row = delete $rows{$name} or die "no row $name\n";
        die "$name: no figure\n" unless length $row->{figure} && length $row->{unit} && $row->{to_reach} > 0;
        if ($name eq "vfs") {
            die "vfs: not with --quick\n" unless $row->{verdict} eq "not measured" && !defined $row->{measured} && length $row->{why};
            next;
        }
        die "$name: $row->{verdict}\n" unless $row->{verdict} eq "not judged" && defined $row->{measured} && $row->{runs} > 0;
        die "$name: the spread\n" unless $row->{least} <= $row->{measured} && $row->{measured} <= $row->{most};
    }
    die "rows too many\n" if %rows;
    die "no machine\n" unless $table->{machine} =~ /cores.*SQLite 3/;
    die "no samples\n" unless @{$table->{samples}{"push.wall_ms"}} == 1 && $table->{samples}{"no_news.round_trips"}[0] == 1;
' <"$folder/table.json"

# For people: what falls short is named as such, and so is what could not be measured.
awk -F '\t' '{ if ($1 == "write.product.wall_ms") $2 = 1000000; print $1 "\t" $2 }' "$folder/figures.tsv" |
    awk -F '\t' -v json=no -v judged=yes -v rows="write bytes vfs" -v machine=none -v count=50 -f tests/bench/table.awk >"$folder/table.txt"
grep -q '^local write.*FALLS SHORT$' "$folder/table.txt"
grep -q '^bytes, push.* met$' "$folder/table.txt"
grep -q '^page encryption.*NOT MEASURED: not with --quick$' "$folder/table.txt"
if tools/bench --quick --programs "$1" no_such_row >/dev/null 2>&1; then
    echo "an unknown row was accepted"
    exit 1
fi
