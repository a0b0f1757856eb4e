import Crypto
import Foundation
import SystemPackage

/// Keeps ``ResumeState`` in one small file per upload, readable by its owner only: the URLs in it carry keys.
public struct ResumeStore: Sendable {
    private let directory: String

    /// Keeps the files in `directory`, which is made when first needed.
    public init(directory: String) {
        self.directory = directory
    }

    /// Keeps the files where the XDG base directory specification puts them.
    public init(environment: [String: String]) {
        let home = environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path
        var base = environment["XDG_STATE_HOME"] ?? ""
        // That specification tells to ignore relative paths.
        if !base.hasPrefix("/") { base = home + "/.local/state" }
        self.init(directory: base + "/fupload-client")
    }

    /// What is remembered, or nil; throws ``UploadFailure/stateUnusable(path:reason:)`` when it can't be read.
    public func load(businessURL: String, path: String) throws(UploadFailure) -> ResumeState? {
        let file = location(businessURL: businessURL, path: path)
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: file))
            return try JSONDecoder().decode(ResumeState.self, from: data)
        } catch {
            throw .stateUnusable(path: file, reason: "\(error)")
        }
    }

    /// Remembers `state`; a crash leaves the old or the new one, never half of it.
    ///
    /// Throws ``UploadFailure/stateUnusable(path:reason:)``.
    public func save(_ state: ResumeState) throws(UploadFailure) {
        let file = location(businessURL: state.businessURL, path: state.path)
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try Self.write(try encoder.encode(state), to: file)
        } catch {
            throw .stateUnusable(path: file, reason: "\(error)")
        }
    }

    /// Forgets an upload; one that is not remembered is no error.
    ///
    /// Throws ``UploadFailure/stateUnusable(path:reason:)``.
    public func remove(businessURL: String, path: String) throws(UploadFailure) {
        let file = location(businessURL: businessURL, path: path)
        guard unlink(file) != 0, errno != ENOENT else { return }
        throw .stateUnusable(path: file, reason: Errno(rawValue: errno).description)
    }

    func location(businessURL: String, path: String) -> String {
        let name = SHA256.hash(data: Data("\(businessURL)\n\(path)".utf8))
        return "\(directory)/\(FileHasher.hex(name)).json"
    }

    private static func write(_ data: Data, to file: String) throws {
        let temporary = "\(file).\(UUID().uuidString).tmp"
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(temporary), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            try descriptor.closeAfter { _ = try descriptor.writeAll(data) }
            guard rename(temporary, file) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            // The first error is the one to tell; this file may not even exist.
            unlink(temporary)
            throw error
        }
    }
}
