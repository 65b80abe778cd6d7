# shellcheck shell=bash disable=SC2154
# The gateway and the workers: each process has a slot (gateway, chat-1, chat-2, …) with a supervisor of its own. The
# first copies of the light workers share the slot light-1.

listed_workers='^airi_worker\(([a-z0-9_]+)( GROUP [a-z0-9_]+)?'
worker_names() { sed -nE "s/$listed_workers.*/\1/p" "$root/workers/workers.cmake"; }
kafka_user_of() { # <worker>
    if grep -qE "^airi_worker\\($1( GROUP [a-z0-9_]+)? OPERATIONS\\)" "$root/workers/workers.cmake"; then
        printf 'operations'
    else
        printf 'worker'
    fi
}
is_light() { grep -E "$listed_workers LIGHT\)" "$root/workers/workers.cmake" | grep -q "(${1}[ )]"; }

copies() { # <worker>
    if [[ -s "$home/scale/$1" ]]; then cat "$home/scale/$1"; else printf 1; fi
}

light_workers() { # those with a copy, separated by commas
    local worker out=''
    for worker in $(worker_names); do
        if is_light "$worker" && (($(copies "$worker") > 0)); then out+=",$worker"; fi
    done
    printf '%s' "${out#,}"
}

wanted_slots() { # in the order of starting
    local worker n
    for worker in $(worker_names); do
        n=1
        if is_light "$worker"; then n=2; fi
        for (( ; n <= $(copies "$worker"); n++)); do printf '%s-%s\n' "$worker" "$n"; done
    done
    if [[ -n "$(light_workers)" ]]; then printf 'light-1\n'; fi
    printf 'gateway\n'
}

slots_of() { # <worker>: keeps the lines that are slots which run it, or could
    local slots="$1-[0-9]+"
    if is_light "$1"; then slots+="|light-1"; fi
    grep -xE "$slots" || true
}

running_slots() {
    local dir
    for dir in "$home"/run/*/; do
        if live_pid "$dir/pid" >/dev/null || live_pid "$dir/child" >/dev/null; then basename "$dir"; fi
    done
}

slot_workers() { # <slot>
    if [[ "$1" == light-1 ]]; then light_workers; else printf '%s' "${1%-*}"; fi
}

slot_command() { # <slot>: a line for each word
    if [[ "$1" == gateway ]]; then
        printf '%s\n' "$bin/airi-gateway"
    else
        printf '%s\n' "$bin/airi-worker" "$(slot_workers "$1")"
    fi
}

# The users of the programs and of Kafka, where root starts them: none can read what belongs to another, and no worker
# the secrets of the gateway.
program_users=(airi-gateway airi-worker airi-kafka)

slot_user() { # <slot>; empty: the caller's
    ((EUID == 0)) || return 0
    if [[ "$1" == gateway ]]; then printf 'airi-gateway'; else printf 'airi-worker'; fi
}

create_users() {
    local user
    for user in "${program_users[@]}"; do
        id "$user" >/dev/null 2>&1 ||
            useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin "$user"
    done
    install -d -m 700 "$home/mail"
    chown -R airi-worker: "$home/mail"
}

settings_of() { # <command…>
    "$@" --help | sed -nE 's/^  ([A-Z][A-Z0-9_]*) .*/\1/p'
}

# Exports the environment of a slot: of airi's settings only those that its program has. A command line would be
# readable by every user of the machine.
slot_environment() { # <slot>
    local slot="$1" name
    local -a command
    local -A own=([AIRI_ENV]=1 [NODE_ENV]=1) known=()
    mapfile -t command < <(slot_command "$slot")
    local user=worker
    if [[ "$slot" == gateway ]]; then user=gateway; fi
    if own_kafka; then
        local kafka_user="$user"
        if [[ "$slot" != gateway && "$slot" != light-1 ]]; then kafka_user="$(kafka_user_of "${slot%-*}")"; fi
        kafka_access "$home/kafka" "$kafka_user"
    fi
    if [[ -z "${REDIS_URL:-}" && -d "$home/redis/passwords" ]]; then redis_url="$(redis_url "$home/redis" "$user")"; fi
    export AIRI_INSTANCE="$slot" REDIS_URL="$redis_url" KAFKA_BROKERS="$brokers"
    export MAIL_OUTBOX="${MAIL_OUTBOX:-$home/mail}" ENCRYPTION_KEY EVIDENCE_KEY LINK_KEY JWT_SECRET DATABASE_URL
    export PICTURE_PROGRAM="${PICTURE_PROGRAM:-$bin/airi-picture}"
    games_environment
    ENCRYPTION_KEY="$(secret ENCRYPTION_KEY)" EVIDENCE_KEY="$(secret EVIDENCE_KEY)" JWT_SECRET="$(secret JWT_SECRET)"
    LINK_KEY="$(secret LINK_KEY)"
    export ADMIN_PORT
    ADMIN_PORT="$(cat "$home/run/$slot/port")"
    if [[ "$slot" == gateway ]]; then
        export PORT="${PORT:-3001}" VERCEL_GIT_COMMIT_SHA="${VERCEL_GIT_COMMIT_SHA:-}"
        [[ -n "$VERCEL_GIT_COMMIT_SHA" ]] ||
            VERCEL_GIT_COMMIT_SHA="$(git -C "$root" rev-parse HEAD 2>/dev/null || true)"
        DATABASE_URL="$app_url"
    else
        DATABASE_URL="$worker_url"
    fi
    for name in $(settings_of "${command[@]}"); do own[$name]=1; done
    for name in $(sed -nE 's/^#? ?([A-Z][A-Z0-9_]+)=.*/\1/p' "$root/.env.example"
        settings_of "$bin/airi-worker" "$(worker_names | paste -sd,)"); do known[$name]=1; done
    if [[ -n "$(slot_user "$slot")" ]]; then open_for_user "${!own[@]}"; fi
    for name in $(compgen -e); do
        if [[ -v "known[${name%_FILE}]" && ! -v "own[${name%_FILE}]" ]]; then unset "$name"; fi
    done
}

