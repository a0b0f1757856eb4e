/// Where the bytes of a claimed block go. The staging file is opened when the first of them are handed over, and not at all
/// when none is missing.
struct BlockDestination: Sendable {
    let claim: Claim
    private let session: TaskSession
    private let store: any StagingStore
    private var writer: (any BlockWriter)?
    /// What has to be synced; `nil` when nothing is written.
    private(set) var file: OpenStagingFile?

    init(_ claim: Claim, of session: TaskSession, in store: any StagingStore) {
        (self.claim, self.session, self.store) = (claim, session, store)
    }

    /// Whether all of the block's bytes are to be written, and none of them has come here yet.
    var isUntouched: Bool { writer == nil && claim.pieces == [claim.range] }

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

    /// The staging file, opened; `nil` when nothing is to be written.
    ///
    /// - Throws: what opening it throws.
    mutating func openedFile() async throws -> OpenStagingFile? {
        // Nothing to write, no file: opening makes one, and the task may be past having one.
        if file == nil, !claim.pieces.isEmpty { file = try await session.file() }
        return file
    }

    private mutating func openedWriter() async throws -> any BlockWriter {
        if let writer { return writer }
        let (range, pieces) = (claim.range, claim.pieces)
        let made =
            try await openedFile()?.staging.makeWriter(for: range, pieces: pieces) ?? store.makeVerifier(for: range)
        writer = made
        return made
    }
}
