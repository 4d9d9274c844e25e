# Prints the names of the scripts of SQLite's "quick" suite that lie beside its permutations.test, which says what that suite is.
# usage: tclsh list_scripts.tcl FOLDER_OF_TESTS
set testdir [lindex $argv 0]
set channel [open $testdir/permutations.test]
set text [read $channel]
close $channel
set first [string first "proc test_set" $text]
set last [string first "# Start of tests" $text]
if {$first < 0 || $last < $first} {
    puts stderr "permutations.test is not as expected"
    exit 1
}
set argv0 $testdir/permutations.test
eval [string range $text $first [expr {$last - 1}]]
foreach script [lsort $allquicktests] {
    if {[string first / $script] < 0} { puts [file rootname $script] }
}
