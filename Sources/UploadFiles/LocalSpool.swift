import Blocking
import Synchronization
import SystemPackage
import UploadCore

/// An unlinked file: the kernel frees it with the descriptor, whatever happens to the process.
final class LocalSpool: Spool {
    /// What its name begins with, for the instant that it has one.
    static let prefix = "spool-"

    private let file: OwnedDescriptor
    private let threads: IOThreads
    private let end = Mutex<Int64>(0)

    init(in folder: FilePath, threads: IOThreads) throws {
        // The id is the descriptor's, or rather the moment's: the name is gone before anyone could want it.
        let path = folder.appending("\(Self.prefix)\(UInt64.random(in: 0 ... .max))")
        file = OwnedDescriptor(
            try FileDescriptor.open(
                path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite))
        try SystemCall.removeFile(path)
        self.threads = threads
    }

    func append(_ chunks: [any ByteChunk]) async throws {
        do {
            try await threads.run { [file, self] in
                try end.withLock { $0 = try file.write(chunks, at: $0) }
            }
        } catch {
            throw UploadError(translating: error)
        }
    }

    func read(at offset: Int64, count: Int) async throws -> any ByteChunk {
        do {
            return try await threads.run { [file] in
                try OwnedBytes(capacity: count) { memory in
                    try file.descriptor.read(fromAbsoluteOffset: offset, into: memory)
                }
            }
        } catch {
            throw UploadError(translating: error)
        }
    }
}
