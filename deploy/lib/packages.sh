# shellcheck shell=bash disable=SC2034,SC2154
# The distribution's packages, grouped by purpose. Only missing ones are installed.

packages_build=(
    clang-19 lld-19 libclang-rt-19-dev mold ccache cmake ninja-build pkg-config git ca-certificates
    librdkafka-dev libboost1.81-dev libboost-json1.81-dev libvalijson-dev libpq-dev libhiredis-dev libsimdjson-dev
    libssl-dev libfmt-dev libsodium-dev libcurl4-openssl-dev doctest-dev
)
packages_servers=(postgresql redis-server kcat curl jq)
# <command>:<package>: the package is installed only when the command is missing.
packages_kafka=(java:openjdk-17-jre-headless mvn:maven)
packages_lint=(clang-format-19 clang-tidy-19 shellcheck node:nodejs npm:npm)
packages_tests=(python3:python3 python3-venv node:nodejs npm:npm chromium:chromium)

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
    ((EUID == 0)) || die "missing packages; as root: apt-get install ${missing[*]}"
    mkdir -p "${log%/*}"
    without_service_starts apt_get "${missing[@]}" >"$log" 2>&1
}

apt_get() {
    local options=(-y -q --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300)
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"
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

packages() { # build, servers, kafka, tests, lint; only kafka is optional
    local group
    for group in "$@"; do
        [[ -v "packages_$group" ]] ||
            die "no package group is named $group; the groups are: build servers kafka tests lint"
        local -n wanted="packages_$group"
        if install_packages "${wanted[@]}"; then continue; fi
        [[ "$group" == kafka ]] || die "packages could not be installed, see $root/.airi/packages.log"
        warn "Java or Maven is not available, see $root/.airi/packages.log"
    done
}
