import Testing
import UploadCore
import UploadTestSupport

/// What operators are shown.
@Suite struct OperatorRecordTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func aCoarseSetKeepsItsLargestHoles(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var set = RangeSet()
        for _ in 0..<30 {
            let first = Int64.random(in: 0..<1000, using: &generator)
            set.insert(range(first, first + Int64.random(in: 0..<20, using: &generator)))
        }
        let all = set.ranges
        for limit in 1...(all.count + 1) {
            let coarse = set.coarsened(to: limit)
            #expect(coarse.count == min(limit, all.count))
            #expect(coarse.first?.start == all.first?.start && coarse.last?.end == all.last?.end)
            #expect(all.allSatisfy { part in coarse.contains { $0.start <= part.start && part.end <= $0.end } })
            let kept = zip(coarse, coarse.dropFirst()).map { $1.start - $0.end }
            let holes = zip(all, all.dropFirst()).map { $1.start - $0.end }.sorted(by: >)
            #expect(kept.sorted(by: >) == Array(holes.prefix(limit - 1)))
        }
    }

    @Test func noHolesAtAll() {
        #expect(RangeSet().coarsened(to: 5).isEmpty)
        #expect(RangeSet([range(3, 7)]).pairs(limit: 1) == [[3, 7]])
    }

    @Test(arguments: [
        ("2026-11-27", "2026-11-27 00:00:00.000"), ("2026-11-27 12:03", "2026-11-27 12:03:00.000"),
        ("2026-11-27T12:03:04", "2026-11-27 12:03:04.000"), ("2026-11-27T12:03:04.567Z", "2026-11-27 12:03:04.567"),
    ])
    func timesAsPeopleTypeThem(text: String, time: String) {
        #expect(Timestamp(lenient: text)?.description == time)
    }

    @Test(arguments: ["", "2026", "2026-11", "2026-13-01", "2026-11-27 12", "2026-11-27 25:00", "yesterday", "Z", "ää"])
    func timesThatAreNone(text: String) {
        #expect(Timestamp(lenient: text) == nil)
    }

    private func sample(_ number: Int) -> TrafficSample {
        TrafficSample(
            at: Timestamp(milliseconds: Int64(number) * 10_000), seconds: 10, bytes: Int64(number), blocks: 1,
            requests: 2, requestSeconds: 0.5, openTasks: number, waitingCallbacks: 0, deadCallbacks: 0)
    }

    @Test(arguments: [(0, 5), (5, 5), (6, 5), (11, 5), (100, 7), (3, 1)])
    func thinnedSamplesLoseNothing(count: Int, limit: Int) {
        let all = (0..<count).map(sample)
        let thin = all.thinned(to: limit)
        #expect(thin.count <= limit)
        #expect(thin.reduce(0) { $0 + $1.bytes } == all.reduce(0) { $0 + $1.bytes })
        #expect(thin.reduce(0) { $0 + $1.seconds } == Double(count) * 10)
        #expect(thin.reduce(0) { $0 + $1.requestSeconds } == Double(count) * 0.5)
        #expect(thin.last?.at == all.last?.at && thin.last?.openTasks == all.last?.openTasks)
    }

    @Test func missingValuesAreThereAsNull() throws {
        let task = TaskRecord(
            id: try #require(TaskID(7)), state: .receiving, businessServer: "b", user: "u", file: "f", bytes: 10,
            receivedBytes: 4, targetPath: "/s/f", md5: "", reason: "", createdAt: Timestamp(milliseconds: 0),
            activeAt: Timestamp(milliseconds: 1), closedAt: nil, trouble: nil)
        let report = TaskReport(
            task: task, held: RangeSet([range(0, 3)]), blocks: 1, expiresAt: nil, timeline: [], callback: nil)
        let json = try JSONTree(Array(try OperatorJSON.text(report).utf8))
        #expect(json.names == ["blocks", "callback", "expiresAt", "ranges", "rangesCut", "task", "timeline"])
        #expect(json["task"].names.contains("closedAt") && json["task"]["closedAt"] == .null)
        #expect(json["task"]["id"] == .integer(7) && json["task"]["activeAt"].text == "1970-01-01 00:00:00.001")
        #expect(json["ranges"] == .array([.array([.integer(0), .integer(3)])]))
    }

    @Test func aCallbacksBodyStaysAsItIsSent() throws {
        let callback = CallbackRecord(
            id: 1, taskId: try #require(TaskID(7)), webhookId: "w", businessServer: "b", destination: "http://b/",
            state: .dead, attempts: 1, nextAttemptAt: nil, lastStatus: nil, lastError: "refused",
            createdAt: Timestamp(milliseconds: 0), settledAt: Timestamp(milliseconds: 1), retCode: "0")
        let body = #"{"big":123456789012345678901234567890,"é":1.50}"#
        let text = try OperatorJSON.text(CallbackReport(callback: callback, body: body, attempts: []))
        #expect(text.contains("\"body\":\(body),"))
        #expect(try JSONTree(Array(text.utf8))["callback"]["lastStatus"] == .null)
    }

    @Test func wordsForStates() {
        #expect(TaskQuery.states("open") == [.receiving, .paused, .verifying, .publishing])
        #expect(TaskQuery.states("closed") == [.finished, .failed, .cancelled, .timedOut])
        #expect(TaskQuery.states("all")?.count == 8 && TaskQuery.states("paused") == [.paused])
        #expect(TaskQuery.states("Open") == nil)
        #expect(CallbackQuery.states("undelivered") == [.pending, .sending, .dead])
        #expect(ReplaySelection.states("sending") == nil)
    }
}
