# shellcheck shell=bash disable=SC2034,SC2154
# The distribution's packages, by what they are needed for. Only what is missing is installed.

packages_build=(
    clang-19 lld-19 libclang-rt-19-dev mold ccache cmake ninja-build pkg-config git ca-certificates
    librdkafka-dev libboost1.81-dev libboost-json1.81-dev libvalijson-dev libpq-dev libhiredis-dev libsimdjson-dev libssl-dev
    libfmt-dev libsodium-dev libcurl4-openssl-dev doctest-dev
)
packages_servers=(postgresql redis-server kcat curl jq)
# A command may be there from elsewhere: <command>:<package>.
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

install_packages() { # fails when a package is not to be had
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

# airi has servers of its own: those of the packages are not started by their installation.
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

packages() { # build, servers, kafka, tests, lint: Kafka's are the only ones that one can do without
    local group
    for group in "$@"; do
        local -n wanted="packages_$group"
        if install_packages "${wanted[@]}"; then continue; fi
        [[ "$group" == kafka ]] || die "packages could not be installed, see $root/.airi/packages.log"
        warn "no Java or Maven to be had, see $root/.airi/packages.log"
    done
}
