import Synchronization
import UploadCore

/// What the dispatcher has to hear of. Posting never blocks; what comes several times between two looks is told once.
final class Mailbox: Sendable {
    /// What came since the last look.
    struct Contents {
        var isWoken = false
        var settled: [Settlement] = []
        /// How long attempts in flight may go on.
        var stopWithGrace: Duration?
    }

    private let contents = Mutex(Contents())
    /// Raised while there is something to look at.
    let bell = Signal()

    func wake() {
        post { $0.isWoken = true }
    }

    func settle(_ settlement: Settlement) {
        post { $0.settled.append(settlement) }
    }

    /// The shortest grace counts.
    func stop(grace: Duration) {
        post { $0.stopWithGrace = min($0.stopWithGrace ?? grace, grace) }
    }

    func take() -> Contents {
        // In this order: what is posted in between rings again.
        bell.lower()
        return contents.withLock { contents in
            defer { contents = Contents() }
            return contents
        }
    }

    private func post(_ change: (inout sending Contents) -> Void) {
        contents.withLock { change(&$0) }
        bell.raise()
    }
}

/// The end of a claim.
struct Settlement: Sendable, Equatable {
    var businessServer: String
    /// When the row is due again, if it is.
    var dueAt: Timestamp?
}
