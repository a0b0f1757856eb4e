import Foundation
import UploadCore

/// The machine's clocks.
struct SystemClock: ServiceClock {
    var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    private static let start = ContinuousClock.now

    var uptime: Duration { Self.start.duration(to: .now) }

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
