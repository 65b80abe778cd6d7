# shellcheck shell=bash disable=SC2154
# airi format and airi lint: one format, and the few checks that pay. Versions are pinned in deploy/lint/package.json.

lint_files() { # <pattern…>: files of the tree, tracked or new
    git -C "$root" ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
        if [[ -f "$root/$file" ]]; then printf '%s\n' "$file"; fi
    done
}

shell_scripts() {
    lint_files | while IFS= read -r file; do
        if [[ "$file" == *.sh ]] || head -c 32 "$file" | grep -qE '^#!.*(bash|/sh)$'; then printf '%s\n' "$file"; fi
    done
}

lint_node() { # <tool> <arguments…>
    local tool="$1"
    shift
    "$root/deploy/lint/node_modules/.bin/$tool" "$@"
}

airi_format() { # [--check]
    local check="${1:-}"
    [[ "$check" =~ ^(|--check)$ ]] || die "format takes --check, or nothing"
    cd "$root" || exit
    packages lint
    node_packages "$root/deploy/lint"
    format_cpp "$check" && format_javascript "$check"
}

format_cpp() { # [--check]
    local options=(-i)
    if [[ "$1" == --check ]]; then options=(--dry-run --Werror); fi
    lint_files '*.cpp' '*.hpp' | xargs -r -P "$(nproc)" -n 40 clang-format-19 "${options[@]}"
}

format_javascript() { # [--check]
    local option=--write
    if [[ "$1" == --check ]]; then option=--check; fi
    mapfile -t files < <(lint_files '*.js' '*.mjs' '*.css')
    lint_node prettier --log-level warn "$option" "${files[@]}"
}

tidy() { # [--all]: what was changed since the last commit, or every program file
    local files
    if [[ "${1:-}" == --all ]]; then
        files="$(lint_files '*.cpp')"
    else
        files="$({
            git diff --name-only HEAD -- '*.cpp' '*.hpp'
            git ls-files --others --exclude-standard -- '*.cpp'
        } | sed 's/\.hpp$/.cpp/' | sort -u)"
    fi
    [[ -e .airi/build/dev/build.ninja ]] || cmake --preset dev >"$root/.airi/lint.log" 2>&1 || {
        cat "$root/.airi/lint.log" >&2
        return 1
    }
    grep -vE '^(tests|deploy/templates)/' <<<"$files" | while IFS= read -r file; do
        if [[ -f "$file" ]]; then printf '%s\n' "$file"; fi
    done | xargs -r -P "$(nproc)" -n 4 clang-tidy-19 -p .airi/build/dev --quiet 2>"$root/.airi/tidy.log"
}

scripts_checked() {
    mapfile -t files < <(shell_scripts)
    shellcheck -x "${files[@]}"
}

javascript_checked() {
    lint_node eslint --config deploy/lint/eslint.config.mjs gateway/pages tests bench workers deploy/kubernetes
}

lint_step() { # <name> <command…>
    local name="$1"
    shift
    if "$@"; then
        say "  $name: good"
    else
        say "  $name: see above"
        return 1
    fi
}

airi_lint() { # [--all]: clang-tidy looks at every file instead of the changed ones
    local all="${1:-}" result=0
    [[ "$all" =~ ^(|--all)$ ]] || die "lint takes --all, or nothing"
    cd "$root" || exit
    packages build lint
    node_packages "$root/deploy/lint"
    lint_step clang-format format_cpp --check || result=1
    lint_step prettier format_javascript --check || result=1
    lint_step eslint javascript_checked || result=1
    lint_step shellcheck scripts_checked || result=1
    lint_step clang-tidy tidy "$all" || result=1
    return "$result"
}
