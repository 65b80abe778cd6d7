# shellcheck shell=bash disable=SC2154
# A real Kafka broker (KRaft, one node) from Maven Central jars, without any installation.
# The cache holds the jars, a formatted data directory to copy and a class archive.
# Its users, each with a password in <dir>/passwords: broker is the broker itself, operator may do everything, gateway,
# worker and operations what airi-topics lets them. Started by root it runs as airi-kafka, where that user is known. It
# needs no access to the folders above its files: it gets its settings, folders and jars as open descriptors, see
# kafka_run.

kafka_pom="$root/deploy/kafka/pom.xml"
kafka_version="$(sed -n 's:.*<version>\([0-9.]*\.[0-9.]*\)</version>.*:\1:p' "$kafka_pom" | head -1)"
kafka_cache="$cache/kafka/$kafka_version-$(sha256sum "$kafka_pom" | cut -c1-8)"

kafka_possible() {
    command -v java >/dev/null && { [[ -d "$kafka_cache/jars" ]] || command -v mvn >/dev/null; }
}

kafka_class_path() { # sorted and explicit: the class archive is valid for exactly this list only
    local jars=("$kafka_cache"/jars/*.jar)
    local IFS=:
    printf '%s' "${jars[*]/#"$kafka_cache"//proc/self/fd/6}"
}

kafka_java() { # <jvm options…> -- <class> <arguments…>, into the array kafka_command
    local options=()
    while [[ "$1" != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    local heap
    read -ra heap <<<"${KAFKA_HEAP_OPTS:--Xms64m -Xmx256m}"
    # Without the data for jstat, which a timer would write twenty times a second.
    kafka_command=(java "${heap[@]}" -XX:+UseSerialGC -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError
        -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info -Djava.io.tmpdir=/proc/self/fd/5
        "${options[@]}" -cp "$(kafka_class_path)" "$@")
    if ((EUID == 0)) && id airi-kafka >/dev/null 2>&1; then
        kafka_command=(setpriv --reuid airi-kafka --regid airi-kafka --clear-groups -- "${kafka_command[@]}")
    fi
}

# Runs a command with kafka_command's descriptors: 4 the settings, 5 for native libraries, which a killed broker leaves
# behind, 6 the cache, 7 the data.
kafka_run() { # <dir> <command…>
    local dir="$1"
    mkdir -p "$dir"/{data,tmp}
    if ((EUID == 0)) && id airi-kafka >/dev/null 2>&1; then
        chown -R airi-kafka: "$dir"/{data,tmp,server.properties}
    fi
    "${@:2}" 4<"$dir/server.properties" 5<"$dir/tmp" 6<"$kafka_cache" 7<"$dir/data"
}

# KAFKA_ADVERTISED_PORT puts a proxy in front. KAFKA_TLS_PEM and KAFKA_TLS_CA, files that airi-kafka can read, make the
# clients' listener one with TLS: the broker's key and certificates, and the authority of itself as a client.
kafka_properties() { # <dir> <port> <controller port>
    local user users='' login='org.apache.kafka.common.security.plain.PlainLoginModule required' clients=SASL_PLAINTEXT
    [[ -z "${KAFKA_TLS_PEM:-}" ]] || clients=SASL_SSL
    mkdir -p "$1"
    for user in broker operator gateway worker operations; do
        users+=" user_$user=\"$(server_password "$1" "$user")\""
    done
    login+=" username=\"broker\" password=\"$(server_password "$1" broker)\""
    (
        umask 077
        {
            sed -e "s|@port@|$2|" -e "s|@controller_port@|$3|" \
                -e "s|@advertised_port@|${KAFKA_ADVERTISED_PORT:-$2}|" -e "s|@clients@|$clients|" \
                "$root/deploy/kafka/server.properties"
            if [[ $clients == SASL_SSL ]]; then
                printf 'ssl.%s\n' keystore.type=PEM "keystore.location=$KAFKA_TLS_PEM" truststore.type=PEM \
                    "truststore.location=$KAFKA_TLS_CA"
            fi
            printf 'listener.name.client.plain.sasl.jaas.config=%s%s;\n' "$login" "$users"
            printf 'listener.name.controller.plain.sasl.jaas.config=%s%s;\n' "$login" "${users%% user_operator=*}"
        } >"$1/server.properties"
    )
}

# The programs' settings for one of the users.
kafka_access() { # <dir> <user>
    KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT KAFKA_SASL_MECHANISM=PLAIN KAFKA_USERNAME="$2"
    KAFKA_PASSWORD="$(server_password "$1" "$2")"
    export KAFKA_SECURITY_PROTOCOL KAFKA_SASL_MECHANISM KAFKA_USERNAME KAFKA_PASSWORD
}

# kcat with the programs' settings; the password goes through a pipe, not over the command line.
kcat_at() { # <brokers> <arguments…>
    kcat -F <(kcat_properties) -b "$@"
}

kcat_properties() {
    local setting value
    for setting in SECURITY_PROTOCOL SASL_MECHANISM USERNAME PASSWORD SSL_CA_LOCATION SSL_CERTIFICATE_LOCATION \
        SSL_KEY_LOCATION SSL_KEY_PASSWORD; do
        value="KAFKA_$setting"
        [[ -n "${!value:-}" ]] || continue
        setting="${setting,,}" setting="${setting//_/.}"
        case "$setting" in username | password) setting="sasl.$setting" ;; esac
        printf '%s=%s\n' "$setting" "${!value}"
    done
}

kafka_fetch() { # jars, formatted directory, class archive; one process at a time
    [[ -e "$kafka_cache/trained" ]] && return
    (umask 022 && mkdir -p "$kafka_cache")
    (
        umask 022
        flock 8
        [[ -e "$kafka_cache/trained" ]] && exit
        if [[ ! -d "$kafka_cache/jars" ]]; then
            rm -rf "$kafka_cache/jars.new"
            mvn -B -f "$kafka_pom" dependency:copy-dependencies -DoutputDirectory="$kafka_cache/jars.new" \
                dependency:list -DoutputFile="$kafka_cache/jars.list" 2>&1 |
                tee "$kafka_cache/mvn.log" | sed -un 's/.*Downloaded from .*\/\([^ /]*\) .*/jars: \1/p' |
                show_progress kafka ||
                die_with_log "$kafka_cache/mvn.log" "Kafka's jars could not be fetched" \
                    "is Maven Central reachable? ./airi up --broker embedded starts without them" \
                    "$(grep -m 2 '^\[ERROR\]' "$kafka_cache/mvn.log")"
            mv "$kafka_cache/jars.new" "$kafka_cache/jars"
        fi
        kafka_format
        kafka_train || warn "no class archive for Kafka; it starts more slowly"
        touch "$kafka_cache/trained"
    ) 8>"$kafka_cache/lock"
}

