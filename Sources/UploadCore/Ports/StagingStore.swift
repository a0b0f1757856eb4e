/// Where bytes live: one staging file a task until it is published, then the final path.
///
/// Nothing here blocks a thread of the cooperative pool. Errors are ``UploadError``s: `storage` for a full disk or a
/// file that can't be made, `internalError` for an I/O error. After a failed sync the bytes concerned count as
/// missing; the sync is never repeated in the hope that it then means something.
public protocol StagingStore: Sendable {
    /// Who has several things to do here one after the other does them on this executor: it comes over once, and blocks.
    var executor: any TaskExecutor { get }

    /// The same for ``stagedSize(of:)`` and the database: a look at what is there waits for no write, however long that takes.
    var lookupExecutor: any TaskExecutor { get }

    /// The same for ``targetPath(storePath:fileName:)`` and ``targetSpace()``, which may hang.
    var targetExecutor: any TaskExecutor { get }

    /// The absolute final path for a registration.
    ///
    /// - Throws: `invalidParameter` naming `storePath` or `fileName` when the path is not allowed, symbolic links
    ///   resolved.
    func targetPath(storePath: String, fileName: String) async throws -> String

    /// The file system that the staging folder is on, or would be made on. Makes nothing.
    func stagingFileSystem() async throws -> FileSystemIdentity

    /// Makes the staging folder where it is missing. Once, before the methods that need it.
    func prepare() async throws

    /// Bytes that the file system of finished files has left; `nil` when that is the staging folder's, or not known
    /// beforehand. Where that file system hangs, so does this, and nothing else.
    ///
    /// - Throws: as all here; `storage` when the folder is not there any more.
    func targetSpace() async throws -> Int64?

    /// What the file systems have left. Asks the kernel for the staging folder's only, so that it may be called inside of
    /// a transaction.
    ///
    /// - Parameter target: what ``targetSpace()`` gave just before.
    /// - Throws: as all here; `storage` when the folder is not there any more.
    func freeSpace(target: Int64?) throws(UploadError) -> FreeSpace

    /// The same without a target, where nobody need be in a transaction.
    func measuredSpace() async throws -> FreeSpace

    /// Writes a small file where staging files are, syncs it and removes it.
    func probe() async throws

    /// Opens a task's staging file.
    ///
    /// - Parameter creating: whether to make it when there is none: only for a task that holds no bytes. One that an earlier
    ///   process left is made anew.
    /// - Throws: ``StagingFileGone`` when there is none; `storage` when its file system is not there any more.
    func open(_ id: TaskID, creating: Bool) async throws -> any StagingFile

    /// A writer for a block of which nothing is missing: it only hashes, and needs no file.
    func makeVerifier(for block: ByteRange) -> any BlockWriter

    /// An unnamed file for bytes whose place in the task is not known yet. It vanishes with its last reference, or with the process.
    func makeSpool() async throws -> any Spool

    /// The MD5 and size of the whole staging file; `nil` when there is none.
    func stagedDigest(of id: TaskID) async throws -> FileDigest?

    /// The MD5 of each range of the staging file; `nil` for one that has fewer bytes there.
    func stagedDigests(of id: TaskID, _ ranges: [ByteRange]) async throws -> [MD5Digest?]

    /// The MD5 and size of a file at a final path, which is made durable there first: a crash may have come between the
    /// rename and the folder's sync. `nil` when there is none.
    func publishedDigest(at path: String) async throws -> FileDigest?

    /// Brings the staging file to its final path, atomically and durably; an existing file there is replaced.
    ///
    /// Repeatable after a crash at any point: the staging file remains, for ``remove(_:)`` to take after the COMMIT.
    /// - Throws: ``PublishError`` when the target can't be had however often one tries; ``StagingFileGone`` when the
    ///   sync of the staged bytes failed, so that they count as missing; ``UploadError`` when a later try may succeed.
    func publish(_ id: TaskID, to path: String) async throws

    /// The staging file's size in bytes; `nil` when there is none.
    ///
    /// - Throws: `storage` when its file system is not there any more, so that this is no loss.
    func stagedSize(of id: TaskID) async throws -> Int64?

    /// Shortens the staging file, durably.
    func cut(_ id: TaskID, to size: Int64) async throws

