# The rules of tools/check-layers, as one awk program (POSIX awk: mawk and gawk).
#
# Run from the root of a tree with CMakeLists.txt first and then the C sources and headers. Which folder may use which is
# read from the cs_library and cs_program calls of CMakeLists.txt, so that the build and this check cannot disagree.
# Prints "file:line: rule: text" for every breach; the exit status is 1 if there was one.

BEGIN {
    # Folders without clock, randomness, disk and network.
    set(pure, "shared/wire shared/domain shared/merge shared/evidence shared/vault shared/attachment")
    # What a pure folder may stand on besides other pure folders.
    set(pure_base, "shared/base shared/crypto")
    # The server's core reaches its database through sync-server/stores only.
    set(no_storage, "sync-server/reconcile sync-server/handlers sync-server/listener")

    # Third-party headers (a prefix of the name) and the one folder, or file, they belong to; and one header with a second file.
    owner["sodium.h"] = owner["sodium/"] = "shared/crypto/"
    owner["sqlite3"] = "shared/storage/"
    owner["cbor.h"] = owner["cbor/"] = "shared/wire/cbor.c"
    owner["zstd"] = "shared/wire/compression.c"
    owner["jansson"] = "shared/text/json.c"
    owner["curl/"] = "field-client/transport/"
    owner["microhttpd"] = "field-client/api/"
    owner["mbedtls/"] = owner["psa/"] = "sync-server/listener/"
    shared["mbedtls/md.h"] = "field-client/vault/totp.c"
    owner["uv.h"] = owner["uv/"] = "sync-server/listener/"
    owner["http_parser.h"] = owner["llhttp.h"] = "sync-server/listener/"
    owner["argon2"] = "field-client/password_files/key_derivation.c"
    owner["expat"] = "field-client/password_files/xml.c"
    owner["zlib"] = "field-client/password_files/gzip.c"
    shared["mbedtls/aes.h"] = "field-client/password_files/aes.c"
    owner["libpq-fe.h"] = "field-client/rotation/postgresql/"
    owner["libssh/"] = "field-client/rotation/linux_account/"
    owner["cmocka"] = "tests/"

    # Headers of C11 and of the system; anything else in angle brackets needs a line above.
    set(system_header, "assert.h ctype.h errno.h inttypes.h limits.h locale.h math.h setjmp.h signal.h stdalign.h")
    set(system_header, "stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h")
    set(system_header, "time.h dirent.h fcntl.h getopt.h grp.h netdb.h poll.h pthread.h pwd.h sched.h spawn.h")
    set(system_header, "malloc.h termios.h unistd.h wchar.h wctype.h ftw.h")
    split("sys/ netinet/ arpa/ linux/", system_prefix, " ")

    # Headers a pure folder has no business with.
    set(impure_header, "time.h dirent.h fcntl.h poll.h unistd.h termios.h netdb.h signal.h locale.h")

    set(impure, "time clock clock_gettime gettimeofday timespec_get localtime localtime_r gmtime gmtime_r mktime")
    set(impure, "getrandom getentropy rand rand_r srand random srandom drand48 arc4random randombytes_buf")
    set(impure, "fopen freopen fdopen open openat creat read write pread pwrite fread fwrite fgets unlink rename")
    set(impure, "mkdir stat fstat lstat opendir tmpfile mkstemp remove socket connect bind listen accept send sendto")
    set(impure, "recv recvfrom getaddrinfo getenv setenv setlocale sleep usleep nanosleep pthread_create fork")
    set(heap, "malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf getline aligned_alloc")
    set(heap, "posix_memalign open_memstream")
    set(banned, "strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets strtok strtok_r atoi atol atoll atof")
    set(banned, "alloca tmpnam mktemp crypto_box_seal")
    set(shell, "system popen")
    set(speaking, "printf vprintf fprintf vfprintf puts fputs putchar putc fputc perror exit _exit abort quick_exit")
    # A child process that could not become the program it was made for ends here, and with it nothing else.
    may_end["field-client/rotation/child.c"] = "_exit"
    breaches = 0
}

function set(names, text,    list, count, i)
{
    count = split(text, list, " ")
    for (i = 1; i <= count; i++)
        names[list[i]] = 1
}

