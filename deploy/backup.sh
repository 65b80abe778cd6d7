#!/usr/bin/env bash
# Backups of the database at DATABASE_URL, encrypted under BACKUP_KEY into BACKUP_URL (docs/recovery.md):
#   deploy/backup.sh run [daily|weekly|monthly|manual]   one backup
#   deploy/backup.sh watch                               streams the write-ahead log, makes, verifies and prunes the
#                                                        backups that are due and those that administrators request
#   deploy/backup.sh list | prune
#   deploy/backup.sh verify [name]                       restores it (the newest) into a server of its own
#   deploy/backup.sh restore --into <dir> [--to <time>] [--backup <name>] [--without-ledger] [--password-file <file>]
#                                                        writes a data directory; without --to with all of the log
# BACKUP_STATE is a directory for its own files. Its programs: airi-vault, jq and PostgreSQL's, of the server's version.
# shellcheck disable=SC2154
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
for part in base progress postgres psql scratch backup wal restore; do
    # shellcheck source=/dev/null
    source "$here/lib/$part.sh"
done

umask 077
state="${BACKUP_STATE:-$root/.airi/backup}"
vault_program="${VAULT_PROGRAM:-airi-vault}"
PATH="$PATH:$(postgres_bin)"
command -v "$vault_program" >/dev/null || die "airi-vault is not there: it is VAULT_PROGRAM"
mkdir -p "$state"

command="${1:-}"
if (($#)); then shift; fi
case "$command" in
run)
    lock_backups
    backup_run "${1:-manual}"
    ;;
cycle) # of watch
    lock_backups
    backup_run "$1"
    backup_verify "$last_backup"
    backup_prune
    ;;
watch | list) "backup_$command" ;;
prune)
    lock_backups
    backup_prune
    ;;
verify)
    lock_backups
    backup_verify "${1:-}"
    ;;
restore) backup_restore "$@" ;;
*) die "backup takes run, watch, list, prune, verify or restore: $command" ;;
esac
