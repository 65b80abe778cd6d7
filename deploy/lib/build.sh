# shellcheck shell=bash disable=SC2154
# CMake presets into .airi/build/<preset>, the same for every AIRI_HOME.

build() { # <preset> [target…]
    local preset="$1" dir="$root/.airi/build/$1" log="$root/.airi/build/$1.log" targets=()
    shift
    if (($#)); then targets=(--target "$@"); fi
    mkdir -p "$dir"
    (
        flock 8
        cd "$root" || exit
        {
            { [[ -e "$dir/build.ninja" ]] || cmake --preset "$preset"; } &&
                cmake --build --preset "$preset" "${targets[@]}"
        } 2>&1 | tee "$log" | build_progress
    ) 8>"$dir.lock" || {
        tail -n 40 "$log" >&2
        die "the build failed, see $log"
    }
}

build_progress() { # shows ninja's count in place on a terminal
    local line back='\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b'
    if [[ ! -t 2 ]]; then
        cat >/dev/null
        return
    fi
    while IFS= read -r line; do
        if [[ "$line" =~ ^\[[0-9]+/[0-9]+\] ]]; then printf "%-16s$back" "${BASH_REMATCH[0]}" >&2; fi
    done
    printf "%-16s$back" '' >&2
}
