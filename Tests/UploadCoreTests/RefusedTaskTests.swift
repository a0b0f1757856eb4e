import Testing
import UploadCore
import UploadTestSupport

/// Tasks that take no block, whatever its body.
@Suite(.timeLimit(.minutes(1))) struct RefusedTaskTests {
    private let content = SeededGenerator.bytes(20)
    private let surroundings = FakeSurroundings()

    private func refusal(by address: TaskAddress) async -> UploadError? {
        await #expect(throws: UploadError.self) {
            try await surroundings.service.receive(address, parts: Body.block(range(0, 3), of: content))
        }
    }

    @Test(arguments: [
        (TaskState.paused, UploadError.Code.paused, "upload"), (.finished, .closed, "finish"),
        (.failed, .closed, "fail"), (.cancelled, .closed, "cancel"), (.timedOut, .closed, "timeout"),
    ])
    func byState(state: TaskState, code: UploadError.Code, word: String) async throws {
        let task = try await surroundings.register(content)
        await surroundings.repository.plant(task.id, state)
        let error = await refusal(by: surroundings.address(task))
        #expect(error?.code == code)
        #expect(error?.message.contains(word) == true)
        #expect(await surroundings.store.staged.isEmpty)
    }

    @Test func unknownAndWrongKeyCanNotBeToldApart() async throws {
        let task = try await surroundings.register(content)
        let unknown = TaskAddress(id: taskID(77), key: "key-77")
        let errors = [
            await refusal(by: TaskAddress(id: task.id, key: "")),
            await refusal(by: TaskAddress(id: task.id, key: "key-2")),
            await refusal(by: unknown),
        ]
        #expect(errors.map { $0?.code } == [.noSuchTask, .noSuchTask, .noSuchTask])
        #expect(Set(errors.map { $0?.message }).count == 1)

        let address = TaskAddress(id: task.id, key: "key-2")
        await #expect(throws: UploadError.self) { try await surroundings.service.progress(of: address) }
        await #expect(throws: UploadError.self) { try await surroundings.service.changeState(address, .cancel) }
        await #expect(throws: UploadError.self) { try await surroundings.service.progress(of: unknown) }
        await #expect(throws: UploadError.self) { try await surroundings.service.changeState(unknown, .pause) }
        #expect(await surroundings.repository.task(task.id)?.state == .receiving)
    }

    @Test func aFileOfNoBytesTakesNone() async throws {
        let task = try await surroundings.register([])
        #expect(task.state == .verifying)
        #expect(await refusal(by: surroundings.address(task))?.code == .rangeWrong)
    }
}
