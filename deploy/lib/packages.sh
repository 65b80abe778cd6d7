# shellcheck shell=bash disable=SC2034,SC2154
# The distribution's packages, grouped by purpose. Only missing ones are installed.

packages_build=(
    clang-19 lld-19 libclang-rt-19-dev mold ccache cmake ninja-build pkg-config git ca-certificates
    librdkafka-dev libboost1.81-dev libboost-json1.81-dev libvalijson-dev libpq-dev libhiredis-dev libsimdjson-dev
    libssl-dev libfmt-dev libsodium-dev libcurl4-openssl-dev libicu-dev libvips-dev libseccomp-dev libzstd-dev
    libvectorscan-dev doctest-dev python3-zxcvbn
)
packages_servers=(postgresql redis-server kcat curl jq)
# <command>:<package>: the package is installed only when the command is missing.
packages_kafka=(java:openjdk-17-jre-headless mvn:maven)
packages_bench=(node:nodejs npm:npm)
packages_profile=(perf:linux-perf cargo:cargo)
packages_lint=(clang-format-19 clang-tidy-19 shellcheck node:nodejs npm:npm)
packages_tests=(
    javac:openjdk-17-jdk-headless python3:python3 python3-venv node:nodejs npm:npm go:golang-go chromium:chromium
    nginx:nginx promtool:prometheus amtool:prometheus-alertmanager
)

installed() { [[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" == ii* ]]; }

missing_packages() {
    local want
    for want in "$@"; do
        if [[ "$want" == *:* ]] && command -v "${want%%:*}" >/dev/null; then continue; fi
        if ! installed "${want#*:}"; then printf '%s\n' "${want#*:}"; fi
    done
}

install_packages() { # fails when a package is not available
    local missing log="$root/.airi/packages.log"
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || die "packages are missing; install them as root: apt-get install ${missing[*]}"
    install_from_apt "$log" "${missing[@]}"
}

install_from_apt() { # <log> <package…>: the newest of the release
    local log="$1" result=0
    mkdir -p "${log%/*}"
    without_service_starts apt_install "${@:2}" 2>&1 | tee "$log" | apt_counts | show_progress packages || result=$?
    sed -i '/^\(dl\|pm\)status:/d' "$log"
    return "$result"
}

apt_install() {
    local options=(-y -q --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 -o APT::Status-Fd=1)
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"
}

# apt's status lines: dlstatus:<n>:<percent>:<text> while it downloads, pmstatus:<package>:<percent>:<text> afterwards.
apt_counts() {
    sed -un -e 's/^Get:[0-9]* .*/reading the package lists/p' \
        -e 's/^dlstatus:[^:]*:\([0-9]*\)[^:]*:\(.*\)/download \1 %: \2/p' \
        -e 's/^pmstatus:[^:]*:\([0-9]*\)[^:]*:\(.*\)/install \1 %: \2/p'
}

# airi starts servers of its own: installing a package must not start its service.
without_service_starts() {
    local policy=/usr/sbin/policy-rc.d result=0
    if [[ -e "$policy" ]]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    "$@" || result=$?
    rm -f "$policy"
    return "$result"
}

packages() { # build, servers, kafka, tests, bench, profile, lint; only kafka is optional
    local group
    for group in "$@"; do
        [[ -v "packages_$group" ]] ||
            die "no package group is named $group; the groups are: build servers kafka tests bench profile lint"
        local -n wanted="packages_$group"
        if install_packages "${wanted[@]}"; then continue; fi
        [[ "$group" == kafka ]] || packages_failed "$root/.airi/packages.log"
        warn "Java or Maven is not available, see $root/.airi/packages.log"
    done
}

packages_failed() { # <log>
    local way="can this machine reach its package servers (apt-get update)? Then repeat the command" system
    system="$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
    if grep -q 'Unable to locate package' "$1"; then
        way="airi needs all of Debian 12, and this is $system with what /etc/apt/sources.list* names;"
        way+=" elsewhere docker compose up --build starts the same"
    elif grep -q 'Could not get lock' "$1"; then
        way="another apt-get or dpkg runs; wait until it has ended, then repeat the command"
    elif grep -q 'dpkg was interrupted' "$1"; then
        way="an earlier installation was interrupted: dpkg --configure -a, then repeat the command"
    fi
    die_with_log "$1" "the packages could not be installed" "$way" "$(grep -m 5 '^E: ' "$1" || true)"
}

node_packages() { # <dir>: the packages of a folder, at the versions its package.json pins
    local dir="$1" log="$root/.airi/npm.log" way
    if [[ "$dir/node_modules/.package-lock.json" -nt "$dir/package.json" ]]; then return; fi
    mkdir -p "$root/.airi"
    way="can this machine reach its npm registry ($(npm config get registry))? Then repeat the command"
    npm install --prefix "$dir" --no-save --no-package-lock --no-audit --no-fund 2>&1 | tee "$log" |
        show_progress npm ||
        die_with_log "$log" "npm install failed in ${dir#"$root/"}" "$way" "$(grep -m 4 '^npm ERR\|^npm error' "$log")"
}
