import Testing
import UploadTestSupport

@testable import UploadCore

/// Who waits for which batch, and what each is told.
@Suite(.timeLimit(.minutes(1))) struct BatchesTests {
    private struct Odd: Error, Equatable {
        var number: Int
    }

    private let batches = Batches<Int, Int>(on: globalConcurrentExecutor)
    private let first = Checkpoint()
    private let second = Checkpoint()
    private let sizes = Journal()

    /// Doubles the even ones; the first batch waits in each step until it is let.
    private func work(_ numbers: [Int]) async -> Batches<Int, Int>.SecondStep {
        sizes.note("\(numbers.count)")
        await first.pass()
        return {
            await second.pass()
            return numbers.map { $0.isMultiple(of: 2) ? .success(2 * $0) : .failure(Odd(number: $0)) }
        }
    }

    private func add(_ number: Int) -> Task<Int, any Error> {
        Task { try await batches.add(number) { await work($0) } }
    }

    /// One under way, and so many that wait for the next batch.
    private func comers(_ count: Int) async -> [Task<Int, any Error>] {
        let one = add(0)
        await first.arrived()
        let rest = (1..<count + 1).map { add($0) }
        while batches.waiters < count { await Task.yield() }
        return [one] + rest
    }

    @Test func whoComesDuringABatchIsInTheNext() async throws {
        let comers = await comers(5)
        first.open()
        second.open()
        for (number, comer) in comers.enumerated() {
            let result = await comer.result
            if number.isMultiple(of: 2) {
                #expect(try result.get() == 2 * number)
            } else {
                #expect(throws: Odd(number: number)) { try result.get() }
            }
        }
        #expect(sizes.entries == ["1", "5"])
        #expect(try await add(8).value == 16)
        #expect(sizes.entries == ["1", "5", "1"])
    }

    @Test func oneWhoIsCancelledIsDoneAllTheSame() async throws {
        let comers = await comers(2)
        for comer in comers { comer.cancel() }
        first.open()
        second.open()
        #expect(try await comers[0].value == 0)
        #expect(try await comers[2].value == 4)
    }

    /// Each waits in its second step; the next one's first step does not wait for that.
    @Test func aSecondStepGoesOnBesideTheNextFirstOne() async throws {
        first.open()
        let one = add(0)
        await second.arrived()
        let other = Task {
            try await batches.add(2) { numbers in
                sizes.note("beside")
                return { numbers.map { .success($0) } }
            }
        }
        #expect(try await other.value == 2)
        second.open()
        #expect(try await one.value == 0)
        #expect(sizes.entries == ["1", "beside"])
    }

    @Test func veryManyAreMoreThanOneBatch() async throws {
        let comers = await comers(100)
        first.open()
        second.open()
        for comer in comers { _ = await comer.result }
        #expect(sizes.entries == ["1", "32", "32", "32", "4"])
    }
}
