import Foundation

/// An empty folder that goes with its last reference.
package final class TemporaryDirectory: Sendable {
    /// Absolute, symbolic links resolved.
    package let path: String

    /// - Parameter parent: where to make it; the system's temporary folder if not given.
    package init(in parent: String? = nil) throws {
        let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        let folder = parent.resolvingSymlinksInPath().appendingPathComponent("fupload-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit {
        // Nothing depends on it: the system clears its temporary folder too.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the folder.
    package func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// Makes a folder in it, with its parents.
    @discardableResult
    package func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
        return self(name)
    }

    /// Writes a file in it.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
        return self(name)
    }

    /// The bytes of a file; `nil` when there is none.
    package static func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }
}
