# shellcheck shell=bash disable=SC2154
# A PostgreSQL on a restored data directory: for one command, without a port, stopped whatever happens. Its socket is in
# the directory, which only its user may enter.

scratch_prepare() { # <data>
    (umask 077 && printf 'local all all trust\n' >"$1/airi_restore_hba.conf" && : >"$1/airi_restore.conf")
    chmod 700 "$1"
    rm -f "$1"/postmaster.pid "$1"/standby.signal
    if ((EUID == 0)); then chown -R postgres: "$1"; fi
}

# Recovers and waits until the server answers. It may have less memory than the original had.
scratch_start() { # <data> <files> <setting…>: <files> is a directory for its log and pid
    local data="$1" files="$2" setting options=()
    shift 2
    for setting in config_file=/proc/self/fd/7/airi_restore.conf hba_file=/proc/self/fd/7/airi_restore_hba.conf \
        listen_addresses= unix_socket_directories=/proc/self/fd/7 port=5432 hot_standby=off fsync=off jit=off \
        max_wal_size=1GB max_prepared_transactions=0 archive_mode=off log_timezone=UTC "$@"; do
        options+=(-c "$setting")
    done
    postgres_command postgres "${options[@]}"
    keep_log "$files/log"
    (
        cd / || exit
        # Another user's process: it needs none of them.
        unset "${!BACKUP_@}" "${!ERASURE_LEDGER_@}" ENCRYPTION_KEY DATABASE_URL
        spawn "$files/pid" "$files/log" "${postgres_words[@]}" 7<"$data"
    )
    wait_until "${SCRATCH_SECONDS:-3600}" "$files/pid" \
        grep -qs 'database system is ready to accept connections' "$files/log"
}

scratch_sql() { # <data> <user> <database> <arguments of psql…>
    psql -h /proc/self/fd/7 -p 5432 -U "$2" -d "$3" -X -q -A -t -v ON_ERROR_STOP=1 "${@:4}" 7<"$1"
}

# Removes the files that only the restore needed.
scratch_clean() { # <data>
    rm -rf "$1"/airi_restore* "$1"/airi_wal "$1"/recovery.signal "$1"/.s.PGSQL.5432*
}
