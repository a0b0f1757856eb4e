import Foundation
import UploadCore

/// The machine's clocks.
struct SystemClock: ServiceClock {
    var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    var uptime: Duration { SuspendingClock.now - Self.start }

    private static let start = SuspendingClock.now

    func sleep(for duration: Duration) async throws {
        try await Timers.shared.sleep(for: duration)
    }
}
