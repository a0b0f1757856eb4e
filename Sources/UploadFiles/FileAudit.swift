import Blocking
import Glibc
import SystemPackage
import UploadCore

/// ``FilesAudit`` and ``FilesRepair`` on a local file system. A check makes no file and no folder, and writes none.
public final class FileAudit: FilesAudit {
    private static let portion = 1 << 20

    let folder: FilePath
    private let database: String
    private let isAlone: Bool
    private let threads: IOThreads

    /// - Parameters:
    ///   - stagingFolder: `<tmpDir>/<installation id>`.
    ///   - database: path of the database, beside which its lock and its secret lie.
    ///   - isAlone: whether this process has taken the server's locks.
    ///   - threads: runs every call that blocks.
    public init(stagingFolder: String, database: String, isAlone: Bool, threads: IOThreads) {
        folder = FilePath(stagingFolder).lexicallyNormalized()
        self.database = database
        self.isAlone = isAlone
        self.threads = threads
    }

    /// As it was given.
    public var stagingFolder: String { folder.string }

    /// Tries the server's lock.
    public func isServerRunning() -> Bool {
        !isAlone && InstanceLock.isHeld(path: database + ".lock")
    }

    /// One stat(2).
    public func hasStagingFolder() async throws -> Bool {
        try await blocking { [folder] in
            do {
                return try SystemCall.fileSize(folder) != nil && SystemCall.isFolderOrAbsent(folder)
            } catch Errno.notDirectory {
                return false
            }
        }
    }

    /// Reads the folder; nothing where there is none.
    public func stagingNames() async throws -> [StagingName] {
        try await blocking { [folder] in
            do {
                return try SystemCall.entries(folder).sorted().map(StagingName.init(name:))
            } catch Errno.noSuchFileOrDirectory {
                return []
            }
        }
    }

    /// One lstat(2).
    public func isStaged(_ name: String) async throws -> Bool {
        try await blocking { [folder] in try SystemCall.isThere(folder.appending(name)) }
    }

    /// One stat(2).
    public func stagedSize(of id: TaskID) async throws -> Int64? {
        try await blocking { [folder] in try SystemCall.fileSize(folder.appending(FileStore.name(of: id))) }
    }

    /// Opens the file once and reads range after range.
    public func look(at ranges: [ByteRange], stagedFor id: TaskID) async throws -> [FoundBytes] {
        try await blocking { [folder] in
            let file: OwnedDescriptor
            do {
                file = try Self.open(folder.appending(FileStore.name(of: id)))
            } catch Errno.noSuchFileOrDirectory {
                return ranges.map { _ in .missing }
            } catch let error as Errno {
                return ranges.map { _ in .unreadable("\(error)") }
            }
            return ranges.map { Self.look(at: $0, of: file) }
        }
    }

    /// Reads the whole file, 1 MiB at a time.
    public func look(atPublished path: String) async throws -> FoundFile {
        try await blocking {
            do {
                let hashing = FileHashing(try Self.open(FilePath(path)))
                while try hashing.readMore(Self.portion) {}
                return .digest(try hashing.result())
            } catch Errno.noSuchFileOrDirectory {
                return .missing
            } catch let error as Errno {
                return .unreadable("\(error)")
            }
        }
    }

    /// One lstat(2).
    public func hasLeftover(of id: TaskID, beside path: String) async throws -> Bool {
        try await blocking {
            do {
                return try SystemCall.isThere(FileStore.temporaryPath(of: id, beside: FilePath(path)))
            } catch Errno.notDirectory, Errno.permissionDenied {
                // What can't be looked at was not left there by us under this name, or is nobody's business by now.
                return false
            }
        }
    }

    /// Reads the file, and makes none.
    public func secrets() async throws -> FoundSecrets {
        try await blocking { [database] in
            do {
                guard try SystemCall.fileSize(FilePath(database + ".key")) == nil else {
                    return .generations(Set(try SecretFile(path: database + ".key").look().map(\.generation)))
                }
                return .unusable(
                    "the secret file \(database).key is not there: restore it from the backup; a new one is made at "
                        + "the next start, and the URLs of all open tasks are void then")
            } catch Errno.permissionDenied {
                throw AuditError.unavailable(
                    "the secret file \(database).key may not be read: run this as the user that the server runs as")
            } catch let error as SecretFile.InvalidError {
                return .unusable(error.description)
            } catch {
                return .unusable("the secret file \(database).key can't be read: \(error)")
            }
        }
    }

    func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        do {
            return try await threads.run(body)
        } catch let error as Errno {
            throw AuditError.unavailable("the folder \(folder) can't be looked at: \(error)")
        }
    }

    /// A regular file, for reading. Whatever else somebody put in its place is not waited for.
    private static func open(_ path: FilePath) throws -> OwnedDescriptor {
        let file = OwnedDescriptor(
            try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]))
        try SystemCall.checkRegular(file.descriptor)
        return file
    }

    private static func look(at range: ByteRange, of file: OwnedDescriptor) -> FoundBytes {
        do {
            return try FileHashing.digest(of: range, in: file.descriptor).map { .digest($0) } ?? .missing
        } catch {
            return .unreadable("\(error)")
        }
    }
}

extension StagingName {
    fileprivate init(name: String) {
        if name.hasSuffix(FileStore.suffix), let id = TaskID(name.dropLast(FileStore.suffix.count)) {
            self = .task(id, name: name)
        } else if name.hasPrefix(LocalSpool.prefix) {
            self = .spool(name: name)
        } else {
            self = .unknown(name: name)
        }
    }
}
