# One image for every role: `answerbot serve`, `serve --role web`, `serve --role worker`, `migrate`.
#
#   docker build -t answerbot .
#   docker run --stop-timeout 40 --restart unless-stopped --env-file answerbot.env -p 3000:3000 \
#     -v answerbot-data:/var/lib/answerbot/data answerbot
#
# There is no ENTRYPOINT on purpose: hosts differ in whether a command of theirs replaces it, and all of them replace CMD.

# Only what names the dependencies, with empty sources beside it. This stage runs at every change, but what it hands
# on changes only with a manifest or the lock file; so the layer that builds the dependencies is found again.
FROM rust:1.95-slim-bookworm AS manifests
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
RUN find crates -type f ! -name Cargo.toml -delete \
    && find crates -mindepth 1 -maxdepth 1 -type d -exec mkdir -p {}/src \; -exec touch {}/src/lib.rs \; \
    && rm crates/answerbot/src/lib.rs \
    && echo 'fn main() {}' > crates/answerbot/src/main.rs \
    && cp crates/answerbot/src/main.rs crates/sim/src/main.rs

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
COPY --from=manifests /src ./
RUN cargo build --release --locked --no-default-features --features fleet -p answerbot --bin answerbot
COPY crates crates
# The files' times may be older than what was just built from the empty sources; cargo would then build nothing.
RUN find crates -name '*.rs' -exec touch {} + \
    && cargo build --release --locked --no-default-features --features fleet -p answerbot --bin answerbot \
    && install -D -m 0755 target/release/answerbot /out/answerbot

FROM debian:bookworm-slim
# The roots by which Meta, MTN and the AI providers are believed. Without a version: the newest roots are the right ones.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/answerbot --shell /usr/sbin/nologin answerbot \
    && install -d -o answerbot -g answerbot -m 0750 /var/lib/answerbot /var/lib/answerbot/data
COPY --from=build /out/answerbot /usr/local/bin/answerbot
WORKDIR /var/lib/answerbot
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENV PORT=3000 LOG_FORMAT=json
EXPOSE 3000
# It stops within 30 seconds of this signal: give it 35 or more before killing it.
STOPSIGNAL SIGTERM
# One GET of /livez on PORT, exit code 0 or 1. Liveness only: a database that is down is no reason to restart.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=6 CMD ["answerbot", "health"]
CMD ["answerbot", "serve"]
