# shellcheck shell=bash disable=SC2154
# airi bench: the arguments, the builds, and the comparison with another commit.

# Without peers beside them, so that two trees can be measured in turn.
bench_comparable=(quiet floor latency pipeline logins)

bench_scenario() { # <name>
    [[ -e "$root/bench/scenarios/$1.mjs" ]] ||
        die "bench: no scenario is named $1; the scenarios are: $(cd "$root/bench/scenarios" && echo *.mjs |
            sed 's/\.mjs//g')"
}

# Recall and precision of the crisis rules; needs no system.
bench_safety() {
    build release airi-bench-safety
    exec "$root/.airi/build/release/bin/airi-bench-safety" "$root"/tests/safety/{phrases,held_out}.tsv
}

airi_bench() {
    local against='' profile='' words=() scenarios=() name
    while (($#)); do
        case "$1" in
        --against)
            against="${2:-}"
            [[ -n "$against" ]] || die "--against takes a commit"
            shift
            ;;
        --profile) profile=yes ;;
        --rounds | --seconds | --sockets)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || die "$1 takes a number"
            words+=("$1" "$2")
            shift
            ;;
        --keep | --json) words+=("$1") ;;
        -*)
            sed -n '2,/^set /s/^# *//p' "$root/bench/run" >&2
            die "bench has no option $1"
            ;;
        safety) scenarios+=(safety) ;;
        *) bench_scenario "$1" && scenarios+=("$1") ;;
        esac
        shift
    done
    if [[ "${scenarios[*]}" == safety ]]; then
        packages build
        bench_safety
    fi
    packages build servers kafka bench
    if [[ -n "$against" ]]; then
        bench_against "$against"
        return
    fi
    build release
    if [[ -n "$profile" ]]; then
        packages profile
        bench_inferno
        words+=(--profile)
        if ((!${#scenarios[@]})); then scenarios=(pipeline); fi
    fi
    exec "$root/bench/run" "${words[@]}" "${scenarios[@]}"
}

# The flame graphs' library: the newest version that Debian's compiler takes.
bench_inferno() {
    local dir="$cache/inferno"
    export PATH="$dir/bin:$PATH"
    [[ -x "$dir/bin/inferno-flamegraph" ]] ||
        cargo install --locked --quiet --root "$dir" inferno --version 0.11.12 ||
        die "inferno could not be installed; can this machine reach crates.io? Then repeat the command"
}

# Both trees in turn, each round with a fresh system; the clients and scenarios are this tree's.
bench_against() { # <commit>; words and scenarios are the caller's
    local commit tree other name round rounds=3 others=() file json=''
    commit="$(git -C "$root" rev-parse --verify --quiet "$1^{commit}")" || die "bench: no commit is named $1"
    if ((!${#scenarios[@]})); then scenarios=(quiet latency pipeline); fi
    for name in "${scenarios[@]}"; do
        [[ " ${bench_comparable[*]} " == *" $name "* ]] ||
            die "bench: $name is measured beside its peers; --against takes: ${bench_comparable[*]}"
    done
    while ((${#words[@]})); do
        case "${words[0]}" in
        --rounds) rounds="${words[1]}" && words=("${words[@]:1}") ;;
        --json) json=--json ;;
        --keep) die "bench: --keep and --against do not go together" ;;
        *) others+=("${words[0]}") ;;
        esac
        words=("${words[@]:1}")
    done
    other="$(other_tree "$commit")" file="$other.json"
    build release
    build_tree "$other" release
    : >"$file"
    for ((round = 1; round <= rounds; round++)); do
        for name in other this; do
            if [[ "$name" == other ]]; then tree="$other"; else tree="$root"; fi
            say "round $round of $rounds: the $name tree"
            AIRI_HOME="$root/.airi/against/home-$$" "$root/bench/run" --tree "$tree" --rounds 1 --json \
                "${others[@]}" "${scenarios[@]}" | sed "s/^{/{\"tree\":\"$name\",\"round\":$round,/" >>"$file"
        done
    done
    node "$root/bench/lib/compare.mjs" "$file" "${commit:0:12}" "$json"
}
