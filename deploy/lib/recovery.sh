# shellcheck shell=bash disable=SC2034,SC2154
# airi backup and airi restore: deploy/backup.sh for the server that `up` starts.

backup_script() { # <arguments…>
    [[ -n "${BACKUP_URL:-}" ]] || die "BACKUP_URL is missing: file:///directory on another disk, or s3://bucket/prefix"
    [[ -n "${BACKUP_KEY:-}${BACKUP_KEY_FILE:-}" ]] ||
        die "BACKUP_KEY is missing: make one (openssl rand -base64 48), and keep it where the backups are not"
    ENCRYPTION_KEY="$(secret ENCRYPTION_KEY)" BACKUP_STATE="$home/backup" VAULT_PROGRAM="$bin/airi-vault" \
        "$root/deploy/backup.sh" "$@"
}

airi_backup() { # run|watch|list|verify|prune …; keys
    if [[ "${1:-}" == keys ]]; then
        print_keys
        return
    fi
    [[ "${1:-}" != restore ]] || die "the command is ./airi restore"
    load_addresses
    DATABASE_URL="$admin_url" backup_script "$@"
}

# What a backup cannot have: with these and BACKUP_KEY another machine can go on.
print_keys() {
    local name
    for name in ENCRYPTION_KEY EVIDENCE_KEY LINK_KEY JWT_SECRET; do printf '%s=%s\n' "$name" "$(secret "$name")"; done
    say 'keep these lines where neither the database nor the backups are'
}

airi_restore() { # [--to <time>] [--backup <name>] [--without-ledger]
    local data="$home/postgres/data" stamp
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
    backup_script restore --into "$data.restored" --password-file "$home/postgres/password" "$@"
    if [[ -e "$data" ]]; then mv "$data" "$data.before-$stamp"; fi
    mv "$data.restored" "$data"
    # The streamed log is of the time line that has ended.
    if [[ -d "$home/backup/wal" ]]; then mv "$home/backup/wal" "$home/backup/wal.before-$stamp"; fi
    say "restored; what was there is kept as $data.before-$stamp. Next: docs/recovery.md, \"After a restore\""
}
