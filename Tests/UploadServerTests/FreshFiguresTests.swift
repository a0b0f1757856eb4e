import Synchronization
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadServer

/// Whoever asks often makes no work.
@Suite struct FreshFiguresTests {
    private final class CountingSource: FigureSource {
        let readings = Mutex(0)

        func figures() async throws -> ServiceFigures {
            var figures = ServiceFigures()
            figures.deadCallbacks = readings.withLock { count in
                count += 1
                return count
            }
            return figures
        }
    }

    @Test func theyAreASecondOldAtTheMost() async throws {
        let (source, clock) = (CountingSource(), ManualClock())
        let figures = FreshFigures(source, clock: clock)
        for _ in 0..<3 { #expect(try await figures.figures().deadCallbacks == 1) }
        clock.advance(by: .milliseconds(999))
        #expect(try await figures.figures().deadCallbacks == 1)
        clock.advance(by: .milliseconds(1))
        #expect(try await figures.figures().deadCallbacks == 2)
    }
}
