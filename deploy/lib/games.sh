# shellcheck shell=bash disable=SC2034,SC2154
# airi up --games: a Minecraft server of this machine's alone, without accounts, until airi down.

games_version=1.20.2

up_games() {
    local -a reader=(test -r)
    [[ "$(node -p 'process.versions.node.split(".")[0] >= 20' 2>/dev/null)" == true ]] ||
        die "--games needs Node 20 or newer, as node in PATH"
    node_packages "$root/tests"
    node_packages "$root/workers/gaming/bot"
    if ((EUID == 0)); then reader=(setpriv --reuid airi-worker --regid airi-worker --clear-groups -- test -r); fi
    "${reader[@]}" "$root/workers/gaming/bot/bot.mjs" ||
        die "airi-worker may not read $root/workers/gaming/bot: --games needs a checkout that it can read"
    gone "$home/minecraft/pid" && claim_port "$home/minecraft" $(($(port_block) + 4))
    start_server minecraft "$home/minecraft"
    ln -sfn ../minecraft/log "$home/logs/minecraft.log"
    remark="127.0.0.1:$(cat "$home/minecraft/port"), version $games_version"
}

minecraft_launch() { # <dir> <port>
    PORT="$2" VERSION="$games_version" spawn "$1/pid" "$1/log" node "$root/tests/support/js/games/minecraft_server.mjs"
    wait_until 60 "$1/pid" grep -qs 'Minecraft .* on ' "$1/log"
}

games_environment() { # of the gaming worker, while that server runs
    if gone "$home/minecraft/pid"; then return; fi
    export MINECRAFT_BOT="${MINECRAFT_BOT:-$root/workers/gaming/bot/bot.mjs}"
    export GAME_SERVERS="${GAME_SERVERS:-minecraft=127.0.0.1:$(cat "$home/minecraft/port")/$games_version}"
}

games_stop() {
    stop_process "$home/minecraft/pid" 10
    rm -rf "$home/minecraft"
}
