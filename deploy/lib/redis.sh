# shellcheck shell=bash
# A private Redis: in memory only, because all its data may be lost; on the loopback only.

redis_launch() { # <dir> <port>
    local dir="$1" port="$2" command=(redis-server)
    if ((EUID == 0)) && id redis >/dev/null 2>&1; then
        command=(setpriv --reuid redis --regid redis --init-groups -- redis-server)
    fi
    # Redis never writes to its working directory, but its user must have access to it.
    (cd / && spawn "$dir/pid" "$dir/log" "${command[@]}" --port "$port" --bind 127.0.0.1 --daemonize no \
        --save '' --appendonly no --maxmemory-policy noeviction --tcp-backlog 128)
    # Not a ping: if another Redis has taken the port, that one would answer.
    wait_until 15 "$dir/pid" grep -qs 'Ready to accept connections' "$dir/log"
}

redis_start() { # <dir> [port]; prints the URL
    start_server redis "$1" "${2:-}"
    printf 'redis://127.0.0.1:%s\n' "$(cat "$1/port")"
}

redis_stop() { stop_process "$1/pid" 10; }
redis_kill() { stop_process "$1/pid" 0; }
