# shellcheck shell=bash disable=SC2034,SC2154
# airi update: what this tree names, at the versions it names. Debian's packages: the newest of the release; Kafka's
# jars: deploy/kafka/pom.xml; npm packages: the package.json files. Tools that are not in use stay away.

update_row() { say "$(printf '  %-34s %s → %s' "$1" "${2:-none}" "$3")"; }

package_version() { dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'; }

update_packages() {
    local want package log="$root/.airi/update.log" count=0
    local -A before=()
    for want in "${packages_build[@]}" "${packages_servers[@]}"; do before["$want"]="$(package_version "$want")"; done
    for want in "${packages_kafka[@]}" "${packages_lint[@]}" "${packages_tests[@]}"; do
        package="${want#*:}"
        if installed "$package"; then before["$package"]="$(package_version "$package")"; fi
    done
    ((EUID == 0)) || die "packages are updated as root: apt-get update && apt-get install ${!before[*]}"
    install_from_apt "$log" "${!before[@]}" || packages_failed "$log"
    for package in "${!before[@]}"; do
        want="$(package_version "$package")"
        if [[ "$want" != "${before[$package]}" ]]; then
            update_row "$package" "${before[$package]}" "$want"
            count=$((count + 1))
        fi
    done
    remark="${#before[@]} packages, $count changed"
}

update_kafka() {
    local older
    remark="$kafka_version"
    if [[ -e "$kafka_cache/trained" ]]; then return; fi
    older="$(find "$cache/kafka" -mindepth 1 -maxdepth 1 -type d -not -name "${kafka_cache##*/}" -printf '%f\n' \
        2>/dev/null | sort -V | tail -1 || true)"
    packages kafka
    kafka_possible || {
        remark='no Java or no Maven'
        return
    }
    kafka_fetch
    update_row "Kafka's jars" "$older" "$kafka_version"
}

npm_versions() { # <folder>: "<package> <version that it names> <version there>"
    local package version there
    jq -r '.dependencies | to_entries[] | "\(.key) \(.value)"' "$1/package.json" | while read -r package version; do
        there="$(jq -r .version "$1/node_modules/$package/package.json" 2>/dev/null || true)"
        printf '%s %s %s\n' "$package" "$version" "${there:-none}"
    done
}

update_npm() { # <folder>
    local folder="$root/$1" changed
    remark='not used yet'
    [[ -d "$folder/node_modules" ]] || return 0
    changed="$(npm_versions "$folder" | awk '$2 != $3')"
    remark='present'
    [[ -n "$changed" ]] || return 0
    rm -f "$folder/node_modules/.package-lock.json"
    node_packages "$folder"
    while read -r package version there; do update_row "$package" "$there" "$version"; done <<<"$changed"
    remark="$(wc -l <<<"$changed") changed"
}

airi_update() {
    local package version there
    (($# == 0)) || die "update takes nothing: the versions are those that this tree names"
    step packages update_packages
    step kafka update_kafka
    for package in tests workers/gaming/bot deploy/lint bench/peers; do step "$package" update_npm "$package"; done
    say "the next ./airi up or ./airi test builds with them"
}
