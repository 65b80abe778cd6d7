# shellcheck shell=bash disable=SC2154
# airi sbom: what is installed and shipped, as CycloneDX. airi audit: what is known to be wrong with it.

# The libraries and programs of the image: the lines of the Dockerfile's second installation.
shipped_packages() {
    sed -n '/install -y --no-install-recommends/,/&& rm/p' "$root/Dockerfile" |
        grep -oE '\b[a-z][a-z0-9.+-]+\b' | grep -vxE 'apt-get|install|y|no-install-recommends|rm|rf|var|lib|apt|lists'
}

# Each with all that it depends on: <name>\t<version>\t<architecture>\t<source>
debian_components() { # <package…>
    # shellcheck disable=SC2016 # dpkg-query expands it
    local format='${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\n'
    # A virtual package has no version: dpkg-query fails, and prints the others.
    apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$@" 2>/dev/null | grep -E '^[a-z0-9]' | sort -u |
        { xargs -r dpkg-query -W -f "$format" 2>/dev/null || true; } | sed -n 's/^installed\t//p' | sort -u
}

sbom_debian() {
    local want
    local -a shipped all=()
    mapfile -t shipped < <(shipped_packages)
    for want in "${shipped[@]}" "${packages_build[@]}" "${packages_servers[@]}" "${packages_kafka[@]}" \
        "${packages_tests[@]}"; do
        if installed "${want#*:}"; then all+=("${want#*:}"); fi
    done
    debian_components "${shipped[@]}" >"$1/shipped"
    debian_components "${all[@]}" | jq -cRn --rawfile shipped "$1/shipped" '
        ($shipped | split("\n")) as $shipped
        | inputs | . as $line | split("\t")
        | {type: "library", name: .[0], version: .[1],
           scope: (if ($shipped | index($line)) then "required" else "excluded" end),
           purl: "pkg:deb/debian/\(.[0] | @uri)@\(.[1] | @uri)?arch=\(.[2])&distro=debian-12",
           properties: [{name: "airi:ecosystem", value: "Debian:12"}, {name: "airi:source", value: .[3]}]}'
}

sbom_maven() { # of the broker
    [[ -s "$kafka_cache/jars.list" ]] || return 0
    sed -nE 's/^ +([^: ]+):([^: ]+):jar:([^: ]+):.*/\1\t\2\t\3/p' "$kafka_cache/jars.list" | sort -u | jq -cRn '
        inputs | split("\t")
        | {type: "library", group: .[0], name: .[1], version: .[2], scope: "required",
           purl: "pkg:maven/\(.[0])/\(.[1])@\(.[2])",
           properties: [{name: "airi:ecosystem", value: "Maven"}, {name: "airi:source", value: "\(.[0]):\(.[1])"}]}'
}

