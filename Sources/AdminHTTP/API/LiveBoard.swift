import UploadCore

/// What all open consoles look at: asked for once, however many there are.
actor LiveBoard {
    private struct Tasks: Encodable {
        let tasks: [LiveTask]
        let more: Bool
    }

    private struct LiveTask: Encodable {
        /// A row of the list is not wider.
        static let rangeLimit = 200

        let task: TaskRecord
        let ranges: [[Int64]]

        private enum Keys: CodingKey {
            case ranges
        }

        func encode(to encoder: any Encoder) throws {
            try task.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(ranges, forKey: .ranges)
        }
    }

    /// The text of an answer, and when it was begun.
    private struct Reading {
        let at: Duration
        let text: Task<String, any Error>
    }

    private static let freshness = Duration.milliseconds(900)

    private let desk: AdminDesk
    private var overviewReading: Reading?
    private var tasksReading: Reading?
    /// Pictures of tasks that have not changed since they were drawn.
    private var pictures: [TaskID: (receivedBytes: Int64, ranges: [[Int64]])] = [:]

    init(_ desk: AdminDesk) {
        self.desk = desk
    }

    /// The overview as JSON, a second old at the most.
    func overview() async throws -> String {
        let reading =
            fresh(overviewReading) ?? begin { board in try OperatorJSON.text(try await board.desk.overview()) }
        overviewReading = reading
        return try await reading.text.value
    }

    /// The open tasks with the latest activity and what they hold, as JSON, a second old at the most.
    func tasks() async throws -> String {
        let reading = fresh(tasksReading) ?? begin { board in try await board.draw() }
        tasksReading = reading
        return try await reading.text.value
    }

    private func fresh(_ reading: Reading?) -> Reading? {
        guard let reading, desk.clock.uptime - reading.at < Self.freshness else { return nil }
        return reading
    }

    private func begin(_ read: @escaping @Sendable (LiveBoard) async throws -> String) -> Reading {
        Reading(at: desk.clock.uptime, text: Task { try await read(self) })
    }

    private func draw() async throws -> String {
        let page = try await desk.queries.tasks(TaskQuery())
        var (drawn, tasks): ([TaskID: (receivedBytes: Int64, ranges: [[Int64]])], [LiveTask]) = ([:], [])
        for task in page.tasks {
            var ranges = pictures[task.id].flatMap { $0.receivedBytes == task.receivedBytes ? $0.ranges : nil }
            if ranges == nil {
                // Closed and purged in between: the next picture is without it.
                guard let held = try await desk.operations.held(of: task.id) else { continue }
                ranges = held.pairs(limit: LiveTask.rangeLimit)
            }
            drawn[task.id] = (task.receivedBytes, ranges ?? [])
            tasks.append(LiveTask(task: task, ranges: ranges ?? []))
        }
        pictures = drawn
        return try OperatorJSON.text(Tasks(tasks: tasks, more: page.more))
    }
}
