# shellcheck shell=bash disable=SC2154
# A real Kafka broker, or with KAFKA_NODES=3 a cluster of three (KRaft), from Maven Central jars, without any
# installation.
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
    local login='org.apache.kafka.common.security.plain.PlainLoginModule required'
    local nodes=1 user users='' clients=SASL_PLAINTEXT
    [[ -z "${KAFKA_TLS_PEM:-}" ]] || clients=SASL_SSL
    [[ -z "${kafka_voters:-}" ]] || nodes=3
    mkdir -p "$1"
    for user in broker operator gateway worker operations; do
        users+=" user_$user=\"$(server_password "$1" "$user")\""
    done
    login+=" username=\"broker\" password=\"$(server_password "$1" broker)\""
    (
        umask 077
        {
            sed -e "s|@port@|$2|" -e "s|@controller_port@|$3|" -e "s|@node@|${kafka_node:-1}|" \
                -e "s|@voters@|${kafka_voters:-1@127.0.0.1:$3}|" -e "s|@nodes@|$nodes|" \
                -e "s|@insync@|$((nodes / 2 + nodes % 2))|" -e "s|@idle@|$((nodes > 1 ? 500 : 0))|" \
                -e "s|@session@|$((nodes > 1 ? 1000 : 2000))|" \
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
    kafka_spawn "$1" "$2" "$(free_port $(($2 + 1)))"
    kafka_ready "$1"
}

kafka_ready() { wait_until 60 "$1/pid" grep -qs 'Kafka Server started' "$1/log"; } # <dir>

kafka_spawn() { # <dir> <port> <controller port>
    local dir="$1" port="$2" controller_port="$3"
    kafka_properties "$dir" "$port" "$controller_port"
    if [[ ! -e "$dir/data/meta.properties" ]]; then
        rm -rf "$dir/data"
        (umask 077 && cp -R "$kafka_cache/formatted/data" "$dir/data")
        sed -i -e "s|^cluster.id=.*|cluster.id=${kafka_cluster:-$(kafka_id)}|" \
            -e "s|^node.id=.*|node.id=${kafka_node:-1}|" \
            -e "s|^directory.id=.*|directory.id=$(kafka_id)|" \
            "$dir/data/meta.properties"
    fi
    chmod -R go= "$dir/data" # of an earlier version, which left it open
    kafka_java "${kafka_archive:--XX:SharedArchiveFile=/proc/self/fd/6/classes.jsa}" -Xshare:auto -- \
        kafka.Kafka /proc/self/fd/4
    kafka_run "$dir" spawn "$dir/pid" "$dir/log" "${kafka_command[@]}"
}

kafka_is_cluster() { [[ "${KAFKA_NODES:-1}" == 3 || -e "$1/cluster" ]]; } # <dir>

# The directories of the nodes: each has a pid, port and log of its own.
kafka_nodes() { # <dir>
    if kafka_is_cluster "$1"; then
        printf '%s\n' "$1" "$1-2" "$1-3"
    else
        printf '%s\n' "$1"
    fi
}

# Starts those of the three that do not run. A node alone does not become ready: it waits for a second one.
kafka_cluster_start() { # <dir> [port]
    local dir="$1" port="${2:-}" node=0 each kafka_node kafka_voters='' kafka_cluster
    local -a nodes
    mapfile -t nodes < <(kafka_nodes "$dir")
    [[ -s "$dir/cluster" || ! -e "$dir/data/meta.properties" ]] ||
        die "$dir holds the data of a broker alone, which cannot become one of three: choose another AIRI_HOME"
    for each in "${nodes[@]}"; do
        node=$((node + 1))
        (umask 077 && mkdir -p "$each")
        if [[ ! -s "$each/port" ]]; then free_port "$port" >"$each/port"; fi
        port="$(($(cat "$each/port") + 1))"
        if [[ ! -s "$each/controller_port" ]]; then free_port "$port" >"$each/controller_port"; fi
        port="$(($(cat "$each/controller_port") + 1))"
        kafka_voters+=",$node@127.0.0.1:$(cat "$each/controller_port")"
        if [[ "$each" != "$dir" ]]; then ln -sfn "../$(basename "$dir")/passwords" "$each/passwords"; fi
    done
    kafka_voters="${kafka_voters#,}"
    [[ -s "$dir/cluster" ]] || kafka_id >"$dir/cluster"
    kafka_cluster="$(cat "$dir/cluster")"
    for node in 1 2 3; do
        each="${nodes[node - 1]}" kafka_node="$node"
        if live_pid "$each/pid" >/dev/null; then continue; fi
        keep_log "$each/log"
        kafka_spawn "$each" "$(cat "$each/port")" "$(cat "$each/controller_port")"
    done
    for each in "${nodes[@]}"; do
        kafka_ready "$each" ||
            die_with_log "$each/log" "Kafka does not start" "mend what its log names, then repeat the command"
    done
}

kafka_start() { # <dir> [port]; prints the addresses
    local each
    [[ "${KAFKA_NODES:-1}" =~ ^[13]$ ]] || die "KAFKA_NODES is 1 or 3: $KAFKA_NODES"
    kafka_fetch
    if kafka_is_cluster "$1"; then
        kafka_cluster_start "$@"
        while IFS= read -r each; do printf '127.0.0.1:%s\n' "$(cat "$each/port")"; done < <(kafka_nodes "$1") |
            paste -sd,
        return
    fi
    [[ -d "$1/passwords" ]] || kafka_stop "$1" # of an earlier version, which let everybody in
    start_server kafka "$1" "${2:-}"
    printf '127.0.0.1:%s\n' "$(cat "$1/port")"
}

# Of a cluster's first directory, all nodes; together, so that none waits for the others as its voters.
kafka_stop() { # <dir>
    local each pid
    while IFS= read -r each; do
        if pid="$(live_pid "$each/pid")"; then kill -TERM "$pid" 2>/dev/null || true; fi
    done < <(kafka_nodes "$1")
    while IFS= read -r each; do stop_process "$each/pid" 20; done < <(kafka_nodes "$1")
}
kafka_kill() { stop_process "$1/pid" 0; } # <dir>: one node
