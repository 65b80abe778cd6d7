# shellcheck shell=bash disable=SC2154
# Restoring: a data directory from a backup and the write-ahead log behind it, and the proof that a backup is complete.

# Refuses a backup that this tree or this machine cannot serve.
check_index() { # <index>
    local version newest mark
    jq -e .name >/dev/null <<<"$1" || die "the index of the backup cannot be read"
    version="$(jq -r .server.version <<<"$1")"
    [[ "$(basename "$(dirname "$(postgres_bin)")")" == "$version" ]] ||
        die "the backup is of PostgreSQL $version: install that version"
    newest="$(jq -r .server.schema <<<"$1")"
    [[ -f "$root/sql/migrations/$newest.sql" ]] ||
        die "the backup has a newer schema ($newest): restore it with the release that made it, or a later one"
    [[ -n "${ENCRYPTION_KEY:-}${ENCRYPTION_KEY_FILE:-}" ]] ||
        die "ENCRYPTION_KEY is missing: without it nothing that is sealed in the backup can be read"
    mark="$(vault mark)"
    [[ "$mark" == "$(jq -r .mark <<<"$1")" ]] ||
        die "ENCRYPTION_KEY is another than the backup's: what is sealed in it could not be read"
}

# The files of the backup, each compared with the digests that PostgreSQL has stored with them.
unpack_base() { # <name> <data>
    mkdir -m 700 "$2"
    if ! vault get-parts "base/$1/data" 2>"$2.errors" | gzip -dc 2>>"$2.errors" |
        tar -x --no-same-owner -C "$2" -f - 2>>"$2.errors"; then
        die "$1 cannot be restored: $(some_lines head 2 "$2.errors")"
    fi
    pg_verifybackup --quiet "$2" >"$2.errors" 2>&1 || die "$1 is damaged: $(some_lines tail 2 "$2.errors")"
    rm -f "$2.errors"
}

segment_number() { printf '%d' $((16#${1:8:8} * 256 + 16#${1:16:8})); } # 16 MB each

# Fetches the segments of the log from the backup on, up to the end of the first backup after the time.
fetch_log() { # <index> <dir> <to>
    local first last='' number name have=' ' top
    local -a found
    first="$(segment_number "$(jq -r .from <<<"$1")")"
    if [[ -n "$3" ]]; then last="$(segment_behind "$3")"; fi
    mkdir -m 700 "$2"
    mapfile -t found < <(vault list wal/ | sed -E 's|^[0-9]+ wal/||' | sort)
    top=$((first - 1))
    for name in "${found[@]}"; do
        if [[ "$name" == *.history ]]; then
            fetch_segment "$name" "$2/$name"
            continue
        fi
        number="$(segment_number "$name")"
        if ((number < first)) || [[ -n "$last" && "$number" -gt "${last:-0}" ]]; then continue; fi
        if [[ "$name" == *.partial && -e "$2/${name%.partial}" ]]; then continue; fi
        fetch_segment "$name" "$2/${name%.partial}"
        have+="$number "
        if ((number > top)); then top=$number; fi
    done
    for ((number = first; number <= top; number++)); do
        [[ "$have" == *" $number "* ]] || die "segment $(printf '%08X%08X' $((number / 256)) $((number % 256))) of the \
write-ahead log is missing: a restore is possible to a time before it, or from a later backup"
    done
}

fetch_segment() { # <name> <file>
    vault get "wal/$1" 2>"$2.errors" | gzip -dc >"$2" 2>>"$2.errors" ||
        die "wal/$1 cannot be restored: $(some_lines head 1 "$2.errors")"
    rm -f "$2.errors"
}

segment_behind() { # <time>: the last segment of the first backup that began after it; empty: there is none
    local name index
    complete_names | sort | while read -r name; do
        index="$(index_of "$name")"
        if [[ "$(jq -r .began <<<"$index")" > "$1" ]]; then
            segment_number "$(jq -r .until <<<"$index")"
            break
        fi
    done
}

choose_backup() { # <to>: the newest that ended before it
    local name chosen=''
    while read -r name; do
        if [[ -z "$1" || ! "$(index_of "$name" | jq -r .ended)" > "$1" ]]; then chosen="$name"; fi
    done < <(complete_names | sort)
    [[ -n "$chosen$1" ]] || die 'there is no backup'
    [[ -n "$chosen" ]] || die "no backup ended before $1"
    printf '%s' "$chosen"
}

remove_scratch() { # at the end of its process, whatever happened: `scratch` has its server and data
    postgres_stop "$scratch"
    rm -rf "$scratch"
}

backup_verify() { # [name]
    local name="${1:-}" index error result=0
    vault check
    [[ -n "$name" ]] || name="$(choose_backup '')"
    index="$(index_of "$name")" || die "no backup is named $name"
    set +e # as the condition of an "if", the subshell would ignore its own set -e
    (set -e; verify_restored "$name" "$index") 2>"$state/verify.errors"
    result=$?
    set -e
    if ((result == 0)); then
        call name="$name" -- "select airi.backup_verified(:'name', null)" >/dev/null
        say "$name is complete: it was restored and compared"
        return
    fi
    error="$(sed 's/^error: //' "$state/verify.errors" | tail -n 1)"
    call name="$name" error="$error" -- "select airi.backup_verified(:'name', left(:'error', 500))" >/dev/null || true
    die "$error"
}

verify_restored() { # <name> <index>
    local user database
    scratch="$(mktemp -d "$state/scratch-XXXXXX")"
    trap remove_scratch EXIT
    check_index "$2"
    unpack_base "$1" "$scratch/data"
    scratch_prepare "$scratch/data"
    scratch_start "$scratch/data" "$scratch" ||
        die "$1 does not start: $(grep -E 'FATAL|PANIC|ERROR' "$scratch/log" | tail -n 1)"
    user="$(jq -r .server.user <<<"$2")" database="$(jq -r .server.database <<<"$2")"
    scratch_sql "$scratch/data" "$user" "$database" -c "$census_query" >"$scratch/census"
    jq -n -r --argjson index "$2" --slurpfile found "$scratch/census" -f "$root/deploy/lib/compare_census.jq" \
        >"$scratch/faults"
    [[ ! -s "$scratch/faults" ]] || die "$1 differs from the database: $(some_lines head 3 "$scratch/faults")"
}

backup_restore() { # --into <dir> [--to <time>] [--backup <name>] [--without-ledger] [--password-file <file>]
    local into='' to='' name='' ledger=yes password='' index begun
    while (($#)); do
        case "$1" in
        --into | --to | --backup | --password-file)
            [[ -n "${2:-}" ]] || die "$1 needs a value"
            case "$1" in
            --into) into="$(realpath -m "$2")" ;;
            --to) to="$2" ;;
            --backup) name="$2" ;;
            *) password="$2" ;;
            esac
            shift 2
            ;;
        --without-ledger)
            ledger=no
            shift
            ;;
        *) die "restore takes --into, --to, --backup and --without-ledger: $1" ;;
        esac
    done
    [[ -n "$into" ]] || die "--into is missing: the directory for the data"
    if [[ -n "$to" ]]; then
        to="$(date -u -d "$to" +%Y-%m-%dT%H:%M:%S.%6NZ 2>/dev/null)" || die "--to is no time: RFC 3339"
        [[ ! "$to" > "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)" ]] || die "--to has not come yet: $to"
    fi
    [[ ! -e "$into/postmaster.pid" ]] || die "a server runs in $into: stop it, and restore into another directory"
    [[ -z "$(ls -A "$into" 2>/dev/null || true)" ]] || die "$into is not empty: a restore overwrites nothing"
    begun=$SECONDS
    vault check
    [[ $ledger == no || -n "${ERASURE_LEDGER_URL:-}" ]] ||
        die "ERASURE_LEDGER_URL is missing: erased accounts would come back; --without-ledger if there never was one"
    [[ -n "$name" ]] || name="$(choose_backup "$to")"
    index="$(index_of "$name")" || die "no backup is named $name"
    check_index "$index"
    mkdir -p "$(dirname "$into")"
    scratch="$(mktemp -d "$into.restoring-XXXXXX")"
    trap remove_scratch EXIT
    if [[ $ledger == yes ]]; then vault ledger >"$scratch/ledger" || die "the ledger of erasures cannot be read"; fi
    say "restoring $name${to:+ and the log to $to}"
    fetch_log "$index" "$scratch/log_files" "$to"
    unpack_base "$name" "$scratch/data"
    mv "$scratch/log_files" "$scratch/data/airi_wal"
    recover "$scratch" "$index" "$to"
    if [[ $ledger == yes ]]; then erase_again "$scratch" "$index"; fi
    if [[ -n "$password" ]]; then set_password "$scratch" "$index" "$password"; fi
    postgres_stop "$scratch"
    scratch_clean "$scratch/data"
    rmdir "$into" 2>/dev/null || true
    mv "$scratch/data" "$into"
    sync -f "$into"
    say "restored into $into in $((SECONDS - begun)) s"
}

