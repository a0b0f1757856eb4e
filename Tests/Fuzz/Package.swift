// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets, a package of their own: it is built with sanitizers, and only by scripts/fuzz. The code under test
// and the checks, which the tests share, are links into the main package.

let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-enable-testing"])]

/// Coverage of the code under test steers libFuzzer; that of the libraries and the checks would only distract it.
let covered =
    settings + [
        .unsafeFlags(["-sanitize-coverage=edge,trace-cmp,indirect-calls,inline-8bit-counters,pc-table"])
    ]

let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "Fuzz",
    // The versions are those of the main package; a test compares them.
    dependencies: [
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .target(name: "UploadCore", path: "Server/UploadCore", swiftSettings: covered),
        .target(name: "Multipart", dependencies: [nioCore], path: "Server/Multipart", swiftSettings: covered),
        .target(
            name: "UploadHTTP", dependencies: ["UploadCore", hummingbirdCore], path: "Server/UploadHTTP",
            swiftSettings: covered),
        .target(
            name: "Callbacks", dependencies: ["UploadCore"], path: "Server/Callbacks",
            swiftSettings: covered),
        .target(
            name: "UploadServer", dependencies: ["UploadCore", configuration, crypto, yams],
            path: "Server/UploadServer", swiftSettings: covered),

        .executableTarget(
            name: "multipart", dependencies: ["Multipart"], path: "Targets/multipart", swiftSettings: settings),
        .executableTarget(
            name: "json", dependencies: ["UploadHTTP", "UploadCore"], path: "Targets/json", swiftSettings: settings),
        .executableTarget(
            name: "query", dependencies: ["UploadHTTP", "UploadCore", "Callbacks", hummingbirdCore],
            path: "Targets/query", swiftSettings: settings),
        .executableTarget(
            name: "config", dependencies: ["UploadServer", yams], path: "Targets/config", swiftSettings: settings),
    ]
)
