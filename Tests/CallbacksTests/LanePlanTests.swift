import Testing
import UploadCore

@testable import Callbacks

struct LanePlanTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func plan(width: Int = 3, _ due: KeyValuePairs<String, Int>) -> LanePlan {
        var plan = LanePlan(width: width)
        plan.surveyed(
            due.map { PendingDestination(businessServer: $0.key, dueAt: Self.now.advanced(by: .seconds($0.value))) })
        return plan
    }

    @Test func looksFirstAndWaitsWhenThereIsNothing() {
        #expect(LanePlan(width: 1).next(now: Self.now) == .survey)
        #expect(plan([:]).next(now: Self.now) == .wait(atMost: .seconds(30)))
    }

    @Test func waitsForTheEarliestButNotTooLong() {
        #expect(plan(["a": 20, "b": 7]).next(now: Self.now) == .wait(atMost: .seconds(7)))
        #expect(plan(["a": 3600]).next(now: Self.now) == .wait(atMost: .seconds(30)))
    }

    @Test func lanesTakeTurns() {
        var plan = plan(width: 2, ["a": -100, "b": 0])
        #expect(plan.next(now: Self.now) == .claim("a", limit: 2))
        plan.claimed(2, of: 2, for: "a")
        plan.settled("a", dueAt: nil)
        #expect(plan.next(now: Self.now) == .claim("b", limit: 2))
        plan.claimed(2, of: 2, for: "b")
        #expect(plan.next(now: Self.now) == .claim("a", limit: 1))
    }

    @Test func fullLaneIsLeftAloneUntilASlotIsFree() {
        var plan = plan(["a": 0, "b": 9])
        plan.claimed(3, of: 3, for: "a")
        #expect(plan.next(now: Self.now) == .wait(atMost: .seconds(9)))
        plan.settled("a", dueAt: nil)
        #expect(plan.next(now: Self.now) == .claim("a", limit: 1))
    }

    @Test func looksAgainAfterTheLastDueRow() {
        var plan = plan(["a": 0])
        plan.claimed(1, of: 3, for: "a")
        #expect(plan.next(now: Self.now) == .survey)
        plan.surveyed([])
        #expect(plan.next(now: Self.now) == .wait(atMost: .seconds(30)))
        #expect(plan.running == 1)
    }

    @Test func failedRowIsRemembered() {
        var plan = plan(["a": 0])
        plan.claimed(1, of: 3, for: "a")
        plan.surveyed([])
        plan.settled("a", dueAt: Self.now.advanced(by: .seconds(5)))
        #expect(plan.next(now: Self.now) == .wait(atMost: .seconds(5)))
        #expect(plan.next(now: Self.now.advanced(by: .seconds(5))) == .claim("a", limit: 3))
    }

    @Test func dueRowThatCannotBeClaimedDoesNotMakeItSpin() {
        var plan = plan(["a": 0])
        plan.claimed(0, of: 3, for: "a")
        #expect(plan.next(now: Self.now) == .wait(atMost: .seconds(30)))
    }

    @Test func staleDueTimeIsLookedUp() {
        var plan = plan(["a": 0])
        plan.claimed(3, of: 3, for: "a")
        plan.settled("a", dueAt: nil)
        plan.claimed(0, of: 1, for: "a")
        #expect(plan.next(now: Self.now) == .survey)
    }

    @Test func stopsAfterTheLastAttempt() {
        var plan = plan(["a": 0])
        plan.claimed(2, of: 3, for: "a")
        plan.stop()
        #expect(plan.next(now: Self.now) == .drain)
        plan.settled("a", dueAt: Self.now)
        #expect(plan.next(now: Self.now) == .drain)
        plan.settled("a", dueAt: nil)
        #expect(plan.next(now: Self.now) == .finish)
    }
}
