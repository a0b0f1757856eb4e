import SystemPackage
import UploadCore

extension FileAudit: FilesRepair {
    /// One unlink(2). Not synced: a name that comes back after a power cut is found again.
    public func removeStaged(_ name: String) async throws {
        try await blocking { [folder] in try SystemCall.removeFile(folder.appending(name)) }
    }

    /// ftruncate(2) and fsync(2).
    public func cutStaged(_ id: TaskID, to size: Int64) async throws {
        try await blocking { [folder] in try SystemCall.cut(folder.appending(FileStore.name(of: id)), to: size) }
    }

    /// One unlink(2).
    public func removeLeftover(of id: TaskID, beside path: String) async throws {
        try await blocking { try SystemCall.removeFile(FileStore.temporaryPath(of: id, beside: FilePath(path))) }
    }
}
