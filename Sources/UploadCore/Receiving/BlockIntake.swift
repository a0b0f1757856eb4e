/// Receives the body of one request: fields and bytes in any order, up to the point where all of it has come and was
/// counted. What follows, ``DurabilityOrder`` says.
struct BlockIntake {
    /// A block whose bytes all came; its claim can't be taken over any more.
    struct Complete: Sendable {
        var destination: BlockDestination
        /// Bytes at its end that are still to be written. All of a small block are.
        let rest: [any ByteChunk]
        /// The MD5 to hold it against; `nil` where blocks aren't checked.
        let declaredMD5: MD5Digest?

        var claim: Claim { destination.claim }

        /// Writes the rest, unless it is the whole block: that goes to the disk together with others.
        ///
        /// - Throws: what a write failed with; `checksumMismatch`.
        mutating func arrive(at id: TaskID) async throws -> ArrivedBlock {
            if destination.isUntouched {
                let whole = WholeBlock(range: claim.range, chunks: rest)
                return ArrivedBlock(taskID: id, bytes: .inMemory(whole), declaredMD5: declaredMD5)
            }
            if !rest.isEmpty { try await destination.write(rest) }
            let digests = try await destination.finish()
            try ArrivedBlock.check(digests.block, against: declaredMD5)
            return ArrivedBlock(taskID: id, bytes: .written(digests.pieces), declaredMD5: declaredMD5)
        }
    }

    /// However small they are: a chunk costs memory beyond its bytes.
    private static let gatheredChunks = 256

    let fileSize: Int64
    /// Whether `partMd5` is required and verified.
    let checksBlocks: Bool
    let limits: TaskLimits
    let session: TaskSession
    let store: any StagingStore
    let spoolSpace: SpoolSpace
    let cut: CutSignal
    /// Bytes to gather before they are handed to the disk: fewer, larger writes cost less than many small ones, and memory
    /// a request stays the same however large its block is.
    let portion: @Sendable () -> Int

    private var fields = BlockFields()
    private var hasFile = false
    private var spool: (any Spool)?
    private var destination: BlockDestination?
    private var received: Int64 = 0
    private var gathered: [any ByteChunk] = []
    private var gatheredBytes = 0

    init(
        fileSize: Int64, checksBlocks: Bool, limits: TaskLimits, session: TaskSession, store: any StagingStore,
        spoolSpace: SpoolSpace, cut: CutSignal, portion: @escaping @Sendable () -> Int
    ) {
        self.fileSize = fileSize
        self.checksBlocks = checksBlocks
        self.limits = limits
        self.session = session
        self.store = store
        self.spoolSpace = spoolSpace
        self.cut = cut
        self.portion = portion
    }

    /// Takes the body to its end.
    ///
    /// - Throws: what the catalogue has for the fault; the range is then free again and nothing is held that was not
    ///   held before.
    mutating func receive(
        _ parts: some AsyncSequence<BlockPart, any Error>
    ) async throws -> Complete {
        do {
            for try await part in parts {
                switch part {
                case .field(let field, let value): try fields.set(field, value)
                case .fileBegin: try await beginFile()
                case .fileBytes(let chunk): try await take(chunk)
                }
            }
            // A sequence which just ends may be a cancelled one.
            try Task.checkCancellation()
            return try await complete()
        } catch {
            // Nothing can have been committed, so what is known to be held stays true. Reading it anew would cost the
            // more, the more requests break off at once.
            if let destination {
                await destination.settle()
                await session.release(destination.claim)
            }
            throw error
        }
    }

    private mutating func beginFile() async throws {
        guard !hasFile else { throw UploadError.invalid("file", "was given twice") }
        hasFile = true
        if fields.hasRange {
            try await claimRange()
        } else {
            // Where there is no room for the first byte, the rest need not come.
            try await spoolSpace.take(0) {}
            spool = try await store.makeSpool()
        }
    }

    private mutating func take(_ chunk: any ByteChunk) async throws {
        received += Int64(chunk.count)
        guard received <= destination?.claim.range.count ?? fileSize else {
            throw UploadError(.rangeWrong, "file is longer than \(destination == nil ? "the whole file" : "the range")")
        }
        try limits.checkBlock(received)
        gathered.append(chunk)
        gatheredBytes += chunk.count
        if gatheredBytes >= portion() || gathered.count >= Self.gatheredChunks { try await flush() }
    }

    private mutating func flush() async throws {
        guard !gathered.isEmpty else { return }
        let (chunks, bytes) = (gathered, Int64(gatheredBytes))
        gathered.removeAll(keepingCapacity: true)
        gatheredBytes = 0
        if destination != nil {
            try await destination?.write(chunks)
        } else if let spool {
            try await spoolSpace.take(bytes) { try await spool.append(chunks) }
        }
    }

    private mutating func complete() async throws -> Complete {
        if destination == nil {
            try await flush()
            // The fields came last, or the file did not come at all: which of them is missing is found in this order.
            let range = try fields.range(fileSize: fileSize)
            guard hasFile else { throw UploadError.invalid("file", "is missing") }
            guard received == range.count else { throw lengthError(range) }
            try await claimRange()
            try await replaySpool()
        }
        guard let destination else { throw UploadError.invalid("file", "is missing") }
        guard received == destination.claim.range.count else { throw lengthError(destination.claim.range) }
        let declared = checksBlocks ? try fields.declaredMD5() : nil
        try destination.claim.beginAcknowledging()
        return Complete(destination: destination, rest: gathered, declaredMD5: declared)
    }

    private mutating func claimRange() async throws {
        let range = try fields.range(fileSize: fileSize)
        try limits.checkBlock(range.count)
        destination = BlockDestination(try await session.claim(range, cut: cut), of: session, in: store)
    }

    private mutating func replaySpool() async throws {
        guard let spool else { return }
        var offset: Int64 = 0
        while offset < received {
            try Task.checkCancellation()
            let chunk = try await spool.read(at: offset, count: portion())
            guard chunk.count > 0 else { throw UploadError.interrupted }
            try await destination?.write([chunk])
            offset += Int64(chunk.count)
        }
        self.spool = nil
    }

    private func lengthError(_ range: ByteRange) -> UploadError {
        UploadError(
            .rangeWrong,
            "file has \(received) bytes, but startByte \(range.first) to endByte \(range.last) is \(range.count)")
    }
}
