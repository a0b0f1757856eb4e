import Glibc
import SystemPackage
import UploadCore

/// The file with the secrets of task keys, which only its owner may read.
///
/// Every change is durable when it is done, and one writer at a time makes one: the server and the command that adds a
/// secret are two processes.
public struct SecretFile: Sendable {
    /// The file does not hold what it should, others may read it, or it can't be read or written.
    public struct InvalidError: Error, CustomStringConvertible {
        let path: String
        let problem: String

        /// One sentence that names the file.
        public var description: String { "the secret file \(path) \(problem)" }
    }

    /// More than a server needs in a lifetime.
    private static let maximumSize = 1 << 20

    let path: FilePath

    /// A file that need not be there yet.
    public init(path: String) {
        self.path = FilePath(path)
    }

    /// The secrets in the file, the oldest first, at least one. Durable: whoever put the file there may have died, or
    /// failed, before it was.
    ///
    /// - Throws: ``InvalidError``, as everything here.
    public func load() throws -> [KeySecret] {
        try named {
            let secrets = try found()
            try SystemCall.syncFolder(path.folder)
            return secrets
        }
    }

    /// The same without a care for what a power cut would leave: for who only looks.
    public func look() throws -> [KeySecret] {
        try named { try found() }
    }

    /// Whether there is such a file.
    public func exists() throws -> Bool {
        try named { try SystemCall.realPath(path) != nil }
    }

    /// The same; where there is no file, one with a new secret is made, durable before this returns.
    public func loadOrCreate() throws -> [KeySecret] {
        guard try !exists() else { return try load() }
        // Another process may be faster.
        return try named { try change { found in found ?? [.random(generation: 1)] } }
    }

    /// Adds a new secret to those in the file.
    ///
    /// - Returns: its generation.
    public func addSecret() throws -> Int {
        let secrets = try named {
            try change { found in
                guard let found, let last = found.last else {
                    throw InvalidError(
                        path: path.string, problem: "is not there: the server makes it at its first start")
                }
                return found + [.random(generation: last.generation + 1)]
            }
        }
        return secrets.last?.generation ?? 0
    }

    /// Removes the secrets of these generations; never the newest.
    ///
    /// - Returns: those that stay.
    public func removeSecrets(of generations: Set<Int>) throws -> [KeySecret] {
        try named {
            try change { found in
                guard let found, let last = found.last else {
                    throw InvalidError(path: path.string, problem: "is not there")
                }
                return found.filter { !generations.contains($0.generation) || $0 == last }
            }
        }
    }

    /// What the system says of a file has no name in it.
    func named<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as Errno {
            throw InvalidError(path: path.string, problem: "can't be read or written: \(error)")
        }
    }

    private func found() throws -> [KeySecret] {
        guard let secrets = try read() else { throw InvalidError(path: path.string, problem: "is not there") }
        return secrets
    }

    /// - Parameter isCopy: whether it is a copy that is not used where it lies: others may be able to read that.
    /// - Returns: `nil` where there is no file.
    func read(isCopy: Bool = false) throws -> [KeySecret]? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        let bytes = try file.closeAfter {
            var status = stat()
            guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
            guard isCopy || status.st_mode & 0o077 == 0 else {
                throw InvalidError(path: path.string, problem: "can be read by others: chmod 600 it")
            }
            let size = min(Int(status.st_size), Self.maximumSize)
            return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
        guard let secrets = KeySecretText.read(bytes) else {
            throw InvalidError(
                path: path.string, problem: "does not hold a server's secrets: restore it from the backup")
        }
        return secrets
    }

    /// - Parameter edit: makes the new content of the old one, `nil` where there is no file.
    private func change(_ edit: ([KeySecret]?) throws -> [KeySecret]) throws -> [KeySecret] {
        let folder = try FileDescriptor.open(path.folder, .readOnly, options: [.directory, .closeOnExec])
        return try folder.closeAfter {
            // The folder's lock, for the file itself is replaced.
            try SystemCall.lock(folder)
            let found = try read()
            let secrets = try edit(found)
            if secrets == found {
                try SystemCall.sync(folder)
            } else {
                try write(secrets)
            }
            return secrets
        }
    }

    func write(_ secrets: [KeySecret]) throws {
        // It begins with the database's name, as all that uploads may not touch (``ReservedPaths``).
        let temporary = FilePath(path.string + ".new")
        // What an earlier crash, or somebody else, left there may be readable by others.
        try SystemCall.removeFile(temporary)
        let file = try FileDescriptor.open(
            temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        try file.closeAfter {
            // Root may add a secret for the server's user, who has to be able to read it then.
            var old = stat()
            if path.withPlatformString({ stat($0, &old) }) == 0, old.st_uid != geteuid() {
                guard fchown(file.rawValue, old.st_uid, old.st_gid) == 0 else { throw Errno(rawValue: errno) }
            }
            _ = try file.writeAll(KeySecretText.write(secrets))
            try SystemCall.sync(file)
            FaultPoint.reach(.secretWritten)
        }
        try SystemCall.rename(temporary, to: path)
        try SystemCall.syncFolder(path.folder)
    }
}
