import Glibc
import SystemPackage

/// A file that comes to be under another name beside its own, and takes that only when it is whole and durable.
///
/// A process that dies in between leaves the other name, `….partial`, which the next one takes over. Two at a time are
/// refused.
public final class PendingFile: Sendable {
    /// The file can't be made.
    public struct Failure: Error, CustomStringConvertible {
        let path: FilePath
        let problem: String

        /// One sentence that names the file.
        public var description: String { "\(path) \(problem)" }
    }

    /// Where it comes to be.
    public var path: String { temporary.string }

    private let target: FilePath
    private let temporary: FilePath
    private let file: OwnedDescriptor
    private var journal: FilePath { FilePath(temporary.string + "-journal") }

    /// Makes the empty file under its other name, mode 0600.
    ///
    /// - Throws: ``Failure``, as everything here.
    public init(for path: String) throws {
        (target, temporary) = (FilePath(path), FilePath(path + ".partial"))
        do {
            file = OwnedDescriptor(
                try FileDescriptor.open(
                    temporary, .readWrite, options: [.create, .noFollow, .closeOnExec], permissions: .ownerReadWrite))
            guard flock(file.descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else { throw Errno(rawValue: errno) }
            // The one before may have given the file its own name since it was opened here.
            guard try SystemCall.number(of: file.descriptor) == SystemCall.number(of: temporary) else {
                throw Errno.wouldBlock
            }
            try file.descriptor.resize(to: 0, retryOnInterrupt: true)
            try SystemCall.removeFile(journal)
        } catch Errno.wouldBlock {
            throw Failure(path: target, problem: "is being made by another process")
        } catch let error as Errno {
            throw Failure(path: temporary, problem: "can't be made: \(error)")
        }
    }

    /// Gives the file its own name, in place of what has it. File and name are durable when this returns.
    public func publish() throws {
        do {
            try SystemCall.sync(file.descriptor)
            try SystemCall.rename(temporary, to: target)
            try SystemCall.syncFolder(target.folder)
        } catch let error as Errno {
            throw Failure(path: target, problem: "can't be made: \(error)")
        }
    }

    /// Removes the file, and the journal that SQLite may have left beside it.
    public func discard() throws {
        do {
            for path in [temporary, journal] { try SystemCall.removeFile(path) }
        } catch let error as Errno {
            throw Failure(path: temporary, problem: "can't be removed: \(error)")
        }
    }
}
