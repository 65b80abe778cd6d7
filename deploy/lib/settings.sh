# shellcheck shell=bash disable=SC2034,SC2154
# Settings of one instance: .env, its generated secrets, the addresses of its servers.

# The environment overrides .env. Values are taken literally; quotes around them are dropped.
read_dotenv() {
    local line name value quoted_1='^"([^"]*)"[[:space:]]*(#.*)?$' quoted_2="^'([^']*)'[[:space:]]*(#.*)?\$"
    [[ -f "$root/.env" ]] || {
        read_documented_names
        return
    }
    while IFS= read -r line || [[ -n "$line" ]]; do
        [[ "$line" =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
        name="${BASH_REMATCH[2]}" value="${BASH_REMATCH[3]%$'\r'}"
        if [[ "$value" =~ $quoted_1 || "$value" =~ $quoted_2 ]]; then
            value="${BASH_REMATCH[1]}"
        else
            value="${value%%[[:space:]]#*}"
        fi
        [[ -v "$name" || -z "$value" ]] || export "$name=$value"
    done <"$root/.env"
    read_documented_names
}

url_encoded() { # <text>
    local LC_ALL=C i byte out=''
    for ((i = 0; i < ${#1}; i++)); do
        byte="${1:i:1}"
        if [[ "$byte" != [A-Za-z0-9._~-] ]]; then
            printf -v byte '%%%02X' $(($(printf '%d' "'$byte") & 255))
        fi
        out+="$byte"
    done
    printf '%s' "$out"
}

# REDIS_URL from the names that products document, as the programs take it.
read_documented_names() {
    local password="${REDIS_PASSWORD:+:$(url_encoded "${REDIS_PASSWORD:-}")@}"
    if [[ -z "${REDIS_URL:-}" && -n "${REDIS_HOST:-}" ]]; then
        export REDIS_URL="redis://$REDIS_HOST:${REDIS_PORT:-6379}"
    fi
    if [[ -n "${REDIS_URL:-}" && "$REDIS_URL" != *@* ]]; then REDIS_URL="${REDIS_URL/:\/\//:\/\/$password}"; fi
}

check_profile() {
    local known
    known="$(basename -s .sql "$root"/sql/profiles/*.sql | grep -vx base | paste -sd' ')"
    [[ " $known " == *" ${AIRI_PROFILE:-saas} "* ]] ||
        die "no product is named ${AIRI_PROFILE:-}; AIRI_PROFILE is one of: $known"
}

open_home() {
    [[ "${PORT:-3001}" =~ ^[1-9][0-9]{0,4}$ ]] || die "PORT must be a number, not $PORT"
    home="$(realpath -m "${AIRI_HOME:-$root/.airi}")"
    bin="$root/.airi/build/release/bin"
    mkdir -p "$home"
    (umask 077 && mkdir -p "$home"/{logs,mail,run,scale,secrets})
    chmod -f go= "$home"/{kafka,logs,mail,postgres,redis,run,scale,secrets} || true # an earlier version left them open
}

# All ports but the gateway's come from a block that belongs to PORT; a port in use is skipped.
port_block() { printf '%s' $((20000 + (${PORT:-3001} % 400) * 30)); }

# The port of the last start while it is free; no two processes of this instance share one.
claim_port() { # <dir> <first>
    local dir="$1" port="$2"
    mkdir -p "$dir"
    if [[ -s "$dir/port" ]] && ! listening "$(cat "$dir/port")"; then return; fi
    rm -f "$dir/port"
    while listening "$port" || grep -qsx "$port" "$home"/{run/*,postgres,redis,kafka,minecraft}/port; do
        port=$((port + 1))
    done
    printf '%s\n' "$port" >"$dir/port"
}

lock_home() {
    exec 9>"$home/lock"
    flock -n 9 || {
        say "waiting for another airi in $home"
        flock 9
    }
}

secret() { # <name>: from the environment, else generated once
    local file="$home/secrets/$1"
    if [[ -n "${!1:-}" ]]; then
        printf '%s' "${!1}"
        return
    fi
    [[ -s "$file" ]] || (umask 077 && random_text 48 >"$file.new" && mv "$file.new" "$file")
    cat "$file"
}

# The addresses that `up` has saved for the other commands.
address_names=(admin_url app_url worker_url redis_url brokers)

save_addresses() {
    local name
    (
        umask 077
        for name in "${address_names[@]}"; do printf '%s\n' "${!name}"; done >"$home/secrets/addresses"
    )
}

load_addresses() {
    local name values
    [[ -s "$home/secrets/addresses" ]] || die "airi is not up in $home; run ./airi up"
    mapfile -t values <"$home/secrets/addresses"
    for name in "${address_names[@]}"; do
        printf -v "$name" '%s' "${values[0]}"
        values=("${values[@]:1}")
    done
}

# Whether the broker is one that `up` starts, with users of its own.
own_kafka() { [[ -z "${KAFKA_BROKERS:-}" && "$(cat "$home/kafka/kind" 2>/dev/null)" == kafka ]]; }

as_role() { # <url> <role> <password>: the same database with another role
    local scheme="${1%%://*}" rest="${1#*://}" authority
    authority="${rest%%[/?]*}"
    printf '%s://%s:%s@%s%s' "$scheme" "$2" "$3" "${authority##*@}" "${rest#"$authority"}"
}