    /// Removes the staging file, if there is one.
    func remove(_ id: TaskID) async throws

    /// The tasks that have a staging file; none where the folder is missing. Files that come or go meanwhile may be among
    /// them or not. What a process that died left beside them is removed.
    func stagingFiles() async throws -> any StagingFiles
}

/// A look through the staging files, some at a time. One caller at a time.
public protocol StagingFiles: Sendable {
    /// About so many of them, or none though there are more; `nil` at the end.
    func next(_ count: Int) async throws -> [TaskID]?
}

/// A staging file that should be there is not, or can't be called durable: the bytes in it are lost.
public struct StagingFileGone: Error, Sendable {
    /// What the disk said; `nil` when the file is simply not there.
    public var cause: (any Error)?

    /// Memberwise.
    public init(cause: (any Error)? = nil) {
        self.cause = cause
    }
}

/// A whole file's digest.
public struct FileDigest: Sendable, Equatable {
    /// MD5 of all bytes.
    public var md5: MD5Digest
    /// Number of bytes.
    public var size: Int64

    /// Memberwise.
    public init(md5: MD5Digest, size: Int64) {
        self.md5 = md5
        self.size = size
    }
}

/// The target of a publication can't be had: the folder is not writable, a folder is in the file's place, the path
/// has been made to lead out of `storeDir`.
public struct PublishError: Error, Sendable, Equatable {
    /// One sentence for the business server, without a path.
    public var reason: String

    /// Memberwise.
    public init(reason: String) {
        self.reason = reason
    }
}

/// An open staging file. The descriptor is closed with its last reference, so nobody can close it under a writer.
public protocol StagingFile: Sendable {
    /// A writer for one block: `pieces` are the parts of it to write, the rest is only hashed.
    func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter

    /// Writes whole blocks where they belong, and hashes them side by side.
    ///
    /// - Returns: the MD5 of each; what its write failed with, which leaves the others alone.
    func put(_ blocks: [WholeBlock]) async -> [Result<MD5Digest, any Error>]

    /// Returns when everything written before the call is on disk, the file's name included (fdatasync and, once, the
    /// folder's fsync).
    ///
    /// - Throws: ``StagingFileGone`` when the file has no name any more.
    func sync() async throws

    /// Tells this file from another one that was moved to its place. A file that is removed and made again may get the same
    /// number: its blocks' syncs find that out.
    func number() throws -> UInt64

    /// A hash of this file that goes on from `state`; from the beginning where the state can't be read.
    func makeHash(resuming state: FileHashState) -> any FileHash
}

/// A block that is in memory as a whole.
public struct WholeBlock: Sendable {
    /// Where it belongs.
    public var range: ByteRange
    /// Its bytes, as many as the range has.
    public var chunks: [any ByteChunk]

    /// Memberwise.
    public init(range: ByteRange, chunks: [any ByteChunk]) {
        self.range = range
        self.chunks = chunks
    }
}

/// Takes a block's bytes in order, writes its missing pieces in place, and hashes all of them. One caller at a time.
public protocol BlockWriter: Sendable {
    /// The next bytes of the block. They may still be on their way when it returns.
    ///
    /// - Throws: also what an earlier write failed with.
    func write(_ chunks: [any ByteChunk]) async throws

    /// The digests, once all bytes have been written.
    ///
    /// - Throws: what a write failed with.
    func finish() async throws -> BlockDigests

    /// Returns when nothing is on its way any more: from then on the range may be another's.
    func settle() async
}

/// A block's digests.
public struct BlockDigests: Sendable, Equatable {
    /// Of the block as the client sent it.
    public var block: MD5Digest
    /// Of each piece that was written.
    public var pieces: [Block]

    /// Memberwise.
    public init(block: MD5Digest, pieces: [Block]) {
        self.block = block
        self.pieces = pieces
    }
}

/// A file for bytes which came before their place was known.
public protocol Spool: Sendable {
    /// Appends bytes.
    func append(_ chunks: [any ByteChunk]) async throws

    /// The bytes from `offset` on, at most `count` of them; none at the end.
    func read(at offset: Int64, count: Int) async throws -> any ByteChunk
}
