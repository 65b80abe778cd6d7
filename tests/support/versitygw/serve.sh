#!/usr/bin/env bash
# versitygw, an S3 server that checks signatures, with one bucket, "archive". It is built once from the module that
# go.mod pins.
#   serve.sh start <dir>   prints its URL; the user is "airi", its secret is in <dir>/secret
#   serve.sh stop <dir>    and removes nothing
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
name=github.com/versity/versitygw/cmd/versitygw

installed() { # an existing one is complete
    local cache digest at
    cache="${AIRI_CACHE:-$here/../../../.airi/cache}"
    digest="$(cat "$here"/go.{mod,sum} | sha256sum)"
    at="$cache/versitygw-${digest:0:12}"
    if [[ ! -x "$at" ]]; then
        mkdir -p "$cache"
        (cd "$here" && GOWORK=off go build -mod=readonly -buildvcs=false -o "$at.$$" "$name") >&2
        mv "$at.$$" "$at"
    fi
    printf '%s' "$at"
}

ready() { # <port>
    curl -s -m 2 -o /dev/null "http://127.0.0.1:$1/"
}

start() { # <dir>
    local dir="$1" program port pid
    program="$(installed)"
    mkdir -p "$dir/data/archive" "$dir/meta"
    [[ -s "$dir/secret" ]] || head -c 24 /dev/urandom | base64 | tr -d '\n' >"$dir/secret"
    for _ in {1..20}; do
        port="$(cat "$dir/port" 2>/dev/null || printf '%s' $((20000 + RANDOM % 12000)))"
        ROOT_ACCESS_KEY=airi ROOT_SECRET_KEY="$(cat "$dir/secret")" setsid "$program" --quiet --port "127.0.0.1:$port" \
            posix --sidecar "$dir/meta" "$dir/data" >>"$dir/log" 2>&1 </dev/null &
        pid=$!
        for _ in {1..200}; do
            if ! kill -0 "$pid" 2>/dev/null; then break; fi
            if ready "$port"; then
                printf '%s' "$pid" >"$dir/pid"
                printf '%s' "$port" >"$dir/port"
                printf 'http://127.0.0.1:%s\n' "$port"
                return
            fi
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
    cat "$dir/log" >&2
    return 1
}

stop() { # <dir>
    local pid
    pid="$(cat "$1/pid")"
    kill -KILL "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

"$@"
