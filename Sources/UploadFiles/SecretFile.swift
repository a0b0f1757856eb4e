import Glibc
import SystemPackage
import UploadCore

/// A file with random bytes that only its owner may read, made at the first start.
public enum SecretFile {
    /// The file does not hold what it should, or others may read it.
    public struct InvalidError: Error, CustomStringConvertible {
        let path: String
        let problem: String

        /// One sentence that names the file.
        public var description: String { "the secret file \(path) \(problem)" }
    }

    private static let length = 32

    /// The bytes in the file; where there is none, new ones, durable under that name before they are returned.
    ///
    /// - Throws: ``InvalidError``, or `Errno` when the file can't be made.
    public static func load(path text: String) throws -> [UInt8] {
        let path = FilePath(text)
        do {
            return try read(path)
        } catch Errno.noSuchFileOrDirectory {
            return try create(path)
        }
    }

    /// Reads the file and makes none.
    ///
    /// - Throws: ``InvalidError``, or `Errno`: `noSuchFileOrDirectory` where there is none.
    static func check(path: String) throws {
        _ = try read(FilePath(path))
    }

    private static func read(_ path: FilePath) throws -> [UInt8] {
        let file = OwnedDescriptor(try FileDescriptor.open(path, .readOnly, options: .closeOnExec))
        var status = stat()
        guard fstat(file.descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        guard status.st_mode & 0o077 == 0 else {
            throw InvalidError(path: path.string, problem: "can be read by others: chmod 600 it")
        }
        let bytes = try [UInt8](unsafeUninitializedCapacity: length + 1) { buffer, count in
            count = try file.descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        guard bytes.count == length else {
            throw InvalidError(path: path.string, problem: "does not have \(length) bytes: restore it from the backup")
        }
        return bytes
    }

    private static func create(_ path: FilePath) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let folder = path.folder
        let temporary = folder.appending(".\(path.lastComponent?.string ?? "secret").new")
        let file = OwnedDescriptor(
            try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite))
        _ = try file.descriptor.writeAll(bytes)
        try SystemCall.sync(file.descriptor)
        FaultPoint.reach(.secretWritten)
        try SystemCall.rename(temporary, to: path)
        try SystemCall.syncFolder(folder)
        return bytes
    }
}
