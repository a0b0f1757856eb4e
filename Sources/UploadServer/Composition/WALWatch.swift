import Logging
import UploadCore

/// Warns when the WAL grows because a reader that does not end keeps it from being used again from its beginning
/// (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
struct WALWatch: Sendable {
    private static let interval = Duration.seconds(30)
    static let large: Int64 = 256 << 20

    /// The WAL's size in bytes.
    let size: @Sendable () -> Int64
    let clock: any ServiceClock
    let logger: Logger

    /// Looks until it is cancelled; warns once each time that the size doubles.
    func run() async {
        var limit = Self.large
        while !Task.isCancelled {
            let size = size()
            if size >= limit {
                logger.warning(
                    "the database's WAL is large: a program keeps a read transaction open, or the database file can't be written",
                    metadata: ["bytes": "\(size)"])
                limit = size * 2
            } else if size < Self.large {
                limit = Self.large
            }
            do { try await clock.sleep(for: Self.interval) } catch { return }
        }
    }
}
