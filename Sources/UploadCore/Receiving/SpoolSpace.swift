import Synchronization

/// The room that spools may take: what is free, and promised to nobody.
///
/// Bytes that come before their place is known are on disk twice until they are in it. A registration reserved room for
/// one of the two; for the other a spool asks each time before it grows.
struct SpoolSpace: Sendable {
    let repository: any TaskRepository
    let store: any StagingStore
    let ledger: SpoolLedger
    /// Whose task it is.
    let businessServer: String
    let minFreeSpace: Int64

    /// Runs `write`, which makes a spool larger by so many bytes, if there is room for them.
    ///
    /// - Throws: `storage` when there is not; what `write` throws.
    func take(_ bytes: Int64, _ write: () async throws -> Void) async throws {
        // In this order: bytes that are being written count twice for that moment, never not at all.
        let growing = ledger.enter(bytes)
        defer { ledger.leave(bytes) }
        let promised = try await repository.openTotals(of: businessServer)
        let free = try await store.measuredSpace()
        // None is negative. So where a difference is too, there is no room, and the next one can't overflow.
        var left = free.staging
        for taken in [promised.missingBytes, free.isCopied ? promised.fileBytes : 0, minFreeSpace, growing] {
            left -= taken
            guard left >= 0 else {
                throw UploadError(
                    .storage, "the server's disk has no room for a file that comes before startByte and endByte")
            }
        }
        try await write()
    }
}

/// What spools are about to write: the file system does not know of it yet.
final class SpoolLedger: Sendable {
    private let growing = Mutex<Int64>(0)

    /// - Returns: what all spools are about to write now, these bytes included.
    func enter(_ bytes: Int64) -> Int64 {
        growing.withLock { growing in
            growing += bytes
            return growing
        }
    }

    /// They are written, or will not be.
    func leave(_ bytes: Int64) {
        growing.withLock { $0 -= bytes }
    }
}
