# shellcheck shell=bash
# psql by URL, with the password in the environment: a command line is readable by every user of the machine.

psql_at() { # <url> <arguments…>
    with_url "$1" psql "${@:2}"
}

with_url() { # <url> <program of PostgreSQL> <arguments…>
    local url="$1" program="$2" scheme rest authority user password=''
    shift 2
    scheme="${url%%://*}" rest="${url#*://}"
    authority="${rest%%[/?]*}"
    if [[ "$authority" == *:*@* ]]; then
        user="${authority%%:*}"
        password="${authority#*:}"
        password="${password%@*}"
        url="$scheme://$user@${authority##*@}${rest#"$authority"}"
        printf -v password '%b' "${password//%/\\x}"
    fi
    PGPASSWORD="${password:-${PGPASSWORD:-}}" "$program" -d "$url" "$@"
}

create_database() { # the one that the URL names, when it is missing
    local url="$1" scheme rest authority name said
    if said="$(psql_at "$url" -X -q -c '' 2>&1)"; then return; fi
    scheme="${url%%://*}" rest="${url#*://}"
    authority="${rest%%[/?]*}" name="${rest#*/}"
    name="${name%%\?*}"
    [[ "$said" == *"\"$name\" does not exist"* ]] || die "$said"
    psql_at "$scheme://$authority/postgres" -X -q -v name="$name" <<<'create database :"name"' 2>/dev/null ||
        psql_at "$url" -X -q -c ''
}
