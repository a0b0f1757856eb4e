/// Where the bytes of a claimed block go. The staging file is opened when the first of them are handed over: on a thread
/// that may block, when it can be, and not at all when none is missing.
struct BlockDestination: Sendable {
    let claim: Claim
    private let session: TaskSession
    private let store: any StagingStore
    private var writer: (any BlockWriter)?
    /// What has to be synced; `nil` when nothing was written.
    private(set) var file: OpenStagingFile?

    init(_ claim: Claim, of session: TaskSession, in store: any StagingStore) {
        (self.claim, self.session, self.store) = (claim, session, store)
    }

    /// The next bytes of the block.
    ///
    /// - Throws: what opening the file throws; what an earlier write failed with.
    mutating func write(_ chunks: [any ByteChunk]) async throws {
        try await openedWriter().write(chunks)
    }

    /// The digests, once all bytes have been written.
    ///
    /// - Throws: what a write failed with.
    mutating func finish() async throws -> BlockDigests {
        try await openedWriter().finish()
    }

    /// Returns when nothing is on its way any more: from then on the range may be another's.
    func settle() async {
        await writer?.settle()
    }

    private mutating func openedWriter() async throws -> any BlockWriter {
        if let writer { return writer }
        let (range, pieces) = (claim.range, claim.pieces)
        // Nothing to write, no file: opening makes one, and the task may be past having one.
        if !pieces.isEmpty { file = try await session.file() }
        let made = file?.staging.makeWriter(for: range, pieces: pieces) ?? store.makeVerifier(for: range)
        writer = made
        return made
    }
}
