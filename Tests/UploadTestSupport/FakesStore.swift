import Synchronization
import UploadCore

/// ``StagingStore`` in memory; notes what is done, and fails or waits where the test says so.
package actor FakeStore: StagingStore {
    package enum Operation: String, Sendable {
        case probe, open, spool, write, finish, sync, digest, cut, publish, remove, space
    }

    package let journal: Journal
    package nonisolated let faults = Faults<Operation>()
    package private(set) var staged: [TaskID: [UInt8]] = [:]
    package private(set) var published: [String: [UInt8]] = [:]
    package private(set) var opens = 0
    package private(set) var syncs = 0
    private nonisolated let free = Mutex(FreeSpace(staging: .max, target: nil))

    package init(_ journal: Journal) {
        self.journal = journal
    }

    // MARK: For the test

    package func stage(_ bytes: [UInt8]?, for id: TaskID) { staged[id] = bytes }

    package func place(_ bytes: [UInt8]?, at path: String) { published[path] = bytes }

    package nonisolated func limit(to bytes: Int64, target: Int64? = nil, isCopied: Bool = false) {
        free.withLock { $0 = FreeSpace(staging: bytes, target: target, isCopied: isCopied) }
    }

    // MARK: StagingStore

    package nonisolated var executor: any TaskExecutor { globalConcurrentExecutor }

    package nonisolated var lookupExecutor: any TaskExecutor { globalConcurrentExecutor }

    package nonisolated var targetExecutor: any TaskExecutor { globalConcurrentExecutor }

    package func targetPath(storePath: String, fileName: String) throws -> String {
        guard storePath.hasPrefix("/") else { throw UploadError.invalid("storePath", "must be absolute") }
        return storePath + "/" + fileName
    }

    package nonisolated func freeSpace(target: Int64?) -> FreeSpace {
        free.withLock { FreeSpace(staging: $0.staging, target: target, isCopied: $0.isCopied) }
    }

    package func measuredSpace() -> FreeSpace { freeSpace(target: nil) }

    package func targetSpace() async throws -> Int64? {
        await faults.wait(.space)
        try faults.check(.space)
        return free.withLock { $0.target }
    }

    /// Where the staging folder is.
    package var fileSystem = FileSystemIdentity(kind: 0xef53, number: 1)
    package private(set) var preparations = 0

    package func move(to fileSystem: FileSystemIdentity) { self.fileSystem = fileSystem }

    package func stagingFileSystem() -> FileSystemIdentity { fileSystem }

    package func prepare() { preparations += 1 }

    package func probe() async throws { try await step(.probe) }

    package func open(_ id: TaskID, creating: Bool) async throws -> any StagingFile {
        try await step(.open)
        guard creating || staged[id] != nil else { throw StagingFileGone() }
        opens += 1
        if staged[id] == nil { staged[id] = [] }
        return FakeStagingFile(store: self, id: id)
    }

    package func makeSpool() async throws -> any Spool {
        try await step(.spool)
        return FakeSpool()
    }

    package func stagedDigest(of id: TaskID) async throws -> FileDigest? {
        try await step(.digest)
        return staged[id].map { FileDigest(md5: md5($0), size: Int64($0.count)) }
    }

    package func stagedDigests(of id: TaskID, _ ranges: [ByteRange]) -> [MD5Digest?] {
        let bytes = staged[id] ?? []
        return ranges.map { $0.end > Int64(bytes.count) ? nil : md5(bytes[$0]) }
    }

    package func publishedDigest(at path: String) -> FileDigest? {
        published[path].map { FileDigest(md5: md5($0), size: Int64($0.count)) }
    }

    package func publish(_ id: TaskID, to path: String) async throws {
        try await step(.publish)
        guard let bytes = staged.removeValue(forKey: id) else { throw PublishError(reason: "no staging file") }
        published[path] = bytes
    }

    package func stagedSize(of id: TaskID) -> Int64? { staged[id].map { Int64($0.count) } }

    package nonisolated func makeVerifier(for block: ByteRange) -> any BlockWriter {
        FakeWriter(store: self, id: taskID(1), block: block, pieces: [])
    }

    package func cut(_ id: TaskID, to size: Int64) async throws {
        try await step(.cut)
        staged[id] = staged[id].map { Array($0.prefix(Int(size))) }
    }

    package func remove(_ id: TaskID) async throws {
        try await step(.remove)
        staged[id] = nil
    }

    package func stagingFiles() -> any StagingFiles { FakeStagingFiles(staged.keys.sorted()) }

    // MARK: For its files

    func put(_ bytes: [UInt8], at offset: Int64, of id: TaskID) {
        // A file that was removed under its writer takes the bytes along.
        guard var file = staged[id] else { return }
        let end = Int(offset) + bytes.count
        if file.count < end { file.append(contentsOf: [UInt8](repeating: 0, count: end - file.count)) }
        file.replaceSubrange(Int(offset)..<end, with: bytes)
        staged[id] = file
    }

    func step(_ operation: Operation) async throws {
        journal.note(operation.rawValue)
        if operation == .sync { syncs += 1 }
        await faults.wait(operation)
        try faults.check(operation)
    }
}

