import Testing
import UploadTestSupport

/// Contract, "POST /api/upload/new/task": an open task is returned again, not duplicated.
@Suite(.contract)
struct SameRegistrationTests {
    private let file = TestFile(size: 1000, seed: 1)

    @Test func theSameRegistrationResumesTheOpenTask() async throws {
        try await TestBed.run { bed in
            let first = try await bed.server.register(file)
            try await first.send(0...499, of: file)
            let second = try await bed.server.register(file)
            #expect(second.id == first.id)
            #expect(second.given == first.given)
            #expect(try await second.missing() == [500...999])
            try await second.change(to: "pause")
            #expect(try await bed.server.register(file).id == first.id)
        }
    }

    @Test func anotherRegistrationIsAnotherTask() async throws {
        try await TestBed.run { bed in
            let base = NewTask(file)
            let variants = [
                base, base.with("token", "\"\(TestBed.secondToken)\""), base.with("userId", "\"u2\""),
                base.with("fileName", "\"other\""), base.with("storePath", "\"other\""),
                base.with("fileSize", "1001"), base.with("fileMd5", "\"\(TestFile([]).md5)\""),
            ]
            var ids: Set<Int64> = []
            for variant in variants { ids.insert(try await bed.server.register(variant).id) }
            #expect(ids.count == variants.count)
            let feedback = try await bed.server.register(base.with("feedBackParameter", "1"))
            #expect(ids.contains(feedback.id), "feedBackParameter does not tell tasks apart")
        }
    }

    @Test func twentyAtOnceMakeOneTask() async throws {
        try await TestBed.run { bed in
            let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<20 { group.addTask { try await bed.server.register(file).id } }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "1")
        }
    }

    @Test func afterTheEndItIsANewTask() async throws {
        try await TestBed.run { bed in
            let first = try await bed.server.register(file)
            try await first.sendAll(file)
            _ = try await bed.receiver.callback(for: first.id)
            let second = try await bed.server.register(file)
            #expect(second.id != first.id)
            #expect(try await second.missing() == [0...999])
            try await second.change(to: "cancel")
            let third = try await bed.server.register(file)
            #expect(third.id != second.id)
        }
    }

    @Test func keysOfTasksDiffer() async throws {
        try await TestBed.run { bed in
            let first = try await bed.server.register(file, name: "a")
            let second = try await bed.server.register(file, name: "b")
            let key = try #require(first.given.blocks.split(separator: "=").last)
            let answers = [
                try await HTTP.get("\(bed.server.base)/api/upload/files/blocks/info?taskId=\(second.id)&key=\(key)"),
                try await HTTP.get("\(bed.server.base)/api/upload/files/blocks/info?taskId=\(second.id)"),
                try await HTTP.get("\(bed.server.base)/api/upload/files/blocks/info?taskId=99&key=\(key)"),
            ]
            for answer in answers {
                #expect(answer.retCode == "2")
                #expect(answer.text == answers[0].text, "the two can't be told apart")
            }
        }
    }
}
