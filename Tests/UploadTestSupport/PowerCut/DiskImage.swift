import Foundation
import Glibc

/// What is on the disk after a power cut.
package struct DiskImage: Sendable {
    /// Something with a path below the root.
    package enum Item: Sendable {
        /// A folder.
        case folder
        /// A file; those of one number are one file with several names.
        case file(number: Int, mode: Int, bytes: [UInt8])
    }

    /// Paths below the root, parents first.
    package private(set) var items: [(path: String, item: Item)] = []

    mutating func append(_ path: String, _ item: Item) {
        items.append((path, item))
    }

    /// A file's bytes; `nil` when there is none.
    package func bytes(of path: String) -> [UInt8]? {
        for case (path, .file(_, _, let bytes)) in items { return bytes }
        return nil
    }

    /// The same for the same names and bytes.
    package var fingerprint: Int {
        var hasher = Hasher()
        for (path, item) in items {
            hasher.combine(path)
            guard case .file(let number, _, let bytes) = item else { continue }
            hasher.combine(number)
            hasher.combine(bytes.count)
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    /// What is not the same below `root`; files which that has and this has not are told too, all but SQLite's `-shm`.
    package func differences(below root: String) -> [String] {
        let paths = Set(items.map(\.path))
        let folders = Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) })
        var differences = folders.flatMap { folder in
            (FileManager.default.enumerator(atPath: root + "/" + folder)?.allObjects as? [String] ?? [])
                .map { folder + "/" + $0 }.filter { !paths.contains($0) && !$0.hasSuffix("-shm") }
        }
        for case (let path, .file(_, _, let bytes)) in items where TemporaryDirectory.read(root + "/" + path) != bytes {
            differences.append(path)
        }
        return differences
    }

    /// Writes it below `root`, which is there.
    package func write(to root: String) throws {
        var names: [Int: String] = [:]
        for (path, item) in items {
            let path = root + "/" + path
            switch item {
            case .folder:
                try check(mkdir(path, 0o755), path)
            case .file(let number, let mode, let bytes):
                if let other = names[number] {
                    try check(link(other, path), path)
                    continue
                }
                names[number] = path
                let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
                try check(file, path)
                defer { close(file) }
                let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                guard written == bytes.count else { throw CocoaError(.fileWriteUnknown, userInfo: ["path": path]) }
            }
        }
    }

    private func check(_ status: Int32, _ path: String) throws {
        guard status >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO, userInfo: ["path": path]) }
    }
}
