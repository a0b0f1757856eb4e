import Foundation
import UploadFiles
import UploadSQLite

/// One run of `fuploadServer backup`: a copy of the database of one instant, with its key, made beside a running server.
///
/// The source is only read (``DatabaseCopy``). The copy comes to be under another name, is read through there, and gets its
/// own name when it is whole and durable, after its key has. A process that dies before leaves no copy, or the one that was
/// there; with `replaces` the key beside that may be the newer one by then, which has all secrets but those that no open
/// task needed any more.
public struct Backup: Sendable {
    private let configuration: ServerConfiguration
    private let file: String
    private let replaces: Bool

    /// - Parameters:
    ///   - file: where the copy is to be; its key will be that with `.key` behind it.
    ///   - replaces: whether it may take the place of one that is there.
    public init(_ configuration: ServerConfiguration, to file: String, replaces: Bool) {
        self.configuration = configuration
        self.file = URL(fileURLWithPath: file).path
        self.replaces = replaces
    }

    private var keyFile: String { file + ".key" }

    /// Makes the copy. Durable when it returns.
    ///
    /// - Throws: what ``CommandFailure`` translates.
    public func run() throws -> BackupReport {
        try checkPlace()
        let source = SecretFile(path: configuration.database + ".key")
        // Before the copy and after it: a secret that was added meanwhile is in it, and so is one that was dropped.
        let before = try source.exists() ? source.look() : []
        let pending = try PendingFile(for: file)
        do {
            try DatabaseCopy.make(of: configuration.database, to: pending.path)
            let secrets = KeySecret.merging(before, try source.exists() ? source.look() : [])
            let contents = try DatabaseContents.read(path: pending.path)
            if !secrets.isEmpty { try SecretFile(path: keyFile).replace(with: secrets) }
            try pending.publish()
            return report(contents, secrets)
        } catch {
            // What is left of it is taken over by the next one; why there is none is what counts.
            try? pending.discard()
            throw error
        }
    }

    private func report(_ contents: DatabaseContents, _ secrets: [KeySecret]) -> BackupReport {
        let held = CopyContents(contents)
        var warnings = held.warnings
        if secrets.isEmpty {
            warnings.append("\(configuration.database).key is not there, so the backup has no key file")
        } else if !contents.keyGenerations.isSubset(of: secrets.map(\.generation)) {
            warnings.append(
                "secrets of open tasks are not in \(configuration.database).key: see what fuploadServer doctor says")
        }
        return BackupReport(
            file: file, keyFile: secrets.isEmpty ? nil : keyFile, holds: held,
            leavesOut: [configuration.tmpDirectory, configuration.storeDirectory].filter { !$0.isEmpty },
            warnings: warnings)
    }

    private func checkPlace() throws {
        let place = URL(fileURLWithPath: file)
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
        guard !isFolder.boolValue else { throw CommandFailure(.failed, "FILE is a folder: \(file)") }
        let folder = place.deletingLastPathComponent().path
        guard FileManager.default.fileExists(atPath: folder) else {
            throw CommandFailure(.failed, "the folder of FILE is not there: mkdir -m 700 \(folder)")
        }
        guard !configuration.owns(place) else {
            throw CommandFailure(.failed, "FILE is one of the database's own files: \(file)")
        }
        guard !replaces else { return }
        if isThere || FileManager.default.fileExists(atPath: keyFile) {
            throw CommandFailure(.failed, "\(isThere ? file : keyFile) is there already: --force replaces it")
        }
    }
}

/// What a backup holds.
public struct BackupReport: CommandReport {
    let file: String
    /// None where the database had none.
    let keyFile: String?
    let holds: CopyContents
    /// Folders whose files are not in it.
    let leavesOut: [String]
    /// See ``CommandReport``.
    public let warnings: [String]
    /// Always done: a copy that is not good is not kept.
    public var outcome: CommandOutcome { .done }

    private enum CodingKeys: String, CodingKey {
        case file, keyFile, holds, leavesOut, warnings
    }

    /// Where it is, what it holds, and what it does not.
    public var lines: [String] {
        [
            "backup made: \(file)" + (keyFile.map { " and \($0)" } ?? ""), holds.line,
            "it was read through: PRAGMA integrity_check says ok",
            "not in it are the files in \(leavesOut.joined(separator: " and ")), and the configuration",
        ]
    }
}

extension ServerConfiguration {
    /// Whether a path is the database's or that of a file which belongs to it.
    func owns(_ place: URL) -> Bool {
        let place = place.resolvingSymlinksInPath()
        return [database, URL(fileURLWithPath: database).resolvingSymlinksInPath().path].contains { name in
            ["", "-wal", "-shm", "-journal", ".lock", ".key", ".restore", ".restoring"].contains { suffix in
                URL(fileURLWithPath: name + suffix).resolvingSymlinksInPath().path == place.path
            }
        }
    }
}
