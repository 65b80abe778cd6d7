#!/usr/bin/env bash
# Brings a database up to date: deploy/migrate.sh <admin-url> <profile>. Creates the database when it is missing, and
# the roles; applies sql/migrations once each, then the files of sql/functions and sql/policies whose digest has
# changed, then the profile: sql/profiles/base.sql with <profile>.sql. Each is one transaction under a lock, so two runs
# may overlap. Prints the names of the files that it applied. AIRI_APP_PASSWORD and AIRI_WORKER_PASSWORD are the roles'
# passwords. With - for the URL, DATABASE_URL is taken. With --status before it, it changes nothing and prints the names
# of the files that it would apply; status 1: there are some. With --schema there is no profile.
# shellcheck disable=SC2154
set -euo pipefail

# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/lib/base.sh"
# shellcheck source=/dev/null
source "$root/deploy/lib/psql.sh"

status=false
if [[ "${1:-}" == --status ]]; then status=true && shift; fi
schema=false
if [[ "${1:-}" == --schema ]]; then schema=true && shift; fi
url="${1:?usage: migrate.sh <admin-url> <profile>}" profile="${2:-}"
[[ -n "$profile" || $schema == true ]] || die 'which profile?'
if [[ "$url" == - ]]; then url="$DATABASE_URL"; fi
if [[ "$status" == false ]]; then : "${AIRI_APP_PASSWORD:?}" "${AIRI_WORKER_PASSWORD:?}"; fi
cd "$root"
[[ $schema == true || ("$profile" != base && -f "sql/profiles/$profile.sql") ]] ||
    die "no such profile: sql/profiles/$profile.sql"

run() { psql_at "$url" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

lock="select pg_advisory_xact_lock(hashtext('airi migrations')) \\g /dev/null"

# Applies the file and records it with the statement, unless the query has a row.
once() { # <file> <query> <statement> <name>
    cat <<SQL
begin;
$lock
select not exists ($2) as missing \gset
\if :missing
set search_path = airi;
\i $1
$3;
\i sql/own.sql
\set applied true
\echo $4
\endif
commit;
SQL
}

script() {
    local file version digest
    printf '%s\n' 'set client_min_messages = warning;' '\set applied false'
    printf '%s\n' 'begin;' "$lock" '\i sql/roles.sql' 'commit;'
    for file in sql/migrations/*.sql; do
        version="${file##*/}"
        version="${version%.sql}"
        [[ "$version" =~ ^[0-9]{4}_[a-z0-9_]+$ ]] || die "a migration is named NNNN_name.sql: $file"
        once "$file" "select from airi.schema_migrations where version = '$version'" \
            "insert into airi.schema_migrations (version) values ('$version')" "$version"
    done
    # Functions call each other across files, so their bodies are checked once all of them are there.
    printf '%s\n' 'set check_function_bodies = off;'
    while read -r digest file; do
        once "$file" "select from airi.applied_files where path = '$file' and sha256 = '$digest'" \
            "insert into airi.applied_files (path, sha256) values ('$file', '$digest') on conflict (path) do
                update set sha256 = excluded.sha256, applied_at = now()" "$file"
    done < <(sha256sum sql/functions/*.sql sql/policies/*.sql)
    printf '%s\n' '\if :applied' 'set search_path = airi;' 'begin;' "$lock" '\i sql/own_rows.sql' 'commit;' \
        '\i sql/check_functions.sql' '\endif'
    [[ $schema == false ]] || return 0
    printf '%s\n' 'begin;' "$lock" "\\set profile $profile" '\i sql/profiles/base.sql' 'commit;'
}

# Each file with its version, of a migration, or its digest; what the database has of them is left out.
waiting() {
    local file known
    known="$(run -c "select version from airi.schema_migrations union all
                     select path || ' ' || sha256 from airi.applied_files" 2>/dev/null || true)"
    for file in sql/migrations/*.sql; do basename "$file" .sql; done | grep -vxF -f <(printf '%s\n' "$known") || true
    sha256sum sql/functions/*.sql sql/policies/*.sql | awk '{ print $2, $1 }' |
        grep -vxF -f <(printf '%s\n' "$known") | cut -d' ' -f1 || true
}

if [[ "$status" == true ]]; then
    said="$(run -c '' 2>&1)" || die "$said"
    files="$(waiting)"
    if [[ -n "$files" ]]; then printf '%s\n' "$files" && exit 1; fi
    exit 0
fi
create_database "$url"
script | run -f -
