# shellcheck shell=bash disable=SC2034
# The base of airi and deploy/*.sh: paths, background processes (start, find, stop), free ports.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cache="$(realpath -m "${AIRI_CACHE:-$root/.airi/cache}")"

say() { # on a terminal in the place of a progress line
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
    printf '%s\n' "$*" >&2
}
warn() { say "warning: $*"; }
die() {
    say "error: $*"
    exit 1
}

# Waits until <command> succeeds, for at most <seconds>. With a pid file the wait ends early when that process is gone.
wait_until() {
    local seconds="$1" pid_file="$2"
    shift 2
    local deadline=$((SECONDS + seconds))
    until "$@"; do
        if [[ -n "$pid_file" ]] && ! live_pid "$pid_file" >/dev/null; then return 1; fi
        ((SECONDS < deadline)) || return 1
        sleep 0.03
    done
}

random_text() { # letters and digits only: it needs no escaping in a URL
    local text
    text="$(head -c 96 /dev/urandom | base64 -w0 | tr -dc 'A-Za-z0-9')"
    printf '%s' "${text:0:${1:-40}}"
}

# The password of one of a server's users, made once.
server_password() { # <dir> <user>
    local file="$1/passwords/$2"
    [[ -s "$file" ]] || (umask 077 && mkdir -p "$1/passwords" && random_text 48 >"$file.new" && mv "$file.new" "$file")
    cat "$file"
}

# --- processes: a pid file holds the pid and, because pids are reused, the start time of that process

started_at() { # clock ticks since boot; fails for a dead process and for a zombie
    local stat
    stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
    local -a fields
    read -ra fields <<<"${stat##*) }"
    [[ "${fields[0]}" != [ZX] ]] && printf '%s' "${fields[19]}"
}

write_pid() {
    printf '%s\n%s\n' "$2" "$(started_at "$2" || true)" >"$1.new"
    mv "$1.new" "$1"
}

live_pid() { # prints the pid while the recorded process runs
    local pid='' start=''
    [[ -s "$1" ]] || return 1
    { read -r pid && read -r start; } <"$1" || true
    [[ -n "$start" && "$(started_at "$pid" || true)" == "$start" ]] && printf '%s' "$pid"
}

# In a session of its own, so that neither a closed terminal nor Ctrl-C reaches it; descriptors 8 and 9 are
# locks. What it writes, and its log, is for its own user alone.
spawn() {
    local pid_file="$1" log="$2"
    shift 2
    (umask 077 && : >>"$log")
    # A broker keeps several files open for each partition, a gateway a socket for each client.
    (
        umask 077
        ulimit -Sn 65536 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"
        exec setsid "$@"
    ) </dev/null >>"$log" 2>&1 8>&- 9>&- &
    write_pid "$pid_file" $!
}

gone() { ! live_pid "$1" >/dev/null; }

stop_process() { # SIGTERM, then after <seconds> SIGKILL
    local pid_file="$1" seconds="$2" pid
    if pid="$(live_pid "$pid_file")"; then
        kill -TERM "$pid" 2>/dev/null || true
        if ! wait_until "$seconds" '' gone "$pid_file"; then
            kill -KILL "$pid" 2>/dev/null || true
            wait_until 5 '' gone "$pid_file" || die "process $pid ($pid_file) does not end"
        fi
    fi
    rm -f "$pid_file"
}

signal_process() { # <pid file> <signal>; after STOP none of its threads runs any more
    local pid
    pid="$(live_pid "$1")" || die "no such process: $1"
    kill -"$2" "$pid"
    if [[ "$2" == STOP ]]; then wait_until 10 '' stopped "$pid"; fi
}

stopped() { ! grep -qE '^[0-9]+ \(.*\) [^T]' /proc/"$1"/task/*/stat; }

keep_log() { # keeps one earlier log
    if [[ -s "$1" ]]; then mv "$1" "$1.1"; fi
}

# --- ports: below the kernel's range for outgoing connections

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() { # the first free port from <port> on, or from a random one
    local port="${1:-$((20000 + (RANDOM << 15 | RANDOM) % 12000))}"
    while listening "$port"; do port=$((port + 1)); done
    printf '%s' "$port"
}

# Starts a server with <kind>_launch <dir> <port>, which returns when the server answers or has failed. The port is the
# given one, else the one of the last start (its clients know no other), else a free one, which another process may
# take.
start_server() { # <kind> <dir> [port]
    local kind="$1" dir="$2" port="${3:-}" tries=1
    if live_pid "$dir/pid" >/dev/null; then return; fi
    (umask 077 && mkdir -p "$dir")
    if [[ -z "$port" && -s "$dir/port" ]]; then
        port="$(cat "$dir/port")"
    elif [[ -z "$port" ]]; then
        tries=3
    fi
    while ((tries-- > 0)); do
        local chosen="${port:-$(free_port "")}"
        keep_log "$dir/log"
        if "${kind}_launch" "$dir" "$chosen"; then
            printf '%s\n' "$chosen" >"$dir/port"
            return
        fi
        stop_process "$dir/pid" 5
    done
    die_with_log "$dir/log" "$kind does not start" "mend what its log names, then repeat the command"
}
