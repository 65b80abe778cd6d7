# shellcheck shell=bash disable=SC2154
# A private PostgreSQL from the distribution's binaries; the distribution's own cluster is not touched.
# A new cluster is a copy of one that initdb made once, in the cache; with PG_SCHEMA=yes of one that has the schema of
# this tree too.

postgres_bin() {
    local newest
    newest="$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -1)"
    [[ -x "$newest" ]] || die "PostgreSQL is not installed"
    dirname "$newest"
}

# PostgreSQL refuses to run as root, and its own user may have no access to the directories above the data (a checkout
# in /root). It gets the open directory as descriptor 7 instead, which needs no access to them.
postgres_command() { # <program> <arguments…>, into the array postgres_words
    postgres_words=("$(postgres_bin)/$1" -D /proc/self/fd/7 "${@:2}")
    if ((EUID == 0)); then
        postgres_words=(setpriv --reuid postgres --regid postgres --init-groups -- "${postgres_words[@]}")
    fi
}

postgres_template() { # one process at a time
    local template="$cache/postgres/$1"
    [[ -s "$template/password" ]] && return
    (umask 022 && mkdir -p "$cache/postgres")
    (
        umask 022
        flock 8
        [[ -s "$template/password" ]] && exit
        rm -rf "$template"
        (umask 077 && mkdir -p "$template/data" && random_text >"$template/password.new")
        if ((EUID == 0)); then chown postgres: "$template/data" "$template/password.new"; fi
        postgres_command initdb --username postgres --pwfile /dev/stdin --auth-local reject \
            --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8 --no-sync --no-instructions
        (cd / && "${postgres_words[@]}" 7<"$template/data" <"$template/password.new") >"$template/log" 2>&1 ||
            die_with_log "$template/log" "initdb failed" "mend what its log names, then repeat the command"
        mv "$template/password.new" "$template/password"
    ) 8>"$cache/postgres/lock"
}

postgres_schema_name() { # <version>
    printf '%s-%s\n' "$1" "$(cd "$root" && cat deploy/migrate.sh sql/*.sql sql/{migrations,functions,policies}/*.sql |
        sha256sum | cut -c1-12)"
}

postgres_schema_template() { # <version> <name>: those of trees that nobody has used for a day go
    local template="$cache/postgres/$2" new="$cache/postgres/new"
    postgres_template "$1"
    [[ -s "$template/password" ]] && { touch "$template" && return; }
    (
        flock 8
        [[ -s "$template/password" ]] && exit
        find "$cache/postgres" -maxdepth 1 -name "$1-*" -mtime +0 -exec rm -rf {} +
        rm -rf "$new" "$template"
        mkdir -m 755 "$new"
        cp -a "$cache/postgres/$1/data" "$cache/postgres/$1/password" "$new"
        PG_FSYNC=off start_server postgres "$new" ''
        # Whoever uses a copy gives the roles other passwords.
        DATABASE_URL="$(postgres_url "$new" airi)" AIRI_APP_PASSWORD="$(random_text)" \
            AIRI_WORKER_PASSWORD="$(random_text)" "$root/deploy/migrate.sh" --schema - >/dev/null
        postgres_stop "$new"
        rm -f "$new"/{pid,port}
        mv "$new" "$template"
    ) 8>"$cache/postgres/lock"
}

postgres_create() { # <dir>
    local dir="$1" version template
    version="$(basename "$(dirname "$(postgres_bin)")")"
    if [[ -n "${PG_SCHEMA:-}" ]]; then
        template="$(postgres_schema_name "$version")"
        postgres_schema_template "$version" "$template"
    else
        template="$version"
        postgres_template "$version"
    fi
    template="$cache/postgres/$template"
    mkdir -p "$dir"
    rm -rf "$dir/data.new"
    cp -a --reflink=auto "$template/data" "$dir/data.new" 2>"$dir/log" ||
        die_with_log "$dir/log" "a new database could not be written to $dir" "may this user write there?" \
            "$(tail -n 1 "$dir/log")"
    (umask 077 && cp "$template/password" "$dir/password")
    if [[ "${PG_FSYNC:-on}" == on ]]; then sync -f "$dir/data.new"; fi
    mv "$dir/data.new" "$dir/data"
}

postgres_url() { # <dir> [database]: the superuser's
    printf 'postgresql://postgres:%s@127.0.0.1:%s/%s\n' "$(cat "$1/password")" "$(cat "$1/port")" \
        "${2:-postgres}"
}

# PostgreSQL does not start while the pid in its lock file exists, even as a zombie or, since pids are reused, as
# another program. The lock protects the shared memory: when no process has it open, the lock is stale.
postgres_forget_stale_lock() {
    local lock="$1/data/postmaster.pid" pid segment
    [[ -s "$lock" ]] || return 0
    read -r pid <"$lock"
    segment="$(sed -n 7p "$lock")"
    if started_at "$pid" >/dev/null && [[ "$(cat "/proc/$pid/comm")" == postgres ]]; then return 0; fi
    if wait_until 10 '' postgres_memory_unused "${segment##* }"; then rm -f "$lock"; fi
}

postgres_memory_unused() { # <segment>
    ! awk -v id="$1" '$2 == id && $7 > 0 { used = 1 } END { exit !used }' /proc/sysvipc/shm
}

postgres_launch() { # <dir> <port>
    local dir="$1" port="$2" safe="${PG_FSYNC:-on}" setting options=()
    local settings=("port=$port" listen_addresses=127.0.0.1 unix_socket_directories= max_connections=200
        shared_buffers=128MB max_wal_size=1GB max_slot_wal_keep_size=8GB "fsync=$safe" "full_page_writes=$safe" jit=off
        random_page_cost=1.1 timezone=UTC log_timezone=UTC 'log_line_prefix=%m [%p] %u@%d '
        log_error_verbosity=terse)
    for setting in "${settings[@]}"; do options+=(-c "$setting"); done
    postgres_forget_stale_lock "$dir"
    postgres_command postgres "${options[@]}"
    (cd / && spawn "$dir/pid" "$dir/log" "${postgres_words[@]}" 7<"$dir/data")
    wait_until 60 "$dir/pid" grep -qs 'database system is ready to accept connections' "$dir/log"
}

postgres_start() { # <dir> [port]; prints the superuser's URL
    [[ -e "$1/data/PG_VERSION" ]] || postgres_create "$1"
    start_server postgres "$1" "${2:-}"
    postgres_url "$1"
}

postgres_stop() { # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients
    local pid
    if pid="$(live_pid "$1/pid")"; then kill -INT "$pid"; fi
    wait_until 20 '' gone "$1/pid" || true
    stop_process "$1/pid" 0
}

postgres_kill() { # with its children: each has a session of its own
    local pid children
    pid="$(live_pid "$1/pid")" || return 0
    children="$(cat "/proc/$pid/task/$pid/children")"
    # shellcheck disable=SC2086
    kill -KILL "$pid" $children 2>/dev/null || true
    stop_process "$1/pid" 0
}
