# Two stages; what the second one holds is proved sufficient by scripts/check-image, which needs no Docker engine.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends libsqlite3-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Package.swift ./
COPY migrations ./migrations
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build --configuration release --static-swift-stdlib --product fuploadServer \
    && install -D --strip "$(swift build --configuration release --static-swift-stdlib --show-bin-path)/fuploadServer" /out/fuploadServer

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsqlite3-0 libstdc++6 libgcc-s1 zlib1g ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app fupload \
    && install --directory --owner fupload /app/data /data/store /data/tmp
WORKDIR /app
COPY --from=build /out/fuploadServer /app/fuploadServer
COPY conf/fupload.yml /app/fupload.yml
COPY scripts/healthcheck /app/healthcheck
USER fupload
# Where state and files live: mount volumes here. /data in one piece, so that publishing is a rename.
ENV FUPLOAD_DATABASE=/app/data/fupload.sqlite
ENV FUPLOAD_TMP_DIR=/data/tmp
ENV FUPLOAD_STORE_DIR=/data/store
ENV FUPLOAD_SERVER_PORT=8090
VOLUME ["/app/data", "/data"]
EXPOSE 8090
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/app/healthcheck"]
ENTRYPOINT ["/app/fuploadServer"]
CMD ["-c", "/app/fupload.yml"]
