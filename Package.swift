// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 language mode comes with the tools version; these sharpen it further.
let settings: [SwiftSetting] = [
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0480-swiftpm-warning-control.md
    .treatAllWarnings(as: .error),
]

// Package.resolved is not kept in git, so every version is pinned here.
let dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

/// For `--version`: the commit that is being built.
let commit: String =
    if let git = Context.gitInformation {
        String(git.currentCommit.prefix(12)) + (git.hasUncommittedChanges ? "-dirty" : "")
    } else {
        "unknown"
    }

let package = Package(
    name: "fuploadServer",
    products: [
        .executable(name: "fuploadServer", targets: ["fuploadServer"]),
        .executable(name: "businessServer", targets: ["businessServer"]),
        .executable(name: "client", targets: ["client"]),
        // Loaded into the programs by tests, never linked.
        .library(name: "FaultShim", type: .dynamic, targets: ["FaultShim"]),
    ],
    dependencies: dependencies,
    targets: [
        // The domain. Everything below points at it; it points at nothing.
        .target(name: "UploadCore", swiftSettings: settings),

        // Where things run: threads that may block, and loops that may not. The adapters share them.
        .target(name: "Blocking", swiftSettings: settings),
        .target(name: "EventLoops", dependencies: [nioCore], swiftSettings: settings),

        // One adapter for each thing outside of us.
        .target(
            name: "UploadMigrations",
            path: "migrations",
            resources: [
                .embedInCode("0001_create_tables.sql"), .embedInCode("0002_create_views.sql"),
                .embedInCode("0003_open_totals.sql"), .embedInCode("0004_key_generations.sql"),
                .embedInCode("0005_lasting_places.sql"), .embedInCode("0006_running_hashes.sql"),
                .embedInCode("0007_operator_views.sql"), .embedInCode("0008_traffic.sql"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "UploadSQLite",
            dependencies: ["Blocking", "UploadCore", "UploadMigrations", grdb, grdbSQLite, metrics],
            swiftSettings: settings),
        // Tests hash a lot, and they run debug builds.
        .target(name: "CMD5", cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        .target(name: "MD5Lanes", dependencies: ["CMD5"], swiftSettings: settings),
        .target(name: "CFileSystem"),
        .target(
            name: "UploadFiles",
            dependencies: ["Blocking", "CFileSystem", "MD5Lanes", "UploadCore", systemPackage, crypto, metrics],
            swiftSettings: settings),
        .target(name: "Multipart", dependencies: [nioCore], swiftSettings: settings),
        // What both listeners say of themselves.
        .target(name: "OpenAPI", resources: [.embedInCode("openapi.yaml")], swiftSettings: settings),
        .target(
            name: "UploadHTTP",
            dependencies: [
                "EventLoops", "UploadCore", "Multipart", "OpenAPI", hummingbird, httpTypes, serviceLifecycle, logging,
                nioCore, nioHTTP1, nioTLS, nioSSL, metrics,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Callbacks",
            dependencies: [
                "EventLoops", "UploadCore", asyncHTTPClient, nioCore, nioPosix, nioSSL, crypto, logging,
                serviceLifecycle, metrics,
            ],
            swiftSettings: settings
        ),

        // The operator's side: figures, and the listener that shows them.
        .target(name: "PrometheusMetrics", dependencies: [coreMetrics], swiftSettings: settings),
        .target(
            name: "AdminHTTP",
            dependencies: ["UploadCore", "OpenAPI", hummingbird, httpTypes, serviceLifecycle, logging],
            resources: [
                .embedInCode("Console/console.html"), .embedInCode("Console/theme.css"),
                .embedInCode("Console/frame.css"), .embedInCode("Console/lists.css"),
                .embedInCode("Console/task.css"), .embedInCode("Console/narrow.css"),
                .embedInCode("Console/console.svg"), .embedInCode("Console/console.js"),
                .embedInCode("Console/route.js"), .embedInCode("Console/session.js"),
                .embedInCode("Console/gate.js"), .embedInCode("Console/api.js"), .embedInCode("Console/failures.js"),
                .embedInCode("Console/events.js"), .embedInCode("Console/link.js"), .embedInCode("Console/live.js"),
                .embedInCode("Console/pace.js"), .embedInCode("Console/banner.js"), .embedInCode("Console/strip.js"),
                .embedInCode("Console/refresh.js"), .embedInCode("Console/tasks.js"), .embedInCode("Console/row.js"),
                .embedInCode("Console/task.js"), .embedInCode("Console/steering.js"),
                .embedInCode("Console/gaps.js"), .embedInCode("Console/timeline.js"), .embedInCode("Console/map.js"),
                .embedInCode("Console/callbacks.js"), .embedInCode("Console/callback.js"),
                .embedInCode("Console/replay.js"), .embedInCode("Console/charts.js"),
                .embedInCode("Console/chart.js"), .embedInCode("Console/scale.js"),
                .embedInCode("Console/summary.js"), .embedInCode("Console/sure.js"),
                .embedInCode("Console/announce.js"), .embedInCode("Console/dom.js"), .embedInCode("Console/text.js"),
                .embedInCode("Console/time.js"), .embedInCode("Console/states.js"),
            ],
            swiftSettings: settings),
        .target(name: "AdminClient", dependencies: [asyncHTTPClient, nioCore], swiftSettings: settings),

        // The composition root and the programs.
        .target(name: "CProcess", cSettings: [.define("BUILD_COMMIT", to: "\"\(commit)\"")]),
        .target(
            name: "UploadServer",
            dependencies: [
                "Blocking", "CProcess",
                "UploadCore", "UploadSQLite", "UploadFiles", "UploadHTTP", "Callbacks", "AdminHTTP", "AdminClient",
                "PrometheusMetrics",
                metrics, configuration, yams, logging, serviceLifecycle, unixSignals, crypto,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "fuploadServer", dependencies: ["UploadCore", "UploadServer", argumentParser, logging],
            exclude: ["fuploadServer.1"],
            swiftSettings: settings),

        // The two other sides of the wire: they know the contract, and nothing of the server's code.
        .target(
            name: "UploadClient",
            dependencies: [asyncHTTPClient, nioCore, nioPosix, crypto, logging, systemPackage],
            swiftSettings: settings
        ),
        .executableTarget(name: "client", dependencies: ["UploadClient", argumentParser], swiftSettings: settings),
        .target(
            name: "BusinessExample",
            dependencies: [hummingbird, asyncHTTPClient, nioCore, httpTypes, crypto, logging],
            resources: [
                .embedInCode("Page/page.html"), .embedInCode("Page/theme.css"), .embedInCode("Page/page.css"),
                .embedInCode("Page/icon.svg"), .embedInCode("Page/page.js"), .embedInCode("Page/view.js"),
                .embedInCode("Page/unfinished.js"), .embedInCode("Page/upload.js"), .embedInCode("Page/transfer.js"),
                .embedInCode("Page/blocks.js"), .embedInCode("Page/meter.js"), .embedInCode("Page/outage.js"),
                .embedInCode("Page/api.js"), .embedInCode("Page/exchange.js"), .embedInCode("Page/failures.js"),
                .embedInCode("Page/memory.js"), .embedInCode("Page/text.js"), .embedInCode("Page/hasher.js"),
                .embedInCode("Page/hash-worker.js"), .embedInCode("Page/md5.js"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "businessServer", dependencies: ["BusinessExample", argumentParser], swiftSettings: settings
        ),

        // Tests.
        .target(name: "FaultShimControl", path: "Tests/FaultShimControl"),
        .target(name: "FaultShim", dependencies: ["FaultShimControl"], path: "Tests/FaultShim"),
        .target(
            name: "UploadTestSupport",
            dependencies: [
                "FaultShimControl", "UploadCore", hummingbird, hummingbirdTLS, asyncHTTPClient, nioCore, nioSSL,
                httpTypes, logging, crypto, serviceLifecycle,
            ],
            path: "Tests/UploadTestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "UploadCoreTests", dependencies: ["UploadCore", "UploadTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "BlockingTests", dependencies: ["Blocking", "UploadTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "UploadSQLiteTests",
            dependencies: ["UploadSQLite", "UploadMigrations", "UploadTestSupport", grdb],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MD5LanesTests", dependencies: ["MD5Lanes", "UploadTestSupport", crypto], swiftSettings: settings),
        .testTarget(
            name: "UploadFilesTests", dependencies: ["Blocking", "UploadFiles", "UploadTestSupport", crypto],
            swiftSettings: settings),
        .testTarget(
            name: "MultipartTests", dependencies: ["Multipart", "UploadTestSupport", nioCore], swiftSettings: settings),
        .testTarget(
            name: "UploadHTTPTests",
            dependencies: ["UploadHTTP", "UploadCore", "Multipart", "UploadTestSupport", hummingbird, nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CallbacksTests",
            dependencies: ["Callbacks", "UploadTestSupport", crypto, logging, nioCore, nioPosix, serviceLifecycle],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AdminHTTPTests", dependencies: ["AdminHTTP", hummingbird], swiftSettings: settings),
        .testTarget(
            name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics", coreMetrics], swiftSettings: settings),
        .testTarget(
            name: "UploadServerTests",
            dependencies: ["UploadServer", "UploadFiles", "UploadHTTP", "OpenAPI", "UploadTestSupport", logging, yams],
            swiftSettings: settings),
        .testTarget(
            name: "UploadClientTests", dependencies: ["UploadClient", "UploadTestSupport"], swiftSettings: settings
        ),
        // Real processes, real sockets, real SQLite files.
        .testTarget(
            name: "ContractTests",
            dependencies: [
                "UploadCore", "UploadTestSupport", "fuploadServer", "businessServer", "client", asyncHTTPClient, crypto,
            ],
            swiftSettings: settings
        ),
    ]
)
