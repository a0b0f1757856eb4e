import Dispatch
import Testing
import UploadTestSupport

@testable import UploadHTTP

/// Whether the loops that connections live on turn.
@Suite struct PulseTests {
    @Test func itWaitsForALoopThatHangs() async throws {
        await UploadApplication.answers()
        let held = DispatchSemaphore(value: 0)
        let hangs = Watched(false)
        UploadApplication.loops.eventLoopGroup.next().execute {
            hangs.update { $0 = true }
            held.wait()
        }
        _ = try await hangs.wait("the loop to hang") { $0 ? true : nil }
        let progress = Watched((isAsked: false, hasAnswer: false))
        let asking = Task {
            progress.update { $0.isAsked = true }
            await UploadApplication.answers()
            progress.update { $0.hasAnswer = true }
        }
        _ = try await progress.wait("the loops to be asked") { $0.isAsked ? true : nil }
        #expect(!progress.value.hasAnswer)
        held.signal()
        await asking.value
        #expect(progress.value.hasAnswer)
    }
}
