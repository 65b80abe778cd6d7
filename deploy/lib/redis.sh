# shellcheck shell=bash
# A private Redis: in memory only, because all its data may be lost; on the loopback only.
# Its users, each with a password in <dir>/passwords: operator may do everything, gateway and worker what they do.

# The rights are those that the callers of platform/redis need, in scripts too. %R~ and %W~ are keys that are only read
# or only written. The script that appends to a stream names its channel among its keys.
redis_users() { # <operator's password> <gateway's> <worker's>; compose.yaml has them from here too
    printf 'user default off\n'
    redis_user operator "$1" '~*' '&*' +@all
    redis_user gateway "$2" '~rate:*' '~quota:*' '~state:*' '~api_key:uses:*' '~presence' '~presence:*' '~deleted:*' \
        '%R~gen:*' '&airi.resident' '&conversation:*' '&user:*' '&identity:*' '&payment:*' '&admin' '&crisis' \
        '&accounts' '&sessions' '&outbox' '&cancellations' '&gaming' \
        +ping +select +publish +subscribe +unsubscribe +eval +evalsha +time +get +set +getdel +del +unlink +exists \
        +incr +incrby +expire +pexpire +hmget +hset +sadd +srem +scard +sismember +xrange +zadd +zrem +zcard \
        +zcount +zscore +zrange +zrangebyscore +zremrangebyscore
    redis_user worker "$3" '~gen:*' '~conversation:*' '~reply:*' '~budget:*' '%W~state:*' \
        '&airi.resident' '&conversation:*' '&user:*' '&identity:*' '&payment:*' '&admin' '&crisis' \
        '&accounts' '&sessions' '&outbox' '&cancellations' '&gaming' \
        +ping +select +publish +subscribe +unsubscribe +eval +evalsha +time +get +set +unlink +exists +pexpire \
        +hmget +hset +hincrbyfloat +xadd
}

redis_user() { # <user> <password> <rights…>
    printf 'user %s on #%s %s\n' "$1" "$(printf %s "$2" | sha256sum | cut -d' ' -f1)" "${*:3}"
}

redis_launch() { # <dir> <port>
    local dir="$1" port="$2" command=(redis-server)
    if ((EUID == 0)) && id redis >/dev/null 2>&1; then
        command=(setpriv --reuid redis --regid redis --init-groups -- redis-server)
    fi
    (umask 077 && redis_users "$(server_password "$dir" operator)" "$(server_password "$dir" gateway)" \
        "$(server_password "$dir" worker)" >"$dir/users")
    # Redis never writes to its working directory, but its user must have access to it; it gets its users as its input,
    # since it may not read the file.
    # shellcheck disable=SC2016
    (cd / && spawn "$dir/pid" "$dir/log" bash -c 'exec "${@:2}" <"$1"' redis "$dir/users" "${command[@]}" - \
        --port "$port" --bind 127.0.0.1 --daemonize no --save '' --appendonly no --maxmemory-policy noeviction \
        --tcp-backlog 128)
    # Not a ping: if another Redis has taken the port, that one would answer.
    wait_until 15 "$dir/pid" grep -qs 'Ready to accept connections' "$dir/log"
}

redis_start() { # <dir> [port]; prints the operator's URL
    [[ -d "$1/passwords" ]] || redis_stop "$1" # of an earlier version, which let everybody in
    start_server redis "$1" "${2:-}"
    redis_url "$1" operator
}

redis_url() { # <dir> <user>
    printf 'redis://%s:%s@127.0.0.1:%s\n' "$2" "$(server_password "$1" "$2")" "$(cat "$1/port")"
}

redis_stop() { stop_process "$1/pid" 10; }
redis_kill() { stop_process "$1/pid" 0; }
