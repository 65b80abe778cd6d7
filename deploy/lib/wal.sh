# shellcheck shell=bash disable=SC2154
# The write-ahead log: pg_receivewal streams it into $state/wal, from where each segment, and the one in progress every
# BACKUP_INTERVAL, goes to the place of backups. Its slot keeps on the server what has not been streamed.

wal_slot=airi_backup

wal_begin() {
    local size
    size="$(sql -c 'show wal_segment_size')"
    [[ "$size" == 16MB ]] || die "segments of the write-ahead log must have 16 MB; this server's have $size"
    sql -c "select pg_create_physical_replication_slot('$wal_slot', true)
            where not exists (select from pg_replication_slots where slot_name = '$wal_slot')" >/dev/null
    mkdir -p "$state/wal"
    with_url "$DATABASE_URL" wal_receiver
}

wal_receiver() { # -d <url>
    keep_log "$state/wal.log"
    spawn "$state/wal.pid" "$state/wal.log" pg_receivewal "$@" -D "$state/wal" -S "$wal_slot" --synchronous \
        --no-password
}

# A commit, so that a restore to a time has one behind it, even when nothing else happens.
wal_heartbeat() { sql -c "select pg_logical_emit_message(true, 'airi.backup', '')" >/dev/null; }

wal_ship() { # stores what is new; fails when the storage does
    local file name sum
    for file in "$state"/wal/*; do
        name="${file##*/}"
        if [[ "$name" == *.partial ]]; then
            cp "$file" "$state/partial" 2>/dev/null || continue # it has just become whole
            sum="$(sha256sum <"$state/partial")"
            if [[ "$sum" == "${shipped_partial:-}" ]]; then continue; fi
            gzip -1 <"$state/partial" | vault put "wal/$name" || return 1
            shipped_partial="$sum"
        elif [[ "$name" =~ ^[0-9A-F]{24}$|^[0-9A-F]{8}\.history$ ]]; then
            gzip -1 <"$file" | vault put "wal/$name" || return 1
            vault remove "wal/$name.partial" || return 1
            rm -f "$file"
        fi
    done
}

backup_watch() {
    local due jobs_pid='' interval="${BACKUP_INTERVAL:-10}"
    [[ "$interval" =~ ^[1-9][0-9]{0,3}$ ]] || die "BACKUP_INTERVAL must be seconds from 1 to 9999: $interval"
    exec 9>"$state/watch.lock"
    flock -n 9 || die "another watch with the directory $state runs"
    vault check
    wal_begin
    trap 'stop_process "$state/wal.pid" 5; [[ -z "$jobs_pid" ]] || kill "$jobs_pid" 2>/dev/null; exit 0' TERM INT
    trap 'stop_process "$state/wal.pid" 5' EXIT
    say "watching, every $interval s"
    while live_pid "$state/wal.pid" >/dev/null; do
        wal_heartbeat || warn "the database does not answer"
        if wal_ship; then
            date -u +%Y-%m-%dT%H:%M:%SZ >"$state/shipped"
        else
            warn "the log could not be stored; next try in $interval s"
        fi
        if [[ -z "$jobs_pid" ]] || ! kill -0 "$jobs_pid" 2>/dev/null; then
            due="$(sql -c 'select airi.backup_due()' || true)"
            if [[ -n "$due" ]]; then
                "$0" cycle "$due" 9>&- &
                jobs_pid=$!
            fi
        fi
        sleep "$interval" &
        wait $! || true
    done
    die_with_log "$state/wal.log" "pg_receivewal has ended" \
        "if the slot $wal_slot was lost, drop it and begin anew with a backup: what lies between cannot be restored"
}
