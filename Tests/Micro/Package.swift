// swift-tools-version: 6.2
import PackageDescription

// The micro-benchmarks, a package of their own: only scripts/micro builds it, and the server needs none of what they
// need. The code under test is links into the main package.

let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error)]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "Micro",
    dependencies: [
        // The versions of what the main package has too are its own; a test compares them.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        // Without its traits, which replace malloc and swift_retain: nothing here counts those.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .target(name: "UploadCore", path: "Server/UploadCore", swiftSettings: settings),
        .target(name: "Multipart", dependencies: [nioCore], path: "Server/Multipart", swiftSettings: settings),
        .target(name: "CMD5", path: "Server/CMD5"),
        // For the kernels that this processor would not choose.
        .target(
            name: "MD5Lanes", dependencies: ["CMD5"], path: "Server/MD5Lanes",
            swiftSettings: settings + [.unsafeFlags(["-enable-testing"])]),
        .executableTarget(
            name: "Micro",
            dependencies: [
                "MD5Lanes", "Multipart", "UploadCore", nioCore,
                .product(name: "Benchmark", package: "benchmark"),
            ],
            // The plugin looks for targets whose folder is in one of this name.
            path: "Benchmarks/Micro",
            swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ]
)
