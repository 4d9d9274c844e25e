# Runs one script of SQLite's tests: testfixture run_script.tcl SCRIPT
#
# Some scripts leave their connection open while another process opens the same database and crashes in it. Under an exclusive lock that
# process would get nothing done. So the connection is closed meanwhile, and opened again, which recovers what the crash left.
rename exec gate_exec
proc exec {args} {
    set open_again 0
    if {[lsearch -exact $args crash.tcl] >= 0 && [llength [info commands ::db]] > 0} {
        set open_again [expr {![catch {::db close}]}]
    }
    set code [catch {uplevel 1 [list gate_exec {*}$args]} result options]
    if {$open_again} { sqlite3 ::db test.db }
    return -options $options $result
}
# Some scripts ask, with a further connection, whether the disk writes batches atomically. None here does; and under an exclusive lock the
# question would end the script.
proc lacks_atomic_batches {args} {
    if {[llength [info commands ::atomic_batch_write]] > 0} {
        proc ::atomic_batch_write {args} { return 0 }
    }
}
lacks_atomic_batches
set argv0 [lindex $argv 0]
set argv [lrange $argv 1 end]
source $argv0