# Files that only the caller may open are read or opened now: the program's own user could not.
open_for_user() { # <setting…>
    local name file
    for name in "$@"; do
        file="$(printenv "${name}_FILE" || true)"
        if [[ -r "$file" ]]; then
            export "$name=$(<"$file")"
            unset "${name}_FILE"
        elif [[ "$name" == MAIL_OUTBOX ]]; then
            mkdir -p "$MAIL_OUTBOX"
            exec 6<"$MAIL_OUTBOX"
            MAIL_OUTBOX=/proc/self/fd/6
        elif [[ "$name" == PICTURE_PROGRAM ]]; then
            exec 5<"$PICTURE_PROGRAM"
            PICTURE_PROGRAM=/proc/self/fd/5
        fi
    done
}

# Changes with the binaries, its workers and each setting; a running service with another fingerprint is restarted.
slot_fingerprint() { # <slot>, in its environment
    local name
    local -a command
    mapfile -t command < <(slot_command "$1")
    {
        stat -Lc '%n %s %Y %i' "${command[0]}" ${PICTURE_PROGRAM:+"$PICTURE_PROGRAM"}
        printf '%s\n' "${command[@]}"
        for name in AIRI_ENV NODE_ENV $(settings_of "${command[@]}"); do
            printf '%s=%s %s\n' "$name" "${!name:-}" "$(printenv "${name}_FILE")"
        done
    } | sha256sum
}

start_slot() {
    local slot="$1" dir="$home/run/$1" fingerprint
    local -a command
    mapfile -t command < <(slot_command "$slot")
    [[ -x "${command[0]}" ]] || die "${command[0]} is not built"
    mkdir -p "$dir"
    if ! live_pid "$dir/pid" >/dev/null; then
        claim_port "$dir" $(($(port_block) + 5))
    fi
    (
        slot_environment "$slot"
        fingerprint="$(slot_fingerprint "$slot")"
        if live_pid "$dir/pid" >/dev/null; then
            if [[ "$fingerprint" == "$(cat "$dir/fingerprint" 2>/dev/null)" ]]; then exit; fi
        fi
        stop_slots "$slot"
        if [[ "$slot" == gateway ]] && listening "$PORT"; then
            die_port_taken "$PORT"
        fi
        printf '%s\n' "$fingerprint" >"$dir/fingerprint"
        keep_log "$home/logs/$slot.log"
        cd "$root" || exit
        spawn "$dir/pid" "$home/logs/$slot.log" "$root/deploy/supervise.sh" "$dir" "$(slot_user "$slot")" -- \
            "${command[@]}"
    )
}

stop_slots() { # all at once: SIGTERM, at most 20 s for the work in progress, SIGKILL
    local slot pid
    for slot in "$@"; do
        if pid="$(live_pid "$home/run/$slot/pid")"; then kill -TERM "$pid" 2>/dev/null || true; fi
    done
    for slot in "$@"; do
        stop_process "$home/run/$slot/pid" 25
        stop_process "$home/run/$slot/child" 20
    done
}

slot_ready() {
    live_pid "$home/run/$1/child" >/dev/null &&
        curl -fs -m 2 -o /dev/null "http://127.0.0.1:$(cat "$home/run/$1/port")/readyz"
}

start_slots() { # <slot…>: starts them in parallel, then waits until each is ready
    local slot
    for slot in "$@"; do start_slot "$slot"; done
    for slot in "$@"; do
        wait_until 60 "$home/run/$slot/pid" slot_ready "$slot" ||
            die_with_log "$home/logs/$slot.log" "$slot does not become ready" \
                "mend what its log names; $(slot_command "$slot" | paste -sd' ') --help explains its settings"
    done
}
