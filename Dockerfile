# Built in two stages; what the second one holds is proved by scripts/check-image, which needs no Docker engine.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends libsqlite3-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# Dependencies in a layer of their own: they change less often than the sources.
COPY Package.swift ./
RUN swift package resolve
COPY migrations ./migrations
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build --configuration release --static-swift-stdlib --product fuploadServer \
    && install -D --strip "$(swift build --configuration release --static-swift-stdlib --show-bin-path)/fuploadServer" /out/fuploadServer

FROM debian:bookworm-slim
# runtime-packages: read by scripts/check-image
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libsqlite3-0 libstdc++6 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app fupload \
    && install --directory --owner fupload /app /app/data /data/store /data/tmp
WORKDIR /app
COPY --from=build /out/fuploadServer /app/fuploadServer
COPY conf/fupload.yml /app/fupload.yml
USER fupload
# Where state and files live; mount volumes here.
ENV FUPLOAD_DATABASE=/app/data/fupload.sqlite \
    FUPLOAD_TMP_DIR=/data/tmp \
    FUPLOAD_STORE_DIR=/data/store \
    FUPLOAD_SERVER_PORT=8090
VOLUME ["/app/data", "/data"]
EXPOSE 8090
# Any answer in the envelope means that the server serves.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8090 && printf 'GET /api/upload/files/blocks/info HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q retCode <&3"]
ENTRYPOINT ["/app/fuploadServer"]
CMD ["-c", "/app/fupload.yml"]