function breach(rule, text)
{
    printf "%s:%d: %s: %s\n", place_file, place_line, rule, text
    breaches++
}

function folder_of(path)
{
    if (path !~ /\//)
        return "."
    sub(/\/[^\/]*$/, "", path)
    return path
}

function starts(text, prefix)
{
    return substr(text, 1, length(prefix)) == prefix
}

# --- the table of folders -------------------------------------------------------------------------------------------

function table_call(text, line,    words, count, i, key, mode)
{
    gsub(/[()]/, " ", text)
    count = split(text, words, " ")
    key = words[1] == "cs_program" ? words[3] : words[2]
    declared[key] = line
    mode = ""
    for (i = 2; i <= count; i++) {
        if (words[i] == "USES" || words[i] == "LINKS")
            mode = words[i]
        else if (mode == "USES")
            uses[key] = uses[key] " " words[i]
    }
}

function table_line(text)
{
    sub(/#.*/, "", text)
    if (pending == "" && text !~ /^[ \t]*cs_(library|program)[ \t]*\(/)
        return
    if (pending == "")
        pending_line = FNR
    pending = pending " " text
    if (pending ~ /\)/) {
        table_call(pending, pending_line)
        pending = ""
    }
}

# Everything that `key` uses, directly or not, goes into reach[key, folder].
function close_over(key, from,    list, count, i)
{
    count = split(uses[from], list, " ")
    for (i = 1; i <= count; i++) {
        if ((key, list[i]) in reach)
            continue
        reach[key, list[i]] = 1
        close_over(key, list[i])
    }
}

function side_of(path)
{
    if (starts(path, "field-client/"))
        return "client"
    if (starts(path, "sync-server/"))
        return "server"
    return starts(path, "shared/") ? "shared" : "other"
}

function table_check(    key, other, pair)
{
    place_file = table_file
    for (key in declared)
        close_over(key, key)
    for (pair in reach) {
        split(pair, key_other, SUBSEP)
        key = key_other[1]
        other = key_other[2]
        place_line = declared[key]
        if (!(other in declared))
            breach("table-unknown", key " uses " other ", which is not declared")
        if (key == other)
            breach("table-cycle", key " uses itself")
        if (side_of(key) != side_of(other) && side_of(other) != "shared")
            breach("table-sides", key " must not use " other " (client and server never meet; shared knows neither)")
        if (key in pure && !(other in pure) && !(other in pure_base))
            breach("table-pure", key " is pure and must not use " other)
    }
    table_done = 1
}

# --- includes -------------------------------------------------------------------------------------------------------

# tests/unit/shared_wire tests shared/wire: the declared folder with that target name.
function folder_under_test(folder,    key, name)
{
    for (key in declared) {
        name = key
        gsub(/[\/-]/, "_", name)
        if (folder == "tests/unit/" name)
            return key
    }
    return ""
}

function start_file()
{
    place_file = FILENAME
    folder = folder_of(FILENAME)
    is_test = starts(FILENAME, "tests/")
    tested = is_test ? folder_under_test(folder) : ""
    key = (FILENAME in declared) ? FILENAME : folder
    in_comment = 0
    if (!is_test && !(key in declared)) {
        place_line = 1
        breach("undeclared-folder", "no cs_library in CMakeLists.txt names " folder)
    }
}

function own_include(name,    target)
{
    target = folder_of(name)
    if (side_of(name) == "other" && !starts(name, "tests/")) {
        breach("root-relative", "\"" name "\" must be written from the root of the repository")
        return
    }
    if (target == folder)
        return
    if (is_test) {
        if (tested != "" && target != tested && !((tested, target) in reach) && !(target in pure_base) &&
            !starts(target, "tests/"))
            breach("layer", "tests of " tested " must not include " target)
        return
    }
    if (side_of(name) ~ /client|server/ && side_of(name) != side_of(FILENAME))
        breach("sides", folder " must not include " target)
    else if (!((key, target) in reach))
        breach("layer", folder " must not include " target " (CMakeLists.txt does not let it)")
    else if (folder in no_storage && target == "shared/storage")
        breach("server-core", folder " reaches the database through sync-server/stores")
}

function system_include(name,    prefix, i)
{
    for (prefix in owner) {
        if (!starts(name, prefix))
            continue
        if (shared[name] == FILENAME)
            return
        # A unit test may look at the library of the folder it tests; other tests may use any.
        if (starts(FILENAME, owner[prefix]) || (is_test && (tested == "" || starts(owner[prefix], tested "/") ||
            starts(tested "/", owner[prefix]))))
            return
        breach("third-party", "<" name "> belongs to " owner[prefix])
        return
    }
    if (folder in pure && (name in impure_header || name ~ /^(sys|netinet|arpa|linux)\//))
        breach("pure", "<" name "> in a folder without clock, randomness, disk and network")
    if (name in system_header || is_test)
        return
    for (i in system_prefix)
        if (starts(name, system_prefix[i]))
            return
    breach("third-party", "<" name "> has no folder yet: add it to tools/check-layers.awk")
}

function include_line(text,    name)
{
    name = text
    sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", name)
    sub(/[">].*/, "", name)
    if (text ~ /include[ \t]*"/)
        own_include(name)
    else
        system_include(name)
}

# --- calls ----------------------------------------------------------------------------------------------------------

# The line without comments and with empty literals; in_comment carries over to the next line.
function code_of(text,    out, mark)
{
    out = ""
    while (text != "") {
        if (in_comment) {
            if (!match(text, /\*\//))
                return out
            in_comment = 0
            text = substr(text, RSTART + 2)
            out = out " "
            continue
        }
        if (!match(text, /\/\*|\/\/|"|'/))
            return out text
        mark = substr(text, RSTART, 1)
        out = out substr(text, 1, RSTART - 1)
        if (mark == "/") {
            if (substr(text, RSTART, 2) == "//")
                return out
            in_comment = 1
            text = substr(text, RSTART + 2)
            continue
        }
        text = substr(text, RSTART + 1)
        while (text != "" && substr(text, 1, 1) != mark)
            text = substr(text, substr(text, 1, 1) == "\\" ? 3 : 2)
        text = substr(text, 2)
        out = out mark mark
    }
    return out
}

function name_used(name, called, handed_over)
{
    if (folder in pure && called && name in impure)
        breach("pure", name "() in a folder without clock, randomness, disk and network")
    if (name in heap && (called || handed_over) && !is_test && FILENAME != "shared/base/memory.c")
        breach("memory", name " outside shared/base/memory.c")
    if (name in banned && called)
        breach("banned", name "() is not used here")
    if (name in shell && called && !is_test)
        breach("banned", name "() is not used here")
    if (name in speaking && called && !is_test && folder !~ /\/(commands|console)(\/|$)/ && folder != "shared/base" &&
        FILENAME !~ /\/main\.c$/ && may_end[FILENAME] != name)
        breach("silent", name "() in library code, which neither prints nor exits")
}

# Looks at every watched name of a line: is it called, or is the function itself handed to somebody ("= free;", "(x, free)")?
function calls_of(text,    before, name, rest, start)
{
    start = 1
    while (match(substr(text, start), /[A-Za-z_][A-Za-z0-9_]*/)) {
        start += RSTART - 1
        name = substr(text, start, RLENGTH)
        rest = substr(text, start + RLENGTH)
        before = substr(text, 1, start - 1)
        start += RLENGTH
        # x.free, x->free and 0x10u are no uses of these names.
        if (name in watched && before !~ /[.>0-9]$/)
            name_used(name, rest ~ /^[ \t]*\(/, before ~ /[=,(?:{&][ \t]*$/ && rest ~ /^[ \t]*[,;)}]/)
    }
}

function watch(names,    name)
{
    for (name in names)
        watched[name] = 1
}

# --- reading --------------------------------------------------------------------------------------------------------

BEGIN {
    watch(impure)
    watch(heap)
    watch(banned)
    watch(shell)
    watch(speaking)
}

FNR == NR { table_file = FILENAME; table_line($0); next }
!table_done { table_check() }
FNR == 1 { start_file() }
{
    place_line = FNR
    if (!in_comment && $0 ~ /^[ \t]*#[ \t]*include[ \t]*["<]/) {
        include_line($0)
        next
    }
    calls_of(code_of($0))
}

END {
    if (!table_done)
        table_check()
    exit breaches > 0
}
