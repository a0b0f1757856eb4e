import Blocking
import Foundation
import UploadCore
import UploadFiles
import UploadTestSupport

/// A store with folders of its own: `tmp` for staging, `store` for what is published.
struct FilesFixture: Sendable {
    let folder: TemporaryDirectory
    let store: FileStore
    let id = taskID(42)

    init(storeDirectory: String? = nil, stagingFolder: String? = nil) async throws {
        folder = try TemporaryDirectory()
        try folder.makeFolder("store")
        store = try FileStore(
            stagingFolder: stagingFolder ?? folder("tmp"), storeDirectory: storeDirectory ?? folder("store"),
            threads: IOThreads(count: 2), targetThreads: IOThreads(count: 2))
        try await store.prepare()
    }

    var staged: String { folder("tmp/\(id).part") }

    /// Stages these bytes as the task's whole file.
    func stage(_ bytes: [UInt8]) async throws {
        let file = try await store.open(id, creating: true)
        if let whole = ByteRange(start: 0, end: Int64(bytes.count)) {
            let writer = file.makeWriter(for: whole, pieces: [whole])
            try await writer.write([bytes])
            _ = try await writer.finish()
        }
        try await file.sync()
    }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

/// How many descriptors of this process are open on something that matches.
func openDescriptors(where matches: (String) -> Bool) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
        // Another test's descriptor may be closed between the two looks.
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
        return target.map(matches) ?? false
    }
}
