# shellcheck shell=bash disable=SC2154
# The progress of a step while it runs, and its messages when it fails.

now_ms() { printf '%s' $((${EPOCHREALTIME/[.,]/} / 1000)); }

seconds_since() { # <ms>
    local ms=$(($(now_ms) - $1))
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# One progress line; the function may leave a remark in `remark`.
step() { # <name> <function> <arguments…>
    local name="$1" begun remark=''
    begun="$(now_ms)"
    shift
    if [[ -t 2 ]]; then printf '  %-11s' "$name" >&2; fi
    # shellcheck disable=SC2064
    trap "step_failed $name" EXIT
    "$@"
    trap - EXIT
    say "$(printf '  %-11s %-44s %8s' "$name" "$remark" "$(seconds_since "$begun")")"
}

step_failed() { # <name>
    local dir left
    say "error: the step $1 failed, for the reason above"
    for dir in "$root" "${home:-$root}" "$cache"; do
        left="$(df -k --output=avail "$dir" 2>/dev/null | tail -n 1)"
        if ((${left:-1000000} < 50000)); then say "  the disk is full: $((left / 1024)) MB are left at $dir"; fi
    done
}

# Reads lines and shows the last one with the time since the start: in place on a terminal, otherwise every 15 seconds.
show_progress() { # <name>
    local name="$1" begun="$SECONDS" shown="$SECONDS" line='' text='' code
    while true; do
        code=0
        IFS= read -r -t 1 line || code=$?
        if ((code == 0)); then text="$line"; elif ((code < 128)); then break; fi
        if [[ -t 2 ]]; then
            printf '\r  %-11s %-44.44s %6d s\033[K' "$name" "$text" $((SECONDS - begun)) >&2
        elif ((SECONDS - shown >= 15)); then
            shown="$SECONDS"
            printf '  %-11s %-44.44s %6d s\n' "$name" "$text" $((SECONDS - begun)) >&2
        fi
    done
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}

# Ends with the last lines of a log, or with the given ones, the fault and the way out; a cause that the log names
# goes before the given one.
die_with_log() { # <log> <fault> <way out> [lines]
    local log="$1" out="$3" lines="${4:-}"
    if [[ -z "$lines" && -s "$log" ]]; then lines="$(tail -n 12 "$log")"; fi
    if [[ -n "$lines" ]]; then say "$(cut -c 1-300 <<<"$lines" | sed 's/^/    | /')"; fi
    if grep -qs 'No space left on device' "$log"; then
        out="the disk is full (df -h ${log%/*}); free some space, then repeat the command"
    fi
    say "error: $2"
    say "  $out"
    say "  the whole log: $log"
    exit 1
}

# The process that listens on a port of this machine: "pid 12 (redis-server)", as far as it can be seen.
port_owner() { # <port>
    local inode found
    inode="$(awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && $2 ~ port "$" { print $10; exit }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null)"
    found="$(find /proc/[0-9]*/fd -lname "socket:\[${inode:-none}\]" 2>/dev/null | head -1)"
    if [[ "$found" =~ ^/proc/([0-9]+)/ ]]; then
        printf 'pid %s (%s)' "${BASH_REMATCH[1]}" "$(cat "/proc/${BASH_REMATCH[1]}/comm" 2>/dev/null)"
    else
        printf 'a process of another user'
    fi
}

die_port_taken() { # <port>
    die "port $1 is taken by $(port_owner "$1"); stop it, or choose another port with PORT=$(free_port $(($1 + 1)))"
}
