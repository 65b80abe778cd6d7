# shellcheck shell=bash disable=SC2154
# airi test: installs what the tests need, builds them, and runs tests/run.mjs.

airi_test() { # as tests/run.mjs: [--long] [--changed] [--lanes N] [label, path or word…]
    cd "$root" || exit
    if [[ "$*" == unit ]]; then
        packages build
        build_tests airi-tests-unit && "$root/.airi/build/dev/bin/airi-tests-unit"
        return
    fi
    packages build servers kafka tests
    # So that no test waits for a download or an initdb within its own time limit.
    if kafka_possible; then (kafka_fetch) || true; fi
    node_packages "$root/tests"
    node_packages "$root/workers/gaming/bot"
    build_tests || return
    if [[ " $* " == *' --long '* ]]; then build_previous; fi
    TMPDIR="$(mktemp -d /tmp/airi-test-XXXXXX)"
    export TMPDIR
    trap 'end_tests $?' EXIT
    node tests/run.mjs "$@" 2>&1 | tee "$root/.airi/test.log"
}

build_previous() { # the programs of the version before the last change of the database
    local tree
    tree="$(other_tree "$(git log -1 --format=%H^ -- sql)")"
    build_tree "$tree" dev airi-gateway airi-worker
    export AIRI_PREVIOUS_BIN_DIR="$tree/.airi/build/dev/bin"
}

build_tests() { # [target…]
    if (build dev "$@"); then return; fi
    printf '0 passed, 1 failed\n'
    return 1
}

end_tests() { # <exit status>: stops the servers of tests that were killed; the logs of failed ones are kept
    local pid_file
    while IFS= read -r pid_file; do
        if [[ -e "${pid_file%pid}data/PG_VERSION" ]]; then postgres_kill "${pid_file%/pid}"; fi
        stop_process "$pid_file" 0
    done < <(find "$TMPDIR" -maxdepth 3 -name pid -type f)
    if (($1 == 0)); then rm -rf "$TMPDIR"; fi
}
