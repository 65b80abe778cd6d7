# shellcheck shell=bash disable=SC2034,SC2154
# airi backup and airi restore: deploy/backup.sh for the server that `up` starts.

backup_settings() {
    [[ -n "${BACKUP_URL:-}" ]] || die "BACKUP_URL is missing: file:///directory on another disk, or s3://bucket/prefix"
    [[ -n "${BACKUP_KEY:-}${BACKUP_KEY_FILE:-}" ]] ||
        die "BACKUP_KEY is missing: make one (openssl rand -base64 48), and keep it where the backups are not"
    export ENCRYPTION_KEY BACKUP_STATE="$home/backup" VAULT_PROGRAM="$bin/airi-vault"
    ENCRYPTION_KEY="$(secret ENCRYPTION_KEY)"
}

airi_backup() { # run|watch|list|verify|prune …; keys
    if [[ "${1:-}" == keys ]]; then
        print_keys
        return
    fi
    [[ "${1:-}" != restore ]] || die "the command is ./airi restore"
    load_addresses
    backup_settings
    DATABASE_URL="$admin_url" exec "$root/deploy/backup.sh" "$@"
}

# Keys that no backup may contain: with these and BACKUP_KEY another machine can go on.
print_keys() {
    local name
    for name in ENCRYPTION_KEY EVIDENCE_KEY LINK_KEY JWT_SECRET; do printf '%s=%s\n' "$name" "$(secret "$name")"; done
    say 'keep these lines where neither the database nor the backups are'
}

airi_restore() { # [--to <time>] [--backup <name>] [--without-ledger]
    local data="$home/postgres/data" stamp to='' i
    for ((i = 1; i < $#; i++)); do
        if [[ "${!i}" == --to ]]; then to="${*:i+1:1}"; fi
    done
    stamp="$(date -u +%Y%m%dT%H%M%SZ)"
    [[ -z "${DATABASE_URL:-}" ]] ||
        die "DATABASE_URL is your own server: deploy/backup.sh restore --into <dir> writes its data directory"
    lock_home
    if [[ -n "$(running_slots)" ]] || live_pid "$home/postgres/pid" >/dev/null; then
        die "airi runs in $home: ./airi down, then repeat the command; nothing is restored over a running system"
    fi
    [[ -n "${ENCRYPTION_KEY:-}" || -s "$home/secrets/ENCRYPTION_KEY" ]] ||
        die "ENCRYPTION_KEY is missing: set the lines that ./airi backup keys has printed"
    (umask 077 && mkdir -p "$home/postgres")
    [[ -s "$home/postgres/password" ]] || (umask 077 && random_text >"$home/postgres/password")
    backup_settings
    "$root/deploy/backup.sh" restore --into "$data.restored" --password-file "$home/postgres/password" "$@"
    if [[ -e "$data" ]]; then
        mv "$data" "$data.before-$stamp"
        say "what was there is kept as $data.before-$stamp"
    fi
    mv "$data.restored" "$data"
    # The streamed log is of the time line that has ended.
    if [[ -d "$home/backup/wal" ]]; then mv "$home/backup/wal" "$home/backup/wal.before-$stamp"; fi
    if [[ -n "$to" ]]; then catch_up "$(date -u -d "$to" +%Y-%m-%dT%H:%M:%SZ)"; fi
    say 'next: ./airi up'
}

# Kafka is ahead of the restored database. Mails that have been sent are not sent again, and events whose handling calls
# nobody outside are handled again: by these groups alone, once ./airi up has started their workers.
replayed_after_restore=(usage.recorded.v1:usage notification.requested.v1:notifications
    violation.recorded.v1:violations)

catch_up() { # <time>
    local broker='' admin_url redis_url brokers app_url worker_url pair
    if [[ -z "${KAFKA_BROKERS:-}" && "$(cat "$home/kafka/kind" 2>/dev/null)" != kafka ]]; then
        say 'the broker keeps events in memory only: there is nothing to replay'
        return
    fi
    step postgres up_postgres
    step kafka up_kafka
    step topics up_topics
    step migrate up_migrate
    if own_kafka; then kafka_access "$home/kafka" operator; fi
    export DATABASE_URL="$admin_url" KAFKA_BROKERS="$brokers"
    "$bin/airi-ctl" settle --from "$1"
    for pair in "${replayed_after_restore[@]}"; do
        "$bin/airi-ctl" replay --topic "${pair%:*}" --for-group "${pair#*:}" --from "$1"
    done
}
