# shellcheck shell=bash disable=SC2154
# airi test: every program that ctest knows; each says "N passed, N failed" in its last line, and these are
# summed.

node_packages() { # <dir>: the packages of a folder, at the versions its package.json pins
    local dir="$1"
    if [[ "$dir/node_modules/.package-lock.json" -nt "$dir/package.json" ]]; then return; fi
    mkdir -p "$root/.airi"
    npm install --prefix "$dir" --no-save --no-package-lock --no-audit --no-fund >"$root/.airi/npm.log" 2>&1 ||
        die "npm install failed in $dir, see $root/.airi/npm.log"
}

# Reads ctest -V: shows one line for each program, what a failed one said, and the sum. A program that failed
# without counting, or that counted no failure and failed all the same, is one failure.
sum_tests() {
    awk '
        match($0, /^[0-9]+: /) {
            id = substr($0, 1, RLENGTH - 2)
            text = substr($0, RLENGTH + 1)
            said[id] = said[id] text "\n"
            if (text ~ /^[0-9]+ passed, [0-9]+ failed$/) {
                split(text, n, " ")
                passed[id] = n[1]
                failed[id] = n[3]
            }
            next
        }
        match($0, /Test +#[0-9]+: /) {
            id = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", id)
            print
            good = $0 ~ / Passed /
            if ($0 ~ /\*\*\*Skipped|Not Run \(Disabled\)/) good = 1
            if (!good && failed[id] + 0 == 0) failed[id] = 1
            if (failed[id] + 0 > 0) printf "%s", said[id]
            p += passed[id]; f += failed[id]; seen++
            fflush()
        }
        END {
            if (!seen) f++
            printf "%d passed, %d failed\n", p, f
            exit f > 0
        }'
}

airi_test() { # [label]: unit, integration, api, security, faults, e2e; without one, all
    local label="${1:-}" options=()
    cd "$root" || exit
    if [[ -n "$label" ]]; then options+=(-L "^$label\$"); fi
    case "$label" in
    unit) packages build ;;
    '' | api | security | faults | e2e) packages build servers kafka tests ;;
    *) packages build servers kafka ;;
    esac
    # So that no test waits for a download or an initdb within its own time limit.
    if [[ "$label" != unit ]] && kafka_possible; then (kafka_fetch) || true; fi
    if [[ "$label" =~ ^(api|security|faults|e2e|)$ ]]; then node_packages "$root/tests"; fi
    (build dev) || {
        printf '0 passed, 1 failed\n'
        return 1
    }
    TMPDIR="$(mktemp -d /tmp/airi-test-XXXXXX)"
    export TMPDIR
    trap leave_nothing EXIT
    ctest --preset dev -V "${options[@]}" 2>&1 | tee "$root/.airi/test.log" | sum_tests
}

leave_nothing() { # the servers of a test that was killed
    local pid_file
    while IFS= read -r pid_file; do
        if [[ -e "${pid_file%pid}data/PG_VERSION" ]]; then postgres_kill "${pid_file%/pid}"; fi
        stop_process "$pid_file" 0
    done < <(find "$TMPDIR" -maxdepth 3 -name pid -type f)
    rm -rf "$TMPDIR"
}
