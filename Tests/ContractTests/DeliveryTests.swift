import Foundation
import Testing
import UploadTestSupport

/// Contract, "Callback": at least once.
@Suite(.contract)
struct DeliveryTests {
    private let file = TestFile(size: 1000, seed: 1)

    private func finish(_ bed: TestBed, _ name: String = "a", token: String = TestBed.token) async throws
        -> UploadHandle
    {
        let upload = try await bed.server.register(NewTask(file, name: name).with("token", "\"\(token)\""))
        try await upload.sendAll(file)
        return upload
    }

    private func delivered(_ bed: TestBed, _ upload: UploadHandle) async throws {
        _ = try await eventually("the callback's state") {
            try await bed.server.sqlite("SELECT state FROM callbacks WHERE task_id = \(upload.id)") == "delivered"
                ? true : nil
        }
    }

    @Test func aReceiverThatWasDownGetsItLater() async throws {
        try await TestBed.run { bed in
            await bed.receiver.stop()
            let upload = try await finish(bed)
            _ = try await eventually("two failed attempts") {
                Int(try await bed.server.sqlite("SELECT count(*) FROM callback_attempts")) ?? 0 >= 2 ? true : nil
            }
            try await bed.receiver.start()
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            try await delivered(bed, upload)
        }
    }

    @Test func aRetryKeepsIdAndBody() async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.status(500), .status(404), .status(503, header: ("Retry-After", "1"))], for: "/one")
            let upload = try await finish(bed)
            let last = try await bed.receiver.callback(for: upload.id, 4)
            let all = bed.receiver.callbacks(for: upload.id)
            #expect(Set(all.compactMap(\.webhookID)).count == 1)
            #expect(Set(all.map(\.body)).count == 1)
            #expect(last.headers["webhook-signature"] != nil)
            try await delivered(bed, upload)
            let statuses = try await bed.server.sqlite("SELECT status FROM callback_attempts ORDER BY attempt")
            #expect(statuses == "500\n404\n503\n200")
        }
    }

    @Test(arguments: [201, 202, 204])
    func any2xxIsDelivered(status: Int) async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.status(status)], for: "/one")
            let upload = try await finish(bed)
            try await delivered(bed, upload)
            #expect(bed.receiver.callbacks(for: upload.id).count == 1)
        }
    }

    @Test func redirectsAreNotFollowed() async throws {
        try await TestBed.run { bed in
            let elsewhere = bed.receiver.url("/elsewhere")
            bed.receiver.plan([301, 302, 307, 308].map { .status($0, header: ("Location", elsewhere)) }, for: "/one")
            let upload = try await finish(bed)
            _ = try await bed.receiver.callback(for: upload.id, 5)
            #expect(bed.receiver.callbacks(for: upload.id).allSatisfy { $0.path == "/one" })
            try await delivered(bed, upload)
        }
    }

    @Test func goneParksTheCallback() async throws {
        try await TestBed.run { bed in
            bed.receiver.plan([.status(410)], for: "/one")
            let upload = try await finish(bed)
            _ = try await eventually("a dead callback") {
                try await bed.server.sqlite("SELECT state FROM callbacks") == "dead" ? true : nil
            }
            let next = try await finish(bed, "b")
            #expect(try await bed.receiver.callback(for: next.id).retCode == "0")
            #expect(bed.receiver.callbacks(for: upload.id).count == 1)
            // The receiver has it a moment before the outbox says so.
            try await delivered(bed, next)
            let backlog = try await bed.server.sqlite("SELECT task_id, state, last_status FROM callback_backlog")
            #expect(backlog == "\(upload.id)|dead|410")
        }
    }

    @Test func aHungReceiverDoesNotHoldUpAnother() async throws {
        try await TestBed.run("callbackTimeout=60s", "callbackConcurrency=2") { bed in
            bed.receiver.plan(Array(repeating: .hang, count: 20), for: "/one")
            for index in 0..<6 { _ = try await finish(bed, "\(index)") }
            let other = try await finish(bed, "other", token: TestBed.secondToken)
            #expect(try await bed.receiver.callback(for: other.id, within: .seconds(10)).retCode == "0")
        }
    }

    @Test func anAttemptHasATimeLimit() async throws {
        try await TestBed.run("callbackTimeout=1s") { bed in
            bed.receiver.plan([.hang], for: "/one")
            let upload = try await finish(bed)
            _ = try await bed.receiver.callback(for: upload.id, 2, within: .seconds(15))
            try await delivered(bed, upload)
        }
    }

    @Test func itIsGivenUpInTheEnd() async throws {
        try await TestBed.run("callbackGiveUpAfter=500ms") { bed in
            bed.receiver.plan(Array(repeating: .status(500), count: 1000), for: "/one")
            _ = try await finish(bed)
            _ = try await eventually("a dead callback") {
                try await bed.server.sqlite("SELECT state FROM callbacks") == "dead" ? true : nil
            }
        }
    }
}
