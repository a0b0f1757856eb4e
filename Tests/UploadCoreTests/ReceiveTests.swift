import Testing
import UploadCore
import UploadTestSupport

@Suite(.timeLimit(.minutes(1))) struct ReceiveTests {
    private static let content = SeededGenerator.bytes(20)
    private let content = Self.content
    private let surroundings = FakeSurroundings()
    private var service: UploadService { surroundings.service }

    private func send(_ range: ByteRange, to task: UploadTask) async throws -> BlockReceipt {
        try await service.receive(surroundings.address(task), parts: Body.block(range, of: content))
    }

    private func refusal(of parts: [BlockPart], by task: UploadTask) async -> UploadError? {
        await #expect(throws: UploadError.self) {
            try await service.receive(surroundings.address(task), parts: Body.of(parts))
        }
    }

    // MARK: Bodies

    private static let begin = BlockPart.field(.startByte, "5")
    private static let end = BlockPart.field(.endByte, "11")
    private static let sum = BlockPart.field(.partMd5, md5(content[range(5, 11)]).description)
    private static let file = Body.file(content[range(5, 11)], chunk: 2)

    @Test(arguments: [
        [begin, end, sum] + file, file + [begin, end, sum], [sum] + file + [end, begin], [begin] + file + [end, sum],
        [end, begin] + file + [sum],
    ])
    func partsComeInAnyOrder(parts: [BlockPart]) async throws {
        let task = try await surroundings.register(content)
        let receipt = try await service.receive(surroundings.address(task), parts: Body.of(parts))
        #expect(receipt.range == range(5, 11))
        #expect(receipt.missing == [range(0, 4), range(12, 19)])
        #expect(!receipt.asksForMissing)
        let blocks = await surroundings.repository.blocks[task.id]
        #expect(blocks == [Block(range: range(5, 11), md5: md5(content[range(5, 11)]))])
        #expect(await surroundings.store.staged[task.id]?.suffix(7) == content[5...11])
    }

    @Test(
        arguments: [
            ([end, sum] + file, UploadError.Code.invalidParameter, "startByte"),
            ([begin, sum] + file, .invalidParameter, "endByte"),
            ([begin, end] + file, .invalidParameter, "partMd5"),
            ([begin, end, sum], .invalidParameter, "file"),
            (file, .invalidParameter, "startByte"),
            ([], .invalidParameter, "startByte"),
            ([begin, begin, end, sum] + file, .invalidParameter, "startByte"),
            ([begin, end, sum] + file + [sum], .invalidParameter, "partMd5"),
            (file + [end, begin, end], .invalidParameter, "endByte"),
            ([begin, end, sum] + file + file, .invalidParameter, "file"),
            (file + file + [begin, end, sum], .invalidParameter, "file"),
            ([.field(.startByte, "x"), end, sum] + file, .invalidParameter, "startByte"),
            ([.field(.startByte, "+5"), end, sum] + file, .invalidParameter, "startByte"),
            ([.field(.startByte, "-5"), end, sum] + file, .invalidParameter, "startByte"),
            ([begin, .field(.endByte, "1.5"), sum] + file, .invalidParameter, "endByte"),
            ([begin, end, .field(.partMd5, "abc")] + file, .invalidParameter, "partMd5"),
            ([begin, end, sum] + file.dropLast(), .rangeWrong, "file"),
            (file.dropLast() + [begin, end, sum], .rangeWrong, "file"),
            ([begin, end, sum] + file + [.fileBytes([1])], .rangeWrong, "file"),
            (file + [.fileBytes([1]), begin, end, sum], .rangeWrong, "file"),
            ([.fileBegin, .fileBytes([UInt8](repeating: 0, count: 21))], .rangeWrong, "file"),
            ([.field(.startByte, "12"), end, sum] + file, .rangeWrong, "startByte"),
            ([begin, .field(.endByte, "20"), sum] + file, .rangeWrong, "endByte"),
            ([begin, .field(.endByte, "9223372036854775807"), sum] + file, .rangeWrong, "endByte"),
            ([begin, end, .field(.partMd5, "d41d8cd98f00b204e9800998ecf8427e")] + file, .checksumMismatch, "partMd5"),
        ] as [([BlockPart], UploadError.Code, String)])
    func faultyBodiesAreRefusedAndLeaveNoTrace(
        parts: [BlockPart], code: UploadError.Code, parameter: String
    ) async throws {
        let task = try await surroundings.register(content)
        let error = await refusal(of: parts, by: task)
        #expect(error?.code == code)
        #expect(error?.message.hasPrefix(parameter) == true)
        #expect(await surroundings.repository.blocks[task.id] == nil)
        #expect(await surroundings.repository.commits == 0)
        // The range is free again.
        #expect(try await send(range(0, 19), to: task).missing == [])
    }

    @Test func aBodyThatBreaksOffLeavesNoTrace() async throws {
        let task = try await surroundings.register(content)
        let (parts, feed) = AsyncThrowingStream<BlockPart, any Error>.makeStream()
        for part in [Self.begin, Self.end, Self.sum] + Self.file.dropLast() { feed.yield(part) }
        feed.finish(throwing: UploadError.interrupted)
        let error = await #expect(throws: UploadError.self) {
            try await service.receive(surroundings.address(task), parts: parts)
        }
        #expect(error?.code == .rangeWrong)
        #expect(await surroundings.repository.blocks[task.id] == nil)
        #expect(try await send(range(5, 11), to: task).range == range(5, 11))
    }

    @Test func unverifiedBlocksNeedNoMD5() async throws {
        let surroundings = FakeSurroundings(policy: ServicePolicy(checksBlocks: false))
        let task = try await surroundings.register(content)
        let wrong = BlockPart.field(.partMd5, "not looked at")
        let parts = Body.of([Self.begin, Self.end, wrong] + Self.file)
        _ = try await surroundings.service.receive(surroundings.address(task), parts: parts)
        #expect(await surroundings.repository.blocks[task.id]?.map(\.md5) == [md5(content[range(5, 11)])])
    }

    @Test(arguments: [[begin, end, sum] + file, file + [begin, end, sum]])
    func aBlockLargerThanTheLimitIsRefused(parts: [BlockPart]) async throws {
        let surroundings = FakeSurroundings(limits: TaskLimits(maxBlockSize: 6))
        let task = try await surroundings.register(content)
        let error = await #expect(throws: UploadError.self) {
            try await surroundings.service.receive(surroundings.address(task), parts: Body.of(parts))
        }
        #expect(error?.code == .tooLarge)
        let small = Body.block(range(0, 5), of: content)
        #expect(try await surroundings.service.receive(surroundings.address(task), parts: small).range == range(0, 5))
    }

    // MARK: What is held

    @Test func aHeldBlockSentAgainIsAnsweredAndNotWritten() async throws {
        let task = try await surroundings.register(content)
        _ = try await send(range(0, 9), to: task)
        surroundings.journal.clear()
        var other = content
        other[3] ^= 0xFF
        let receipt = try await service.receive(surroundings.address(task), parts: Body.block(range(2, 5), of: other))
        #expect(receipt.missing == [range(10, 19)])
        #expect(!surroundings.journal.entries.contains("commit"))
        #expect(await surroundings.store.staged[task.id] == Array(content[0...9]))
    }

    @Test func anOverlapContributesOnlyWhatIsMissing() async throws {
        let task = try await surroundings.register(content)
        _ = try await send(range(5, 7), to: task)
        _ = try await send(range(12, 12), to: task)
        var other = content
        for offset in [5, 6, 7, 12] { other[offset] ^= 0xFF }
        _ = try await service.receive(surroundings.address(task), parts: Body.block(range(3, 14), of: other))
        let expected = [range(5, 7), range(12, 12), range(3, 4), range(8, 11), range(13, 14)]
        #expect(
            await surroundings.repository.blocks[task.id] == expected.map { Block(range: $0, md5: md5(content[$0])) })
        #expect(await surroundings.store.staged[task.id]?[3...14] == content[3...14])
    }

    @Test func asksForTheMissingOnceTheLastByteIsHeld() async throws {
        let task = try await surroundings.register(content)
        #expect(try await !send(range(5, 9), to: task).asksForMissing)
        let last = try await send(range(15, 19), to: task)
        #expect(last.asksForMissing)
        #expect(last.missing == [range(0, 4), range(10, 14)])
        #expect(try await send(range(0, 4), to: task).asksForMissing)
        let completing = try await send(range(10, 14), to: task)
        #expect(!completing.asksForMissing)
        #expect(completing.missing == [])
        #expect(await surroundings.repository.task(task.id)?.state == .verifying)
        #expect(surroundings.observer.outcomes.contains { if case .received(task.id) = $0 { true } else { false } })
    }

    @Test func listsAThousandMissingRangesAtTheMost() async throws {
        let content = SeededGenerator.bytes(2010)
        let task = try await surroundings.register(content)
        let held = stride(from: Int64(1), to: 2008, by: 2).map { Block(range: range($0, $0), md5: md5([])) }
        await surroundings.repository.plant(task.id, .receiving, blocks: held)
        await surroundings.store.stage(content, for: task.id)
        let parts = Body.block(range(2009, 2009), of: content)
        let receipt = try await service.receive(surroundings.address(task), parts: parts)
        #expect(receipt.missing.count == 1000)
        #expect(receipt.missing.first == range(0, 0))
        #expect(try await service.progress(of: surroundings.address(task)).missing.count == 1005)
    }
}
