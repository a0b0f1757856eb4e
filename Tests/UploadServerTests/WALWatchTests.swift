import Logging
import Synchronization
import Testing
import UploadTestSupport

@testable import UploadServer

@Suite(.timeLimit(.minutes(1))) struct WALWatchTests {
    private final class Log: Sendable {
        let size = Mutex<Int64>(0)
        let lines = Mutex<[String]>([])
    }

    /// Once when it is large, once more for each doubling, and anew after it was small.
    @Test func warnsOfAWALThatGrows() async {
        let (log, clock) = (Log(), ManualClock())
        let logger = Logger(label: "test") { _ in
            LineLogHandler(format: .human, threshold: LogThreshold(.warning)) { line in
                log.lines.withLock { $0.append(line) }
            }
        }
        let watch = WALWatch(size: { log.size.withLock { $0 } }, clock: clock, logger: logger)
        let running = Task { await watch.run() }
        var looks = 1
        await clock.slept(looks)
        let large = WALWatch.large
        for (size, warnings) in [
            (large - 1, 0), (large, 1), (large * 2 - 1, 1), (large * 2, 2), (large - 1, 2), (large, 3),
        ] {
            log.size.withLock { $0 = size }
            clock.advance(by: .seconds(30))
            looks += 1
            await clock.slept(looks)
            #expect(log.lines.withLock { $0.count } == warnings, "after \(size) bytes")
        }
        #expect(log.lines.withLock { $0.allSatisfy { $0.contains("WAL is large") } })
        running.cancel()
        await running.value
    }
}