sbom_npm() { # of the bot, which is shipped; of tests, lint and bench
    local folder lock scope
    for folder in workers/gaming/bot tests deploy/lint bench/peers; do
        lock="$root/$folder/node_modules/.package-lock.json" scope=excluded
        [[ -s "$lock" ]] || continue
        if [[ "$folder" == workers/* ]]; then scope=required; fi
        jq -c --arg scope "$scope" '.packages | to_entries[] | select(.value.version)
            | (.value.name // (.key | sub(".*node_modules/"; ""))) as $name
            | {type: "library", name: $name, version: .value.version, $scope,
               purl: "pkg:npm/\($name | sub("^@"; "%40"))@\(.value.version)",
               properties: [{name: "airi:ecosystem", value: "npm"}, {name: "airi:source", value: $name}]}' "$lock"
    done
}

sbom_python() { # of the tests
    sed -nE 's/^([A-Za-z0-9._-]+)==([^ ;#]+).*/\1\t\2/p' "$root"/tests/e2e/*requirements.txt | jq -cRn '
        inputs | split("\t")
        | {type: "library", name: .[0], version: .[1], scope: "excluded", purl: "pkg:pypi/\(.[0])@\(.[1])",
           properties: [{name: "airi:ecosystem", value: "PyPI"}, {name: "airi:source", value: .[0]}]}'
}

sbom_go() { # of the tests
    sed -nE 's/^(require |\t)(\S+) v(\S+).*/\2\t\3/p' "$root"/tests/support/{stripe-mock,versitygw}/go.mod | jq -cRn '
        inputs | split("\t")
        | {type: "library", name: .[0], version: .[1], scope: "excluded", purl: "pkg:golang/\(.[0])@v\(.[1])",
           properties: [{name: "airi:ecosystem", value: "Go"}, {name: "airi:source", value: .[0]}]}'
}

# https://cyclonedx.org/docs/1.6/json/: `scope` required is shipped or runs beside it, excluded builds and tests it.
airi_sbom() {
    local dir
    dir="$(mktemp -d)"
    {
        sbom_debian "$dir"
        sbom_maven
        sbom_npm
        sbom_python
        sbom_go
    } | jq -s --arg commit "$(git -C "$root" rev-parse HEAD 2>/dev/null || true)" '
        {bomFormat: "CycloneDX", specVersion: "1.6", version: 1,
         metadata: {timestamp: (now | todate), component: {type: "application", "bom-ref": "airi", name: "airi",
                                                           version: $commit}},
         components: (unique_by(.purl) | map(. + {"bom-ref": .purl}))}'
    rm -rf "$dir"
}

# Packages that are older than what the distribution offers, a line each; fails when that is not known.
outdated_packages() { # <sbom>
    grep -q '"pkg:deb' "$1" || return 0
    ((EUID != 0)) || apt-get update -q >/dev/null 2>&1 || return 1
    jq -r '.components[] | select(.purl | startswith("pkg:deb")) | .name' "$1" | xargs -r apt-cache policy 2>/dev/null |
        awk '/^[a-z0-9]/ { sub(":$", "", $1); name = $1 } $1 == "Installed:" { have = $2 }
            $1 == "Candidate:" && $2 != have { print "  " name " " have ": " $2 " is there" }'
}

# The vulnerabilities that OSV (https://google.github.io/osv.dev/post-v1-querybatch/) knows, a line each; fails unless
# every component was asked for.
known_vulnerabilities() { # <sbom> <dir>
    local url="${OSV_URL:-https://api.osv.dev}/v1/querybatch"
    jq -c '[.components[] | (.properties | from_entries) as $p | {name: "\(.name) \(.version)", query:
            {package: {name: $p["airi:source"], ecosystem: $p["airi:ecosystem"]}, version}}]' "$1" >"$2/asked"
    jq -c '{queries: map(.query)}' "$2/asked" |
        curl -fsS -m 60 -H 'Content-Type: application/json' --data-binary @- -o "$2/answer" "$url" || return 1
    jq -e --slurpfile asked "$2/asked" '(.results | length) == ($asked[0] | length)
        and all(.results[]; .next_page_token | not)' "$2/answer" >/dev/null 2>&1 || return 1
    jq -r --slurpfile asked "$2/asked" '.results | to_entries[] | select(.value.vulns)
        | "  \($asked[0][.key].name): \(.value.vulns | map(.id) | join(" "))"' "$2/answer"
}

# 0: all was asked, and nothing is known; 1: something is; 2: something could not be asked, so nothing is said of it.
airi_audit() { # [<file that sbom has printed>]; OSV_URL: another copy of the OSV database
    local dir found result=0
    dir="$(mktemp -d)"
    if (($#)); then cp "$1" "$dir/sbom"; else airi_sbom >"$dir/sbom"; fi
    say "$(jq '.components | length' "$dir/sbom") components"
    if found="$(outdated_packages "$dir/sbom")"; then
        if [[ -n "$found" ]]; then
            printf 'older than the distribution offers (apt-get upgrade):\n%s\n' "$found"
            result=1
        fi
    else
        say "not audited: the distribution's package lists could not be read"
        result=2
    fi
    if found="$(known_vulnerabilities "$dir/sbom" "$dir" 2>"$dir/error")"; then
        if [[ -n "$found" ]]; then printf 'known vulnerabilities (https://osv.dev/<id>):\n%s\n' "$found"; fi
        if [[ -n "$found" ]] && ((result == 0)); then result=1; fi
    else
        say "not audited: OSV did not answer for every component. $(tail -n 1 "$dir/error")"
        result=2
    fi
    rm -rf "$dir"
    if ((result == 0)); then say "nothing is known against any of them"; fi
    return "$result"
}
