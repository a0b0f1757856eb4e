import SystemPackage

/// The server's own files, which no upload may replace: its staging folders and its database.
public struct ReservedPaths: Sendable {
    /// The parameter of a registration that leads there.
    enum Parameter: String {
        case storePath, fileName
    }

    private let folders: [FilePath]
    private let files: [FilePath]

    /// - Parameters:
    ///   - folders: with everything in them.
    ///   - files: with everything in the same folder whose name begins like theirs: a database has its WAL, its lock and
    ///     its key beside it.
    public init(folders: [String], files: [String]) {
        self.folders = folders.map { FilePath($0).lexicallyNormalized() }
        self.files = files.map { FilePath($0).lexicallyNormalized() }
    }

    /// What of a target is reserved; `nil` when nothing is.
    ///
    /// - Parameter folder: with symbolic links resolved.
    func clash(folder: FilePath, file: String) throws -> Parameter? {
        // Resolved anew each time: they may have been made, or mounted, since.
        for reserved in folders {
            if let real = try SystemCall.realPath(reserved), folder.starts(with: real) { return .storePath }
        }
        for reserved in files {
            guard let name = reserved.lastComponent?.string, file.hasPrefix(name) else { continue }
            if let real = try SystemCall.realPath(reserved.folder), folder == real { return .fileName }
        }
        return nil
    }
}
