import Synchronization

/// The room that spools may take: what is free, and promised to nobody.
///
/// Bytes that come before their place is known are on disk twice until they are in it. A registration reserved room for
/// one of the two; for the other a spool asks before it grows.
struct SpoolSpace: Sendable {
    /// How much a spool grows before it asks anew what was promised.
    static let step: Int64 = 16 << 20

    let repository: any TaskRepository
    let store: any StagingStore
    let ledger: SpoolLedger
    /// Whose task it is.
    let businessServer: String
    let minFreeSpace: Int64

    /// Bytes that open tasks were promised room for, and have not received.
    func promised() async throws -> Int64 {
        try await repository.openTotals(of: businessServer).missingBytes
    }

    /// Runs `write`, which makes a spool larger by so many bytes, if there is room for them.
    ///
    /// - Throws: `storage` when there is not; what `write` throws.
    func take(_ bytes: Int64, beside promised: Int64, _ write: () async throws -> Void) async throws {
        try ledger.enter(bytes) { entered in
            // None is negative. So where a difference is too, there is no room, and the next one can't overflow.
            var left = try store.freeSpace(target: nil).staging
            for taken in [promised, minFreeSpace, entered, bytes] {
                left -= taken
                guard left >= 0 else {
                    throw UploadError(
                        .storage, "the server's disk has no room for a file that comes before startByte and endByte")
                }
            }
        }
        defer { ledger.leave(bytes) }
        try await write()
    }
}

/// What spools are about to write: the file system does not know of it yet.
final class SpoolLedger: Sendable {
    private let entered = Mutex<Int64>(0)

    /// Enters bytes unless `check` throws, which is told of those that are entered already. One check at a time, so that
    /// none counts on what another was just given.
    func enter(_ bytes: Int64, _ check: (Int64) throws -> Void) throws {
        try entered.withLock { entered in
            try check(entered)
            entered += bytes
        }
    }

    /// They are written, or will not be.
    func leave(_ bytes: Int64) {
        entered.withLock { $0 -= bytes }
    }
}