private final class FakeStagingFiles: StagingFiles {
    private let rest: Mutex<[TaskID]>

    init(_ ids: [TaskID]) {
        rest = Mutex(ids)
    }

    func next(_ count: Int) -> [TaskID]? {
        rest.withLock { rest in
            guard !rest.isEmpty else { return nil }
            defer { rest.removeFirst(min(count, rest.count)) }
            return Array(rest.prefix(count))
        }
    }
}

private struct FakeStagingFile: StagingFile {
    let store: FakeStore
    let id: TaskID

    func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter {
        FakeWriter(store: store, id: id, block: block, pieces: pieces)
    }

    func put(_ blocks: [WholeBlock]) async -> [Result<MD5Digest, any Error>] {
        var results: [Result<MD5Digest, any Error>] = []
        for block in blocks {
            let writer = makeWriter(for: block.range, pieces: [block.range])
            do {
                try await writer.write(block.chunks)
                results.append(.success(try await writer.finish().block))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    func sync() async throws { try await store.step(.sync) }

    func number() throws -> UInt64 { 1 }

    func makeHash(resuming state: FileHashState) -> any FileHash { FakeHash(store: store, id: id) }
}

/// Reads all that it is to cover each time, so a state put down says only how much it was.
private final class FakeHash: FileHash {
    private let store: FakeStore
    private let id: TaskID
    private let covered = Mutex<[UInt8]>([])

    init(store: FakeStore, id: TaskID) {
        (self.store, self.id) = (store, id)
    }

    func advance(to end: Int64) async throws -> Int64 {
        try await store.step(.digest)
        guard let staged = await store.staged[id] else { throw StagingFileGone() }
        let bytes = Array(staged.prefix(Int(end)))
        covered.withLock { $0 = bytes }
        return Int64(bytes.count)
    }

    func putDown() -> (bytes: Int64, text: String) {
        covered.withLock { (Int64($0.count / 64 * 64), "fake") }
    }

    func digest() -> MD5Digest { covered.withLock { md5($0) } }
}

private actor FakeWriter: BlockWriter {
    private let store: FakeStore
    private let id: TaskID
    private let block: ByteRange
    private let pieces: [ByteRange]
    private var bytes: [UInt8] = []

    init(store: FakeStore, id: TaskID, block: ByteRange, pieces: [ByteRange]) {
        (self.store, self.id, self.block, self.pieces) = (store, id, block, pieces)
    }

    func write(_ chunks: [any ByteChunk]) async throws {
        try await store.step(.write)
        let start = block.start + Int64(bytes.count)
        for chunk in chunks { bytes.append(contentsOf: chunk.withBytes { Array($0) }) }
        guard let range = ByteRange(start: start, end: block.start + Int64(bytes.count)) else { return }
        for part in pieces.compactMap({ $0.intersection(range) }) {
            await store.put(slice(part), at: part.start, of: id)
        }
    }

    func finish() async throws -> BlockDigests {
        try await store.step(.finish)
        return BlockDigests(block: md5(bytes), pieces: pieces.map { Block(range: $0, md5: md5(slice($0))) })
    }

    func settle() {}

    private func slice(_ range: ByteRange) -> [UInt8] {
        Array(bytes[Int(range.start - block.start)..<Int(range.end - block.start)])
    }
}

private actor FakeSpool: Spool {
    private var bytes: [UInt8] = []

    func append(_ chunks: [any ByteChunk]) {
        for chunk in chunks { bytes.append(contentsOf: chunk.withBytes { Array($0) }) }
    }

    func read(at offset: Int64, count: Int) -> any ByteChunk {
        Array(bytes.dropFirst(Int(offset)).prefix(count))
    }
}
