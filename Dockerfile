# One image for every process of airi; the command says which: airi-gateway, airi-worker chat, …
FROM debian:12-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171 AS build
WORKDIR /src
COPY airi ./
COPY deploy deploy
RUN ./airi packages build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release && cmake --build --preset release

# The companion in Minecraft and its Node: Debian's (18) is older than what the bot needs.
FROM debian:12-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171 AS bot
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates npm
COPY workers/gaming/bot /app/workers/gaming/bot
RUN npm install --prefix /app/workers/gaming/bot --no-package-lock --no-audit --no-fund \
    && machine="$(dpkg --print-architecture | sed 's/^amd64$/x64/')" \
    && npm install --prefix /node --no-package-lock --no-audit --no-fund "node-linux-$machine@20.20.2" \
    && install /node/node_modules/node-linux-*/bin/node /usr/local/bin/node

FROM debian:12-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl postgresql-client \
        libcurl4 libfmt9 libhiredis0.14 libicu72 libpq5 librdkafka1 libseccomp2 libsimdjson14 libsodium23 \
        libssl3 libvectorscan5 libvips42 libzstd1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home airi \
    && install -d -o airi -m 700 /var/lib/airi/mail /var/lib/airi/archive
WORKDIR /app
COPY deploy deploy
COPY sql sql
COPY --from=bot /usr/local/bin/node /usr/local/bin/
COPY --from=bot /app/workers/gaming/bot workers/gaming/bot
COPY --from=build /src/.airi/build/release/bin/ /usr/local/bin/
USER airi
EXPOSE 3001 9100
# Each container is a copy of its own, and its host name is unique: the copy is named after it.
ENTRYPOINT ["/bin/sh", "-c", "export AIRI_INSTANCE=\"${AIRI_INSTANCE:-$HOSTNAME}\"; exec \"$@\"", "airi"]
CMD ["airi-gateway"]
