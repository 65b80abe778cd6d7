#!/usr/bin/env bash
# Keeps one process alive: deploy/supervise.sh <dir> <user> -- <command…> A process that dies is restarted, with
# growing pauses while it dies early. SIGTERM is passed on; 20 s later the process is killed. After exit status 2 (wrong
# settings) it is not restarted. An empty user is the supervisor's own; another one needs no access to the directories
# above the program: it gets the open file as descriptor 7.
set -uo pipefail

# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/lib/base.sh"

# shellcheck disable=SC2317 # called by the trap
stop() {
    stopping=yes
    if [[ -n "$child" ]]; then kill -TERM "$child" 2>/dev/null; fi
}

run_once() { # leaves the exit status in `status`
    local guard=''
    # If this supervisor is killed, the process drains and ends too.
    if [[ -n "$user" ]]; then
        # shellcheck disable=SC2016 # the inner shell expands them
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --pdeathsig TERM -- \
            bash -c 'exec -a "$0" /proc/self/fd/7 "$@"' "$@" 7<"$1" &
    else
        setpriv --pdeathsig TERM -- "$@" &
    fi
    child=$!
    write_pid "$dir/child" "$child"
    if [[ -n "$stopping" ]]; then kill -TERM "$child" 2>/dev/null; fi
    while :; do # a signal ends wait early
        wait "$child" 2>/dev/null
        status=$?
        kill -0 "$child" 2>/dev/null || break
        if [[ -n "$stopping" && -z "$guard" ]]; then
            (
                sleep 20 &
                trap 'kill $!' TERM
                wait $! && kill -KILL "$child" 2>/dev/null
            ) &
            guard=$!
        fi
    done
    child=''
    if [[ -n "$guard" ]]; then kill "$guard" 2>/dev/null; fi
}

main() {
    local pause=1 begun
    dir="$1" user="$2" child='' stopping=''
    shift 3
    trap stop TERM INT
    while :; do
        begun=$SECONDS
        run_once "$@"
        if [[ -n "$stopping" ]]; then break; fi
        if ((status == 2)); then
            say "supervisor: ${1##*/} refuses its settings"
            break
        fi
        if ((SECONDS - begun >= 30)); then pause=1; fi
        say "supervisor: ${1##*/} ended with status $status; again in $pause s"
        sleep "$pause" &
        wait $!
        kill $! 2>/dev/null
        if [[ -n "$stopping" ]]; then break; fi
        pause=$((pause < 8 ? pause * 2 : 15))
    done
    rm -f "$dir/child"
}

# On one line with exit: the shell reads a script while it runs, and this file may change meanwhile.
main "$@"; exit
