#!/bin/sh
# Starts Alertmanager in its container with this folder's configuration, in which @NAMES@ stand for environment
# variables. With --print it only prints the configuration. Secrets are files: see compose.yaml.
set -eu

names='ALERT_SLACK_CHANNEL ALERT_SMTP_HOST ALERT_SMTP_USER ALERT_EMAIL_FROM ALERT_EMAIL_TO'

value=''
configuration() {
    script=''
    for name in $names; do
        eval "value=\${$name:-}"
        case "$value" in
        '') echo "$name is not set: see docs/observability.md" >&2 && exit 2 ;;
        *[!A-Za-z0-9@.:_#+-]*) echo "$name has a character that no address has" >&2 && exit 2 ;;
        esac
        script="$script;s/@$name@/$value/g"
    done
    sed "$script" "$(dirname "$0")/alertmanager.yaml"
}

if [ "${1:-}" = --print ]; then
    configuration
    exit
fi
configuration >/tmp/alertmanager.yaml
exec /bin/alertmanager --config.file=/tmp/alertmanager.yaml --storage.path=/tmp/alertmanager
