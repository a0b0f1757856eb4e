import Foundation
import UploadCore

/// Opens crash states with a new server and holds what it finds against what had been promised.
package final class CrashCheck {
    /// What was looked at.
    package struct Tally: Sendable {
        /// Acknowledged blocks that had to be held, over all states.
        package var blocks = 0
        /// Rows of blocks whose bytes were hashed.
        package var rows = 0
        /// Callbacks that were awaited, or whose files had to be there.
        package var callbacks = 0
        /// Uploads that were taken to their end afterwards.
        package var completed = 0
        /// What was lost.
        package var losses: [String] = []
    }

    /// What had been told of a task by the moment of a cut.
    fileprivate struct Told {
        var isRegistered = false
        var held: [ClosedRange<Int>] = []
        /// `nil` while nothing was asked for, or the answer was not there.
        var status: String?
        var mayBeCancelled = false
        var isCancelled = false
        var callback: String?
    }

    /// So far.
    package private(set) var tally = Tally()
    private let server: ServerProcess
    private let receiver: RecordingReceiver
    private let facts: [Int64: RecordedRun.Facts]
    private let promises: [Promise]
    private var state: CrashState?
    private var states = 0

    /// - Parameter server: on the folder that was recorded, without the recorder.
    package init(
        server: ServerProcess, receiver: RecordingReceiver, facts: [Int64: RecordedRun.Facts], promises: [Promise]
    ) {
        (self.server, self.receiver, self.facts, self.promises) = (server, receiver, facts, promises)
    }

    /// Rebuilds a state in the server's folder and checks it.
    package func check(_ state: CrashState) async throws {
        self.state = state
        states += 1
        let told = told(at: state.cut)
        for (id, told) in told { checkFile(of: id, told, in: state) }
        try rebuild(state)
        let callbacks = receiver.recorded.value.count
        let before = "\(Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))"
        do {
            try await server.start()
            _ = try await server.process?.waitForError(containing: "staging files checked")
            let staged = server.stagingFiles()
            for (id, told) in told where told.isRegistered { try await checkTask(id, told) }
            for (id, told) in told { try await awaitCallback(id, told, after: callbacks) }
            if states.isMultiple(of: 10) { try await completeUploads(told, after: callbacks) }
            try await server.kill()
            try await checkRows(staged: staged, startedAt: before, told)
        } catch {
            lost("the server: \(error)")
            await server.process?.end()
        }
    }

    private func told(at cut: Int) -> [Int64: Told] {
        var told: [Int64: Told] = [:]
        for promise in promises where promise.asked < cut {
            let isGiven = promise.given < cut
            told[promise.task, default: Told()].take(promise.content, isGiven: isGiven)
        }
        return told
    }

    // MARK: Before the start

    /// A callback says that the file is there, and after it nothing would bring it back.
    private func checkFile(of id: Int64, _ told: Told, in state: CrashState) {
        guard told.callback == "0", let facts = facts[id] else { return }
        tally.callbacks += 1
        let bytes = state.image.bytes(of: facts.path)
        let others = self.facts.values.filter { $0.path == facts.path && $0.file.md5 != facts.file.md5 }
        guard bytes != facts.file.bytes, !others.contains(where: { bytes == $0.file.bytes }) else { return }
        lost("task \(id): called back, and \(facts.path) is \(bytes == nil ? "not there" : "another file")")
    }

    private func rebuild(_ state: CrashState) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: server.folder)
        where ["data", "store", "tmp"].contains(name) {
            try FileManager.default.removeItem(atPath: server.folder + "/" + name)
        }
        try state.image.write(to: server.folder)
    }

    // MARK: While it runs

    private func checkTask(_ id: Int64, _ told: Told) async throws {
        guard let facts = facts[id] else { return }
        let info = try await UploadHandle(server, facts.handle).info()
        let status = info["status"].text ?? "?"
        guard info["retCode"].text == "0" else { return lost("task \(id) is gone: \(info)") }
        if let promised = told.status, status != promised { lost("task \(id): was \(promised), is \(status)") }
        if let callback = told.callback, status != Self.status(after: callback) {
            lost("task \(id): called back with \(callback), is \(status)")
        }
        if status == "finish" {
            let stored = server.stored(server.folder + "/" + facts.path)
            let files = self.facts.values.filter { $0.path == facts.path }
            if !files.contains(where: { stored == $0.file.bytes }) { lost("task \(id): finished, and no file") }
        }
        guard !told.mayBeCancelled else { return }
        tally.blocks += told.held.count
        let missing = info.expectBlocks
        for range in told.held where missing.contains(where: { $0.overlaps(range) }) {
            lost("task \(id): block \(range) was acknowledged, and is missing")
        }
    }

    private static func status(after callback: String) -> String {
        ["0": "finish", "-2": "fail", "-3": "cancel"][callback] ?? "?"
    }

    /// Whoever was told that all is held, or that it is cancelled, hears of the end.
    private func awaitCallback(_ id: Int64, _ told: Told, after count: Int) async throws {
        guard let facts = facts[id], told.callback == nil else { return }
        let isComplete = told.isRegistered && !told.mayBeCancelled && facts.file.isCovered(by: told.held)
        guard isComplete || told.isCancelled else { return }
        try await awaitEnd(id, facts, as: facts.outcome, after: count)
    }

    private func awaitEnd(
        _ id: Int64, _ facts: RecordedRun.Facts, as outcome: String, after count: Int
    ) async throws {
        tally.callbacks += 1
        let callback = try await receiver.recorded.wait("the callback of task \(id)") { recorded in
            recorded[count...].first { $0.taskID == id }
        }
        if callback.retCode != outcome { lost("task \(id): called back with \(callback.text)") }
        guard outcome == "0" else { return }
        let stored = server.stored(server.folder + "/" + facts.path)
        let files = self.facts.values.filter { $0.path == facts.path }
        if !files.contains(where: { stored == $0.file.bytes }) { lost("task \(id): called back, and no file") }
    }

    /// A client that comes back sends the rest.
    private func completeUploads(_ told: [Int64: Told], after count: Int) async throws {
        for (id, told) in told where told.isRegistered && !told.mayBeCancelled && told.callback == nil {
            guard let facts = facts[id] else { continue }
            let handle = UploadHandle(server, facts.handle)
            let info = try await handle.info()
            guard ["upload", "pause"].contains(info["status"].text) else { continue }
            if info["status"].text == "pause" { try await handle.change(to: "upload") }
            for range in info.expectBlocks {
                let answer = try await handle.send(range, of: facts.file)
                if !["0", "1"].contains(answer.retCode) {
                    lost("task \(id): block \(range) is answered \(answer.text)")
                }
            }
            // What was cancelled in the recording is not, in a state before that.
            try await awaitEnd(id, facts, as: facts.outcome == "-3" ? "0" : facts.outcome, after: count)
            tally.completed += 1
        }
    }

    // MARK: After the end

    private func checkRows(staged: [String], startedAt: String, _ told: [Int64: Told]) async throws {
        let rows = try await server.sqlite(
            """
            PRAGMA integrity_check; PRAGMA foreign_key_check;
            SELECT 'task', id, state, coalesce(closed_at, '') FROM tasks;
            SELECT 'block', task_id, start_byte, end_byte, md5 FROM blocks JOIN tasks ON tasks.id = task_id
                WHERE closed_at IS NULL ORDER BY task_id;
            SELECT 'callback', task_id, json_extract(body, '$.retCode') FROM callbacks;
            """
        ).split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }
        if rows.first != ["ok"] { lost("the database: \(rows.prefix(5))") }
        var bytes: [UInt8] = []
        var open = ""
        for row in rows where row.count == 5 && row[0] == "block" {
            if open != row[1] { bytes = try stagedBytes(of: row[1]) }
            open = row[1]
            guard let start = Int(row[2]), let end = Int(row[3]) else { continue }
            tally.rows += 1
            if end >= bytes.count || TestFile.md5(bytes[start...end]) != row[4] {
                lost("task \(open): the row of block \(start)...\(end) speaks of other bytes")
            }
        }
        checkLeftovers(staged, rows.filter { $0[0] == "task" }, startedAt)
        let ends = Dictionary(rows.filter { $0[0] == "callback" }.map { ($0[1], $0[2]) }) { first, _ in first }
        for (id, told) in told where told.callback != nil && ends["\(id)"] != told.callback {
            lost("task \(id): the callback \(told.callback ?? "") was sent, its row says \(ends["\(id)"] ?? "nothing")")
        }
    }

    private func stagedBytes(of task: String) throws -> [UInt8] {
        guard let name = server.stagingFiles().first(where: { $0.hasSuffix("/\(task).part") }) else { return [] }
        return TemporaryDirectory.read(server.tmpDirectory + "/" + name) ?? []
    }

    /// - Parameter staged: the staging files when they had been checked.
    private func checkLeftovers(_ staged: [String], _ tasks: [[String]], _ startedAt: String) {
        for name in staged {
            let id = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
            let task = tasks.first { $0[1] == id }
            // A task that closed after the start loses its file after that.
            guard task == nil || task.map({ !$0[3].isEmpty && $0[3] < startedAt }) == true else { continue }
            lost("the staging file \(name) belongs to no open task")
        }
        let names = [server.tmpDirectory, server.storeDirectory].flatMap { folder in
            FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        }
        for name in names where name.contains("/spool-") { lost("\(name) is left") }
        for task in tasks where !task[3].isEmpty {
            for name in names where name.contains(".fupload-\(task[1]).") { lost("\(name) is left") }
        }
    }

    private func lost(_ what: String) {
        guard let state else { return }
        tally.losses.append("after event \(state.cut) (\(state.lastEvent)), \(state.fate): \(what)")
    }
}

extension CrashCheck.Told {
    /// Goes on by a promise; one that is not given yet may hold or not.
    fileprivate mutating func take(_ content: Promise.Content, isGiven: Bool) {
        switch content {
        case .registered: isRegistered = isGiven
        case .held(let range): if isGiven { held.append(range) }
        case .removed: held = []
        case .paused: status = isGiven ? "pause" : nil
        case .resumed: status = nil
        case .cancelled:
            (mayBeCancelled, isCancelled) = (true, isGiven)
            status = isGiven ? "cancel" : nil
        case .calledBack(let retCode): if isGiven { callback = retCode }
        }
    }
}

extension TestFile {
    /// Whether the ranges are all of the file together.
    fileprivate func isCovered(by ranges: [ClosedRange<Int>]) -> Bool {
        var end = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.lowerBound <= end {
            end = max(end, range.upperBound + 1)
        }
        return end == bytes.count
    }
}
