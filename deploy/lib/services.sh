# shellcheck shell=bash disable=SC2154
# The gateway and the workers: each copy has a slot (gateway, chat-1, chat-2, …) with a supervisor of its own.

worker_names() { sed -nE 's/^airi_worker\(([a-z_]+).*/\1/p' "$root/workers/workers.cmake"; }

worker_needs() { # <worker> <setting>
    grep -qE "^airi_worker\($1 .*NEEDS.* $2\b" "$root/workers/workers.cmake"
}

copies() { # <worker>
    if [[ -s "$home/scale/$1" ]]; then cat "$home/scale/$1"; else printf 1; fi
}

wanted_slots() { # in the order of starting
    local worker n
    for worker in $(worker_names); do
        for ((n = 1; n <= $(copies "$worker"); n++)); do printf '%s-%s\n' "$worker" "$n"; done
    done
    printf 'gateway\n'
}

running_slots() {
    local dir
    for dir in "$home"/run/*/; do
        if live_pid "$dir/pid" >/dev/null || live_pid "$dir/child" >/dev/null; then basename "$dir"; fi
    done
}

slot_binary() { printf '%s/airi-%s' "$bin" "${1%-*}"; }

# Exports the environment of a slot. A command line would be readable by every user of the machine.
slot_environment() {
    local slot="$1" name
    export AIRI_INSTANCE="$slot" REDIS_URL="$redis_url" KAFKA_BROKERS="$brokers"
    if [[ "$slot" == gateway ]] || worker_needs "${slot%-*}" ENCRYPTION_KEY; then
        export ENCRYPTION_KEY && ENCRYPTION_KEY="$(secret ENCRYPTION_KEY)"
    else
        unset ENCRYPTION_KEY ENCRYPTION_KEY_PREVIOUS
    fi
    # Settings of this script.
    unset AIRI_HOME AIRI_CACHE AIRI_PARTITIONS AIRI_APP_PASSWORD AIRI_WORKER_PASSWORD
    if [[ "$slot" == gateway ]]; then
        export PORT="${PORT:-3001}" DATABASE_URL="$app_url" JWT_SECRET
        JWT_SECRET="$(secret JWT_SECRET)"
        # The gateway calls no provider and sends no mail, so it holds no key for that.
        local secrets='_API_KEY$|_CLIENT_SECRET$|^APPLE_PRIVATE_KEY$|^STRIPE_SECRET_KEY$|^MAIL_SMTP_URL$|^AWS_SECRET_'
        for name in $(compgen -e | grep -E "$secrets"); do unset "$name"; done
    else
        export ADMIN_PORT DATABASE_URL="$worker_url" MAIL_OUTBOX="${MAIL_OUTBOX:-$home/mail}"
        ADMIN_PORT="$(cat "$home/run/$slot/port")"
        unset PORT JWT_SECRET JWT_SECRET_PREVIOUS
    fi
}

# Changes with the binary and with each setting; a running service with another fingerprint is restarted.
slot_fingerprint() {
    local names
    names="$(sed -nE 's/^#? ?([A-Z][A-Z0-9_]+)=.*/\1/p' "$root/.env.example"; compgen -e AIRI_
        compgen -e | grep -E '_API_KEY$|_BASE_URL$' || true)"
    {
        stat -Lc '%n %s %Y %i' "$(slot_binary "$1")"
        for name in $names ADMIN_PORT; do printf '%s=%s\n' "$name" "${!name:-}"; done | sort -u
    } | sha256sum
}

start_slot() {
    local slot="$1" dir="$home/run/$1" fingerprint
    [[ -x "$(slot_binary "$slot")" ]] || die "$(slot_binary "$slot") is not built"
    mkdir -p "$dir"
    if [[ "$slot" == gateway ]]; then
        printf '%s\n' "${PORT:-3001}" >"$dir/port"
    elif ! live_pid "$dir/pid" >/dev/null; then
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
        spawn "$dir/pid" "$home/logs/$slot.log" "$root/deploy/supervise.sh" "$dir" -- "$(slot_binary "$slot")"
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
                "mend what its log names; $(slot_binary "$slot") --help explains its settings"
    done
}
