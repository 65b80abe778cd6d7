# shellcheck shell=bash disable=SC2154
# CMake presets into .airi/build/<preset>, the same for every AIRI_HOME.

build() { # <preset> [target…]
    local preset="$1" dir="$root/.airi/build/$1" log="$root/.airi/build/$1.log" targets=()
    shift
    if (($#)); then targets=(--target "$@"); fi
    mkdir -p "$dir"
    (
        flock -n 8 || {
            say "waiting for another build in $dir"
            flock 8
        }
        cd "$root" || exit
        {
            { [[ -e "$dir/build.ninja" ]] || cmake --preset "$preset"; } &&
                cmake --build --preset "$preset" "${targets[@]}"
        } 2>&1 | tee "$log" | build_counts | show_progress build
    ) 8>"$dir.lock" || build_failed "$log"
}

other_tree() { # <commit>: the folder of its own checkout, which stays for the next time
    local folder="$root/.airi/against/${1:0:12}"
    if [[ ! -e "$folder/airi" ]]; then
        git -C "$root" worktree prune
        git -C "$root" worktree add --quiet --detach "$folder" "$1" >&2
    fi
    printf '%s\n' "$folder"
}

build_tree() { # <folder> <preset> [target…]
    local root="$1"
    build "${@:2}"
}

build_counts() { sed -un 's/^\[\([0-9]*\)\/\([0-9]*\)\] .*/\1 of \2 compiled and linked/p'; }

# The first error and what follows it; a log is thousands of lines, and later errors often follow from the first.
build_failed() { # <log>
    local log="$1" first='(^|[^[:alnum:]])(fatal )?error:|^CMake Error|: undefined (symbol|reference)|No space left'
    local way="mend the first error, above, and repeat the command" lines
    lines="$(grep -vE '^(\[[0-9]+/[0-9]+\]|ninja:)' "$log" | grep -EA 8 -m 1 "$first" || true)"
    if grep -qE 'Killed|out of memory' "$log"; then
        way="the compiler was killed: too little memory for $(nproc) at a time; repeat the command with"
        way+=" CMAKE_BUILD_PARALLEL_LEVEL=1"
    elif grep -q '^CMake Error' "$log"; then
        way="are the packages there (./airi packages build)? After a moved or copied tree, remove ${log%.log}"
    fi
    die_with_log "$log" "the build failed" "$way" "$lines"
}
