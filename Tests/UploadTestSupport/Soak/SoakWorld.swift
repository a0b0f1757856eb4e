import Foundation
import Synchronization

/// What the clients and the troubles of a soak share.
final class SoakWorld: Sendable {
    /// An answer or a state which the rules of the soak do not allow.
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    let bed: TestBed
    let shim: FaultShim
    let plan: SoakPlan
    let survivor: Survivor
    let ledger = SoakLedger()
    private let troubled = Mutex(true)
    private let clock = Mutex(0.0)
    /// Whether somebody has the turn.
    private let turn = Watched(false)

    init(_ bed: TestBed, _ shim: FaultShim, _ plan: SoakPlan) {
        (self.bed, self.shim, self.plan) = (bed, shim, plan)
        survivor = Survivor(bed.server, patience: .milliseconds(100))
        let ledger = ledger
        bed.receiver.inspect { ledger.take($0) }
    }

    var server: ServerProcess { bed.server }

    /// Whether disk trouble may be answered.
    var isTroubled: Bool {
        get { troubled.withLock { $0 } }
        set { troubled.withLock { $0 = newValue } }
    }

    /// How far the server's clock is off, in seconds.
    var clockOffset: Double {
        get { clock.withLock { $0 } }
        set { clock.withLock { $0 = newValue } }
    }

    /// Runs `body` while no one else has the turn: the server is not killed before it has noticed that the clock was set.
    func alone<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let take: @Sendable (inout Bool) -> Bool = { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
        while !turn.update(take) {
            _ = try await turn.wait("the turn", within: .seconds(180)) { $0 ? nil : true }
        }
        defer { turn.update { $0 = false } }
        return try await body()
    }

    // MARK: Requests that are repeated until they are answered

    /// Registers a task.
    func register(_ task: NewTask, _ file: TestFile, _ behaviour: SoakBehaviour) async throws -> SoakUpload {
        while true {
            let begin = ContinuousClock.now
            let answer = try await survivor.untilAnswered { try await server.post(task) }
            guard answer.retCode == "0" else {
                try await endure(answer, "registering")
                continue
            }
            let upload = SoakUpload(try UploadHandle(server, answer), task, file, since: begin)
            ledger.enter(
                upload.id,
                .init(
                    behaviour: behaviour, place: task.place, md5: file.md5, size: file.bytes.count,
                    feedback: task.json("feedBackParameter"), outcomes: behaviour.outcomes))
            return upload
        }
    }

    /// Sends a block until it is held.
    ///
    /// - Parameter isNew: whether the block has bytes that are not held, so that it counts as activity.
    /// - Returns: `false` when the task was closed meanwhile.
    func deliver(_ block: ClosedRange<Int>, of upload: SoakUpload, isNew: Bool = true) async throws -> Bool {
        while true {
            let begin = ContinuousClock.now
            let answer = try await survivor.send(block, of: upload.file, to: upload.handle)
            switch answer.retCode {
            case "0", "1":
                upload.hold(block, since: isNew ? begin : nil)
                return true
            case "9": return false
            default: try await endure(answer, "block \(block) of \(upload.id)")
            }
        }
    }

    /// Sends blocks, some at once, until they are held or the task is closed.
    func deliver(_ blocks: [ClosedRange<Int>], of upload: SoakUpload, lanes: Int, isNew: Bool = true) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    for index in stride(from: lane, to: blocks.count, by: lanes) {
                        guard try await self.deliver(blocks[index], of: upload, isNew: isNew) else { return }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Asks for a state until it is reached.
    ///
    /// - Returns: the answer: 0, 5 when an earlier try had done it, or 9.
    func change(_ upload: SoakUpload, to status: String) async throws -> HTTPAnswer {
        while true {
            let begin = ContinuousClock.now
            let answer = try await survivor.untilAnswered { try await upload.handle.change(to: status) }
            switch answer.retCode {
            case "0", "5":
                upload.hold(nil, since: begin)
                return answer
            case "9": return answer
            default: try await endure(answer, "\(status) of \(upload.id)")
            }
        }
    }

    /// Sends what is missing until all is held, and sees to it that nothing is missing that was acknowledged.
    ///
    /// - Returns: the task's status then: complete or closed.
    @discardableResult
    func conclude(_ upload: SoakUpload) async throws -> String {
        while true {
            let acknowledged = upload.acknowledged
            let info = try await survivor.untilAnswered { try await upload.handle.info() }
            guard info["retCode"].text == "0", let status = info["status"].text else {
                throw Unexpected(description: "task \(upload.id) is asked about: \(info)")
            }
            guard status == "upload" || status == "pause" else {
                if status == "timeout" { noteTimeout(of: upload) }
                survivor.release(upload.handle)
                return status
            }
            let missing = info.expectBlocks
            for range in acknowledged where missing.contains(where: { $0.overlaps(range) }) {
                ledger.complain("task \(upload.id): \(range) was acknowledged, missing are \(missing)")
            }
            if status == "pause" {
                throw Unexpected(description: "task \(upload.id) is paused, and nobody asked for that")
            }
            for block in missing where try await !deliver(block, of: upload) { break }
        }
    }

    /// An upload timed out: was it idle for so long?
    ///
    /// What this side knows for certain is when it began what was acknowledged last.
    func noteTimeout(of upload: SoakUpload) {
        let idle = upload.idle
        if idle < plan.idleTimeout {
            ledger.complain("task \(upload.id) timed out, though it was idle for at most \(idle)")
        } else {
            ledger.count(.late)
        }
        ledger.expect(["-1"], of: upload.id)
    }

    /// Waits a little after an answer that asks for it.
    ///
    /// - Throws: ``Unexpected`` for any other answer.
    func endure(_ answer: HTTPAnswer, _ what: String) async throws {
        switch answer.retCode {
        case "11": ledger.count(.busy)
        case "3" where isTroubled, "20" where isTroubled: ledger.count(.refusals)
        default: throw Unexpected(description: "\(what): \(answer.status) \(answer.text)")
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}

/// A task and what its client knows of it.
final class SoakUpload: Sendable {
    private struct State {
        var activity: ContinuousClock.Instant
        var acknowledged: [ClosedRange<Int>] = []
    }

    let handle: UploadHandle
    let task: NewTask
    let file: TestFile
    private let state: Mutex<State>

    init(_ handle: UploadHandle, _ task: NewTask, _ file: TestFile, since begin: ContinuousClock.Instant) {
        (self.handle, self.task, self.file) = (handle, task, file)
        state = Mutex(State(activity: begin))
    }

    var id: Int64 { handle.id }
    var acknowledged: [ClosedRange<Int>] { state.withLock { $0.acknowledged } }
    /// Since the beginning of what was acknowledged last: the server may have had it later, never earlier.
    var idle: Duration { state.withLock { $0.activity }.duration(to: .now) }

    func hold(_ block: ClosedRange<Int>?, since begin: ContinuousClock.Instant?) {
        state.withLock { state in
            if let block { state.acknowledged.append(block) }
            if let begin { state.activity = max(state.activity, begin) }
        }
    }
}

extension NewTask {
    /// A field's JSON text; empty when there is none.
    fileprivate func json(_ name: String) -> String { fields.first { $0.name == name }?.json ?? "" }

    /// Where the file is to be, below the store.
    var place: String {
        "\(json("storePath"))/\(json("fileName"))".replacing("\"", with: "")
    }
}
