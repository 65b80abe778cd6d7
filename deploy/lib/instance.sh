# shellcheck shell=bash disable=SC2154
# Commands for a running instance: down, status, scale, logs.

no_arguments() { # <command> <arguments…>
    (($# == 1)) || die "$1 takes no arguments: $2"
}

airi_down() { # the gateway first (no new work), then the workers (they finish theirs), then the servers
    no_arguments down "$@"
    lock_home
    local begun
    local -a slots
    begun="$(now_ms)"
    stop_slots gateway
    mapfile -t slots < <(running_slots)
    stop_slots "${slots[@]}"
    games_stop
    kafka_stop "$home/kafka"
    redis_stop "$home/redis"
    postgres_stop "$home/postgres"
    say "airi is down ($(seconds_since "$begun"))"
}

status_line() { # <name> <dir> <pid file> <ready command…>, and its `workers`; fails when it is not ready
    local name="$1" dir="$2" pid_file="$3" pid port ready=no up rss ticks
    shift 3
    if ! pid="$(live_pid "$pid_file")"; then
        printf '%-14s %8s %6s %6s %10s %9s\n' "$name" - - down - -
        return 1
    fi
    ticks="$(started_at "$pid")"
    up=$(($(cut -d. -f1 /proc/uptime) - ticks / $(getconf CLK_TCK)))
    rss="$(awk '/^VmRSS/ { printf "%.1f MB", $2 / 1024 }' "/proc/$pid/status")"
    if "$@" >/dev/null 2>&1; then ready=yes; fi
    port="$(cat "$dir/port")"
    if [[ "$name" == gateway ]]; then port="${PORT:-3001}"; fi
    printf '%-14s %8s %6s %6s %10s %9s%s\n' "$name" "$pid" "$port" "$ready" \
        "$((up / 3600))h$((up / 60 % 60))m$((up % 60))s" "$rss" "${workers:+  $workers}"
    [[ "$ready" == yes ]]
}

airi_status() { # fails unless every wanted process is ready
    no_arguments status "$@"
    local kind slot result=0 workers=''
    local -a slots
    printf '%-14s %8s %6s %6s %10s %9s\n' NAME PID PORT READY UPTIME RSS
    for kind in postgres redis kafka kafka-2 kafka-3 minecraft; do
        if [[ -d "$home/$kind" ]]; then
            status_line "$kind" "$home/$kind" "$home/$kind/pid" listening "$(cat "$home/$kind/port")" ||
                result=1
        fi
    done
    mapfile -t slots < <({ wanted_slots; running_slots; } | awk '!seen[$0]++')
    for slot in "${slots[@]}"; do
        workers=''
        if [[ "$slot" == light-1 ]]; then workers="$(light_workers)"; fi
        status_line "$slot" "$home/run/$slot" "$home/run/$slot/child" slot_ready "$slot" || result=1
    done
    return "$result"
}

airi_scale() { # <worker>=<n>…
    local change worker n slot
    local -a slots workers
    mapfile -t workers < <(worker_names)
    (($#)) || die "scale takes <worker>=<n>; the workers are: ${workers[*]}"
    for change in "$@"; do # all of them before the first takes effect
        worker="${change%%=*}"
        [[ " ${workers[*]} " == *" $worker "* ]] ||
            die "scale: no worker is named $worker; the workers are: ${workers[*]}"
        [[ "$change" =~ ^[a-z0-9_]+=[0-9]{1,3}$ ]] || die "scale takes <worker>=<n>, n up to 999: $change"
    done
    load_addresses
    lock_home
    for change in "$@"; do
        worker="${change%%=*}" n="${change#*=}"
        printf '%s\n' "$n" >"$home/scale/$worker"
        mapfile -t slots < <(running_slots | slots_of "$worker" | grep -vxF -f <(wanted_slots) || true)
        stop_slots "${slots[@]}"
        mapfile -t slots < <(wanted_slots | slots_of "$worker")
        start_slots "${slots[@]}"
        say "$worker: $n"
    done
}

airi_logs() { # [name…]: followed on a terminal
    local name known files=()
    known="$(cd "$home/logs" && find . -name '*.log' -printf '%f ' | sed 's/\.log / /g')"
    [[ -n "$known" ]] || die "there is no log yet in $home/logs: run ./airi up"
    for name in "$@"; do
        if is_light "$name"; then name=light; fi
        if [[ ! -e "$home/logs/$name.log" && -e "$home/logs/$name-1.log" ]]; then name="$name-1"; fi
        [[ -e "$home/logs/$name.log" ]] ||
            die "no log is named $name; the logs are: $known"
        files+=("$home/logs/$name.log")
    done
    (($#)) || files=("$home"/logs/*.log)
    if [[ -t 1 ]]; then exec tail -n 50 -F "${files[@]}"; fi
    tail -n 200 "${files[@]}"
}