kafka_format() {
    local dir="$kafka_cache/formatted"
    rm -rf "$dir"
    kafka_properties "$dir" 9092 9093
    kafka_java -- kafka.tools.StorageTool format --cluster-id "$(kafka_id)" --config /proc/self/fd/4
    kafka_run "$dir" "${kafka_command[@]}" >"$kafka_cache/format.log" 2>&1 ||
        die_with_log "$kafka_cache/format.log" "Kafka's data directory could not be formatted" \
            "remove $kafka_cache and repeat the command; --broker embedded starts without Kafka"
}

# One short run of the broker, in which a group reads and writes, shows the JVM which classes it needs.
kafka_train() {
    local dir="$kafka_cache/training" archive="$kafka_cache/classes.jsa" port
    port="$(free_port "")"
    rm -rf "$dir" "$archive"
    kafka_archive=-XX:ArchiveClassesAtExit=/proc/self/fd/7/classes.jsa kafka_launch "$dir" "$port" || return
    (
        kafka_access "$dir" operator
        kcat_at "127.0.0.1:$port" -L || true
        timeout 3 kcat -F <(kcat_properties) -b "127.0.0.1:$port" -G training -e training || true
    ) >/dev/null 2>&1
    stop_process "$dir/pid" 30
    install -m 644 "$dir/data/classes.jsa" "$archive"
    rm -rf "$dir"
    [[ -s "$archive" ]]
}

kafka_id() {
    head -c 16 /dev/urandom | base64 -w0 | tr '+/' 'xy' | tr -d '='
}

kafka_launch() { # <dir> <port>
    local dir="$1" port="$2" controller_port
    controller_port="$(free_port $((port + 1)))"
    kafka_properties "$dir" "$port" "$controller_port"
    if [[ ! -e "$dir/data/meta.properties" ]]; then
        rm -rf "$dir/data"
        (umask 077 && cp -R "$kafka_cache/formatted/data" "$dir/data")
        sed -i -e "s|^cluster.id=.*|cluster.id=$(kafka_id)|" \
            -e "s|^directory.id=.*|directory.id=$(kafka_id)|" \
            "$dir/data/meta.properties"
    fi
    chmod -R go= "$dir/data" # of an earlier version, which left it open
    kafka_java "${kafka_archive:--XX:SharedArchiveFile=/proc/self/fd/6/classes.jsa}" -Xshare:auto -- \
        kafka.Kafka /proc/self/fd/4
    kafka_run "$dir" spawn "$dir/pid" "$dir/log" "${kafka_command[@]}"
    wait_until 60 "$dir/pid" grep -qs 'Kafka Server started' "$dir/log"
}

kafka_start() { # <dir> [port]; prints the address
    kafka_fetch
    [[ -d "$1/passwords" ]] || kafka_stop "$1" # of an earlier version, which let everybody in
    start_server kafka "$1" "${2:-}"
    printf '127.0.0.1:%s\n' "$(cat "$1/port")"
}

kafka_stop() { stop_process "$1/pid" 20; }
kafka_kill() { stop_process "$1/pid" 0; }
