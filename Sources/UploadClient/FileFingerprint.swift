import SystemPackage

/// Tells whether a file is still the one it was, without reading it.
public struct FileFingerprint: Codable, Hashable, Sendable {
    /// Size in bytes.
    public let size: Int64
    /// Time of the last modification, in nanoseconds since 1970.
    public let modified: Int64

    /// Makes a fingerprint from its parts.
    public init(size: Int64, modified: Int64) {
        self.size = size
        self.modified = modified
    }

    /// The fingerprint of the regular file at `path`, symlinks followed.
    ///
    /// Throws ``UploadFailure/fileUnreadable(path:reason:)`` when there is none.
    public static func read(_ path: String) throws(UploadFailure) -> FileFingerprint {
        let stat: Stat
        do {
            stat = try Stat(FilePath(path))
        } catch {
            throw .fileUnreadable(path: path, reason: error.description)
        }
        guard stat.type == .regular else {
            throw .fileUnreadable(path: path, reason: "it is not a regular file")
        }
        let time = stat.st_mtim
        return FileFingerprint(
            size: stat.size, modified: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