recover() { # <files> <index> <to>
    local data="$1/data" settings=('restore_command=cp "airi_wal/%f" "%p"')
    if [[ -n "$3" ]]; then settings+=("recovery_target_time=${3%Z}+00" recovery_target_action=promote); fi
    scratch_prepare "$data"
    : >"$data/recovery.signal"
    if ((EUID == 0)); then chown postgres: "$data/recovery.signal"; fi
    if ! scratch_start "$data" "$1" "${settings[@]}"; then
        if grep -q 'recovery ended before configured recovery target was reached' "$1/log"; then
            die "the stored log ends before $3: $(grep -oE 'last completed transaction was at log time .*' "$1/log" |
                tail -n 1)"
        fi
        die "the log cannot be applied: $(grep -E 'FATAL|PANIC' "$1/log" | tail -n 1)"
    fi
    grep -oE 'last completed transaction was at log time .*' "$1/log" | tail -n 1 >&2 || true
}

# Sets the superuser's password: on another machine nobody knows the one in the backup.
set_password() { # <files> <index> <file>
    local owner
    owner="$(jq -r .server.user <<<"$2")"
    scratch_sql "$1/data" "$owner" postgres -v owner="$owner" \
        <<<"alter role :\"owner\" password '$(tr -dc 'A-Za-z0-9' <"$3")'" || die "the password could not be set"
}

# Accounts that were erased after the time of the restore are in the restored data; the ledger is outside of it.
erase_again() { # <files> <index>
    local user count=0 again owner database
    owner="$(jq -r .server.user <<<"$2")" database="$(jq -r .server.database <<<"$2")"
    while read -r user; do
        again="$(scratch_sql "$1/data" "$owner" "$database" -v user="$user" \
            <<<"set search_path = airi; select erase_again(:'user')")" || die "account $user could not be erased again"
        if [[ "$again" == t ]]; then count=$((count + 1)); fi
    done <"$1/ledger"
    say "$count accounts of the ledger erased again"
}
