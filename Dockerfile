# syntax=docker/dockerfile:1
# A small image: one binary, no shell, not root, nothing written outside of /data. docs/running.md lists all settings.
#
#   docker build -t windowshop .
#   docker run --rm --read-only -p 8080:8080 -v windowshop:/data windowshop

# A tag can be moved to another image, a digest cannot: name both images by theirs (docs/running.md, "Container").
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock askama.toml build.rs ./
COPY .cargo .cargo
COPY src src
COPY templates templates
COPY assets assets
COPY sql sql
COPY data data
# Cargo.toml names them, so cargo needs them to exist; none of them gets into the binary.
COPY tests/site tests/site
COPY tests/load tests/load
# Cargo's downloads and builds stay on the build machine, so a second build takes seconds.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked \
    && install -D target/release/windowshop /out/usr/local/bin/windowshop \
    && install -d /out/data

FROM ${BASE_IMAGE}
COPY --from=build /out/usr/local/bin/windowshop /usr/local/bin/windowshop
# The sample of real plans, for a first look; your own catalogues go to /data/catalogues.
COPY --from=build /src/data /app/data
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /app
USER 65532:65532
ENV WINDOWSHOP_LISTEN=0.0.0.0:8080 \
    WINDOWSHOP_DATA_DIR=/data \
    WINDOWSHOP_METRICS_LISTEN=0.0.0.0:9464 \
    WINDOWSHOP_LOG_FORMAT=json
VOLUME /data
# 9464 is for metrics and health: publish it to your own machines only, or not at all.
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
# A first start builds the sample before it answers.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/windowshop", "health"]
ENTRYPOINT ["/usr/local/bin/windowshop"]
CMD ["serve"]
