import Glibc
import SystemPackage

/// Makes one process the only one that works on a database and a tmpDir.
///
/// A lock of the kernel's (flock(2)) on a file that stays: it ends with the process, however that ends, so there is
/// nothing stale to clean up. The file's text, the holder's process id, is only for the message.
public final class InstanceLock: Sendable {
    /// Another process has it.
    public struct HeldError: Error, CustomStringConvertible {
        let what: String
        let holder: String

        /// One sentence that says which process.
        public var description: String {
            "\(what) is in use by process \(holder): only one server may work on it. Stop that one first."
        }
    }

    /// The lock file can't be made.
    public struct UnavailableError: Error, CustomStringConvertible {
        let path: String
        let cause: Errno

        /// One sentence that names the file.
        public var description: String { "\(path) can't be made: \(cause)" }
    }

    private let file: OwnedDescriptor

    /// Takes the lock or fails at once.
    ///
    /// - Parameters:
    ///   - path: the lock file; made with its folders where missing.
    ///   - what: what the lock stands for, for the message.
    /// - Throws: ``HeldError``, or ``UnavailableError`` when the file can't be made.
    public init(path text: String, for what: String) throws {
        let path = FilePath(text)
        do {
            try SystemCall.settleFolders(path.folder)
            file = OwnedDescriptor(
                try FileDescriptor.open(
                    path, .readWrite, options: [.create, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead]))
        } catch let error as Errno {
            throw UnavailableError(path: text, cause: error)
        }
        guard try Self.take(file.descriptor) else {
            throw HeldError(what: what, holder: Self.holder(file.descriptor))
        }
        // The lock is the kernel's. On a full disk the next holder's message says "unknown", and that is all.
        try? file.descriptor.resize(to: 0, retryOnInterrupt: true)
        _ = try? file.descriptor.writeAll(toAbsoluteOffset: 0, "\(getpid())\n".utf8)
    }

    private static func take(_ descriptor: FileDescriptor) throws -> Bool {
        for attempt in 0..<10 {
            // Whoever only asks (isHeld) has it for microseconds, and must not keep a server from starting.
            if attempt > 0 { usleep(10_000) }
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return true }
            let error = Errno(rawValue: errno)
            guard error == .wouldBlock || error == .interrupted else { throw error }
        }
        return false
    }

    /// Whether a process has the lock at this moment. Makes no file.
    static func isHeld(path: String) -> Bool {
        // A lock file that can't be opened is no sign of a server: it makes one, and readable.
        guard let descriptor = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else {
            return false
        }
        let file = OwnedDescriptor(descriptor)
        // Shared, and gone again with the descriptor at once: two who only ask do not see each other.
        guard flock(file.descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 else { return false }
        return errno == EWOULDBLOCK
    }

    private static func holder(_ descriptor: FileDescriptor) -> String {
        let text = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            // An unreadable number must not hide that the lock is held.
            count = (try? descriptor.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
        }
        let digits = text.prefix { $0 != UInt8(ascii: "\n") }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
