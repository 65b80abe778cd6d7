# shellcheck shell=bash disable=SC2034,SC2154
# airi up: one function per step; each may be repeated.

up_packages() {
    local groups=(build servers)
    if [[ -z "${KAFKA_BROKERS:-}" && "$broker" != embedded ]]; then groups+=(kafka); fi
    packages "${groups[@]}"
    remark='present'
}

up_users() {
    if ((EUID == 0)); then create_users; fi
    remark="${program_users[*]}"
    ((EUID == 0)) || remark="all programs run as $(id -un)"
}

up_build() {
    build release
    remark='release'
}

up_postgres() {
    if [[ -n "${DATABASE_URL:-}" ]]; then
        admin_url="$DATABASE_URL" remark='yours, from DATABASE_URL'
        return
    fi
    gone "$home/postgres/pid" && claim_port "$home/postgres" $(($(port_block) + 2))
    postgres_start "$home/postgres" >/dev/null
    admin_url="$(postgres_url "$home/postgres" airi)"
    ln -sfn ../postgres/log "$home/logs/postgres.log"
    remark="127.0.0.1:$(cat "$home/postgres/port")"
}

up_redis() {
    if [[ -n "${REDIS_URL:-}" ]]; then
        redis_url="$REDIS_URL" remark='yours, from REDIS_URL'
        return
    fi
    gone "$home/redis/pid" && claim_port "$home/redis" $(($(port_block) + 3))
    redis_url="$(redis_start "$home/redis")"
    ln -sfn ../redis/log "$home/logs/redis.log"
    remark="${redis_url##*@}"
}

up_kafka() {
    if [[ -n "${KAFKA_BROKERS:-}" ]]; then
        brokers="$KAFKA_BROKERS" remark='yours, from KAFKA_BROKERS'
        return
    fi
    ln -sfn ../kafka/log "$home/logs/kafka.log"
    choose_broker
    local other
    if [[ "$broker" == embedded ]]; then other=kafka; else other=embedded; fi
    if [[ "$(cat "$home/kafka/kind" 2>/dev/null)" == "$other" ]]; then
        stop_process "$home/kafka/pid" 20
        rm -f "$home/kafka/port"
    fi
    mkdir -p "$home/kafka"
    printf '%s\n' "$broker" >"$home/kafka/kind"
    if [[ "$broker" == embedded ]]; then
        embedded_start "$home/kafka"
        brokers="$(cat "$home/kafka/address")" remark="$brokers (embedded, in memory only)"
    else
        gone "$home/kafka/pid" && claim_port "$home/kafka" "$(port_block)"
        brokers="$(kafka_start "$home/kafka")" remark="${brokers//,127.0.0.1:/,}"
    fi
}

choose_broker() { # the given one, else the running one, else Kafka where it is available
    if [[ -z "$broker" ]] && ! gone "$home/kafka/pid"; then broker="$(cat "$home/kafka/kind")"; fi
    if [[ "$broker" == embedded ]]; then return; fi
    local asked="$broker"
    broker=kafka
    if kafka_possible && (kafka_fetch); then return; fi
    [[ -z "$asked" ]] ||
        die "a Kafka broker needs Java, Maven and its jars; ./airi up --broker embedded starts without them"
    broker=embedded
    warn "Java, Maven or Maven Central is not available: the embedded broker keeps events in memory only"
}

embedded_start() { # <dir>; each start has another port
    local dir="$1"
    gone "$dir/pid" || return 0
    keep_log "$dir/log"
    spawn "$dir/pid" "$dir/log" "$bin/airi-embedded-kafka" --all-topics
    wait_until 15 "$dir/pid" grep -qs '^listening on ' "$dir/log" ||
        die_with_log "$dir/log" "the embedded broker does not start" "./airi down, then repeat the command"
    sed -n 's/^listening on //p' "$dir/log" | head -1 >"$dir/address"
    sed 's/.*://' "$dir/address" >"$dir/port"
}

up_topics() {
    if [[ -z "${KAFKA_BROKERS:-}" && "$broker" == embedded ]]; then
        remark='created by the embedded broker'
        return
    fi
    (
        if own_kafka; then kafka_access "$home/kafka" operator; fi
        KAFKA_BROKERS="$brokers" "$bin/airi-topics" >"$home/logs/topics.log" 2>&1
    ) ||
        die_with_log "$home/logs/topics.log" "the topics could not be created" \
            "does the broker at $brokers answer (./airi logs kafka)? Then repeat the command"
    remark="$(tail -n 1 "$home/logs/topics.log")"
    remark="${remark:0:44}"
}

# Roles belong to the server. Instances that share a server need the same password without exchanging it: it is derived
# from the administrator's.
role_password() { # <name>
    local authority="${admin_url#*://}"
    authority="${authority%%[/?]*}"
    if [[ -z "${!1:-}" && -n "${DATABASE_URL:-}" && "$authority" == *:*@* ]]; then
        printf '%s %s' "$1" "${authority%@*}" | sha256sum | cut -c1-40
    else
        secret "$1"
    fi
}

up_migrate() {
    local profile="${AIRI_PROFILE:-saas}" log="$home/logs/migrate.log"
    export AIRI_APP_PASSWORD AIRI_WORKER_PASSWORD
    AIRI_APP_PASSWORD="$(role_password AIRI_APP_PASSWORD)"
    AIRI_WORKER_PASSWORD="$(role_password AIRI_WORKER_PASSWORD)"
    app_url="$(as_role "$admin_url" airi_app "$AIRI_APP_PASSWORD")"
    worker_url="$(as_role "$admin_url" airi_worker "$AIRI_WORKER_PASSWORD")"
    DATABASE_URL="$admin_url" "$root/deploy/migrate.sh" - "$profile" >"$log" 2>&1 ||
        die_with_log "$log" "the database could not be migrated" \
            "nothing of the file with the error was applied: mend it, then repeat the command"
    remark="$(grep -c '^[0-9]\{4\}_' "$log" || true) new, profile $profile"
}

up_services() {
    local -a slots surplus
    mapfile -t slots < <(wanted_slots)
    mapfile -t surplus < <(running_slots | grep -vxF -f <(printf '%s\n' "${slots[@]}") || true)
    stop_slots "${surplus[@]}"
    start_slots "${slots[@]}"
    remark="${#slots[@]} ready"
}

airi_up() {
    local begun broker='' games=no admin_url redis_url brokers app_url worker_url
    begun="$(now_ms)"
    while (($#)); do
        case "$1" in
        --broker=*) broker="${1#*=}" ;;
        --broker) broker="${2:-none}" && shift "$(($# > 1))" ;;
        --games) games=yes ;;
        *) die "up takes --broker kafka|embedded, --games, or nothing: $1" ;;
        esac
        shift
    done
    [[ "$broker" =~ ^(|kafka|embedded)$ ]] || die "--broker is kafka or embedded: $broker"
    check_profile
    lock_home
    if gone "$home/run/gateway/pid" && listening "${PORT:-3001}"; then
        die_port_taken "${PORT:-3001}"
    fi
    say "airi up in $home"
    step packages up_packages
    step build up_build
    step users up_users
    umask 077 # what follows is this installation's own
    step postgres up_postgres
    step redis up_redis
    step kafka up_kafka
    step topics up_topics
    step migrate up_migrate
    save_addresses
    if [[ $games == yes ]]; then step games up_games; fi
    step services up_services
    printf 'airi is up at http://127.0.0.1:%s (%s)\n' "${PORT:-3001}" "$(seconds_since "$begun")"
}
