import Synchronization

/// One request's right to write a range of a task, from the moment the range is known until the request is answered.
///
/// Claims live in memory only: a restart ends the requests, and with them the claims.
final class Claim: Sendable {
    private enum Phase {
        /// Bytes are coming; a newer request may take over.
        case receiving
        /// All bytes came and are on their way into the database: too late to take over, the outcome is near.
        case acknowledging
        case released
    }

    private struct State {
        var phase = Phase.receiving
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// The block's range.
    let range: ByteRange
    /// The parts of it that were missing when it was claimed. Nobody else can add them while the claim lives.
    let pieces: [ByteRange]
    /// Place in the order of arrival; the higher number is the newer request.
    let ticket: Int
    private let cut: CutSignal
    private let state = Mutex(State())

    init(range: ByteRange, pieces: [ByteRange], ticket: Int, cut: CutSignal) {
        self.range = range
        self.pieces = pieces
        self.ticket = ticket
        self.cut = cut
    }

    /// Cuts the request off, unless all of its bytes are there already.
    func revoke(_ error: UploadError) {
        if state.withLock({ $0.phase == .receiving }) { cut.fire(error) }
    }

    /// All bytes came: from here on the claim can't be taken over.
    ///
    /// - Throws: what the request was cut with, when that came first.
    func beginAcknowledging() throws {
        state.withLock { if $0.phase == .receiving { $0.phase = .acknowledging } }
        if let error = cut.error { throw error }
    }

    /// The request has ended and writes no more.
    func release() {
        let waiters = state.withLock { state in
            state.phase = .released
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the claim has been released.
    func untilReleased() async {
        await withCheckedContinuation { continuation in
            let released = state.withLock { state in
                if state.phase != .released { state.waiters.append(continuation) }
                return state.phase == .released
            }
            if released { continuation.resume() }
        }
    }
}
