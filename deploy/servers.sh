#!/usr/bin/env bash
# Private servers for tests and benchmarks, each inside one directory:
#   deploy/servers.sh {kafka|postgres|redis} {start|stop|kill|pause|resume} <dir> [port]
# start waits until the server answers, writes <dir>/port and <dir>/pid, and prints its address (kafka:
# host:port, the others: a URL of who may do everything); <dir>/passwords has those of Kafka's and Redis' users. A
# restarted server keeps its data and its port. kill is SIGKILL, pause is SIGSTOP. PG_FSYNC=off makes PostgreSQL faster
# and safe against kill only, PG_SCHEMA=yes creates it with airi's schema; KAFKA_NODES=3 starts two more brokers in
# <dir>-2 and <dir>-3, each of which may be killed and paused; KAFKA_ADVERTISED_PORT puts a proxy in front of Kafka,
# KAFKA_TLS_PEM gives it TLS.
set -euo pipefail

here="$(dirname "${BASH_SOURCE[0]}")"
for part in base progress kafka postgres redis; do
    # shellcheck source=/dev/null
    source "$here/lib/$part.sh"
done

[[ $# -ge 3 && "$1" =~ ^(kafka|postgres|redis)$ && "$2" =~ ^(start|stop|kill|pause|resume)$ ]] ||
    die "usage: servers.sh {kafka|postgres|redis} {start|stop|kill|pause|resume} <dir> [port]"
dir="$(realpath -m "$3")"
umask 077

case "$2" in
pause) signal_process "$dir/pid" STOP ;;
resume) signal_process "$dir/pid" CONT ;;
*) "${1}_$2" "$dir" "${4:-}" ;;
esac
