import Testing
import UploadTestSupport

@testable import UploadCore

/// Secrets of task keys are replaced, and tasks stay with theirs.
@Suite struct KeyGenerationTests {
    private let surroundings = FakeSurroundings()

    private func state(_ address: TaskAddress) async throws -> TaskState {
        try await surroundings.service.progress(of: address).task.state
    }

    @Test func aTaskStaysWithTheSecretItWasRegisteredUnder() async throws {
        let old = try await surroundings.register([1, 2, 3])
        let address = surroundings.address(old)
        surroundings.keys.generations = KeyGenerations(current: 2, known: [1, 2])
        #expect(try await state(address) == .receiving)
        let again = try await surroundings.register([1, 2, 3])
        #expect((again.id, again.keyGeneration) == (old.id, 1))
        #expect(try surroundings.service.key(for: again) == address.key)
        #expect(try await surroundings.register([4]).keyGeneration == 2)
    }

    @Test func aKeyOfAnotherGenerationOpensNothing() async throws {
        surroundings.keys.generations = KeyGenerations(current: 2, known: [1, 2])
        let task = try await surroundings.register([1, 2, 3])
        let older = try #require(surroundings.keys.key(for: task.id, generation: 1))
        let forged = TaskAddress(id: task.id, key: older)
        let service = surroundings.service
        let queried = await #expect(throws: UploadError.self) { try await service.progress(of: forged) }
        let changed = await #expect(throws: UploadError.self) { try await service.changeState(forged, .cancel) }
        let sent = await #expect(throws: UploadError.self) {
            try await service.receive(forged, parts: Body.block(range(0, 2), of: [1, 2, 3]))
        }
        for error in [queried, changed, sent] { #expect(error?.code == .noSuchTask) }
        #expect(try await state(surroundings.address(task)) == .receiving)
    }

    @Test func aTaskWhoseSecretIsGoneGetsANewKeyWhenRegisteredAgain() async throws {
        let task = try await surroundings.register([1, 2, 3])
        surroundings.keys.generations = KeyGenerations(current: 5, known: [4, 5])
        let error = #expect(throws: UploadError.self) { try surroundings.service.key(for: task) }
        #expect(error?.code == .busy)
        let again = try await surroundings.register([1, 2, 3])
        #expect((again.id, again.keyGeneration) == (task.id, 5))
        #expect(try await state(surroundings.address(again)) == .receiving)
    }
}
