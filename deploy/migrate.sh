#!/usr/bin/env bash
# Brings a database up to date: deploy/migrate.sh <admin-url> <profile> Creates the database when it is
# missing, the roles, applies sql/migrations once each (one transaction each, under a lock, so that two may
# run at once), then the profile: sql/profiles/base.sql with <profile>.sql. Prints what it applied.
# AIRI_APP_PASSWORD and AIRI_WORKER_PASSWORD are the roles' passwords. With - for the URL, DATABASE_URL is taken.
# shellcheck disable=SC2154
set -euo pipefail

# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/lib/base.sh"
# shellcheck source=/dev/null
source "$root/deploy/lib/psql.sh"

url="${1:?usage: migrate.sh <admin-url> <profile>}" profile="${2:?which profile?}"
if [[ "$url" == - ]]; then url="$DATABASE_URL"; fi
: "${AIRI_APP_PASSWORD:?}" "${AIRI_WORKER_PASSWORD:?}"
cd "$root"
[[ "$profile" != base && -f "sql/profiles/$profile.sql" ]] || die "no such profile: sql/profiles/$profile.sql"

run() { psql_at "$url" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

script() {
    local file version
    local lock="select pg_advisory_xact_lock(hashtext('airi migrations')) \\g /dev/null"
    printf '%s\n' 'set client_min_messages = warning;' 'begin;' "$lock" '\i deploy/sql/roles.sql' 'commit;'
    for file in sql/migrations/*.sql; do
        version="$(basename "$file" .sql)"
        [[ "$version" =~ ^[0-9]{4}_[a-z0-9_]+$ ]] || die "a migration is named NNNN_name.sql: $file"
        cat <<SQL
begin;
$lock
select not exists (select from airi.schema_migrations where version = '$version') as missing \gset
\if :missing
set search_path = airi;
\i $file
insert into airi.schema_migrations (version) values ('$version');
\i deploy/sql/own.sql
\echo $version
\endif
commit;
SQL
    done
    printf '%s\n' 'begin;' "$lock" "\\set profile $profile" '\i sql/profiles/base.sql' 'commit;'
}

create_database "$url"
script | run -f -
