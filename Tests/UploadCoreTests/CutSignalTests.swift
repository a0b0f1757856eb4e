import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct CutSignalTests {
    @Test func firedBeforeTheWait() async {
        let cut = CutSignal()
        cut.fire(UploadError.shuttingDown)
        cut.fire(UploadError.superseded)
        let error = await #expect(throws: UploadError.self) { try await cut.wait() }
        #expect(error?.message == UploadError.shuttingDown.message)
        #expect((cut.error as? UploadError)?.message == UploadError.shuttingDown.message)
    }

    @Test func firedDuringTheWait() async {
        let cut = CutSignal()
        #expect(cut.error == nil)
        let waiting = Task { try await cut.wait() }
        cut.fire(UploadError.superseded)
        let error = await #expect(throws: UploadError.self) { try await waiting.value }
        #expect(error?.code == .busy)
    }

    @Test func cancellingTheWaiterFires() async {
        let cut = CutSignal()
        let waiting = Task { try await cut.wait() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(cut.error is CancellationError)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ClaimTests {
    private let cut = CutSignal()
    private func claim() -> Claim { Claim(range: range(0, 9), pieces: [range(0, 9)], ticket: 1, cut: cut) }

    @Test func aReceivingOneIsCut() {
        let claim = claim()
        claim.revoke(.superseded)
        #expect(cut.error != nil)
        #expect(throws: UploadError.self) { try claim.beginAcknowledging() }
    }

    @Test func anAcknowledgingOneIsNot() throws {
        let claim = claim()
        try claim.beginAcknowledging()
        claim.revoke(.superseded)
        #expect(cut.error == nil)
    }

    @Test func releaseWakesAllWhoWait() async {
        let claim = claim()
        let done = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    await claim.untilReleased()
                    done.increment()
                }
            }
            claim.release()
            await group.waitForAll()
        }
        await claim.untilReleased()
        #expect(done.value == 5)
    }
}
