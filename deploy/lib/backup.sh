# shellcheck shell=bash disable=SC2034,SC2154
# Base backups and the write-ahead log of the database at DATABASE_URL, encrypted by airi-vault into BACKUP_URL:
#   base/<name>/data/000001 … end, base/<name>/index   a backup: without its index there is none
#   wal/<segment>, wal/<segment>.partial               the log behind them

vault() { "$vault_program" "$@"; }
sql() { psql_at "$DATABASE_URL" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
call() { # <name=value…> -- <statement>: a name stands as :'name'
    local values=()
    while [[ "$1" != -- ]]; do
        values+=(-v "$1")
        shift
    done
    sql "${values[@]}" <<<"$2"
}

lock_backups() {
    exec 8>"$state/lock"
    flock -n 8 || die "another backup with the directory $state runs"
}

complete_names() { vault list base/ | sed -nE 's|^[0-9]+ base/([^/]+)/index$|\1|p'; }

# Removes the parts of killed backups. One listing, which must succeed: none is removed for an index that was not seen.
remove_halves() {
    local name names
    names="$(vault list base/ | awk -F'[ /]' '{ all[$3] = 1 } $4 == "index" { complete[$3] = 1 }
        END { for (name in all) if (!(name in complete)) print name }')"
    for name in $names; do
        vault remove "base/$name/"
        say "$name had no end and was removed"
    done
}

census_query='select json_object_agg(name, json_build_array(rows, digest::text)) from airi.backup_census()'
census() { sql -c "$census_query"; }

some_lines() { # head|tail <number> <file>: that many lines, but for empty ones, as one
    grep -v '^$' "$3" | "$1" -n "$2" | paste -sd' ' || true
}

# The server names both on pg_basebackup's standard error: "write-ahead log start point: 0/2000028 on timeline 1".
segment_at() { # start|end <messages>: the name of the segment that has it
    local at timeline high low
    read -r at timeline < <(sed -nE "s/.*write-ahead log $1 point: ([0-9A-F/]+)( on timeline ([0-9]+))?.*/\1 \3/p" "$2")
    high="${at%/*}" low="${at#*/}"
    printf '%08X%08X%08X' "${timeline:-1}" "$((16#$high))" "$((16#$low >> 24))"
}

backup_run() { # <kind>
    local kind="$1" name work began before after
    [[ "$kind" =~ ^(daily|weekly|monthly|manual)$ ]] || die "a backup is daily, weekly, monthly or manual: $kind"
    [[ -n "${ENCRYPTION_KEY:-}${ENCRYPTION_KEY_FILE:-}" ]] ||
        die "ENCRYPTION_KEY is missing: a backup has its mark, and is of no use without the key"
    vault check
    remove_halves
    began="$(date -u +%Y-%m-%dT%H:%M:%SZ)" name="$(date -u +%Y%m%dT%H%M%SZ)-$kind"
    work="$(mktemp -d "$state/run-XXXXXX")"
    call kind="$kind" name="$name" -- "select airi.backup_begin(:'kind', :'name')" >/dev/null
    if before="$(census 2>"$work/errors")" && take_base "$name" "$work" && after="$(census 2>"$work/errors")" &&
        write_index 2>"$work/errors" | vault put "base/$name/index" 2>"$work/errors"; then
        call name="$name" size="$(jq .size "$work/stored")" sha256="$(jq -r .sha256 "$work/stored")" -- \
            "select airi.backup_end(:'name', :size, :'sha256', null)" >/dev/null
        rm -rf "$work"
        say "$name: $(vault list "base/$name/" | awk '{ sum += $1 } END { print sum }') bytes stored"
        last_backup="$name"
        return
    fi
    local error
    error="$(some_lines tail 2 "$work/errors")" error="${error:-it did not end}"
    rm -rf "$work"
    vault remove "base/$name/" || true
    call name="$name" error="$error" -- \
        "select airi.backup_end(:'name', null, null, left(:'error', 500))" >/dev/null || true
    die "$name failed: $error"
}

take_base() { # <name> <work>
    with_url "$DATABASE_URL" pg_basebackup -D - -F tar -X fetch -c fast --manifest-checksums=SHA256 --no-password -v \
        -l "airi $1" 2>"$2/errors" | gzip -1 | vault put-parts "base/$1/data" >"$2/stored" 2>>"$2/errors.vault" ||
        {
            cat "$2/errors.vault" >>"$2/errors"
            return 1
        }
    cp "$2/errors" "$2/messages"
}

write_index() { # of the backup in backup_run
    jq -n --arg name "$name" --arg kind "$kind" --arg began "$began" --arg ended "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
        --arg mark "$(vault mark)" --arg from "$(segment_at start "$work/messages")" \
        --arg until "$(segment_at end "$work/messages")" --slurpfile stored "$work/stored" \
        --argjson before "$before" --argjson after "$after" \
        --argjson server "$(sql -c "select json_build_object(
            'version', current_setting('server_version_num')::int / 10000, 'user', current_user,
            'database', current_database(), 'schema', (select max(version) from airi.schema_migrations))")" \
        '{$name, $kind, $began, $ended, $mark, $from, $until, $server, $before, $after} + $stored[0]'
}

index_of() { vault get "base/$1/index"; } # <name>

backup_list() {
    local name
    printf '%-32s %-20s %12s %s\n' backup ended bytes schema
    complete_names | while read -r name; do
        index_of "$name" | jq -r '[.name, .ended, .size, .server.schema] | @tsv' |
            awk -F'\t' '{ printf "%-32s %-20s %12s %s\n", $1, $2, $3, $4 }'
    done
}

# Of each kind the newest stay, as the settings backup_keep_… say, and always the newest of all. The log behind the
# oldest stays.
backup_prune() {
    local kind keep name names oldest from
    vault check
    remove_halves
    mapfile -t names < <(complete_names | sort)
    for kind in daily weekly monthly manual; do
        keep="$(call kind="$kind" -- "select airi.backup_keep(:'kind')")"
        printf '%s\n' "${names[@]}" | sed -n "/-$kind\$/p" | head -n -"$keep" | while read -r name; do
            if [[ "$name" == "${names[-1]}" ]]; then continue; fi
            vault remove "base/$name/" # its index first
            say "$name removed"
        done
    done
    mapfile -t names < <(complete_names | sort)
    ((${#names[@]})) || return 0
    call names="$(printf '%s,' "${names[@]}")" -- \
        "select airi.backup_present(string_to_array(:'names', ','))" >/dev/null
    oldest="${names[0]}"
    from="$(index_of "$oldest" | jq -r .from)"
    vault list wal/ | sed -nE 's|^[0-9]+ (wal/[0-9A-F]{24})(\.partial)?$|\1|p' | while read -r name; do
        if [[ "${name:12}" < "${from:8}" ]]; then vault remove "$name"; fi
    done
}
